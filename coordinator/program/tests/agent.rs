//! `ce-nas agent` through its door.

use std::process::Command;

fn ce_nas(arguments: &[&str]) -> (bool, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_ce-nas")).args(arguments).output().expect("it starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn policies_are_weighed_on_the_made_up_week() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("regret.json");
    let start = ["--start", "2021-07-02T06:00Z", "--seeds", "1", "--json", json.to_str().unwrap()];
    let arguments = [&["agent", "evaluate", "--policy", "agent,greedy"][..], &start].concat();
    let (done, out, err) = ce_nas(&arguments);
    assert!(done, "{err}");
    for word in ["24 studies", "agent", "greedy", "fleet of 32", "deadline 24 h", "in LOCAL", "overall"] {
        assert!(out.contains(word), "{word}: {out}");
    }
    let told: serde_json::Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    let regret = |policy: usize| told["groups"]["overall"][policy][0].as_f64().unwrap();
    assert!(regret(0) < regret(1), "{told}");
}

#[test]
fn what_moves_it_is_shown() {
    let (done, out, err) = ce_nas(&["agent", "explain"]);
    assert!(done, "{err}");
    for word in
        ["As it is: LOCAL ", "present intensity", "carbon left", "hours left", "recent gain", "learnt"]
    {
        assert!(out.contains(word), "{word}: {out}");
    }
}

#[test]
fn what_can_not_be_done_is_said() {
    let (done, _, err) = ce_nas(&["agent", "evaluate", "--policy", "agnt"]);
    assert!(!done && err.contains("agent"), "{err}");
    let (done, _, err) = ce_nas(&["agent", "explain", "--weights", "nowhere.safetensors"]);
    assert!(!done && err.contains("nowhere.safetensors"), "{err}");
    for (option, value, says) in
        [("--cap", "0", "kilograms"), ("--cap", "inf", "kilograms"), ("--lean", "1.5", "between 0")]
    {
        let (done, _, err) = ce_nas(&["agent", "explain", option, value]);
        assert!(!done && err.contains(option) && err.contains(says), "{err}");
    }
    if cfg!(not(feature = "torch")) {
        let (done, _, err) = ce_nas(&["agent", "train", "--trace", "x.csv"]);
        assert!(!done && err.contains("--features torch"), "{err}");
    }
}
