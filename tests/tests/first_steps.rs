//! What a new user does before and after a study, with the real programs: one network through the whole path, and results opened in the
//! tools that they are exported for.

use std::path::Path;
use std::process::Output;

use system_tests::lab::programs::{checkout, command, python};

fn ce_nas(folder: &Path, words: &[&str]) -> Output {
    command("ce-nas").args(words).current_dir(folder).output().expect("the program was built")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn rehearsal() -> String {
    checkout().join("configs/rehearsal.toml").display().to_string()
}

const QUICK: [&str; 2] = ["--set", "evaluation.rehearsal_epoch_s=0.05"];

#[test]
fn one_network_through_the_whole_path_tells_what_a_study_will_take() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = rehearsal();
    let try_one = |more: &[&str]| {
        let words = [&["try-one", "--config", &config], &QUICK[..], more].concat();
        ce_nas(folder.path(), &words)
    };
    let output = try_one(&["--set", "budget.energy_kwh=0.001"]);
    let text = said(&output);
    assert!(output.status.success(), "{text}");
    for words in [
        "it works, from end to end",
        "supernet",
        "training",
        "score",
        "all epochs  6",
        "g/kWh",
        "the budget  pays for about",
    ] {
        assert!(text.contains(words), "{words:?} in {text}");
    }
    let study = folder.path().join("runs/rehearsal");
    assert!(
        study.join("try-one/1/ledger.sqlite").exists() && !study.join("ledger.sqlite").exists(),
        "the study itself is not begun"
    );

    let cell = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|nor_conv_1x1~2|";
    let chosen = said(&try_one(&["--epochs", "2", "--architecture", cell]));
    assert!(
        chosen.contains("2 epochs") && folder.path().join("runs/rehearsal/try-one/2").exists(),
        "{chosen}"
    );
    let unknown = try_one(&["--architecture", "no cell"]);
    assert!(
        unknown.status.code() == Some(2) && said(&unknown).contains("--architecture"),
        "{}",
        said(&unknown)
    );
}

#[test]
fn what_can_not_work_is_said_by_the_try_and_not_first_by_the_study() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = rehearsal();
    let failing = [
        "--set",
        "evaluation.evaluator=command",
        "--set",
        "evaluation.command=[\"false\"]",
        "--set",
        "ladder.one_shot=false",
    ];
    let output = ce_nas(folder.path(), &[&["try-one", "--config", &config], &failing[..]].concat());
    let text = said(&output);
    assert!(output.status.code() == Some(1) && text.contains("evaluation failed"), "{text}");
    assert!(text.contains("try-one/1"), "it says where the logs lie: {text}");
}

#[test]
fn a_supernet_follows_the_search() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = rehearsal();
    let settings = [
        "search.searcher=lamoo-random",
        "search.initial_samples=3",
        "search.region_min_samples=3",
        "region.every_scores=4",
        "region.epochs=2",
        "ladder.scores_per_rung=1",
        "allocation.policy=fixed",
        "budget.trainings=6",
    ];
    let set = settings.iter().flat_map(|setting| ["--set", setting]);
    let run: Vec<&str> = ["run", "--config", &config].into_iter().chain(QUICK).chain(set).collect();
    let output = ce_nas(folder.path(), &run);
    assert!(output.status.success(), "{}", said(&output));
    let listed = ce_nas(folder.path(), &["trials", "--dir", "runs/rehearsal", "--json"]);
    let trials: Vec<serde_json::Value> = serde_json::from_slice(&listed.stdout).expect("a list of trials");
    let followed =
        trials.iter().filter(|trial| trial["part"].as_str().is_some_and(|part| part.starts_with("region ")));
    let finished = followed.filter(|trial| trial["state"] == "finished").count();
    assert!(finished > 0, "{trials:#?}");
}

/// Reads what was written with TensorBoard's own reader, and prints the tags and how many steps they have.
const READER: &str = "
import os, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
for run in sorted(os.listdir(sys.argv[1])):
    events = EventAccumulator(os.path.join(sys.argv[1], run))
    events.Reload()
    print(run, *(f'{tag}={len(events.Scalars(tag))}' for tag in sorted(events.Tags()['scalars'])))
";

#[test]
fn tensorboard_reads_the_event_files() {
    let Some(python) = python("tensorboard") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let config = rehearsal();
    let run =
        ["run", "--config", &config, "--set", "budget.trainings=2", "--set", "allocation.policy=greedy"];
    let output = ce_nas(folder.path(), &[&run[..], &QUICK[..]].concat());
    assert!(output.status.success(), "{}", said(&output));
    let output =
        ce_nas(folder.path(), &["export", "tensorboard", "--dir", "runs/rehearsal", "--out", "events"]);
    assert!(output.status.success(), "{}", said(&output));
    let read =
        std::process::Command::new(python).args(["-c", READER, "events"]).current_dir(folder.path()).output();
    let read = read.expect("Python");
    let text = said(&read);
    assert!(read.status.success(), "{text}");
    let line = |start: &str| {
        text.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{start} in {text}"))
    };
    assert!(line("study ").contains("study/hypervolume=2"), "{text}");
    assert!(
        line("full-").contains("training/loss=6") && line("full-").contains("result/validation_error=1"),
        "{text}"
    );
}
