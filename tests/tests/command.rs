//! Whole studies that a program of the user's own trains for, by the programs as a user runs them.

use std::collections::BTreeMap;
use std::fs;

use common::event::Event;
use serde_json::Value;
use system_tests::lab::books::audit;
use system_tests::lab::patience::until;
use system_tests::lab::study::History;
use system_tests::lab::{REHEARSAL, Study, programs};

/// Full trainings of three epochs; the error follows from the genes.
const GOOD: &str = r#"
field() { sed -n "s/.*\"$1\": \"\{0,1\}\([^\",]*\).*/\1/p" "$CE_NAS_TASK" | head -n 1; }
genes=$(tr -d ' \n' <"$CE_NAS_TASK" | sed 's/.*"genes":\[\([0-9,]*\)\].*/\1/' | tr -d ,)
first=${genes%?????} epochs=$(field epochs) checkpoint=$(field checkpoint) wanted=$(field checkpoint_wanted) epoch=0 stop=
trap 'stop=1' TERM
[ ! -e "$checkpoint/epoch" ] || epoch=$(cat "$checkpoint/epoch")
save() { echo $epoch >"$checkpoint/epoch"; echo '{"type":"checkpoint"}'; }
train() {
    while [ $epoch -lt $epochs ]; do
        sleep 0.1
        epoch=$((epoch + 1))
        echo "{\"type\":\"progress\",\"epoch\":$epoch,\"training_loss\":1.5,\"validation_error\":0.5}"
        [ -z "$stop" ] || { save; exit 75; }
        if [ -e "$wanted" ]; then save; while [ -e "$wanted" ]; do sleep 0.01; done; fi
    done
    echo "{\"type\":\"result\",\"validation_error\":0.$genes,\"test_error\":0.$genes}"
}
"#;

/// Every fifth architecture each makes it hang, crash, and talk nonsense.
const MOODY: &str = r#"
case $first in
    0) exec sleep 4321 ;;
    1) sleep 4321 & kill -SEGV $$ ;;
    2) yes '}{' | head -c 50000000; echo '{"type":"result","validation_error":NaN}' ;;
esac
train
"#;

/// A study of so many grid hours, each a second, that `script` trains for.
fn run(script: &str, hours: u32, more: &[&str]) -> Study {
    let study = Study::new(REHEARSAL);
    let path = study.path("train.sh");
    fs::write(&path, format!("{GOOD}{script}")).expect("the program");
    let settings = [
        format!("evaluation.command=[\"sh\", \"{}\"]", path.display()),
        format!("budget.hours={hours}"),
        "evaluation.evaluator=command".into(),
        "evaluation.command_silence_s=5".into(),
        "evaluation.command_stop_s=5".into(),
        "training.epochs=3".into(),
        "ladder.one_shot=false".into(),
        "allocation.policy=greedy".into(),
        "search.searcher=random".into(),
        "coordinator.crash_limit=1".into(),
    ];
    let settings = settings.iter().map(String::as_str).chain(more.iter().copied());
    let settings: Vec<&str> = settings.flat_map(|setting| ["--set", setting]).collect();
    study.run(&settings).end().with(0).saying(&["study finished"]);
    study
}

/// Why trials were given up, by what each reason is about.
fn failures(history: &History) -> BTreeMap<&'static str, usize> {
    let kinds = ["hung", "SIGSEGV", "NaN"];
    let mut counts = BTreeMap::new();
    for event in history.events() {
        if let Event::TrialFailed { reason, .. } = event {
            let kind = kinds.into_iter().find(|kind| reason.contains(kind));
            *counts.entry(kind.unwrap_or_else(|| panic!("another reason: {reason}"))).or_default() += 1;
        }
    }
    counts
}

