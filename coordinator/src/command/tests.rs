//! The commands against real directories: what is there is printed, what is not is said.

use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use clap::{CommandFactory, Parser};
use common::event::{Event, Record};
use common::id::WorkerName;
use ledger::Ledger;

use super::*;
use crate::directory::StudyDirectory;
use crate::report::sample::{self, Wishes};

/// The command line as `ce-nas` assembles it.
#[derive(Debug, Parser)]
#[command(name = "ce-nas")]
enum Line {
    Status(status::Args),
    Workers(workers::Args),
    Trials(trials::Args),
    Front(front::Args),
    Explain(explain::Args),
    Compare(compare::Args),
    Export(export::Args),
    Hypervolume(hypervolume::Args),
    Report(report::Args),
    Backup(backup::Args),
    Keygen(keygen::Args),
    CheckConfig(check_config::Args),
}

pub(super) fn call(words: &[&str]) -> Result<String> {
    let mut out = Vec::new();
    let line = Line::try_parse_from(std::iter::once("ce-nas").chain(words.iter().copied()))?;
    match line {
        Line::Status(args) => status::run(&args, &mut out)?,
        Line::Workers(args) => workers::run(&args, &mut out)?,
        Line::Trials(args) => trials::run(&args, &mut out)?,
        Line::Compare(args) => compare::run(&args, &mut out)?,
        Line::Export(args) => export::run(&args, &mut out)?,
        Line::Explain(args) => explain::run(&args, &mut out)?,
        Line::Front(args) => front::run(&args, &mut out)?,
        Line::Hypervolume(args) => hypervolume::run(&args, &mut out)?,
        Line::Report(args) => report::run(&args, &mut out)?,
        Line::Backup(args) => backup::run(&args, &mut out)?,
        Line::Keygen(args) => keygen::run(&args, &mut out)?,
        Line::CheckConfig(args) => check_config::run(&args, &mut out)?,
    }
    Ok(String::from_utf8(out)?)
}

/// In the study's directory; `%` stands for it.
fn within(folder: &Path, words: &str) -> Result<String> {
    let folder = folder.display().to_string();
    call(&words.split(' ').map(|word| if word == "%" { folder.as_str() } else { word }).collect::<Vec<_>>())
}

fn study(wishes: Wishes) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    sample::write_ledger(&StudyDirectory::new(folder.path()).ledger(), &sample::study(wishes));
    folder
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn status_counts_a_fleet_that_is_too_large_to_be_listed() {
    let mut records = sample::study(Wishes::default());
    let joined = records.iter().find(|record| matches!(record.event, Event::WorkerJoined { .. })).unwrap();
    let (at, joined) = (records.last().unwrap().at, joined.event.clone());
    let names: Vec<WorkerName> = (0..50).map(|number| WorkerName::new(format!("gpu-{number}"))).collect();
    let Event::WorkerJoined { session, .. } = joined else { unreachable!() };
    let as_named = |name: &WorkerName| {
        let mut event = joined.clone();
        if let Event::WorkerJoined { worker, .. } = &mut event {
            worker.clone_from(name);
        }
        event
    };
    let mut events: Vec<Event> = names.iter().map(as_named).collect();
    let (aside, goes) = (names[7].clone(), names[8].clone());
    let reason = "4 trials in a row failed".to_owned();
    events.push(Event::WorkerQuarantined { worker: aside, until: at, reason });
    events.push(Event::WorkerDraining { worker: goes, session, holds: true });
    for event in events {
        let sequence = records.len() as u64 + 1;
        records.push(Record { sequence, at, event });
    }
    let folder = tempfile::tempdir().unwrap();
    sample::write_ledger(&StudyDirectory::new(folder.path()).ledger(), &records);
    let status = within(folder.path(), "status --dir %").unwrap();
    let told = "1 at work, 49 idle, 1 about to go, 1 given nothing; `ce-nas workers` lists them";
    for expected in [told, "gpu-7 in LOCAL, given nothing until", "4 trials in a row failed"] {
        assert!(status.contains(expected), "{expected} in\n{status}");
    }
    assert!(!status.contains("gpu-9"), "the others are not listed:\n{status}");
    let as_json = json(&within(folder.path(), "status --dir % --json").unwrap());
    assert_eq!(as_json["workers"].as_array().map(Vec::len), Some(52), "as JSON all are told");
    assert!(within(folder.path(), "workers --dir %").unwrap().contains("gpu-9"));
}

