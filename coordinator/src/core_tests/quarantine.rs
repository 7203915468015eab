//! Workers that fail at one trial after another: put aside, and back again.

use super::*;

const QUICK: &[&str] = &[
    "ladder.one_shot=false",
    "ladder.rung_epochs=0",
    "search.initial_samples=2",
    "coordinator.crash_limit=1",
    "coordinator.quarantine_after=3",
    "coordinator.quarantine_s=60",
];

/// Both workers train; `bad` is to fail.
fn two() -> Bench {
    let mut bench = Bench::new(QUICK);
    bench.joins("bad", 1);
    bench.joins("good", 2);
    bench
}

fn fails(bench: &mut Bench, worker: &str, session: u64) {
    let task = bench.task_of(worker).expect("it has something to fail at");
    bench.delivers(
        worker,
        session,
        Report::Failed { task, failure: Failure::Crashed("device fault".into()) },
    );
}

/// Time passes, and both are heard.
fn waits(bench: &mut Bench, seconds: u32) {
    for _ in 0..seconds {
        bench.passes(1.0);
        for (worker, session) in [("bad", 1), ("good", 2)] {
            let held: Vec<TaskId> = bench.task_of(worker).into_iter().collect();
            bench.beats(worker, session, &held);
        }
    }
}

fn aside(bench: &Bench, worker: &str) -> Option<String> {
    let health = &bench.core.state().workers[&WorkerName::new(worker)].health;
    health.quarantine.as_ref().map(|quarantine| quarantine.reason.clone())
}

#[test]
fn one_that_fails_at_trial_after_trial_is_put_aside_and_comes_back() {
    let mut bench = two();
    for _ in 0..3 {
        assert_eq!(aside(&bench, "bad"), None);
        fails(&mut bench, "bad", 1);
    }
    let reason = aside(&bench, "bad").expect("three are enough");
    assert!(reason.contains("3 trials in a row") && reason.contains("device fault"), "{reason}");
    assert_eq!(bench.task_of("bad"), None, "it is given nothing");
    assert!(bench.task_of("good").is_some());
    waits(&mut bench, 58);
    assert_eq!(bench.task_of("bad"), None);
    waits(&mut bench, 4);
    assert!(aside(&bench, "bad").is_none() && bench.task_of("bad").is_some(), "its time is over");

    // The next failure is enough, and it lasts twice as long.
    fails(&mut bench, "bad", 1);
    assert!(aside(&bench, "bad").expect("again").contains("again"));
    waits(&mut bench, 118);
    assert_eq!(bench.task_of("bad"), None);
    waits(&mut bench, 4);
    assert!(bench.task_of("bad").is_some());

    // Whoever finishes something begins anew.
    bench.finishes("bad", 1, evaluation(0.2, 10, vec![]));
    fails(&mut bench, "bad", 1);
    fails(&mut bench, "bad", 1);
    assert_eq!(aside(&bench, "bad"), None);
    bench.restarts(QUICK);
}

#[test]
fn a_trial_that_crashes_everywhere_puts_nobody_aside() {
    let limited = |text: &&str| !text.contains("crash_limit");
    let settings: Vec<&str> =
        QUICK.iter().copied().filter(limited).chain(["coordinator.retry_s=0"]).collect();
    let mut bench = Bench::new(&settings);
    bench.joins("bad", 1);
    bench.joins("good", 2);
    for _ in 0..4 {
        fails(&mut bench, "bad", 1);
    }
    assert_eq!(aside(&bench, "bad"), None, "it was one trial, four times");
}

#[test]
fn a_loss_is_one_failure_however_many_slots_are_lost_with_it() {
    let mut bench = Bench::new(QUICK);
    bench.allocation = Shares { train: 9, sample: 0, rest: 0 };
    bench.joins("good", 2);
    bench.joins_as("bad", 1, "test", 8);
    let held = |bench: &Bench| bench.core.state().leases_of(&WorkerName::new("bad")).count();
    assert_eq!(held(&bench), 8);
    let restarts = |bench: &mut Bench, session: u64| {
        bench.passes(1.0);
        bench.joins_as("bad", session, "test", 8);
    };
    restarts(&mut bench, 3);
    restarts(&mut bench, 4);
    assert_eq!((aside(&bench, "bad"), held(&bench)), (None, 8), "a machine may be started anew");
    // Whoever brings something forward begins anew, also here.
    bench.finishes("bad", 4, evaluation(0.2, 10, vec![]));
    restarts(&mut bench, 5);
    restarts(&mut bench, 6);
    assert_eq!(aside(&bench, "bad"), None);
    restarts(&mut bench, 7);
    let reason = aside(&bench, "bad").expect("three times in a row are enough");
    assert!(reason.contains("vanished with work in hand 3 times in a row"), "{reason}");
    assert_eq!(held(&bench), 0);
    bench.restarts(QUICK);
}

#[test]
fn the_last_one_at_hand_stays_at_work() {
    let mut bench = Bench::new(QUICK);
    bench.joins("bad", 1);
    for _ in 0..6 {
        fails(&mut bench, "bad", 1);
    }
    assert_eq!(aside(&bench, "bad"), None);
    // And one that was put aside is called back when it is the last.
    bench.joins("good", 2);
    fails(&mut bench, "bad", 1);
    assert!(aside(&bench, "bad").is_some());
    bench.delivers("good", 2, Report::Leaving { reason: "maintenance".into() });
    bench.passes(1.0);
    assert!(aside(&bench, "bad").is_none() && bench.task_of("bad").is_some());
}

#[test]
fn somebody_may_say_that_it_is_well() {
    let mut bench = two();
    for _ in 0..3 {
        fails(&mut bench, "bad", 1);
    }
    bench.restarts(QUICK);
    assert!(aside(&bench, "bad").is_some(), "a restart does not heal it");
    bench.step(Input::Released { worker: "bad".into() });
    assert!(aside(&bench, "bad").is_none() && bench.task_of("bad").is_some());
    let events = bench.ledger.len();
    bench.step(Input::Released { worker: "bad".into() });
    bench.step(Input::Released { worker: "nobody".into() });
    assert_eq!(bench.ledger.len(), events, "nothing to say of the well and the unknown");
}

#[test]
fn the_end_of_a_quarantine_is_not_the_end_of_a_drain() {
    let mut bench = two();
    for _ in 0..3 {
        fails(&mut bench, "bad", 1);
    }
    bench.step(Input::Control(Control::DrainWorker { worker: "bad".into() }));
    waits(&mut bench, 62);
    assert!(aside(&bench, "bad").is_none(), "its time is over");
    assert!(bench.core.state().workers[&WorkerName::new("bad")].draining && bench.task_of("bad").is_none());
    bench.step(Input::Released { worker: "bad".into() });
    assert!(!bench.core.state().workers[&WorkerName::new("bad")].draining);
}

#[test]
fn a_revoked_worker_s_work_goes_to_another() {
    let mut bench = two();
    let task = bench.task_of("bad").unwrap();
    bench.step(Input::Revoked { worker: "bad".into() });
    let record = &bench.core.state().workers[&WorkerName::new("bad")];
    assert!(!record.alive && record.lost_reason.as_deref() == Some("its key was revoked"));
    assert!(bench.core.state().lease(task).is_none());
    assert_eq!(bench.core.state().trial(task.trial).unwrap().crashes, 0, "it is somebody's decision");
    let events = bench.ledger.len();
    bench.step(Input::Revoked { worker: "bad".into() });
    bench.step(Input::Revoked { worker: "nobody".into() });
    assert_eq!(bench.ledger.len(), events);
}
