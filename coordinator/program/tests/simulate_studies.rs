//! `ce-nas simulate` as a program, on the table and the grid that come with it: every figure of a run, interruption, bad input.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn simulate(words: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_ce-nas"));
    program.arg("simulate").args(words).output().expect("it runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).expect("it was written")).expect("JSON")
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// A search without a model, so that a test's build is quick.
const QUICK: [&str; 6] = ["--searcher", "lamoo-random", "--hours", "24", "--set", "ladder.one_shot=false"];

#[test]
fn product_and_baselines_stand_side_by_side_on_one_bill() {
    let folder = tempfile::tempdir().unwrap();
    let (runs, plot) = (folder.path().join("runs.json"), folder.path().join("runs.png"));
    let files = ["--json", runs.to_str().unwrap(), "--plot", plot.to_str().unwrap()];
    let words =
        [&QUICK[..], &["--policy", "planner,greedy,vanilla,one-shot-only", "--seeds", "2"], &files].concat();
    let output = simulate(&words);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let page = text(&output.stdout);
    for word in ["planner", "greedy", "vanilla", "one-shot-only", "lamoo-random", "kg to 99.5 %", "1/1.00"] {
        assert!(page.contains(word), "{word} in {page}");
    }
    assert!(std::fs::read(&plot).unwrap().starts_with(b"\x89PNG"));
    assert!(!folder.path().join("runs.json.runs").exists(), "all of it is in the file itself");

    let told = json(&runs);
    let contenders = told["worlds"][0]["contenders"].as_array().unwrap();
    assert_eq!(contenders.len(), 4);
    for run in contenders.iter().flat_map(|contender| contender["runs"].as_array().unwrap()) {
        let (kwh, kg) = (number(&run["kwh"]), number(&run["kg"]));
        let sum = |values: Vec<&Value>| values.into_iter().map(number).sum::<f64>();
        let close = |a: f64, b: f64| (a - b).abs() < 1e-6 * b.max(1e-9);
        let purposes = sum(run["kwh_by_purpose"].as_object().unwrap().values().collect());
        let hours = run["by_hour"].as_array().unwrap();
        assert!(close(purposes, kwh), "{purposes} and {kwh} kWh");
        assert!(close(sum(hours.iter().map(|hour| &hour["kwh"]).collect()), kwh), "{kwh} kWh by the hour");
        assert!(close(sum(hours.iter().map(|hour| &hour["kg"]).collect()), kg), "{kg} kg by the hour");
        let carbon =
            hours.iter().map(|hour| number(&hour["kwh"]) * number(&hour["grids"][0]["g_per_kwh"]) / 1000.0);
        assert!(close(carbon.sum(), kg), "each hour is charged at its own intensity");
        let steps = run["steps"].as_array().unwrap();
        assert!(
            !steps.is_empty()
                && steps.windows(2).all(|pair| number(&pair[0]["kg"]) <= number(&pair[1]["kg"]))
        );
        assert!(number(&steps[steps.len() - 1]["kwh"]) <= kwh * (1.0 + 1e-9));
    }
}

#[test]
fn neither_threads_nor_an_interruption_show_in_the_result() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let write = |name: &str, more: &[&str]| {
        let file = path(name);
        let words =
            [&QUICK[..], &["--policy", "planner,vanilla", "--json", file.to_str().unwrap()], more].concat();
        let output = simulate(&words);
        assert!(output.status.success(), "{}", text(&output.stderr));
        std::fs::read(file).unwrap()
    };
    let whole = write("whole.json", &["--seeds", "2", "--threads", "2"]);
    // What a killed run leaves: some lines, the last one cut off.
    let one = write("kept.json", &["--seeds", "1", "--threads", "1"]);
    assert_ne!(one, whole);
    std::fs::write(path("again.json.runs"), "{\"key\":\"cut o").unwrap();
    assert_eq!(write("again.json", &["--seeds", "2", "--threads", "1"]), whole);
}

#[test]
fn no_cap_is_overdrawn_and_a_target_ends_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("runs.json");
    let words = ["--policy", "planner,vanilla", "--seeds", "1", "--set", "budget.carbon_g=400", "--json"];
    let output = simulate(&[&QUICK[..], &words, &[file.to_str().unwrap()]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    for contender in json(&file)["worlds"][0]["contenders"].as_array().unwrap() {
        let kg = number(&contender["runs"][0]["kg"]);
        assert!(kg <= 0.4 * (1.0 + 1e-12) && kg > 0.2, "{kg} kg by {}", contender["policy"]);
    }
    let words = ["--policy", "planner,vanilla", "--seeds", "1", "--until", "90", "--json"];
    let output = simulate(&[&QUICK[..], &words, &[file.to_str().unwrap()]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    for contender in json(&file)["worlds"][0]["contenders"].as_array().unwrap() {
        let run = &contender["runs"][0];
        let before =
            run["steps"].as_array().unwrap().iter().rev().nth(1).map_or(0.0, |step| number(&step["percent"]));
        assert!(number(&run["percent"]) >= 90.0 && before < 90.0, "{before}, {}", run["percent"]);
        assert!(run["reason"].as_str().unwrap().contains("hypervolume"), "{}", run["reason"]);
    }
}

#[test]
fn wrong_words_are_refused_with_a_cure() {
    let refused = |words: &[&str], cure: &str| {
        let output = simulate(words);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {said}");
        assert!(said.contains(cure), "{words:?}: {said}");
    };
    refused(&["--policy", "planer"], "planner");
    refused(&["--policy", "split:half"], "percent");
    refused(&["--searcher", "surogate"], "surrogate");
    refused(&["--start", "2021-07-02T06:30Z"], "on the hour");
    refused(&["--slots", "4,4"], "--together");
    refused(&["--slots", "0"], "at least one");
    refused(&["--levels", "101"], "not above 100");
    refused(&["--at", "97"], "--levels");
    refused(&["--plot", "runs.gif"], ".png");
    refused(&["--set", "budget.hypervolume=-1"], "greater than zero");
}