#[test]
fn every_command_prints_what_is_there() {
    let folder = study(Wishes::default());
    let report = within(folder.path(), "report --dir % --json").unwrap();
    let report: Report = serde_json::from_str(&report).unwrap();

    let status = within(folder.path(), "status --dir %").unwrap();
    for expected in [
        "fashion-mnist, two workers, seed 7",
        "the time budget of 48 h is used",
        "synthetic",
        "estimated",
        "hypervolume",
        "LOCAL",
        "left",
    ] {
        assert!(status.contains(expected), "{expected} in\n{status}");
    }
    let as_json = json(&within(folder.path(), "status --dir % --json").unwrap());
    assert_eq!(as_json["state"], "finished");
    assert_eq!(as_json["front_size"], report.front.len());
    assert_eq!(as_json["energy"]["kwh"].as_f64(), Some(report.energy.total.kwh));

    let front = within(folder.path(), "front --dir %").unwrap();
    assert_eq!(front.lines().count(), report.front.len() + 1);
    for network in &report.front {
        assert!(front.contains(&network.architecture));
    }
    assert_eq!(
        json(&within(folder.path(), "front --dir % --json").unwrap()).as_array().unwrap().len(),
        report.front.len()
    );

    let workers = within(folder.path(), "workers --dir %").unwrap();
    assert!(
        workers.contains("local-2") && workers.contains("no heartbeat") && workers.contains("TDP"),
        "{workers}"
    );
    assert!(!status.contains('\x1b') && !front.contains('\x1b'), "no colours");
}

#[test]
fn trials_are_filtered_and_sorted() {
    let folder = study(Wishes::default());
    let all = json(&within(folder.path(), "trials --dir % --json").unwrap());
    let fulls = json(
        &within(folder.path(), "trials --dir % --fidelity full --state finished --sort error --json")
            .unwrap(),
    );
    let fulls = fulls.as_array().unwrap();
    assert!(!fulls.is_empty() && fulls.len() < all.as_array().unwrap().len());
    let accuracies: Vec<f64> =
        fulls.iter().map(|line| line["validation_accuracy"].as_f64().unwrap()).collect();
    assert!(accuracies.windows(2).all(|pair| pair[0] >= pair[1]), "{accuracies:?}");
    assert!(fulls.iter().all(|line| line["fidelity"] == "full" && line["state"] == "finished"));

    let three = within(folder.path(), "trials --dir % --limit 3").unwrap();
    assert_eq!(three.lines().count(), 4);
    let failed = within(folder.path(), "trials --dir % --state failed").unwrap();
    assert!(failed.contains("NaN"), "{failed}");
    assert_eq!(
        within(folder.path(), "trials --dir % --fidelity supernet --state failed").unwrap(),
        "no such trial\n"
    );
    assert!(within(folder.path(), "trials --dir % --fidelity huge").is_err());
}

#[test]
fn a_study_goes_on_beside_its_readers() {
    let folder = study(Wishes { finished: false, ..Wishes::default() });
    let _writer = Ledger::open(StudyDirectory::new(folder.path()).ledger()).unwrap();
    let status = within(folder.path(), "status --dir %").unwrap();
    assert!(status.contains("is its coordinator running?"), "its last event is long ago:\n{status}");
    let written = within(folder.path(), "report --dir %").unwrap();
    assert!(
        written.contains("report.html") && written.contains("note: The study has not ended"),
        "{written}"
    );
}

