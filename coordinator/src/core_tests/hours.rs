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
    bench.joins_as("farm", 1, "test", 2_000);
    bench.passes(1.0);
    let decided = |bench: &Bench| bench.core.state().allocations.len();
    let before = decided(&bench);
    bench.allocation = Shares { train: 3, sample: 0, rest: 1_997 };
    for _ in 0..20 {
        bench.passes(5.0);
        let held: Vec<TaskId> = bench.core.state().leases().map(|(_, lease)| lease.task).collect();
        bench.beats("farm", 1, &held);
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
