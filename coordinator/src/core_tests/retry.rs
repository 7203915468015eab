//! What crashed waits before it is tried again; what was suspended does not.

use super::*;
use common::event::Event;

fn crashes(bench: &mut Bench, worker: &str) -> TrialId {
    let task = bench.task_of(worker).expect("it has something to crash at");
    bench.delivers(worker, 1, Report::Failed { task, failure: Failure::Crashed("device fault".into()) });
    task.trial
}

/// Of the last crash: how long the trial is to wait, in milliseconds.
fn pause(bench: &Bench) -> Option<i64> {
    let of = |record: &Record| match &record.event {
        Event::TaskFailed { again_at, .. } => Some(again_at.map(|again| again.since(record.at).0)),
        _ => None,
    };
    bench.ledger.iter().rev().find_map(of).expect("something crashed")
}

/// Until the worker, which is heard all the while, is at this trial; how long that took.
fn until_at(bench: &mut Bench, trial: TrialId) -> f64 {
    let begun = bench.now;
    while bench.task_of("w").is_none_or(|task| task.trial != trial) {
        if let Some(task) = bench.task_of("w") {
            bench.delivers("w", 1, Report::Suspended { task, checkpoint: None });
        }
        bench.passes(0.5);
        bench.beats("w", 1, &[]);
        assert!(bench.now.since(begun).seconds() < 600.0, "trial {trial} is never tried again");
    }
    bench.now.since(begun).seconds()
}

#[test]
fn a_trial_that_crashes_waits_ever_longer_and_its_slot_does_not() {
    let mut bench = Bench::new(&[PLAIN, &["coordinator.retry_s=8", "coordinator.crash_limit=4"]].concat());
    bench.joins("w", 1);
    let trial = crashes(&mut bench, "w");
    for bound in [8_000, 16_000, 32_000] {
        let next = bench.task_of("w").expect("the slot takes up other work at once");
        assert_ne!(next.trial, trial);
        let pause = pause(&bench).expect("it will be tried again");
        assert!((bound / 2..=bound).contains(&pause), "{pause} ms of {bound}");
        let waited = until_at(&mut bench, trial);
        assert!(waited * 1000.0 >= pause as f64, "{waited} s, and {pause} ms were to pass");
        assert_eq!(crashes(&mut bench, "w"), trial);
    }
    assert_eq!(pause(&bench), None, "it was the last");
    assert!(matches!(bench.core.state().trial(trial).unwrap().state, TrialState::Failed { .. }));
}

#[test]
fn a_restart_keeps_the_pause_and_a_planned_stop_makes_none() {
    let settings = [PLAIN, &["coordinator.retry_s=60"]].concat();
    let mut bench = Bench::new(&settings);
    bench.joins("w", 1);
    let trial = crashes(&mut bench, "w");
    let again_at = bench.core.state().trial(trial).unwrap().again_at;
    bench.restarts(&settings);
    assert_eq!(bench.core.state().trial(trial).unwrap().again_at, again_at);
    let task = bench.task_of("w").expect("something else");
    bench.delivers("w", 1, Report::Suspended { task, checkpoint: None });
    assert_eq!(bench.task_of("w").map(|next| next.trial), Some(task.trial), "it goes on at once");
    until_at(&mut bench, trial);
    assert!(bench.now >= again_at.unwrap());
}

#[test]
fn a_machine_that_vanishes_costs_its_training_no_pause_the_first_time() {
    let mut bench = Bench::new(&[PLAIN, &["coordinator.retry_s=60"]].concat());
    bench.joins("w", 1);
    let task = bench.task_of("w").unwrap();
    bench.joins("w", 2);
    assert_eq!(bench.task_of("w").map(|next| next.trial), Some(task.trial), "its successor goes on at once");
    bench.joins("w", 3);
    assert_ne!(
        bench.task_of("w").map(|next| next.trial),
        Some(task.trial),
        "a second time it may be the trial"
    );
    assert!(pause(&bench).is_some_and(|pause| pause >= 60_000), "as after two crashes");
}

#[test]
fn whoever_asks_for_another_try_is_not_kept_waiting() {
    let mut bench = Bench::new(&[PLAIN, &["coordinator.retry_s=300", "coordinator.crash_limit=2"]].concat());
    bench.joins("w", 1);
    let trial = crashes(&mut bench, "w");
    bench.step(Input::Control(Control::Cancel { trial }));
    bench.step(Input::Control(Control::Retry { trial }));
    assert!(until_at(&mut bench, trial) < 5.0);
}