#[test]
fn nothing_there_is_said_with_the_cure() {
    let empty = tempfile::tempdir().unwrap();
    for command in ["status", "workers", "trials", "front", "report"] {
        let error = format!("{:#}", within(empty.path(), &format!("{command} --dir %")).unwrap_err());
        assert!(error.contains("no ledger") && error.contains("check the directory"), "{error}");
    }
    let mut ledger = Ledger::open(StudyDirectory::new(empty.path()).ledger()).unwrap();
    let error = format!("{:#}", within(empty.path(), "status --dir %").unwrap_err());
    assert!(error.contains("has not begun"), "{error}");
    ledger.append(common::time::Timestamp(sample::WALL), &[sample::started(Wishes::default())]).unwrap();
    for (command, expected) in
        [("status", "front of 0"), ("workers", "no worker"), ("trials", "no such"), ("front", "empty")]
    {
        let told = within(empty.path(), &format!("{command} --dir %")).unwrap();
        assert!(told.contains(expected), "{told}");
        json(&within(empty.path(), &format!("{command} --dir % --json")).unwrap());
    }
}

#[test]
fn keys_are_made_once_and_admitted() {
    let folder = tempfile::tempdir().unwrap();
    let told = within(folder.path(), "keygen coordinator --out %").unwrap();
    assert!(told.contains("coordinator.pub"), "{told}");
    let secret = folder.path().join("coordinator.key");
    let first = std::fs::read(&secret).unwrap();
    assert!(within(folder.path(), "keygen coordinator --out %").unwrap().contains("is kept"));
    assert_eq!(std::fs::read(&secret).unwrap(), first);

    let made = json(&within(folder.path(), "keygen worker node-7 --out % --json").unwrap());
    let key = folder.path().join("node-7.key");
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let allowed = std::fs::read_to_string(folder.path().join("allowed-workers")).unwrap();
    assert!(allowed.contains(&format!("node-7 {}", made["public"].as_str().unwrap())), "{allowed}");
    let told = within(folder.path(), "keygen worker node-7 --out %").unwrap();
    assert!(told.contains("is kept") && told.contains("ce-nas-worker --coordinator"), "{told}");
    let text = std::fs::read_to_string(&key).unwrap();
    let secret = text.lines().find_map(|line| line.strip_prefix("secret = ")).unwrap().trim_matches('"');
    assert!(!told.contains(secret), "a secret is never printed");

    let mut drawn = std::iter::repeat_with(|| transport::KeyPair::generate().public().to_string());
    let other = drawn.find(|key| key.starts_with('-')).expect("one in 85 looks like a flag");
    let directory = folder.path().display().to_string();
    call(&["keygen", "worker", "node-8", "--out", &directory, "--public", &other]).unwrap();
    assert!(!folder.path().join("node-8.key").exists());
    let allowed = std::fs::read_to_string(folder.path().join("allowed-workers")).unwrap();
    assert!(allowed.contains(&format!("node-8 {other}")) && allowed.contains("node-7"));
}

#[test]
fn names_that_would_be_other_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("keys");
    for name in ["../outside", "coordinator", "a/b", ".hidden"] {
        assert!(within(&inner, &format!("keygen worker {name} --out %")).is_err(), "{name}");
    }
    assert!(!folder.path().join("outside.key").exists());
    assert!(within(&inner, "keygen worker a --out % --public short").is_err());
}

#[test]
fn a_configuration_is_printed_resolved_or_refused() {
    let text = call(&["check-config", "--set", "budget.hours=5"]).unwrap();
    assert!(text.contains("hours = 5"), "{text}");
    let as_json = json(&call(&["check-config", "--set", "budget.hours=5", "--json"]).unwrap());
    assert_eq!(as_json["budget"]["hours"], 5.0);
    let error = call(&["check-config", "--set", "budget.huors=5"]).unwrap_err();
    assert!(
        error
            .downcast_ref::<common::config::Error>()
            .is_some_and(|error| error.to_string().contains("budget.hours"))
    );
}

