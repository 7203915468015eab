//! Reports count once, late ones book their joules alone, and each joule belongs to its hour.

use super::*;

#[test]
fn deliveries_count_once() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.task_of("a");
    bench.delivers("a", 1, energy(task, 5.0));
    let repeated = FromWorker::Delivery { session: SessionId(1), number: 1, report: energy(task, 5.0) };
    bench.says("a", repeated);
    let early = FromWorker::Delivery { session: SessionId(1), number: 9, report: energy(task, 5.0) };
    bench.says("a", early);
    assert_eq!(bench.core.state().account.total(), Joules(5.0));
    assert_eq!(bench.core.state().account.joules_by_purpose()[&Purpose::Full], Joules(5.0));
    let acknowledged = |message: &ToWorker| matches!(message, ToWorker::Acknowledge { number: 1, .. });
    assert_eq!(bench.sent.iter().filter(|(_, m)| acknowledged(m)).count(), 3);
}

#[test]
fn a_late_result_books_its_joules_and_nothing_else() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    bench.passes(11.0);
    assert_eq!(bench.core.state().leases().count(), 0, "silence voids the lease");
    bench.joins("b", 2);
    assert_eq!(bench.task_of("b").map(|task| task.trial), Some(task.trial), "another goes on with it");
    bench.delivers("a", 1, energy(Some(task), 7.0));
    bench.delivers("a", 1, Report::Finished { task, evaluation: Box::new(evaluation(0.1, 5, vec![])) });
    assert_eq!(bench.core.state().account.total(), Joules(7.0));
    assert_eq!(bench.core.state().trial(task.trial).unwrap().evaluation, None);
}

#[test]
fn the_result_of_the_last_attempt_counts_while_its_trial_waits_for_another() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    bench.step(Input::Control(Control::Pause));
    bench.passes(11.0);
    bench.joins("a", 2);
    bench.joins("b", 3);
    assert!(bench.core.state().trial(task.trial).unwrap().is_waiting());
    let finished = |task| Report::Finished { task, evaluation: Box::new(evaluation(0.1, 5, vec![])) };
    // Neither by its successor, nor by another, nor of an attempt that never was.
    bench.delivers("a", 2, finished(task));
    bench.delivers("b", 3, finished(task));
    bench.delivers("a", 1, finished(TaskId { attempt: common::id::Attempt(1), ..task }));
    assert!(bench.core.state().trial(task.trial).unwrap().is_waiting());
    bench.delivers("a", 1, finished(task));
    bench.delivers("a", 1, finished(task));
    let results = bench.ledger.iter().filter(|record| record.event.kind() == "trial_finished");
    assert_eq!(results.count(), 1);
    bench.step(Input::Control(Control::Resume));
    let taken_up = |worker| bench.task_of(worker).map(|task| task.trial);
    assert!(taken_up("a") != Some(task.trial) && taken_up("b") != Some(task.trial), "nobody trains it again");
    bench.restarts(PLAIN);
}

#[test]
fn unusable_results_fail_the_trial_and_not_the_study() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.finishes("a", 1, evaluation(f64::NAN, 10, vec![]));
    assert!(matches!(bench.core.state().trial(task.trial).unwrap().state, TrialState::Failed { .. }));
    assert!(bench.task_of("a").is_some());
}

#[test]
fn a_superseded_checkpoint_is_forgotten() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    bench.delivers("a", 1, Report::Checkpointed { task, checkpoint: checkpoint(b"first", 0.2) });
    bench.delivers("a", 1, Report::Checkpointed { task, checkpoint: checkpoint(b"second", 0.4) });
    assert_eq!(bench.forgotten, [BlobId::of(b"first")]);
    bench.finishes("a", 1, evaluation(0.2, 10, vec![]));
    assert_eq!(bench.forgotten, [BlobId::of(b"first"), BlobId::of(b"second")]);
}

#[test]
fn emissions_are_sliced_by_the_hour_of_use() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let window = Measurement {
        slot: SlotId(0),
        task: None,
        start: Millis(0),
        end: Millis(2 * HOUR_MS),
        joules: Joules(10.0),
        method: Method::Estimated,
        meter: "test".into(),
    };
    bench.delivers("a", 1, Report::Energy(window));
    let hours: Vec<(GridHour, Joules)> =
        bench.core.state().account.hours().map(|line| (line.hour, line.joules[&Purpose::Idle])).collect();
    assert_eq!(hours, [(GridHour(1000), Joules(5.0)), (GridHour(1001), Joules(5.0))]);
}

fn window(start: i64, end: i64, joules: f64) -> Measurement {
    let Report::Energy(measurement) = energy(None, joules) else { unreachable!("it is energy") };
    Measurement { start: Millis(start), end: Millis(end), ..measurement }
}

#[test]
fn w3_a_window_that_cant_have_been_is_taken_in_and_not_booked() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("liar", 1);
    bench.joins("honest", 2);
    let ahead = 8 * 24 * HOUR_MS;
    let lies = [
        window(0, 1_000_000_000_000_000, 1.0),
        window(0, i64::MAX, 1.0),
        window(i64::MIN, i64::MAX, 1.0),
        window(-1, 1_000, 1.0),
        window(5, 4, 1.0),
        window(ahead, ahead + 60_000, 1.0),
        window(0, 1_000, -1.0),
        window(0, 1_000, f64::NAN),
        window(0, 1_000, f64::INFINITY),
        window(0, 1_000, 1e300),
        Measurement { meter: "x".repeat(100_000), ..window(0, 1_000, 1.0) },
    ];
    let told = lies.len();
    for lie in lies {
        bench.delivers("liar", 1, Report::Energy(lie));
    }
    assert_eq!((bench.core.state().account.total(), bench.warnings.len()), (Joules(0.0), told));
    assert!(bench.warnings[0].contains("not booked"), "{}", bench.warnings[0]);
    for _ in told..2_000 {
        bench.delivers("liar", 1, Report::Energy(window(0, i64::MAX, 1.0)));
    }
    assert_eq!(bench.warnings.len(), 32 + 5, "64, 128 … 1,024: whoever lies on and on fills no disk");
    let told = 2_000_u64;
    let taken = bench.core.state().workers[&WorkerName::new("liar")].acknowledged[&SessionId(1)];
    assert_eq!(taken, told, "it need not be said again");
    for (worker, session) in [("liar", 1), ("honest", 2)] {
        bench.delivers(worker, session, Report::Energy(window(0, 1_000, 2.0)));
    }
    assert_eq!(bench.core.state().account.total(), Joules(4.0), "what can have been is booked");
}

#[test]
fn what_a_former_session_used_is_booked_to_its_hours_however_late_it_is_told() {
    let settings = [PLAIN, &["budget.hours=unlimited", "budget.trainings=20"]].concat();
    let mut bench = Bench::new(&settings);
    bench.joins("a", 1);
    bench.restarts(&settings);
    bench.now = bench.now + Millis(50 * HOUR_MS);
    bench.step(Input::Tick);
    bench.joins("a", 2);
    // Two days in one window: joined while nobody took it in.
    bench.delivers("a", 1, Report::Energy(window(0, 48 * HOUR_MS, 96.0)));
    let hours = bench.core.state().account.hours().map(|line| (line.hour.0, line.joules[&Purpose::Idle].0));
    let hours: Vec<(i64, f64)> = hours.collect();
    assert_eq!(hours.len(), 48);
    assert!(
        hours.iter().zip(1000..).all(|((hour, joules), due)| *hour == due && (joules - 2.0).abs() < 1e-9)
    );
}
