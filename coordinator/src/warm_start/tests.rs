//! Files as people have them, and each way in which they can be wrong.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use common::config::load;
use common::event::Event;
use common::fidelity::Fidelity;
use common::id::TrialId;
use common::study::StudySpec;
use common::time::{GridClock, Timestamp};
use flate2::Compression;
use flate2::write::GzEncoder;
use ledger::Ledger;
use tempfile::TempDir;

use super::*;

const CELL: &str = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|nor_conv_3x3~2|";
const OTHER: &str = "|nor_conv_1x1~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|nor_conv_3x3~2|";

/// A folder of files for a study of NAS-Bench-201 cells that minimises error and parameters, and `more`.
struct Desk {
    folder: TempDir,
    spec: StudySpec,
    state: State,
}

impl Desk {
    fn new(settings: &[&str]) -> Self {
        let settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
        let spec = load(None, [], &settings).unwrap().study_spec().unwrap();
        Self { folder: TempDir::new().unwrap(), spec, state: State::default() }
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn read(&self, files: &[PathBuf]) -> Result<WarmStart> {
        read(files, &self.spec, &self.state)
    }

    /// One file, read or refused.
    fn told(&self, text: &str) -> Result<Vec<Given>, String> {
        let path = self.file("known.csv", text);
        let folder = format!("{}/", self.folder.path().display());
        self.read(&[path]).map(|warm| warm.given).map_err(|error| format!("{error:#}").replace(&folder, ""))
    }
}

#[track_caller]
fn check_refused(text: &str, expected: &str) {
    let refusal = Desk::new(&[]).told(text).unwrap_err();
    assert!(refusal.contains(expected), "{refusal}");
    assert!(refusal.starts_with("known.csv"), "{refusal}");
}

#[test]
fn a_line_without_fidelity_is_a_full_training_and_what_can_be_counted_is() {
    let desk = Desk::new(&[]);
    let given = desk.told(&format!("architecture,error,seconds\n{CELL},0.25,12\n")).unwrap();
    let [Given { subject, source, evaluation }] = &given[..] else { panic!("{given:?}") };
    assert_eq!(subject.fidelity(), Some(Fidelity::Full));
    let space = desk.spec.space.build();
    assert_eq!(space.encode(subject.architecture().unwrap()), CELL);
    let cost = space.cost(subject.architecture().unwrap()).unwrap();
    assert_eq!((evaluation.parameters, evaluation.flops), (Some(cost.parameters), Some(cost.flops)));
    assert_eq!((evaluation.validation_error, evaluation.seconds.0), (0.25, 12.0));
    assert_eq!(source.file, "known.csv");
    assert_eq!(source.sha256, BlobId::of(&fs::read(desk.folder.path().join("known.csv")).unwrap()));
}

#[test]
fn json_says_the_same_as_csv_and_gzip_changes_nothing() {
    let desk = Desk::new(&[]);
    let csv = format!("architecture,fidelity,error,note\n{CELL},rung(12),0.25,a\n{OTHER},,0.5,\n");
    let json = format!(
        r#"[{{"architecture": "{CELL}", "fidelity": "rung(12)", "error": 0.25, "note": {{"a": [1]}}}},
            {{"architecture": "{OTHER}", "error": 0.5, "test_error": null}}]"#
    );
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(csv.as_bytes()).unwrap();
    let files = [
        desk.file("known.csv", &csv),
        desk.file("known.json", &json),
        desk.file("known.csv.gz", packed.finish().unwrap()),
    ];
    let results = |path: &PathBuf| {
        let given = desk.read(std::slice::from_ref(path)).unwrap().given;
        given.into_iter().map(|given| (given.subject, given.evaluation)).collect::<Vec<_>>()
    };
    assert_eq!(results(&files[0]).len(), 2);
    assert_eq!(results(&files[0]), results(&files[1]));
    assert_eq!(results(&files[0]), results(&files[2]));
    let together = desk.read(&files).unwrap();
    assert_eq!((together.given.len(), together.known), (2, 0), "the same again is no news");
}