#[test]
fn help_names_every_option_and_an_example() {
    let mut root = Line::command();
    root.clone().debug_assert();
    for command in root.get_subcommands_mut() {
        let help = command.render_long_help().to_string();
        if command.has_subcommands() && !help.contains("Example") {
            let parts = command.get_subcommands_mut().filter(|part| part.get_name() != "help");
            for part in parts {
                assert!(part.render_long_help().to_string().contains("Example"), "{}", part.get_name());
            }
            continue;
        }
        assert!(help.contains("Example"), "{help}");
        let answers_by_file = command.get_name() == "export";
        assert!(answers_by_file || help.contains("--json") || help.contains("worker"), "{help}");
    }
}

#[test]
fn a_reader_that_went_away_is_no_failure() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    print(&mut Closed, "text").unwrap();
}

#[test]
fn explain_tells_a_trials_life() {
    let folder = study(Wishes::default());
    let listed =
        json(&within(folder.path(), "trials --dir % --fidelity full --state finished --json").unwrap());
    let trial = listed[0]["trial"].to_string();
    let told = within(folder.path(), &format!("explain {trial} --dir %")).unwrap();
    for words in [
        &*format!("trial {trial}: full training of"),
        "proposed",
        "trainings were done",
        "g/kWh",
        "the allocation then",
        "validation accuracy, layer",
        "attempt 0 took",
    ] {
        assert!(told.contains(words), "{words:?} in {told}");
    }
    let explained = json(&within(folder.path(), &format!("explain {trial} --dir % --json")).unwrap());
    let joules = |value: &serde_json::Value| value.as_f64().unwrap();
    let attempts: f64 =
        explained["attempts"].as_array().unwrap().iter().map(|attempt| joules(&attempt["joules"])).sum();
    assert!(
        (attempts - joules(&listed[0]["joules"])).abs() < 1e-6,
        "every joule of the trial is an attempt's"
    );
    let unknown = within(folder.path(), "explain 999 --dir %").unwrap_err().to_string();
    assert!(unknown.contains("there is no trial 999"), "{unknown}");
}

#[test]
fn explain_tells_what_operators_did() {
    use common::id::TrialId;
    let told = sample::study(Wishes::default());
    let at = told.last().unwrap().at;
    let mut events: Vec<_> = told.into_iter().map(|record| (record.at, record.event)).collect();
    let trial = TrialId(0);
    events.push((at, Event::TrialCancelled { trial }));
    events.push((at, Event::TrialRetried { trial }));
    let folder = tempfile::tempdir().unwrap();
    sample::write_ledger(&StudyDirectory::new(folder.path()).ledger(), &sample::numbered(events));
    let text = within(folder.path(), "explain 0 --dir %").unwrap();
    assert!(text.contains("somebody cancelled it") && text.contains("asked for another try"), "{text}");
}

#[test]
fn a_paused_study_is_said_to_be_paused() {
    let told = sample::study(Wishes::default());
    let at = told.last().unwrap().at;
    let kept = told.into_iter().map(|record| (record.at, record.event));
    let mut events: Vec<_> = kept.filter(|(_, event)| event.kind() != "study_finished").collect();
    events.push((at, Event::StudyPaused));
    let folder = tempfile::tempdir().unwrap();
    sample::write_ledger(&StudyDirectory::new(folder.path()).ledger(), &sample::numbered(events));
    assert_eq!(json(&within(folder.path(), "status --dir % --json").unwrap())["state"], "paused");
    let text = within(folder.path(), "status --dir %").unwrap();
    assert!(text.contains("paused; begun") && text.contains("ce-nas resume"), "{text}");
}

