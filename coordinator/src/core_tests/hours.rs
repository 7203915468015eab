//! What allocations, budgets and ends do to work under way.

use super::*;

#[test]
fn an_allocation_that_takes_the_slot_suspends_and_gives_it_back() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    bench.allocation = Shares { train: 0, sample: 0, rest: 1 };
    for _ in 0..720 {
        bench.passes(5.0);
        bench.beats("a", 1, &[task]);
    }
    assert!(bench.sent.iter().any(|(_, message)| *message == ToWorker::Suspend { task }));
    bench.delivers("a", 1, Report::Suspended { task, checkpoint: Some(checkpoint(b"kept", 0.4)) });
    assert_eq!(bench.core.state().leases().count(), 0, "resting means no work");
    bench.allocation = Shares { train: 1, sample: 0, rest: 0 };
    for _ in 0..721 {
        bench.passes(5.0);
        bench.beats("a", 1, &[]);
    }
    let resumed = bench.task_of("a").unwrap();
    assert_eq!((resumed.trial, resumed.attempt.0), (task.trial, 1), "what waits goes first");
    let assigned = bench.sent.iter().rev().find_map(|(_, message)| match message {
        ToWorker::Assign(assignment) => assignment.resume,
        _ => None,
    });
    assert_eq!(assigned, Some(checkpoint(b"kept", 0.4)));
}

/// Looking at it and deciding on it are two steps.
#[test]
fn a_large_fleet_is_decided_on_each_hour() {
    let mut bench = Bench::new(PLAIN);
    bench.allocation = Shares { train: 0, sample: 0, rest: 2_000 };
    // It comes when the hour is nearly over: each step of it is held against all laws.
    bench.passes(3_540.0);
    let farms = [("north", 1), ("south", 2)];
    farms.iter().for_each(|(farm, session)| bench.joins_as(farm, *session, "test", 1_000));
    bench.passes(1.0);
    let decided = |bench: &Bench| bench.core.state().allocations.len();
    let before = decided(&bench);
    bench.allocation = Shares { train: 3, sample: 0, rest: 1_997 };
    for _ in 0..20 {
        bench.passes(5.0);
        for (farm, session) in farms {
            let leases = bench.core.state().leases().filter(|(_, lease)| lease.worker.as_str() == farm);
            let held: Vec<TaskId> = leases.map(|(_, lease)| lease.task).collect();
            bench.beats(farm, session, &held);
        }
    }
    assert_eq!((decided(&bench), bench.core.state().leases().count()), (before + 1, 3));
}

#[test]
fn the_study_ends_when_its_trainings_are_done_and_waits_for_farewells() {
    let settings = [PLAIN, &["budget.trainings=1"]].concat();
    let mut bench = Bench::new(&settings);
    bench.joins("a", 1);
    bench.finishes("a", 1, evaluation(0.2, 10, vec![]));
    assert!(bench.core.state().finished.is_some());
    assert!(matches!(
        bench.sent.last().unwrap().1,
        ToWorker::StudyOver { .. } | ToWorker::Acknowledge { .. }
    ));
    bench.passes(1.0);
    assert_eq!(bench.exit, None, "the worker has not left yet");
    bench.delivers("a", 1, energy(None, 1.0));
    bench.delivers("a", 1, Report::Leaving { reason: "study over".into() });
    bench.passes(1.0);
    assert!(bench.exit.is_some());
    assert_eq!(bench.core.state().account.total(), Joules(1.0), "the last joules are booked");
}

#[test]
fn the_study_ends_when_its_hypervolume_is_reached() {
    let settings = [PLAIN, &["budget.hypervolume=1e-9"]].concat();
    let mut bench = Bench::new(&settings);
    bench.joins("a", 1);
    assert!(bench.core.state().finished.is_none(), "nothing is reached before the first training");
    bench.finishes("a", 1, evaluation(0.2, 10, vec![]));
    let (_, reason) = bench.core.state().finished.as_ref().expect("any front is enough");
    assert!(reason.contains("hypervolume"), "{reason}");
}

#[test]
fn a3_nothing_starts_that_the_budget_cannot_pay() {
    let settings = [PLAIN, &["budget.energy_kwh=0.00001"]].concat();
    let mut bench = Bench::new(&settings);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    bench.delivers("a", 1, energy(Some(task), 20.0));
    bench.finishes("a", 1, evaluation(0.2, 10, vec![]));
    assert_eq!(bench.task_of("a"), None, "16 J are left and a training takes 20");
}

