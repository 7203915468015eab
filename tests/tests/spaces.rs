//! A rehearsed study in each space, by the programs as a user runs them: it ends with a front, and its books are in order.

use std::fs;

use serde_json::Value;
use system_tests::lab::books::audit;
use system_tests::lab::{REHEARSAL, Study, programs};

/// A study of ten hours in the space that `settings` say, to its end; and its front.
fn rehearse(settings: &[&str]) -> (Study, Vec<Value>) {
    let study = Study::new(REHEARSAL);
    let mut more = vec!["--set", "budget.hours=10", "--set", "training.epochs=3"];
    more.extend(settings.iter().flat_map(|setting| ["--set", *setting]));
    study.run(&more).end().with(0);
    let front = study.told("front").as_array().expect("a list").clone();
    assert!(!front.is_empty(), "full trainings make a front");
    (study, front)
}

/// Architectures in the space's notation.
fn notations(front: &[Value]) -> impl Iterator<Item = &str> {
    front.iter().map(|network| network["architecture"].as_str().expect("a notation"))
}

#[test]
fn darts_cells() {
    let settings = ["space.kind=darts", "space.darts.channels=8", "space.darts.layers=3"];
    let (study, front) = rehearse(&settings);
    audit(&study.directory).check_report(&study.directory);
    assert!(notations(&front).all(|text| text.starts_with("Genotype(normal=[(")));
    assert!(front.iter().all(|network| network["parameters"].as_u64() > Some(1000)));
}

#[test]
fn mobile_blocks() {
    let settings =
        ["space.kind=mobile", "space.mobile.resolutions=[32, 64]", "space.mobile.widths=[0.5, 1.0]"];
    let (study, front) = rehearse(&settings);
    audit(&study.directory).check_report(&study.directory);
    assert!(notations(&front).all(|text| text.starts_with('w') && text.contains(" | k")));
    assert!(front.iter().all(|network| network["flops"].as_u64() > Some(1000)));
}

#[test]
fn decisions_of_ones_own_and_counts_that_nobody_knows() {
    let file = format!("space.file={}", programs::checkout().join("configs/free-form.toml").display());
    let objectives =
        ["objectives.minimise=[\"error\", \"latency_ms\"]", "objectives.reference.latency_ms=200"];
    let (study, front) = rehearse(&["space.kind=free_form", &file, objectives[0], objectives[1]]);
    assert!(notations(&front).all(|text| text.starts_with("optimiser=") && text.contains(",layers=")));
    assert!(front.iter().all(|network| network["parameters"].is_null() && network["flops"].is_null()));
    assert!(front.iter().all(|network| network["latency_ms"].as_f64() > Some(0.0)));

    // Energy, order and laws; the front is counted a second time by parameters only.
    let _ = audit(&study.directory);
    let directory = study.directory.to_str().expect("plain text");
    let table = study.ce_nas(&["front", "--dir", directory]).with(0).out;
    assert!(table.contains(" – "), "{table}");
    let text = fs::read_to_string(study.directory.join("report.json")).expect("report.json");
    let report: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(report["laws"]["violations"], 0, "{}", report["laws"]);
    assert!(report["hypervolume"]["value"].as_f64() > Some(0.0), "{}", report["hypervolume"]);
}

#[test]
fn a_space_that_can_not_be_trained_is_refused_before_anything_starts() {
    let study = Study::new(REHEARSAL);
    let file = format!("space.file={}", programs::checkout().join("configs/free-form.toml").display());
    let settings = ["--set", "space.kind=free_form", "--set", &file, "--set", "evaluation.evaluator=torch"];
    let ended = study.run(&settings).end();
    assert_ne!(ended.code, Some(0));
    assert!(ended.err.contains("libtorch trains") && ended.err.contains("rehearsal"), "{}", ended.err);
    assert!(!study.directory.join("ledger.sqlite").exists(), "nothing was begun");
    let words = study.ce_nas(&[
        "check-config",
        "--set",
        "space.kind=mobile",
        "--set",
        "evaluation.evaluator=rehearsal",
    ]);
    assert!(words.with(0).out.starts_with("# MobileNetV3 blocks: 45 decisions"));
}