#[test]
fn compare_sets_studies_side_by_side() {
    let (one, two) = (study(Wishes::default()), study(Wishes::default()));
    let paths = format!("{} {}", one.path().display(), two.path().display());
    let told = within(one.path(), &format!("compare {paths}")).unwrap();
    for words in ["policy, searcher", "hypervolume", "CO2eq", "(1.00×)"] {
        assert!(told.contains(words), "{words:?} in {told}");
    }
    let sides = json(&within(one.path(), &format!("compare {paths} --json")).unwrap());
    assert_eq!(sides[0]["to_common"], sides[1]["to_common"]);
    assert!(sides[0]["to_common"]["gco2eq"].as_f64().unwrap() > 0.0);
    let alone = within(one.path(), "compare %").unwrap_err();
    assert!(alone.is::<Usage>() && alone.to_string().contains("two directories"), "{alone}");
}

#[test]
fn export_writes_what_other_tools_read() {
    let folder = study(Wishes::default());
    let csv = within(folder.path(), "export trials --dir %").unwrap();
    let rows = json(&within(folder.path(), "export trials --dir % --format json").unwrap());
    let rows = rows.as_array().unwrap();
    assert_eq!(csv.lines().count(), rows.len() + 1);
    assert!(csv.starts_with("trial,fidelity,epochs,state,architecture,origin,validation_error"), "{csv}");
    let sum = |key: &str| rows.iter().map(|row| row[key].as_f64().unwrap()).sum::<f64>();
    let status = json(&within(folder.path(), "status --dir % --json").unwrap());
    assert!(sum("joules") > 0.0 && sum("gco2eq") > 0.0, "{status}");

    let parquet = folder.path().join("trials.parquet");
    within(folder.path(), &format!("export trials --dir % --format parquet --out {}", parquet.display()))
        .unwrap();
    let read =
        parquet::file::reader::SerializedFileReader::new(std::fs::File::open(&parquet).unwrap()).unwrap();
    let read: Vec<_> = read.into_iter().map(Result::unwrap).collect();
    assert_eq!(read.len(), rows.len());
    use parquet::record::RowAccessor;
    assert_eq!(read[0].get_long(0).unwrap(), rows[0]["trial"].as_i64().unwrap());
    let screen = within(folder.path(), "export trials --dir % --format parquet").unwrap_err();
    assert!(screen.is::<Usage>(), "{screen}");

    let emissions = within(folder.path(), "export emissions --dir %").unwrap();
    assert!(
        emissions
            .starts_with("timestamp,project_name,run_id,experiment_id,duration,emissions,emissions_rate")
    );
    let out = folder.path().join("events");
    let told = within(folder.path(), &format!("export tensorboard --dir % --out {}", out.display())).unwrap();
    let folders = std::fs::read_dir(&out).unwrap().count();
    assert!(told.starts_with(&format!("{folders} event files")) && folders > 1, "{told}");
    let store = folder.path().join("mlruns");
    let told = within(folder.path(), &format!("export mlflow --dir % --out {}", store.display())).unwrap();
    assert!(!told.starts_with("0 runs"), "{told}");
    within(folder.path(), &format!("export mlflow --dir % --out {}", store.display())).unwrap();
    assert_eq!(std::fs::read_dir(&store).unwrap().count(), 1, "the same study is the same experiment");
}

#[test]
fn of_a_mixed_fleet_workers_says_what_a_training_takes_on_each() {
    let listed = |devices: [&str; 2]| {
        let mut records = sample::study(Wishes::default());
        for record in &mut records {
            if let Event::WorkerJoined { worker, slots, .. } = &mut record.event {
                slots[0].device = devices[usize::from(worker.as_str() == "local-2")].into();
            }
        }
        let folder = tempfile::tempdir().unwrap();
        sample::write_ledger(&StudyDirectory::new(folder.path()).ledger(), &records);
        within(folder.path(), "workers --dir %").unwrap()
    };
    let alike = listed(["A100", "A100"]);
    assert!(!alike.contains("a training takes"), "{alike}");
    let mixed = listed(["A100", "T4"]);
    assert!(mixed.contains("a training takes"), "{mixed}");
    let lines: Vec<&str> = mixed.lines().filter(|line| line.contains("× time")).collect();
    assert!(lines.len() == 2 && lines.iter().all(|line| line.contains("× energy")), "{mixed}");
}