/// A laptop is closed over night, with its workers in it.
#[test]
fn hours_that_the_machine_slept_use_up_no_budget() {
    let settings = [PLAIN, &["budget.hours=unlimited", "budget.energy_kwh=0.01"]].concat();
    let reason_after = |night: fn(&mut Bench)| {
        let mut bench = Bench::new(&settings);
        bench.joins("a", 1);
        let task = bench.task_of("a").unwrap();
        bench.delivers("a", 1, energy(Some(task), 20.0));
        bench.now = bench.now + Millis(8 * HOUR_MS);
        night(&mut bench);
        bench.step(Input::Tick);
        bench.core.state().finished.clone().map(|(_, reason)| reason)
    };
    let awake = reason_after(|_| {}).expect("by its last report it has drawn more than that");
    assert!(awake.contains("energy"), "{awake}");
    assert_eq!(reason_after(|bench| bench.step(Input::Slept { span: Millis(8 * HOUR_MS) })), None);
}

#[test]
fn draining_suspends_and_hands_out_nothing() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    bench.step(Input::Control(Control::Drain));
    bench.delivers("a", 1, Report::Suspended { task, checkpoint: None });
    assert_eq!(bench.core.state().leases().count(), 0);
    assert!(bench.core.state().finished.is_none(), "the study goes on another time");
}

/// Each decision looks at the whole fleet: one for each of thousands that stream in would leave time for nothing else.
#[test]
fn of_many_workers_that_come_at_once_few_are_a_decision_of_their_own() {
    let mut bench = Bench::new(&["ladder.one_shot=false"]);
    for session in 1..=240 {
        bench.joins(&format!("w{session}"), session);
    }
    let decided = bench.core.plans();
    assert!(decided < 100, "{decided} decisions");
    assert!(bench.core.roles().len() < 240);
    bench.passes(1.0);
    assert_eq!(bench.core.roles().len(), 240, "who came late is not forgotten");
    assert_eq!(bench.core.plans(), decided + 1);
}

/// Dirtier from hour to hour of a day.
fn grid(hour: GridHour) -> f64 {
    100.0 + 10.0 * hour.of_day() as f64
}

/// An hour passes, as for a process that slept: heartbeats of before it do not count as missing.
fn an_hour_passes(bench: &mut Bench) {
    bench.now = bench.now + Millis(HOUR_MS);
    bench.step(Input::Tick);
}

fn grams_at(bench: &Bench, hours: std::ops::Range<i64>, joules_an_hour: f64) -> f64 {
    let first = bench.core.state().study.as_ref().unwrap().clock.grid_origin.hour();
    hours.map(|hour| Joules(joules_an_hour).emissions(Intensity(grid(first.plus(hour)))).0).sum()
}

/// What the worker drew since it came, evenly.
fn drew(bench: &mut Bench, from_h: i64, to_h: i64, joules_an_hour: f64) {
    let Report::Energy(measurement) = energy(None, joules_an_hour * (to_h - from_h) as f64) else { return };
    let (start, end) = (Millis(from_h * HOUR_MS), Millis(to_h * HOUR_MS));
    bench.delivers("a", 1, Report::Energy(Measurement { start, end, ..measurement }));
}

/// Law E-3: the grid goes on between two decisions.
#[test]
fn e3_hours_without_a_decision_are_observed_too() {
    let settings = [PLAIN, &["allocation.interval_hours=6"]].concat();
    let mut bench = Bench::new(&settings);
    bench.grid = Some(grid);
    bench.joins("a", 1);
    bench.passes(1.0);
    let (decided, begun) = (bench.core.state().allocations.len(), bench.core.this_hour());
    for _ in 0..7 {
        an_hour_passes(&mut bench);
    }
    assert_eq!(bench.core.state().allocations.len(), decided + 1, "one decision for six hours");
    let zone = Zone::new("LOCAL");
    let told = bench.core.state().account.series(&zone).filter(|sample| sample.hour > begun);
    assert_eq!(told.count(), 7, "and seven hours are known");
    drew(&mut bench, 1, 7, 3.6e6);
    let (booked, right) = (bench.core.state().account.emissions().0, grams_at(&bench, 1..7, 3.6e6));
    assert!((booked - right).abs() < 1e-6, "{booked} g instead of {right} g");
}

/// Law E-3: what comes to be known of missed hours prices what was booked of them before.
#[test]
fn e3_hours_told_late_price_their_energy_anew() {
    let mut bench = Bench::new(PLAIN);
    bench.grid = Some(grid);
    bench.joins("a", 1);
    bench.passes(1.0);
    an_hour_passes(&mut bench);
    // Nobody was asked for five hours.
    bench.now = bench.now + Millis(5 * HOUR_MS);
    bench.step(Input::Tick);
    drew(&mut bench, 1, 6, 3.6e6);
    let right = grams_at(&bench, 1..6, 3.6e6);
    assert!((bench.core.state().account.emissions().0 - right).abs() > 50.0, "by the last hour known");
    let (zone, now) = (Zone::new("LOCAL"), bench.core.this_hour());
    let missed = (1..5).map(|back| now.plus(-back)).map(|hour| sample(&zone, hour, grid(hour)));
    let missed = Input::Observed { hour: now, samples: missed.collect() };
    bench.step(missed);
    let booked = bench.core.state().account.emissions().0;
    assert!((booked - right).abs() < 1e-6, "{booked} g instead of {right} g");
}