#[test]
fn a_front_is_read_as_it_is_written() {
    let desk = Desk::new(&[]);
    let text = format!(
        "trial,architecture,validation_accuracy_percent,test_accuracy_percent,latency_ms,inference_joules,training_seconds,given_by\n\
         7,{CELL},75.000000,74.000000,1.5,0.25,600,\n"
    );
    let evaluation = desk.told(&text).unwrap().remove(0).evaluation;
    assert!((evaluation.validation_error - 0.25).abs() < 1e-12);
    assert!((evaluation.test_error.unwrap() - 0.26).abs() < 1e-12);
    assert_eq!((evaluation.latency_ms, evaluation.joules_per_inference), (Some(1.5), Some(0.25)));
    assert_eq!(evaluation.seconds.0, 600.0);
}

#[test]
fn decisions_with_names_may_have_a_column_each() {
    let mut desk =
        Desk::new(&["objectives.minimise=[\"error\", \"latency_ms\"]", "objectives.reference.latency_ms=9"]);
    let description = "[[decision]]\nname = \"width\"\ninteger = [1, 8]\n[[decision]]\nname = \"act\"\nchoices = [\"relu\", \"tanh\"]\n";
    let Ok(description) = common::space::free_form::Description::from_toml(description) else {
        panic!("a description")
    };
    desk.spec.space = common::space::SpaceSpec::FreeForm(description);
    let given = desk.told("act,width,error,latency_ms\ntanh,3,0.5,2\n").unwrap();
    assert_eq!(given[0].subject.architecture().unwrap().genes(), [2, 1]);
    assert!(desk.told("act,error,latency_ms\ntanh,0.5,2\n").unwrap_err().contains("line 2"));
}

#[test]
fn each_slip_is_refused_at_its_line() {
    let line =
        |cells: &str| format!("architecture,error,parameters,fidelity\n{OTHER},0.5,,\n{CELL},{cells}\n");
    check_refused(&line("nan,,"), "known.csv, line 3, error: nan can't be compared");
    check_refused(&line("inf,,"), "line 3, error: inf can't be compared");
    check_refused(&line(",,"), "line 3: `error` is missing, and the study minimises it");
    check_refused(&line("high,,"), "line 3, error: `high` is no number");
    check_refused(&line("5.2,,"), "line 3, error: 5.2 is no share: write 0.25 for 25 %");
    check_refused(&line("-0.1,,"), "line 3, error: -0.1 is less than nothing");
    check_refused(&line("0.2,1.5,"), "line 3, parameters: 1.5 is no whole number");
    check_refused(&line("0.2,17,"), "line 3, parameters: 17, where the study's space counts");
    check_refused(&line("0.2,,rung"), "line 3: `rung` is no fidelity: full, rung(EPOCHS) or one-shot");
    check_refused(
        "architecture,error\n|nor_conv_9x9~0|,0.5\n",
        "known.csv, line 2: `|nor_conv_9x9~0|` is not",
    );
    check_refused(
        "architectur,error\na,0.5\n",
        "line 2: `architecture` is missing, and each line needs one; did you mean `architectur`?",
    );
    check_refused(&format!("architecture,error,fidelty\n{CELL},0.5,rung(3)\n"), "did you mean `fidelity`?");
    check_refused("architecture,error\na\n", "line 2");
    check_refused("", "empty");
}

#[test]
fn results_that_contradict_each_other_are_refused_with_both_places() {
    let text = |error: &str| format!("architecture,error\n{CELL},0.25\n{CELL},{error}\n");
    check_refused(&text("0.26"), "known.csv, line 3: error 0.26, where");
    check_refused(&text("0.26"), "known.csv, line 2 says 0.25");
    assert_eq!(Desk::new(&[]).told(&text("0.2500000001")).unwrap().len(), 1);
    let other_fidelity = format!("architecture,error,fidelity\n{CELL},0.25,\n{CELL},0.3,rung(12)\n");
    assert_eq!(Desk::new(&[]).told(&other_fidelity).unwrap().len(), 2);
}