fn report(study: &Study) -> Value {
    let text = fs::read_to_string(study.directory.join("report.json")).expect("report.json");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn a_program_of_ones_own_trains_for_a_whole_study() {
    let study = run("train", 12, &["ladder.rung_epochs=1", "evaluation.command_silence_s=60"]);
    assert_eq!(failures(&study.history()), BTreeMap::new());
    assert!(study.history().finished().len() > 5, "{}", study.history().finished().len());
    audit(&study.directory).check_report(&study.directory);
    assert_eq!(report(&study)["laws"]["violations"], 0);
    let front = study.told("front");
    let front = front.as_array().expect("a list");
    assert!(!front.is_empty() && front.iter().all(|network| network["parameters"].as_u64() > Some(100)));
}

#[test]
fn what_goes_wrong_costs_its_own_task_and_nothing_else() {
    let study = run(MOODY, 60, &["ladder.rung_epochs=0"]);
    let history = study.history();
    let failures = failures(&history);
    // Which of the three come up depends on what a machine manages in its minute; `failures` knows no fourth.
    assert!(!failures.is_empty() && history.finished().len() > 2, "the rest goes on: {failures:?}");
    assert!(history.sessions().values().all(|sessions| *sessions == 1), "no worker was lost");
    audit(&study.directory).check_report(&study.directory);
    assert_eq!(report(&study)["laws"]["violations"], 0);
    until("the workers leave", || study.workers().is_empty().then_some(()));
}

/// A study of the examples, with `more` settings, by a Python that can import `modules`; nothing where there is none.
fn example(name: &str, modules: &str, more: &[String]) -> Option<Study> {
    let python = programs::python(modules)?;
    let study = Study::new("");
    let directory = study.directory.display().to_string();
    let words = format!("[\"{}\", \"worker/python/examples/{name}.py\"]", python.display());
    let mut command = programs::command("ce-nas");
    let config = if name == "digits" { "configs/digits.toml" } else { "configs/fashion-program.toml" };
    command.args(["run", "--config", config, "--dir", directory.as_str(), "--set"]);
    command.arg(format!("evaluation.command={words}"));
    command.args(more.iter().flat_map(|setting| ["--set", setting.as_str()]));
    command.current_dir(programs::checkout()).env("PYTHONPATH", "worker/python");
    study.process(command).end().with(0).saying(&["study finished"]);
    assert_eq!(failures(&study.history()), BTreeMap::new());
    audit(&study.directory);
    assert!(!study.told("front").as_array().expect("a list").is_empty());
    Some(study)
}

#[test]
fn the_example_with_scikit_learn() {
    let few = ["budget.trainings=2", "training.epochs=8", "ladder.rung_epochs=2"].map(String::from);
    let Some(study) = example("digits", "sklearn", &few) else { return };
    for network in study.told("front").as_array().expect("a list") {
        assert!(network["parameters"].as_u64() > Some(100), "the program counts: {network}");
    }
}

/// Few images, one full training after a short one, and `more`: each trial loads PyTorch, which takes seconds on a busy machine.
fn pytorch(more: &[&str]) -> Option<Study> {
    let images = programs::fashion_mnist()?;
    let few = [
        "budget.trainings=1",
        "training.epochs=2",
        "data.training_images=1000",
        "data.validation_images=500",
        "search.initial_samples=1",
        "ladder.rungs_per_full=1",
        "objectives.reference.error=0.95",
    ];
    let mut settings: Vec<String> = few.iter().chain(more).map(|&setting| setting.to_owned()).collect();
    settings.push(format!("data.path={}", images.display()));
    example("fashion_mnist", "torch, numpy", &settings)
}

#[test]
fn the_example_with_pytorch() {
    let Some(study) = pytorch(&[]) else { return };
    let report = report(&study);
    assert!(report["front"][0]["files"]["torchscript"].is_string(), "{}", report["front"][0]);
}

#[test]
fn the_example_with_pytorch_scores_with_a_supernet() {
    let asked = [
        "ladder.one_shot=true",
        "ladder.scores_per_rung=2",
        "supernet.epochs=1",
        "allocation.policy=fixed",
        "local.workers=2",
    ];
    let Some(study) = pytorch(&asked) else { return };
    let trials = study.told("trials");
    let finished = |fidelity: &str| {
        let trials = trials.as_array().expect("a list");
        trials.iter().filter(|trial| trial["fidelity"] == fidelity && trial["state"] == "finished").count()
    };
    assert_eq!(finished("supernet"), 1, "{trials}");
    assert!(finished("one_shot") > 1, "{trials}");
}
