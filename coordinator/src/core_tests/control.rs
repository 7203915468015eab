//! What an operator may ask for: each wish through the core's one door, twice, and across a restart.

use common::config::{Budget, OrWord};
use common::event::Event;

use super::*;
use crate::core::{CANCELLED, Refusal};

fn kinds(bench: &Bench) -> Vec<&'static str> {
    let told = [
        "study_paused",
        "study_resumed",
        "budget_changed",
        "worker_draining",
        "trial_cancelled",
        "trial_retried",
    ];
    bench.ledger.iter().map(|record| record.event.kind()).filter(|kind| told.contains(kind)).collect()
}

fn asks(bench: &mut Bench, control: Control) -> Result<bool, Refusal> {
    let ruling = bench.core.judge(&control);
    bench.step(Input::Control(control));
    ruling.map(|ruling| ruling.changes)
}

fn told(bench: &Bench, worker: &str, is: fn(&ToWorker) -> bool) -> usize {
    bench.sent.iter().filter(|(to, message)| to.as_str() == worker && is(message)).count()
}

fn hours(limit: f64) -> Budget {
    Budget { hours: OrWord::number(limit), ..config(PLAIN).budget }
}

#[test]
fn a_paused_study_puts_its_work_in_safety_and_hands_out_nothing() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    assert_eq!(asks(&mut bench, Control::Pause), Ok(true));
    assert_eq!(told(&bench, "a", |m| matches!(m, ToWorker::Suspend { .. })), 1);
    bench.delivers("a", 1, Report::Suspended { task, checkpoint: Some(checkpoint(b"half", 0.5)) });
    bench.joins("b", 2);
    bench.beats("a", 1, &[]);
    bench.passes(3.0);
    assert_eq!((bench.task_of("a"), bench.task_of("b")), (None, None));

    assert_eq!(asks(&mut bench, Control::Pause), Ok(false), "asked twice");
    bench.restarts(PLAIN);
    bench.beats("a", 1, &[]);
    assert!(bench.core.state().paused.is_some(), "still paused after a restart");
    assert_eq!(bench.task_of("a"), None);

    assert_eq!(asks(&mut bench, Control::Resume), Ok(true));
    assert_eq!(asks(&mut bench, Control::Resume), Ok(false));
    assert_eq!(kinds(&bench), ["study_paused", "study_resumed"]);
    let resumed = bench.task_of("a").or(bench.task_of("b")).unwrap();
    assert_eq!(resumed.trial, task.trial, "it goes on with what it had begun");
}

#[test]
fn a_drained_worker_gives_its_work_back_and_is_told_to_go() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    let drain = || Control::DrainWorker { worker: "a".into() };
    assert_eq!(asks(&mut bench, drain()), Ok(true));
    assert_eq!(asks(&mut bench, drain()), Ok(false));
    let goes = |bench: &Bench| told(bench, "a", |m| matches!(m, ToWorker::StudyOver { .. }));
    bench.passes(1.0);
    assert_eq!(goes(&bench), 0, "it still holds a training");
    bench.delivers("a", 1, Report::Suspended { task, checkpoint: None });
    bench.joins("b", 2);
    assert_eq!(bench.task_of("b").map(|task| task.trial), Some(task.trial), "another goes on with it");
    bench.passes(1.0);
    assert_eq!(goes(&bench), 1);
    bench.beats("a", 1, &[]);
    assert_eq!(bench.task_of("a"), None);
    bench.restarts(PLAIN);
    bench.passes(0.5);
    assert_eq!(goes(&bench), 1, "told again by the next process, for the word may be lost");

    bench.delivers("a", 1, Report::Leaving { reason: "drained".into() });
    assert_eq!(asks(&mut bench, drain()), Ok(false), "gone already");
    assert!(matches!(
        asks(&mut bench, Control::DrainWorker { worker: "nobody".into() }),
        Err(Refusal::Unknown(_))
    ));
    assert_eq!(asks(&mut bench, Control::DrainWorkers), Ok(true));
    assert_eq!(asks(&mut bench, Control::DrainWorkers), Ok(false));
    assert!(bench.core.state().workers.values().all(|record| record.draining));
}

