//! The real core in virtual time: the laws hold after each step, one seed makes one run, and the books agree with the world's.

mod support;

use std::sync::Arc;

use common::config::{Config, load};
use common::energy::Purpose;
use common::event::Event;
use common::fidelity::Fidelity;
use common::seed::Seed;
use common::time::GridHour;
use common::trial::Subject;
use coordinator::core::{State, Trial};
use coordinator::laws;
use simulation::drive::{Error, Forecasts, Outcome, Study, run};
use simulation::table::{FormulaTable, Level};
use simulation::world::{HourlyTrace, Work};

const START: GridHour = GridHour(451_446);
const HORIZON_HOURS: usize = 24;

fn config(seed: u64, settings: &[&str]) -> Config {
    let common = [
        format!("study.seed={seed}"),
        "forecast.model=yesterday".into(),
        "forecast.horizon_hours=24".into(),
        // A surrogate over all rows, asked after each training, would take minutes in a test's build.
        "search.searcher=lamoo-random".into(),
        "search.initial_samples=6".into(),
        "search.region_min_samples=6".into(),
        "budget.hours=20".into(),
    ];
    let settings: Vec<String> = common.into_iter().chain(settings.iter().map(ToString::to_string)).collect();
    load(None, [], &settings).unwrap()
}

/// A day that is clean at noon, with two weeks of past before the start.
fn trace(zone: &str, mean: f64) -> HourlyTrace {
    let hours = -336..HORIZON_HOURS as i64;
    let intensity = |hour: i64| {
        let of_day = START.plus(hour).of_day() as f64;
        mean - 0.6 * mean * ((of_day - 12.0) / 24.0 * std::f64::consts::TAU).cos()
    };
    HourlyTrace::new(zone.into(), START.plus(-336), hours.map(intensity)).unwrap()
}

fn study(table: &FormulaTable, config: Config) -> Study<'_> {
    Study {
        table,
        work: Work::default(),
        zones: vec![(trace("AA", 300.0), 2), (trace("BB", 500.0), 1)],
        start: START,
        horizon_hours: HORIZON_HOURS,
        config,
        scores: Level::OneShot,
        plan: None,
        forecasts: None,
    }
}

/// Runs a study, with the laws checked after each step of the core.
fn lawful(study: &Study<'_>) -> Outcome {
    let mut steps = 0;
    let outcome = run(study, &mut |core| {
        steps += 1;
        assert_eq!(laws::check(core), [], "step {steps}");
        assert_eq!(laws::check_kept(core), [], "step {steps}");
    });
    let outcome = outcome.unwrap();
    assert!(steps > 100, "{steps} steps");
    assert_eq!(State::fold(&outcome.records), outcome.state, "L-1: the fold of the ledger is the live state");
    outcome
}

fn suspensions(outcome: &Outcome) -> usize {
    outcome.records.iter().filter(|record| matches!(record.event, Event::TaskSuspended { .. })).count()
}

#[test]
fn the_whole_ladder_climbs_and_the_laws_hold() {
    let table = FormulaTable::new(Seed(1));
    // Few scores in large batches: proposing is what takes time here.
    let settings = [
        "allocation.policy=planner",
        "ladder.one_shot=true",
        "ladder.scores_per_rung=2",
        "ladder.pool=8",
        "search.batch=10",
    ];
    let study = study(&table, config(1, &settings));
    let outcome = lawful(&study);
    println!(
        "{}: hypervolume {:.0}, {:.2}, {:.0}, {} frames, {} suspensions",
        outcome.reason,
        outcome.hypervolume(),
        outcome.joules(),
        outcome.grams(),
        outcome.frames,
        suspensions(&outcome)
    );
    for fidelity in [Fidelity::OneShot, Fidelity::Rung(12), Fidelity::Full] {
        assert!(outcome.finished(fidelity) > 0, "nothing finished at {fidelity}");
    }
    let reached: Vec<f64> = outcome.state.progress.iter().map(|milestone| milestone.hypervolume).collect();
    assert!(reached.is_sorted() && outcome.hypervolume() > 0.0, "{reached:?}");

    // Others may have asked for later hours before.
    let forecasts = Arc::new(Forecasts::new(&study.config, &study.zones).unwrap());
    for hour in [0, 30] {
        assert!(forecasts.of(&"AA".into(), START.plus(hour)).is_some());
    }
    let again = lawful(&Study { forecasts: Some(forecasts), ..study });
    assert_eq!(again.records, outcome.records, "one seed, one result");
    assert_eq!(again.frames, outcome.frames);
}