#[test]
fn broken_json_is_refused_at_its_line() {
    let entry = format!(r#"{{"architecture": "{CELL}", "error": 0.5}}"#);
    check_refused(&format!("[{entry},\n{{\"architecture\": 1]"), "known.csv, line 2: ");
    check_refused(&format!("[{entry}\n{entry}]"), "known.csv, line 2: `,` is expected here");
    check_refused(&format!("[{entry}"), "`,` is expected here");
    check_refused(&format!("[{entry},\n"), "the array has no end");
    check_refused(&format!("[{entry}]\n]"), "line 2: the array has ended, and something follows");
    check_refused(&entry, "an array of them is expected");
    check_refused("[\n\n{\"architecture\": 7}]", "known.csv, line 3: ");
    assert_eq!(Desk::new(&[]).told(" [ ] \n").unwrap(), []);
}

#[test]
fn an_objective_that_nobody_can_count_must_be_told() {
    let desk =
        Desk::new(&["objectives.minimise=[\"error\", \"latency_ms\"]", "objectives.reference.latency_ms=9"]);
    let refusal = desk.told(&format!("architecture,error,latency\n{CELL},0.5,2\n")).unwrap_err();
    assert!(
        refusal
            .contains("line 2: `latency_ms` is missing, and the study minimises it; did you mean `latency`?"),
        "{refusal}"
    );
}

#[test]
fn of_several_files_all_are_taken_or_none() {
    let desk = Desk::new(&[]);
    let good = desk.file("good.csv", format!("architecture,error\n{CELL},0.25\n"));
    let bad = desk.file("bad.csv", format!("architecture,error\n{OTHER},0.5\n{CELL},0.3\n"));
    assert_eq!(desk.read(std::slice::from_ref(&good)).unwrap().given.len(), 1);
    let refusal = desk.read(&[good, bad]).unwrap_err().to_string();
    assert!(
        refusal.contains("bad.csv, line 3: error 0.3, where") && refusal.contains("good.csv, line 2"),
        "{refusal}"
    );
    let missing = desk.read(&[desk.folder.path().join("missing.csv")]).unwrap_err().to_string();
    assert!(missing.contains("missing.csv can't be read"), "{missing}");
}

/// A study in a directory, with one result that it was given.
fn other_study(desk: &Desk, spec: StudySpec) -> PathBuf {
    let origin = Timestamp(0);
    let clock = GridClock { wall_origin: origin, grid_origin: origin, hour_s: 3600.0 };
    let given = desk.told(&format!("architecture,error\n{CELL},0.25\n")).unwrap().remove(0);
    let Given { subject, source, evaluation } = given;
    let (version, config) = (String::new(), String::new());
    let story = [
        Event::StudyStarted { spec: Box::new(spec), clock, version, config },
        Event::EvaluationGiven { trial: TrialId(0), subject, source, evaluation: Box::new(evaluation) },
    ];
    let directory = desk.folder.path().join("earlier");
    let mut ledger = Ledger::open(directory.join("ledger.sqlite")).unwrap();
    ledger.append(origin, &story).unwrap();
    directory
}

#[test]
fn another_study_hands_on_what_it_knows() {
    let desk = Desk::new(&[]);
    let directory = other_study(&desk, desk.spec.clone());
    let warm = desk.read(&[directory.clone(), directory.join("ledger.sqlite")]).unwrap();
    assert_eq!(warm.given.len(), 1);
    assert_eq!(warm.given[0].source.file, "earlier/ledger.sqlite");
    let bytes = fs::read(directory.join("ledger.sqlite")).unwrap();
    assert_eq!(warm.given[0].source.sha256, BlobId::of(&bytes), "as sha256sum tells it");
}

#[test]
fn a_study_of_other_networks_or_a_rehearsal_is_refused() {
    let refusal = |settings: &[&str]| {
        let desk = Desk::new(&[]);
        let directory = other_study(&desk, Desk::new(settings).spec);
        desk.read(&[directory]).unwrap_err().to_string()
    };
    assert!(refusal(&["space.channels=8"]).contains("in another search space"));
    assert!(refusal(&["evaluation.evaluator=rehearsal"]).contains("nothing in it was trained"));
}
