//! Tables of our own, by the real programs: every result once, whatever befalls the coordinator, and a table that a simulated
//! search reads.

use std::fs;
use std::path::Path;

use common::trial::Subject;
use system_tests::lab::books::audit;
use system_tests::lab::study::History;
use system_tests::lab::{Process, REHEARSAL, Study, programs};

/// Cells of three nodes.
const SMALL: &str = "space.nodes=3";

/// `ce-nas tabulate` to the file `cells.csv` beside the study's settings.
fn tabulate(study: &Study, more: &[&str]) -> Process {
    let mut command = programs::command("ce-nas");
    command.arg("tabulate").arg("--config").arg(study.path("study.toml"));
    command.arg("--out").arg(study.path("cells.csv")).args(["--set", SMALL]).args(more);
    study.process(command)
}

/// The study of one seed, as its ledger tells it.
fn of_seed(study: &Study, seed: u64) -> Study {
    Study::within(REHEARSAL, study.path(&format!("cells.csv.work/seed-{seed}")))
}

/// A CSV file's cells, the header first.
fn rows(path: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).expect("a table");
    text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

fn column<'a>(rows: &'a [Vec<String>], name: &str) -> Vec<&'a str> {
    let at = rows[0].iter().position(|known| known == name).unwrap_or_else(|| panic!("no column {name}"));
    rows[1..].iter().map(|row| row[at].as_str()).collect()
}

fn subjects(history: &History) -> usize {
    let proposed =
        history.events().filter(|event| matches!(event, common::event::Event::TrialProposed { .. }));
    proposed.count()
}

#[test]
fn a_killed_tabulation_goes_on_and_its_table_is_searched() {
    let study = Study::new(REHEARSAL);
    let asked = ["--architectures", "5", "--seeds", "2"];
    let mut killed = tabulate(&study, &asked);
    let first = of_seed(&study, 1);
    first.until("some results are there", |seen| seen.finished().len() >= 3);
    killed.kill();
    let again = ["--architectures", "5", "--seeds", "2", "--resume"];
    tabulate(&study, &asked).end().with(2).saying(&["is there already", "--resume"]);
    tabulate(&study, &["--architectures", "6", "--resume"]).end().with(2).saying(&["another tabulation"]);
    tabulate(&study, &again).end().with(0).saying(&["5 architectures in 5 rows, 2 seeds", "5 rows in"]);

    for seed in [1, 2] {
        let history = of_seed(&study, seed).history();
        audit(&of_seed(&study, seed).directory);
        // A supernet, and a score, a rung and a full training of each; nothing was begun twice.
        assert_eq!((subjects(&history), history.finished().len()), (16, 16));
    }
    assert!(first.history().lives() >= 2, "it was killed");
    let supernets = first.history();
    let is_supernet = |event: &&common::event::Event| {
        matches!(event, common::event::Event::TrialProposed { subject: Subject::Supernet, .. })
    };
    assert_eq!(supernets.events().filter(is_supernet).count(), 1);

    let table = study.path("cells.csv");
    let rows = rows(&table);
    let number = |text: &str| text.parse::<f64>().unwrap_or_else(|_| panic!("`{text}` is no number"));
    for name in
        ["one_shot_accuracy", "rung_accuracy", "full_accuracy", "joules_per_epoch", "seconds_per_epoch"]
    {
        assert!(column(&rows, name).into_iter().all(|cell| number(cell) > 0.0), "{name}");
    }
    let of = |name: &str| column(&rows, name).into_iter().map(number).collect::<Vec<_>>();
    let (mean, one, two) = (of("full_accuracy"), of("full_accuracy_seed_1"), of("full_accuracy_seed_2"));
    assert!((0..5).all(|row| (mean[row] - (one[row] + two[row]) / 2.0).abs() < 0.01), "{mean:?}");
    let described = fs::read_to_string(study.path("cells.toml")).expect("a description");
    assert!(described.contains("REHEARSED"), "nobody takes it for a training: {described}");

    let table = table.to_str().expect("plain text");
    let search = ["simulate", "search", "--table", table, "--objectives", "accuracy,parameters"];
    let budget = ["--reference", "0,30000", "--evaluations", "4", "--seeds", "1"];
    study.ce_nas(&[&search[..], &budget[..]].concat()).with(0);
}

#[test]
fn every_encoding_of_a_whole_space_has_a_row() {
    let study = Study::new(REHEARSAL);
    let quick =
        ["--seeds", "1", "--set", "evaluation.rehearsal_epoch_s=0.001", "--set", "ladder.one_shot=false"];
    tabulate(&study, &quick).end().with(0).saying(&["60 architectures in 125 rows", "125 rows in"]);
    let rows = rows(&study.path("cells.csv"));
    let distinct =
        |name: &str| column(&rows, name).into_iter().collect::<std::collections::BTreeSet<_>>().len();
    assert_eq!((rows.len() - 1, distinct("arch"), distinct("canonical")), (125, 125, 60));
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_made() {
    let study = Study::new(REHEARSAL);
    let refused = |more: &[&str], phrases: &[&str]| {
        tabulate(&study, more).end().with(2).saying(phrases);
        assert!(!study.path("cells.csv.work").exists(), "nothing was made");
    };
    refused(&["--architectures", "few"], &["`all`, or how many"]);
    refused(&["--architectures", "1000"], &["about 59 distinct"]);
    refused(&["--set", "space.nodes=5"], &["space.nodes = 5", "4 nodes, or 3"]);
    refused(&["--set", "space.kind=darts"], &["--architectures N"]);
    refused(&["--seeds", "0"], &["--seeds"]);
    let config = study.path("study.toml");
    let out = |name: &str| {
        let out = study.path(name);
        let [config, out] = [&config, &out].map(|path| path.to_str().expect("plain text").to_owned());
        study.ce_nas(&["tabulate", "--config", &config, "--set", SMALL, "--out", &out])
    };
    out("cells.parquet").with(2).saying(&[".csv or .csv.gz"]);
    out("nowhere/cells.csv").with(2).saying(&["there is no folder"]);
}