#[test]
fn few_shot_scores_wait_for_supernets_that_train_side_by_side() {
    let table = FormulaTable::new(Seed(1));
    // Two slots train, one scores.
    let settings = [
        "allocation.policy=fixed",
        "allocation.fixed_train=0.67",
        "allocation.fixed_sample=0.33",
        "ladder.one_shot=true",
        "ladder.scores_per_rung=2",
        "ladder.pool=8",
    ];
    let study = Study { scores: Level::FewShot, ..study(&table, config(1, &settings)) };
    let outcome = lawful(&study);
    let trials = outcome.state.trials.values();
    let parts: Vec<&Trial> =
        trials.filter(|trial| matches!(trial.subject, Subject::SubSupernet(_))).collect();
    assert_eq!(parts.len(), 5);
    assert!(
        parts[1].proposed < parts[0].finished.unwrap(),
        "the second slot does not wait for the first part"
    );
    let last = parts.iter().filter_map(|part| part.finished).max().unwrap();
    let scores = outcome.state.finished_at(Fidelity::OneShot);
    assert!(scores.map(|(trial, ..)| trial.proposed).min().unwrap() >= last);
}

#[test]
fn a_threshold_suspends_and_another_seed_is_another_run() {
    let table = FormulaTable::new(Seed(1));
    let settings = ["allocation.policy=threshold", "ladder.one_shot=false", "ladder.rung_epochs=0"];
    let outcome = lawful(&study(&table, config(1, &settings)));
    assert!(suspensions(&outcome) > 0, "the day has dirty hours");
    assert!(outcome.finished(Fidelity::Full) > 5, "{}", outcome.finished(Fidelity::Full));
    let other = lawful(&study(&table, config(2, &settings)));
    assert_ne!(other.records, outcome.records);
}

#[test]
fn the_books_hold_what_the_slots_drew() {
    let table = FormulaTable::new(Seed(1));
    let settings = ["allocation.policy=greedy", "ladder.one_shot=false", "ladder.rung_epochs=0"];
    let outcome = lawful(&study(&table, config(3, &settings)));
    // Every slot trains from the first moment to the last: three slots of 250 W for 20 hours.
    let by_purpose = outcome.state.account.joules_by_purpose();
    let (full, idle) =
        (by_purpose[&Purpose::Full].kwh(), by_purpose.get(&Purpose::Idle).map_or(0.0, |j| j.kwh()));
    assert!(full + idle <= 15.0 + 1e-9 && full > 14.0, "{full} + {idle} kWh");
    let grams: f64 = outcome.state.account.hours().map(|line| line.grams.0).sum();
    assert!((grams - outcome.grams().0).abs() < 1e-6 * grams);
}

#[test]
fn no_budget_is_overdrawn_and_what_is_left_of_it_is_explained() {
    let table = FormulaTable::new(Seed(1));
    let caps = [("carbon_g", 300.0), ("carbon_g", 1_000.0), ("energy_kwh", 1.5), ("energy_kwh", 3.0)];
    for (index, (cap, limit)) in caps.into_iter().enumerate() {
        for policy in ["planner", "greedy"] {
            let cap_set = format!("budget.{cap}={limit}");
            let policy_set = format!("allocation.policy={policy}");
            let settings = [cap_set.as_str(), &policy_set, "ladder.one_shot=false"];
            let outcome = lawful(&study(&table, config(index as u64, &settings)));
            let spent = if cap == "carbon_g" { outcome.grams().0 } else { outcome.joules().kwh() };
            println!("{policy}, {cap} = {limit}: {spent} spent, {}", outcome.reason);
            assert!(spent <= limit, "{policy}: {spent} of {limit} {cap}");
            assert!(outcome.finished(Fidelity::Full) > 0, "{policy}: nothing was bought with {limit} {cap}");
            if !outcome.reason.contains("time") && !outcome.reason.contains("is used") {
                assert!(outcome.reason.contains("pay for no further training"), "{}", outcome.reason);
            }
        }
    }
}

#[test]
fn what_the_table_does_not_know_is_refused_with_a_cure() {
    let table = FormulaTable::new(Seed(1));
    let mut asked = study(&table, config(1, &["ladder.rung_epochs=5"]));
    let refusal = run(&asked, &mut |_| {}).unwrap_err();
    assert!(matches!(refusal, Error::RungEpochs { asked: 5, tabulated: 12 }), "{refusal}");
    asked.config = config(1, &["ladder.one_shot=true", "region.every_scores=4"]);
    assert!(matches!(run(&asked, &mut |_| {}), Err(Error::Region)));
    asked.config = config(1, &[]);
    asked.horizon_hours = HORIZON_HOURS + 1;
    assert!(matches!(run(&asked, &mut |_| {}), Err(Error::Trace(_))));
    asked.zones.clear();
    assert!(matches!(run(&asked, &mut |_| {}), Err(Error::NoSlots)));
}
