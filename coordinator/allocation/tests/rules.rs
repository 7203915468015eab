//! The simple rules by their definitions.

mod support;

use std::io::BufReader;

use allocation::{BudgetLeft, Options, Work, build};
use common::allocation::Shares;
use common::unit::Intensity;
use support::{Grid, only, recorded, run, situation};

fn flat(slots: u32, present: f64) -> allocation::Situation {
    let mut hours: Vec<f64> = (0..200).map(|hour| 100.0 + f64::from(hour % 5) * 25.0).collect();
    hours.push(present);
    situation(&[Grid { name: "T", slots, hours }], 200, BudgetLeft::default())
}

fn decide(policy: &str, situation: &allocation::Situation) -> Shares {
    only(&build(policy, &Options::default()).unwrap().decide(situation))
}

#[test]
fn linear_follows_the_last_week() {
    assert_eq!(decide("linear", &flat(8, 100.0)), Shares { train: 8, sample: 0, rest: 0 });
    assert_eq!(decide("linear", &flat(8, 125.0)), Shares { train: 6, sample: 1, rest: 1 });
    assert_eq!(decide("linear", &flat(8, 500.0)), Shares { train: 0, sample: 1, rest: 7 });
}

#[test]
fn threshold_trains_or_rests() {
    assert_eq!(decide("threshold", &flat(8, 150.0)), Shares { train: 8, sample: 0, rest: 0 });
    assert_eq!(decide("threshold", &flat(8, 151.0)), Shares { train: 0, sample: 0, rest: 8 });
    let mut blind = flat(8, 500.0);
    blind.zones.values_mut().for_each(|zone| zone.intensity = Some(Intensity(f64::NAN)));
    assert_eq!(decide("threshold", &blind).train, 8);
}

#[test]
fn fixed_and_greedy_are_blind() {
    assert_eq!(decide("fixed", &flat(8, 100.0)), Shares { train: 4, sample: 4, rest: 0 });
    assert_eq!(decide("fixed", &flat(3, 900.0)), Shares { train: 2, sample: 1, rest: 0 });
    assert_eq!(decide("greedy", &flat(8, 900.0)), Shares { train: 8, sample: 0, rest: 0 });
    let mut little = flat(8, 900.0);
    little.work = Work { trainings_waiting: 2, scores_wanted: 3, ..Work::default() };
    little.costs.clear();
    assert_eq!(decide("greedy", &little), Shares { train: 2, sample: 3, rest: 3 });
}

/// An independent implementation's suspend-resume run: on if at or below the 50th percentile of the previous 168 h, California 2021-07-02.
#[test]
fn threshold_switches_as_the_worked_run_did() {
    let Some(grid) = recorded("CISO", 8) else { return };
    let given = std::env::var_os("CENAS_DATA").map(std::path::PathBuf::from);
    let beside = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let path = given.unwrap_or(beside).join("golden/g2_suspend_resume.json");
    let Ok(file) = std::fs::File::open(path) else {
        println!("skipped: no worked runs beside the recorded grids");
        return;
    };
    let golden: serde_json::Value = serde_json::from_reader(BufReader::new(file)).unwrap();
    let on: Vec<bool> =
        golden["inputs"]["on"].as_array().unwrap().iter().map(|hour| hour.as_bool().unwrap()).collect();
    // 2021-07-02T06:00Z, counted from 2019-01-01T00:00Z.
    let start = 450_000 + 1_446 - 429_528;
    let first = golden["hourly_ci"][0].as_f64().unwrap();
    assert_eq!(grid.hours[start], first, "the run begins where it says");
    let mut policy = build("threshold", &Options::default()).unwrap();
    let (log, _) = run(policy.as_mut(), &[grid], start, on.len(), BudgetLeft::default());
    let ours: Vec<bool> = log["CISO"].iter().map(|hour| hour.shares.train == 8).collect();
    assert_eq!(ours, on);
}
