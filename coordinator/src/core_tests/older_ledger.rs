//! A ledger that somebody put back from a backup, and workers that were told of more than it knows.

use super::*;

/// A worker that reported three times, and a coordinator that knows of the first.
fn restored() -> (Bench, TaskId) {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    bench.spends("a", 1, Some(task), 1.0);
    let copied = bench.ledger.len();
    bench.spends("a", 1, Some(task), 2.0);
    bench.spends("a", 1, Some(task), 4.0);
    bench.ledger.truncate(copied);
    bench.core = Core::new(Options::new(&config(PLAIN)), State::fold(&bench.ledger));
    bench.start(PLAIN);
    bench.joins("a", 1);
    bench.sent.clear();
    (bench, task)
}

fn remembers(bench: &mut Bench, session: u64, acknowledged: u64) {
    bench.says("a", FromWorker::Remembers { session: SessionId(session), acknowledged });
}

fn begin_anew(bench: &Bench) -> usize {
    bench.sent.iter().filter(|(_, m)| *m == ToWorker::BeginAnew { session: SessionId(1) }).count()
}

fn booked(bench: &Bench) -> f64 {
    bench.core.state().account.total().0
}

#[test]
fn who_was_told_of_more_begins_anew_and_what_it_used_is_booked_once() {
    let (mut bench, task) = restored();
    let events = bench.ledger.len();
    // What it has next would never be taken in: it is the fourth, and the second is due.
    bench.spends("a", 1, Some(task), 8.0);
    remembers(&mut bench, 1, 1);
    remembers(&mut bench, 1, 0);
    assert_eq!(begin_anew(&bench), 0, "an old word had come late to it");
    remembers(&mut bench, 1, 3);
    remembers(&mut bench, 1, 3);
    assert_eq!((begin_anew(&bench), bench.ledger.len()), (2, events), "said again, for the word may be lost");

    // The same process under another name: what it had in hand waits, and nobody is blamed.
    bench.now = bench.now + Millis(60_000);
    bench.succeeds("a", 2, "test", 1, Millis(120_000));
    assert_eq!(bench.core.state().trial(task.trial).unwrap().crashes, 0);
    remembers(&mut bench, 1, 3);
    remembers(&mut bench, 1, 3);
    let lost = bench.ledger.iter().filter(|record| record.event.kind() == "reports_lost");
    assert_eq!(lost.count(), 1);
    let told = |m: &ToWorker| *m == ToWorker::Acknowledge { session: SessionId(1), number: 3 };
    assert!(bench.sent.iter().any(|(_, m)| told(m)));
    for _ in 0..2 {
        let Report::Energy(window) = energy(Some(task), 8.0) else { unreachable!("it is energy") };
        let report = Report::Energy(Measurement { start: Millis(3_000), end: Millis(4_000), ..window });
        bench.says("a", FromWorker::Delivery { session: SessionId(1), number: 4, report });
    }
    assert_eq!(booked(&bench), 9.0);
    bench.restarts(PLAIN);
}

/// What it calls by a number may be other work than what has the number here.
#[test]
fn no_result_of_before_counts() {
    let (mut bench, task) = restored();
    bench.step(Input::Control(Control::Pause));
    bench.now = bench.now + Millis(60_000);
    bench.succeeds("a", 2, "test", 1, Millis(120_000));
    remembers(&mut bench, 1, 3);
    bench.delivers("a", 1, Report::Finished { task, evaluation: Box::new(evaluation(0.1, 5, vec![])) });
    let trial = bench.core.state().trial(task.trial).unwrap();
    assert!(trial.is_waiting() && trial.evaluation.is_none(), "{trial:?}");
    let taken = &bench.core.state().workers[&WorkerName::new("a")].acknowledged;
    assert_eq!(taken[&SessionId(1)], 4, "it need not be said again");
}

#[test]
fn w3_who_remembers_what_no_session_has_is_not_believed() {
    let (mut bench, _) = restored();
    let events = bench.ledger.len();
    remembers(&mut bench, 1, u64::MAX);
    remembers(&mut bench, 77, 5);
    bench.says("nobody", FromWorker::Remembers { session: SessionId(1), acknowledged: 5 });
    assert_eq!((begin_anew(&bench), bench.ledger.len(), bench.warnings.len()), (0, events, 1));
}