#[test]
fn a_drain_of_all_is_remembered_by_a_coordinator_that_died_before_the_work_was_put_down() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    assert_eq!(asks(&mut bench, Control::DrainWorkers), Ok(true));
    let suspends = |bench: &Bench| told(bench, "a", |m| matches!(m, ToWorker::Suspend { .. }));
    assert_eq!(suspends(&bench), 1);
    bench.restarts(PLAIN);
    bench.beats("a", 1, &[task]);
    bench.passes(1.0);
    assert_eq!(suspends(&bench), 1, "nobody else is at hand, and it is told all the same");
    bench.delivers("a", 1, Report::Suspended { task, checkpoint: None });
    bench.passes(1.0);
    assert_eq!(told(&bench, "a", |m| matches!(m, ToWorker::StudyOver { .. })), 1);
}

/// Launchers start again what has left.
#[test]
fn a_drain_holds_until_somebody_takes_it_back() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    bench.joins("b", 2);
    let drain = |worker: &str| Control::DrainWorker { worker: worker.into() };
    let record = |bench: &Bench, worker: &str| bench.core.state().workers[&WorkerName::new(worker)].clone();
    let turned_away = |bench: &Bench| {
        told(
            bench,
            "a",
            |m| matches!(m, ToWorker::Refused { reason } if reason.contains("workers release a")),
        )
    };
    let task = bench.task_of("a").unwrap();
    assert_eq!(asks(&mut bench, drain("a")), Ok(true));
    bench.delivers("a", 1, Report::Suspended { task, checkpoint: None });
    // Its connection broke and is back: the same process delivers what it has, and goes.
    bench.joins("a", 1);
    assert_eq!(turned_away(&bench), 0);
    bench.delivers("a", 1, Report::Leaving { reason: "drained".into() });

    for session in [7, 8] {
        bench.joins("a", session);
        bench.passes(1.0);
        assert!(!record(&bench, "a").alive && bench.task_of("a").is_none());
        assert_eq!((turned_away(&bench), record(&bench, "a").sessions), (1, 1));
        bench.restarts(PLAIN);
    }

    bench.step(Input::Released { worker: "a".into() });
    bench.step(Input::Released { worker: "a".into() });
    let released = bench.ledger.iter().filter(|record| record.event.kind() == "worker_released");
    assert_eq!(released.count(), 1);
    bench.joins("a", 9);
    assert!(record(&bench, "a").alive && bench.task_of("a").is_some());

    // One that is gone may be about to be started again; one that still runs may stay after all.
    bench.delivers("a", 9, Report::Leaving { reason: "asked to stop".into() });
    assert_eq!(asks(&mut bench, drain("a")), Ok(true));
    assert_eq!(asks(&mut bench, drain("a")), Ok(false));
    bench.joins("a", 10);
    assert!(!record(&bench, "a").alive);
    assert_eq!(asks(&mut bench, drain("b")), Ok(true));
    bench.step(Input::Released { worker: "b".into() });
    assert!(!record(&bench, "b").draining && record(&bench, "b").alive);
    assert_eq!(asks(&mut bench, drain("b")), Ok(true), "and may be drained again");
}

#[test]
fn a_cancelled_trial_is_let_go_of_and_may_be_tried_again() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    let (cancel, retry) = (Control::Cancel { trial: task.trial }, Control::Retry { trial: task.trial });
    bench.delivers("a", 1, Report::Checkpointed { task, checkpoint: checkpoint(b"half", 0.5) });
    assert_eq!(asks(&mut bench, retry.clone()), Ok(false), "it is being worked on");
    assert_eq!(asks(&mut bench, cancel.clone()), Ok(true));
    assert_eq!(asks(&mut bench, cancel), Ok(false));
    assert_eq!(bench.forgotten, [BlobId::of(b"half")]);
    assert_eq!(told(&bench, "a", |m| matches!(m, ToWorker::Cancel { .. })), 1);
    assert!(bench.task_of("a").is_some_and(|next| next.trial != task.trial), "the slot takes up other work");
    let failed = TrialState::Failed { reason: CANCELLED.into() };
    assert_eq!(bench.core.state().trial(task.trial).unwrap().state, failed);

    // What it still delivers counts as energy alone.
    bench.delivers("a", 1, energy(Some(task), 7.0));
    let late = Box::new(evaluation(0.1, 1, Vec::new()));
    bench.delivers("a", 1, Report::Finished { task, evaluation: late });
    let trial = bench.core.state().trial(task.trial).unwrap();
    assert_eq!((trial.joules, &trial.evaluation, &trial.state), (Joules(7.0), &None, &failed));

    assert_eq!(asks(&mut bench, retry.clone()), Ok(true));
    bench.joins("b", 2);
    assert_eq!(bench.task_of("b"), Some(TaskId { trial: task.trial, attempt: common::id::Attempt(1) }));
    bench.finishes("b", 2, evaluation(0.2, 1, Vec::new()));
    assert!(matches!(asks(&mut bench, retry), Err(Refusal::Conflict(_))));
    assert!(matches!(asks(&mut bench, Control::Cancel { trial: task.trial }), Err(Refusal::Conflict(_))));
    assert!(matches!(asks(&mut bench, Control::Cancel { trial: TrialId(999) }), Err(Refusal::Unknown(_))));
    bench.restarts(PLAIN);
}

