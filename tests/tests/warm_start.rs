//! Known results first, by the real programs: what a file or another study knows is taken as given, marked as such, and never
//! trained, whatever befalls the coordinator.

use std::collections::BTreeSet;
use std::fs;

use common::event::Event;
use common::trial::Subject;
use serde_json::{Value, json};
use system_tests::lab::books::audit;
use system_tests::lab::study::History;
use system_tests::lab::{REHEARSAL, Study};

/// The smallest network that learns anything, better than any could be: on the front for sure.
const BEST: &str = "|none~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|";
const MIDDLING: &str = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|nor_conv_3x3~2|";
const SHORT: &str = "|nor_conv_3x3~0|+|nor_conv_1x1~0|none~1|+|skip_connect~0|none~1|nor_conv_3x3~2|";

fn csv() -> String {
    format!(
        "architecture,fidelity,error,test_error,seconds\n\
         {BEST},full,0.01,0.02,100000\n\
         {MIDDLING},,0.5,,\n\
         {SHORT},rung(1),0.4,,3\n"
    )
}

fn json() -> String {
    let full = |cell: &str, error: f64| json!({ "architecture": cell, "error": error });
    let short = json!({ "architecture": SHORT, "error": 0.4, "fidelity": "rung(1)" });
    json!([full(BEST, 0.01), full(MIDDLING, 0.5), short]).to_string()
}

/// Subjects that were given, and those that some slot worked on.
fn given_and_worked(history: &History) -> (BTreeSet<Subject>, BTreeSet<Subject>) {
    let (mut given, mut worked) = (BTreeSet::new(), BTreeSet::new());
    let mut subjects = std::collections::BTreeMap::new();
    for event in history.events() {
        match event {
            Event::EvaluationGiven { subject, .. } => drop(given.insert(subject.clone())),
            Event::TrialProposed { trial, subject, .. } => drop(subjects.insert(*trial, subject.clone())),
            Event::TaskLeased { task, .. } => drop(worked.insert(subjects[&task.trial].clone())),
            _ => {}
        }
    }
    (given, worked)
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn what_is_known_is_never_trained_by_this_study_nor_by_the_next() {
    let first = Study::new(REHEARSAL);
    let known = first.path("known.csv");
    fs::write(&known, csv()).expect("a file");
    let options = ["--warm-start", known.to_str().expect("plain text")];
    let mut killed = first.run(&options);
    first.until("something has finished", |seen| !seen.finished().is_empty());
    killed.kill();
    first.run(&options).end().with(0).saying(&["0 taken as given, 3 known", "study finished"]);

    let books = audit(&first.directory);
    books.check_report(&first.directory);
    let (given, worked) = given_and_worked(&first.history());
    assert_eq!(given.len(), 3, "once each, though the file was read twice");
    assert!(given.is_disjoint(&worked), "none was trained");
    assert!(books.front()[0][0] == 0.01, "the best is on the front: {:?}", books.front());
    let front = first.told("front");
    let best = array(&front).iter().find(|network| network["architecture"] == BEST).expect("the best");
    assert_eq!((&best["given"]["file"], &best["joules"]), (&json!("known.csv"), &json!(0.0)));
    let page = fs::read_to_string(first.directory.join("report.html")).expect("the page");
    assert!(page.contains("given by known.csv"), "the page says so");
    let sheet = fs::read_to_string(first.directory.join("front.csv")).expect("the front");
    assert!(sheet.lines().any(|line| line.ends_with(",known.csv")), "{sheet}");
    let trials = first.told("trials");
    assert_eq!(array(&trials).iter().filter(|trial| trial["state"] == "given").count(), 3);

    // A second study knows what the first found out, and what it was given.
    let second = Study::new(REHEARSAL);
    let again = second.path("known.json");
    fs::write(&again, json()).expect("a file");
    let front = first.directory.join("front.csv");
    let sources = [&again, &first.directory, &front].map(|path| path.to_str().expect("plain text"));
    let options = sources.map(|source| ["--warm-start", source]).concat();
    let more = [&options[..], &["--set", "study.seed=2", "--set", "budget.hours=8"]].concat();
    second.run(&more).end().with(0).saying(&["taken as given, 0 known"]);
    audit(&second.directory).check_report(&second.directory);
    let (given, worked) = given_and_worked(&second.history());
    let of_networks = |history: &History| {
        let (given, _) = given_and_worked(history);
        let finished = history.finished();
        let proposed = history.events().filter_map(|event| match event {
            Event::TrialProposed { trial, subject: subject @ Subject::Network { .. }, .. }
                if finished.contains(trial) =>
            {
                Some(subject.clone())
            }
            _ => None,
        });
        proposed.chain(given).collect::<BTreeSet<Subject>>()
    };
    assert_eq!(given, of_networks(&first.history()), "all that the first study knows");
    assert!(given.is_disjoint(&worked), "none of it was worked on again");
}

#[test]
fn a_file_with_a_slip_leaves_the_study_as_it_was() {
    let study = Study::new(REHEARSAL);
    let known = study.path("known.csv");
    fs::write(&known, csv().replace("0.5", "NaN")).expect("a file");
    let options = ["--warm-start", known.to_str().expect("plain text")];
    let ended = study.coordinator(&options).end().with(1);
    ended.saying(&["known.csv, line 3, error: NaN can't be compared"]);
    assert!(study.history().0.is_empty(), "nothing is taken");
}