#[test]
fn watching_ends_with_the_study_and_top_shows_all_of_it() {
    let folder = study(Wishes::default());
    let once = within(folder.path(), "workers --dir %").unwrap();
    assert_eq!(
        within(folder.path(), "workers --dir % --watch").unwrap(),
        once,
        "the study is finished: one look"
    );
    let line = within(folder.path(), "status --dir % --json --watch 5").unwrap();
    assert_eq!((line.lines().count(), json(&line)["state"].as_str()), (1, Some("finished")));
    assert!(within(folder.path(), "status --dir % --watch 0").is_err());
    let mut top = Vec::new();
    let args = top::Args { place: Place::directory(folder.path()), every: 2.0, once: true };
    top::run(&args, &mut top).unwrap();
    let top = String::from_utf8(top).unwrap();
    for part in ["workers\n", "running\n", "finished last\n"] {
        assert!(top.contains(part), "{part:?} in {top}");
    }
}

#[test]
fn a_backup_is_a_study_and_overwrites_nothing() {
    let folder = study(Wishes::default());
    let copy = folder.path().join("copy.sqlite");
    let words = format!("backup --dir % --out {} --json", copy.display());
    let told = json(&within(folder.path(), &words).unwrap());
    let events = Ledger::read_only(StudyDirectory::new(folder.path()).ledger()).unwrap().len().unwrap();
    assert_eq!(told["events"], events);
    assert_eq!(Ledger::read_only(&copy).unwrap().len().unwrap(), events);
    let names: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let copies = names.iter().filter(|name| name.to_string_lossy().starts_with("copy")).count();
    assert_eq!(copies, 1, "one file, and nothing left beside it: {names:?}");
    assert!(within(folder.path(), &words).unwrap_err().to_string().contains("is not overwritten"));
}

#[test]
fn workers_are_admitted_invited_and_revoked() {
    let folder = study(Wishes::default());
    let key = transport::KeyPair::generate().public();
    call(&["workers", "admit", "node-7", &key.to_string(), "--dir", &folder.path().display().to_string()])
        .unwrap();
    assert!(within(folder.path(), "workers admit node-7 nowhere --dir %").is_err());
    let keyring = crate::keyring::Keyring::new(StudyDirectory::new(folder.path()).keys());
    assert_eq!(keyring.allow().unwrap().name_of(&key).unwrap().as_str(), "node-7");
    let unknown = within(folder.path(), "workers invite node-8 --dir %").unwrap_err();
    assert!(format!("{unknown:#}").contains("--address"), "{unknown:#}");
    let words = "workers invite node-8 --for 2d --address tcp://head:7590 --dir %";
    let line = within(folder.path(), words).unwrap();
    assert!(line.starts_with("ce-nas-worker --coordinator tcp://head:7590 --join "), "{line}");
    let code: transport::JoinCode = line.split_whitespace().nth(4).unwrap().parse().unwrap();
    assert_eq!(keyring.invitations().unwrap()[0].key, code.keys().public());
    for bad in ["1", "1w", "30s", "31d", "h"] {
        let words = format!("workers invite node-9 --for {bad} --address tcp://head:7590 --dir %");
        assert!(format!("{:#}", within(folder.path(), &words).unwrap_err()).contains("--for"), "{bad}");
    }
    within(folder.path(), "workers revoke node-7 --dir %").unwrap();
    within(folder.path(), "workers revoke node-8 --dir %").unwrap();
    assert!(within(folder.path(), "workers revoke node-8 --dir %").is_err());
    assert!(keyring.allow().unwrap().is_empty() && keyring.invitations().unwrap().is_empty());
    within(folder.path(), "workers release node-7 --dir %").unwrap();
    let desk = crate::desk::Desk::new(StudyDirectory::new(folder.path()).requests());
    assert_eq!(desk.take_releases(), [WorkerName::new("node-7")]);
}