#[test]
fn crashes_of_a_trial_that_is_tried_again_are_counted_anew() {
    let settings = [PLAIN, &["coordinator.crash_limit=1"]].concat();
    let mut bench = Bench::new(&settings);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    bench.delivers("a", 1, Report::Failed { task, failure: Failure::Crashed("smoke".into()) });
    assert!(!bench.core.state().trial(task.trial).unwrap().is_open());
    assert_eq!(asks(&mut bench, Control::Retry { trial: task.trial }), Ok(true));
    let trial = bench.core.state().trial(task.trial).unwrap();
    assert_eq!(
        (trial.crashes, trial.is_open(), trial.failures.len()),
        (0, true, 1),
        "what went wrong is still told"
    );
}

#[test]
fn new_limits_stand_whatever_the_configuration_says() {
    let settings = [PLAIN, &["budget.hours=100"]].concat();
    let mut bench = Bench::new(&settings);
    bench.joins("a", 1);
    assert_eq!(asks(&mut bench, Control::SetBudget { budget: hours(200.0) }), Ok(true));
    assert_eq!(asks(&mut bench, Control::SetBudget { budget: hours(200.0) }), Ok(false));
    assert_eq!(bench.core.left().hours.map(f64::round), Some(200.0));
    bench.restarts(&settings);
    assert_eq!(bench.core.left().hours.map(f64::round), Some(200.0));
    for refused in [hours(0.0), hours(f64::NAN), hours(-1.0), Budget { hours: OrWord::word(), ..hours(1.0) }]
    {
        let ruling = asks(&mut bench, Control::SetBudget { budget: refused });
        assert!(matches!(ruling, Err(Refusal::Unacceptable(_))), "{refused:?}");
    }
    // A limit below what is spent ends the study, as if it had stood there from the beginning.
    bench.passes(60.0);
    assert_eq!(asks(&mut bench, Control::SetBudget { budget: hours(0.001) }), Ok(true));
    assert!(bench.core.state().finished.is_some());
    assert_eq!(kinds(&bench), ["budget_changed", "budget_changed"]);
}

#[test]
fn a_finished_study_stays_as_it_is() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let stop = || Control::Stop { reason: "enough".into() };
    assert_eq!(asks(&mut bench, stop()), Ok(true));
    assert_eq!(asks(&mut bench, stop()), Ok(false));
    let events = bench.ledger.len();
    for control in [
        Control::Pause,
        Control::Resume,
        Control::DrainWorkers,
        Control::DrainWorker { worker: "a".into() },
        Control::Cancel { trial: TrialId(0) },
        Control::Retry { trial: TrialId(0) },
        Control::SetBudget { budget: hours(1.0) },
        Control::Give { given: Vec::new() },
    ] {
        assert!(matches!(asks(&mut bench, control), Err(Refusal::Conflict(_))));
    }
    assert_eq!(bench.ledger.len(), events);
    let ends = bench.ledger.iter().filter(|record| matches!(record.event, Event::StudyFinished { .. }));
    assert_eq!(ends.count(), 1);
}

#[test]
fn results_brought_while_the_study_runs_are_taken_once() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    let source = Source { file: "known.csv".into(), sha256: BlobId::of(b"known") };
    let given =
        vec![Given { subject: bench.subject_of("a"), source, evaluation: evaluation(0.3, 1, Vec::new()) }];
    assert_eq!(asks(&mut bench, Control::Give { given: given.clone() }), Ok(true));
    assert_eq!(asks(&mut bench, Control::Give { given }), Ok(false));
    assert_eq!(told(&bench, "a", |m| matches!(m, ToWorker::Cancel { .. })), 1, "nobody goes on with it");
    assert!(bench.core.state().trial(task.trial).unwrap().is_given());
}
