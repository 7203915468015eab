//! Defaults, precedence and refusals.

use super::*;
use crate::space::SpaceSpec;
use crate::study::{EvaluatorSpec, StudySpec};
use crate::unit::Seconds;

fn with(assignments: &[&str]) -> Result<Config, Error> {
    let assignments: Vec<String> = assignments.iter().map(ToString::to_string).collect();
    load(None, [], &assignments)
}

fn refusal(assignments: &[&str]) -> String {
    with(assignments).unwrap_err().to_string()
}

#[test]
fn the_defaults_make_a_study() {
    let config = with(&[]).unwrap();
    let spec = config.study_spec().unwrap();
    assert_eq!(spec.objectives.len(), 2);
    assert_eq!(spec.objectives[0].reference, 0.9, "chance level of ten classes");
    assert_eq!(spec.objectives[1].reference, 1_531_546.0, "the largest network");
    assert_eq!(config.budget.carbon_g.get(), None);
}

#[test]
fn flags_win_over_environment_over_file() {
    let directory = std::env::temp_dir().join(format!("cenas-config-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("study.toml");
    std::fs::write(&file, "[study]\nseed = 2\nname = \"file\"\n[budget]\nhours = 5\n").unwrap();
    let environment = [
        ("CENAS__STUDY__SEED".to_string(), "3".to_string()),
        ("CENAS__BUDGET__HOURS".to_string(), "7.5".to_string()),
        ("CENAS_DATA".to_string(), "elsewhere".to_string()),
        ("CENAS_CIFAR10".to_string(), "elsewhere".to_string()),
        ("HOME".to_string(), "home".to_string()),
    ];
    let config = load(Some(&file), environment, &["study.seed=4".into()]).unwrap();
    assert_eq!((config.study.seed, config.study.name.as_str()), (4, "file"));
    assert_eq!(config.budget.hours.get(), Some(7.5));
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest() {
    assert!(refusal(&["study.sed=4"]).contains("did you mean `study.seed`?"));
    let environment = [("CENAS__BUDGET__HUORS".to_string(), "3".to_string())];
    let message = load(None, environment, &[]).unwrap_err().to_string();
    assert!(message.contains("CENAS__BUDGET__HUORS") && message.contains("`budget.hours`"), "{message}");
}

#[test]
fn values_without_meaning_are_refused_with_the_cure() {
    assert!(refusal(&["budget.hours=0"]).contains("greater than zero"));
    assert!(refusal(&["budget.hours=unlimited"]).contains("limit at least one"));
    assert!(refusal(&["budget.hours=soon"]).contains("unlimited"));
    assert!(refusal(&["space.input=[3,30,30]"]).contains("divisible by 4"));
    assert!(refusal(&["search.searcher=evolutoin"]).contains("did you mean `evolution`?"));
    assert!(refusal(&["objectives.minimise=[\"error\",\"latency_ms\"]"]).contains("depends on your device"));
    assert!(refusal(&["objectives.minimise=[\"error\"]"]).contains("two or three"));
    assert!(refusal(&["nonsense"]).contains("section.key=value"));
    assert!(refusal(&["ladder.rung_epochs=200"]).contains("fewer epochs"));
    assert!(refusal(&["forecast.model=transfomer"]).contains("did you mean `transformer`?"));
    assert!(refusal(&["forecast.model=transformer:"]).contains("did you mean `transformer`?"));
}

#[test]
fn a_forecast_model_may_be_a_file_of_networks() {
    let config = with(&["forecast.model=transformer:europe.safetensors"]).unwrap();
    assert_eq!(config.forecast.model, "transformer:europe.safetensors");
}

#[test]
fn what_is_printed_can_be_read_again() {
    let config = with(&["study.name=my study", "budget.carbon_g=12.5"]).unwrap();
    let text = toml::to_string(&config).unwrap();
    let again: Config = toml::from_str(&text).unwrap();
    assert_eq!(again, config);
    assert_eq!(again.study.name, "my study");
}

/// A space that is rehearsed.
fn rehearsed(space: &[&str]) -> Vec<String> {
    let rehearsal = ["evaluation.evaluator=rehearsal"].iter().chain(space);
    rehearsal.map(ToString::to_string).collect()
}

#[test]
fn every_space_can_be_chosen() {
    let spec = |space: &[&str]| load(None, [], &rehearsed(space)).unwrap().study_spec().unwrap();
    let darts = spec(&["space.kind=darts", "space.darts.layers=8", "space.darts.channels=16"]);
    assert_eq!(darts.space.title(), "DARTS cells");
    let largest =
        darts.space.build().largest().and_then(|largest| darts.space.build().cost(&largest)).unwrap();
    assert_eq!(darts.objectives[1].reference, largest.parameters as f64);
    let mobile =
        spec(&["space.kind=mobile", "space.mobile.widths=[1.0, 1.2]", "space.mobile.squeeze_excite=free"]);
    assert_eq!(mobile.space.build().decisions().len(), 2 + 5 * (1 + 4 * 3));
    let environment = [("CENAS__SPACE__MOBILE__DEPTHS".to_string(), "1,2".to_string())];
    let shallow = load(None, environment, &rehearsed(&["space.kind=mobile"])).unwrap();
    assert_eq!(shallow.space.mobile.depths, [1, 2]);

    let file = format!("space.file={}/../configs/free-form.toml", env!("CARGO_MANIFEST_DIR"));
    let objectives =
        ["objectives.minimise=[\"error\", \"latency_ms\"]", "objectives.reference.latency_ms=50"];
    let free = spec(&["space.kind=free_form", &file, objectives[0], objectives[1]]);
    let words = free.space.words();
    assert_eq!(
        words[0],
        "a free-form space: 6 decisions, about 4.1 × 10^16 encodings; only your own program knows parameters and multiply-accumulates"
    );
    assert_eq!(words[1], "optimiser: sgd, adam or lamb");
    assert_eq!(words[2], "momentum: 0 to 0.99, where optimiser is sgd or lamb");
    assert_eq!(words[3], "learning_rate: 1e-5 to 0.1 on a logarithmic scale");
    assert_eq!(words[4], "layers: 2 to 12 in steps of 2");
    assert_eq!(words[5], "width: 16, 32, 64 or 128, in this order");
    assert_eq!(words[6], "skip: true or false, where layers is 6, 8, 10 or 12 and width is 64 or 128");
    let json = serde_json::to_string(&free).unwrap();
    assert_eq!(serde_json::from_str::<StudySpec>(&json).unwrap(), free, "as it stands in the ledger");
}

#[test]
fn spaces_in_words() {
    let words =
        |space: &[&str]| load(None, [], &rehearsed(space)).unwrap().space_spec().unwrap().words().concat();
    assert_eq!(
        words(&[]),
        "NAS-Bench-201 cells: 6 decisions, 15625 encodings; the largest network has 1.53 M parameters and 220.1 M multiply-accumulates"
    );
    assert!(
        words(&["space.kind=darts"]).starts_with("DARTS cells: 22 decisions, about 1.1 × 10^18 encodings; ")
    );
    assert!(words(&["space.kind=mobile"]).starts_with("MobileNetV3 blocks: 45 decisions, about "));
}

#[test]
fn what_a_space_can_not_do_is_told_when_the_settings_are_read() {
    let refusal = |space: &[&str]| load(None, [], &rehearsed(space)).unwrap_err().to_string();
    let message = refusal(&["space.kind=darst"]);
    assert!(
        message.contains("one of nas_bench_201, darts") && message.contains("did you mean `darts`?"),
        "{message}"
    );
    for kind in ["darts", "mobile"] {
        assert!(with(&[&format!("space.kind={kind}")]).is_ok(), "libtorch trains {kind}");
    }
    assert!(
        refusal(&["space.kind=darts", "space.darts.layers=2"]).contains("space.darts.layers = 2: from 3")
    );
    assert!(
        refusal(&["space.kind=darts", "space.darts.stem=imagenet", "space.input=[3,48,48]"])
            .contains("divisible by 32")
    );
    assert!(refusal(&["space.kind=mobile", "space.mobile.kernels=[3,4]"]).contains("odd"));
    assert!(
        refusal(&["space.kind=mobile", "space.mobile.kernls=[3]"])
            .contains("did you mean `space.mobile.kernels`?")
    );
    assert!(refusal(&["space.kind=free_form"]).contains("space.file"));
    let message = refusal(&["space.kind=free_form", "space.file=/nowhere/space.toml"]);
    assert!(message.contains("/nowhere/space.toml"), "{message}");
    let file = format!("space.file={}/../configs/free-form.toml", env!("CARGO_MANIFEST_DIR"));
    assert!(refusal(&["space.kind=free_form", &file]).contains("nobody can count the parameters"));
    let message = load(None, [], &["space.kind=free_form".into(), file.clone()]).unwrap_err().to_string();
    assert!(message.contains("libtorch trains") && message.contains("rehearsal"), "{message}");
    let default = format!("space.file={}/../configs/default.toml", env!("CARGO_MANIFEST_DIR"));
    assert!(refusal(&["space.kind=free_form", &default]).contains("configs/default.toml: there is no"));
}

#[test]
fn numerics_are_written_only_where_they_were_chosen() {
    let spec = |settings: &[&str]| with(settings).unwrap().study_spec().unwrap();
    let text = |settings: &[&str]| serde_json::to_string(&spec(settings)).unwrap();
    assert!(!text(&[]).contains("numerics"));
    let chosen = ["evaluation.precision=bf16", "evaluation.deterministic=true"];
    assert!(text(&chosen).ends_with(r#""numerics":{"precision":"bf16","deterministic":true}}"#));
    for settings in [&[][..], &chosen] {
        assert_eq!(serde_json::from_str::<StudySpec>(&text(settings)).unwrap(), spec(settings));
    }
    let refusal = load(None, [], &["evaluation.precision=fp8".into()]).unwrap_err().to_string();
    assert!(refusal.contains("evaluation.precision") && refusal.contains("fp8"), "{refusal}");
}

#[test]
fn the_spec_of_an_older_ledger_is_read() {
    let text = r#"{"nas_bench201":{"channels":16,"cells_per_stage":5,"input":[3,32,32],"classes":10}}"#;
    let spec: SpaceSpec = serde_json::from_str(text).unwrap();
    assert_eq!(Ok(spec), with(&[]).unwrap().space_spec().map_err(|error| error.to_string()));
    assert_eq!(serde_json::to_string(&with(&[]).unwrap().space_spec().unwrap()).unwrap(), text);
}

const PROGRAM: [&str; 2] = ["evaluation.evaluator=command", "evaluation.command=[\"python3\", \"train.py\"]"];

#[test]
fn a_program_of_ones_own_can_be_chosen() {
    let more = ["evaluation.command_limit_s=60", "evaluation.command_disk_mb=5", "ladder.rung_epochs=1"];
    let spec = with(&[&PROGRAM[..], &more].concat()).unwrap().study_spec().unwrap();
    let EvaluatorSpec::Command(command) = &spec.evaluator else { panic!("{:?}", spec.evaluator) };
    assert_eq!(command.words, ["python3", "train.py"]);
    assert_eq!((command.limit, command.disk_bytes), (Some(Seconds(60.0)), 5_000_000));
    assert_eq!(command.abilities, [Ability::Full, Ability::Rung]);
    let json = serde_json::to_string(&spec).unwrap();
    assert_eq!(serde_json::from_str::<StudySpec>(&json).unwrap(), spec, "as it stands in the ledger");
    let environment =
        [("CENAS__EVALUATION__COMMAND", "sh,train.sh"), ("CENAS__EVALUATION__EVALUATOR", "command")];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(load(None, environment, &[]).unwrap().evaluation.command, ["sh", "train.sh"]);

    // It knows what nobody else can count.
    let file = format!("space.file={}/../configs/free-form.toml", env!("CARGO_MANIFEST_DIR"));
    let free = ["space.kind=free_form", &file, "objectives.reference.parameters=1e6"];
    let spec = with(&[&PROGRAM[..], &free].concat()).unwrap().study_spec().unwrap();
    assert_eq!(spec.objectives[1].reference, 1e6);
}

#[test]
fn a_program_is_refused_where_it_makes_no_sense() {
    let refusal = |more: &[&str]| with(&[&PROGRAM[..], more].concat()).unwrap_err().to_string();
    assert!(with(&PROGRAM[1..]).unwrap_err().to_string().contains("evaluation.evaluator = \"command\""));
    assert!(with(&PROGRAM[..1]).unwrap_err().to_string().contains("train.py"));
    assert!(refusal(&["evaluation.command=[\"\"]"]).contains("names a program"));
    assert!(refusal(&["ladder.one_shot=true"]).contains("ladder.one_shot = false"));
    assert!(refusal(&["evaluation.command_fidelities=[\"full\"]"]).contains("ladder.rung_epochs = 0"));
    assert!(refusal(&["evaluation.command_fidelities=[\"rung\"]"]).contains("`full` must be one"));
    assert!(refusal(&["evaluation.command_fidelities=[\"fill\"]"]).contains("fill"));
    assert!(refusal(&["evaluation.command_stop_s=60"]).contains("between 0.1 and 12"));
    assert!(refusal(&["evaluation.command_silence_s=0"]).contains("at least 1 second"));
    assert!(refusal(&["evaluation.command_limit_s=nan"]).contains("at least 1 second"));
    assert!(refusal(&["evaluation.command_disk_mb=0"]).contains("at least 1"));
    let full = ["evaluation.command_fidelities=[\"full\"]", "ladder.rung_epochs=0"];
    assert!(with(&[&PROGRAM[..], &full].concat()).is_ok(), "only full trainings will do");
}

#[test]
fn recipes_are_checked_key_by_key_and_written_only_where_they_were_chosen() {
    let text = |settings: &[&str]| serde_json::to_string(&with(settings).unwrap().study_spec().unwrap());
    assert!(!text(&[]).unwrap().contains("optimiser"));
    let chosen = ["training.optimiser=adamw", "training.schedule=step", "supernet.warm_up=0.1"];
    let text = text(&chosen).unwrap();
    assert!(
        text.contains(r#""optimiser":"adamw","schedule":"step"}"#) && text.contains(r#""warm_up":0.1}"#),
        "{text}"
    );
    assert!(refusal(&["training.warm_up=1"]).contains("training.warm_up = 1: it must lie in [0, 1)"));
    assert!(refusal(&["supernet.mixup=2"]).contains("supernet.mixup"));
    assert!(refusal(&["training.optimiser=lion"]).contains("training.optimiser"));
    assert!(refusal(&["training.drop_path=0.2"]).contains("only networks of darts and mobile"));
    assert!(refusal(&["supernet.drop_path=0.2"]).contains("supernet.drop_path"), "no such key");
    let darts = ["space.kind=darts", "training.drop_path=0.2", "training.auxiliary_weight=0.4"];
    assert!(with(&darts).is_ok());
}

#[test]
fn a_supernet_is_split_where_it_can_be() {
    let few_shot = |settings: &[&str]| with(settings).unwrap().study_spec().unwrap().few_shot;
    assert_eq!(few_shot(&["ladder.one_shot=true"]), None);
    let split =
        ["ladder.one_shot=true", "few_shot.split=5", "few_shot.epochs=9", "few_shot.learning_rate=0.0005"];
    let found = few_shot(&split).unwrap();
    assert_eq!((found.decision, found.options, found.recipe.epochs), (5, 5, 9));
    assert_eq!((found.recipe.learning_rate, found.recipe.final_learning_rate), (0.0005, 0.0005));
    assert_eq!(found.parts().count(), 5);

    let refused = |setting: &str| refusal(&["ladder.one_shot=true", setting]);
    assert!(refused("few_shot.split=6").contains("6 decisions, counted from 0"));
    assert!(refused("few_shot.split=soon").contains("never"));
    assert!(refusal(&["few_shot.split=0"]).contains("ladder.one_shot = true"));
    assert!(refusal(&[&split[..], &["few_shot.epochs=0"]].concat()).contains("few_shot.epochs"));
    let program = ["evaluation.evaluator=command", "evaluation.command=[\"true\"]"];
    let abilities = ["evaluation.command_fidelities=[\"full\",\"rung\",\"one_shot\"]"];
    let refusal = refusal(&[&split[..2], &program, &abilities].concat());
    assert!(refusal.contains("few_shot.split") && refusal.contains("never"), "{refusal}");
}

#[test]
fn a_supernet_follows_a_search_that_works_in_regions() {
    let region = |settings: &[&str]| with(settings).unwrap().study_spec().unwrap().region;
    assert_eq!(region(&["ladder.one_shot=true"]), None);
    let follows = [
        "ladder.one_shot=true",
        "search.searcher=lamoo-random",
        "region.every_scores=40",
        "region.epochs=7",
        "region.learning_rate=0.0005",
    ];
    let found = region(&follows).unwrap();
    assert_eq!((found.every_scores, found.recipe.epochs), (40, 7));
    assert_eq!((found.recipe.learning_rate, found.recipe.final_learning_rate), (0.0005, 0.0005));

    let refused = |setting: &str| refusal(&[&follows[..], &[setting]].concat());
    assert!(refused("region.every_scores=0").contains("at least one score"));
    assert!(refused("ladder.one_shot=false").contains("ladder.one_shot = true"));
    assert!(refused("search.searcher=surrogate").contains("lamoo-"));
    assert!(refused("few_shot.split=0").contains("not both"));
    assert!(refused("region.epochs=0").contains("region.epochs"));
    let program = ["evaluation.evaluator=command", "evaluation.command=[\"true\"]"];
    let abilities = ["evaluation.command_fidelities=[\"full\",\"rung\",\"one_shot\"]"];
    assert!(refusal(&[&follows[..3], &program, &abilities].concat()).contains("region.every_scores"));
}

#[test]
fn the_zones_served_are_those_of_the_source_that_is_chosen() {
    let served = |settings: &[&str]| -> Vec<String> {
        let lists = [
            r#"carbon.traces=["DE = a.csv","PL=b.csv"]"#,
            r#"carbon.live=["GB=uk:13","GB=uk","FR=watttime"]"#,
        ];
        let settings: Vec<String> = lists.iter().chain(settings).map(ToString::to_string).collect();
        let carbon = load(None, [], &settings).unwrap().carbon;
        carbon.served_zones().iter().map(|zone| zone.as_str().to_owned()).collect()
    };
    assert_eq!(served(&["carbon.source=trace"]), ["DE", "PL"]);
    assert_eq!(served(&["carbon.source=live"]), ["FR", "GB"]);
    assert_eq!(served(&["carbon.source=typical_week"]), ["LOCAL"]);
}
