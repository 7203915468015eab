//! Who holds what: workers that vanish, crash, come back, forget or hold what they should not.

use super::*;

#[test]
fn a_vanished_worker_is_retried_from_its_last_checkpoint_elsewhere() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    bench.delivers("a", 1, Report::Checkpointed { task, checkpoint: checkpoint(b"half", 0.5) });
    bench.passes(9.0);
    bench.joins("b", 2);
    bench.passes(3.0);
    let again = bench.task_of("b").unwrap();
    bench.beats("b", 2, &[again]);
    let taken = bench.ledger.iter().rev().find_map(|record| match &record.event {
        Event::TaskLeased { task: leased, resume, .. } if leased.trial == task.trial => Some(*resume),
        _ => None,
    });
    // `b` had begun a trial of its own; the lost one waits with its checkpoint or was taken up from it.
    let trial = bench.core.state().trial(task.trial).unwrap();
    assert_eq!(trial.crashes, 1);
    assert_eq!(trial.checkpoint, Some(checkpoint(b"half", 0.5)));
    assert!(trial.is_waiting() || taken.flatten().is_some());
}

#[test]
fn crashes_are_limited_and_planned_stops_are_not_crashes() {
    let mut bench = Bench::new(&[PLAIN, &["coordinator.retry_s=0"]].concat());
    bench.joins("a", 1);
    let first = bench.task_of("a").unwrap();
    for attempt in 0..5 {
        let task = bench.task_of("a").unwrap();
        assert_eq!((task.trial, task.attempt.0), (first.trial, attempt));
        bench.delivers("a", 1, Report::Failed { task, failure: Failure::Crashed("device fault".into()) });
    }
    assert!(matches!(bench.core.state().trial(first.trial).unwrap().state, TrialState::Failed { .. }));

    let task = bench.task_of("a").unwrap();
    assert_ne!(task.trial, first.trial, "the study goes on");
    bench.delivers("a", 1, Report::Suspended { task, checkpoint: Some(checkpoint(b"kept", 0.3)) });
    assert_eq!(bench.core.state().trial(task.trial).unwrap().crashes, 0);
}

#[test]
fn a_restart_changes_nothing_and_keeps_leases() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    bench.delivers("a", 1, energy(Some(task), 3.0));
    bench.now = bench.now + Millis(600_000);
    bench.restarts(PLAIN);
    bench.beats("a", 1, &[task]);
    bench.passes(1.0);
    assert_eq!(bench.task_of("a"), Some(task), "the time it was away counts against nobody");
    bench.delivers("a", 1, Report::Finished { task, evaluation: Box::new(evaluation(0.2, 10, vec![])) });
    assert_eq!(bench.core.state().finished_at(Fidelity::Full).count(), 1);
    assert_eq!(bench.core.state().account.total(), Joules(3.0));
}

#[test]
fn a_new_process_of_a_worker_frees_what_the_old_one_held_at_once() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    bench.joins("a", 2);
    let again = bench.task_of("a").unwrap();
    assert_eq!((again.trial, again.attempt.0), (task.trial, 1));
    bench.beats("a", 1, &[task]);
    let (_, last) = bench.sent.last().unwrap();
    assert_eq!(*last, ToWorker::WhoAreYou { session: SessionId(1) }, "the old process is not heard any more");
}

#[test]
fn what_a_dead_process_was_given_while_its_last_reports_came_blames_nobody() {
    let mut bench = Bench::new(PLAIN);
    bench.joins_as("a", 1, "test", 2);
    let leases =
        |bench: &Bench| -> Vec<TaskId> { bench.core.state().leases().map(|(_, lease)| lease.task).collect() };
    let [done, in_hand] = leases(&bench)[..] else { panic!("both slots are at work") };
    bench.passes(2.0);
    // The process is dead, and its successor of a second ago speaks for it.
    bench.delivers(
        "a",
        1,
        Report::Finished { task: done, evaluation: Box::new(evaluation(0.2, 10, vec![])) },
    );
    let given =
        leases(&bench).into_iter().find(|task| *task != in_hand).expect("the free slot is given more");
    bench.succeeds("a", 2, "test", 2, Millis(1_000));
    assert_eq!(bench.core.state().finished_at(Fidelity::Full).count(), 1, "the late result counts");
    let crashes = |task: TaskId| bench.core.state().trial(task.trial).unwrap().crashes;
    assert_eq!((crashes(given), crashes(in_hand)), (0, 1), "what was in hand is lost");
}

#[test]
fn a_lost_assignment_is_sent_again_and_a_stray_task_cancelled() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    let stray = TaskId { trial: TrialId(99), ..task };
    bench.sent.clear();
    bench.beats("a", 1, &[stray]);
    assert_eq!(bench.sent.iter().filter(|(_, m)| *m == ToWorker::Cancel { task: stray }).count(), 1);
    bench.passes(5.0);
    bench.beats("a", 1, &[]);
    let repeated =
        |message: &ToWorker| matches!(message, ToWorker::Assign(assignment) if assignment.task == task);
    assert!(bench.sent.iter().any(|(_, message)| repeated(message)));
}

#[test]
fn a_large_fleet_is_given_work_in_short_steps_and_all_of_it() {
    let mut bench = Bench::new(&["ladder.one_shot=false", "budget.trainings=20"]);
    bench.allocation = Shares { train: 5, sample: 0, rest: 0 };
    bench.core.options.handouts = 2;
    // The hour is being decided while they come: it is decided for all of them, at once.
    bench.step(Input::Control(Control::Pause));
    for worker in ["a", "b", "c", "d", "e"] {
        bench.joins(worker, 1);
    }
    assert!(bench.handed_out.is_empty());
    bench.step(Input::Control(Control::Resume));
    assert_eq!(bench.handed_out, [2, 2, 1]);
    assert_eq!(bench.core.state().leases().count(), 5);
}

#[test]
fn a_large_fleet_is_told_of_the_end_in_short_steps_and_all_of_it() {
    let mut bench = Bench::new(PLAIN);
    bench.core.options.handouts = 2;
    for worker in ["a", "b", "c", "d", "e"] {
        bench.joins(worker, 1);
    }
    bench.step(Input::Control(Control::Stop { reason: "enough".into() }));
    assert_eq!(bench.told_of_the_end, [2, 2, 1]);
    let told: BTreeSet<&WorkerName> = bench
        .sent
        .iter()
        .filter(|(_, m)| matches!(m, ToWorker::StudyOver { .. }))
        .map(|(to, _)| to)
        .collect();
    assert_eq!(told.len(), 5);
    // Whoever is still there after a while is told again: the word may have been lost.
    bench.delivers("c", 1, Report::Leaving { reason: "the study is over".into() });
    bench.passes(4.0);
    assert_eq!(bench.told_of_the_end, [2, 2, 1, 2, 2]);
}
