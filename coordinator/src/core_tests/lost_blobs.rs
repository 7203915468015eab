//! Blobs that the store lacks cost progress, and neither a trial nor a worker.

use super::*;

/// The worker asks the store for a blob in vain, and gives its task back.
fn asks_in_vain(bench: &mut Bench, worker: &str, session: u64, blob: BlobId) -> TaskId {
    let task = bench.task_of(worker).expect("it has a lease");
    bench.step(Input::BlobMissing { worker: worker.into(), blob });
    bench.delivers(worker, session, Report::Failed { task, failure: Failure::for_want_of(blob) });
    task
}

/// What the last lease of a trial went on from.
fn resume(bench: &Bench, trial: TrialId) -> Option<Checkpoint> {
    let of = |record: &Record| match &record.event {
        Event::TaskLeased { task, resume, .. } if task.trial == trial => Some(*resume),
        _ => None,
    };
    bench.ledger.iter().rev().find_map(of).expect("it was leased")
}

#[test]
fn a_training_whose_checkpoint_is_gone_begins_anew() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    bench.joins("b", 2);
    let (task, half) = (bench.task_of("a").unwrap(), checkpoint(b"half", 0.5));
    bench.delivers("a", 1, Report::Suspended { task, checkpoint: Some(half) });
    assert_eq!(resume(&bench, task.trial), Some(half));
    // The ledger was put back from a backup, and the blobs were not.
    bench.restarts(PLAIN);
    let again = asks_in_vain(&mut bench, "a", 1, half.blob);
    let anew = bench.task_of("a").expect("it goes on at once");
    assert_eq!((anew.trial, anew.attempt.0), (again.trial, again.attempt.0 + 1));
    assert_eq!(resume(&bench, task.trial), None);
    let trial = bench.core.state().trial(task.trial).unwrap();
    assert_eq!((trial.crashes, trial.failures.len(), bench.warnings.len()), (0, 0, 1));
    let health = &bench.core.state().workers[&WorkerName::new("a")].health;
    assert!(health.failed.is_empty() && health.quarantine.is_none());

    // The same bits once more: they are there now.
    bench.delivers("a", 1, Report::Suspended { task: anew, checkpoint: Some(half) });
    assert_eq!(resume(&bench, task.trial), Some(half));
}

#[test]
fn a_worker_s_word_alone_makes_no_blob_missing() {
    let mut bench = Bench::new(&[PLAIN, &["coordinator.retry_s=0"]].concat());
    bench.joins("a", 1);
    bench.joins("b", 2);
    let (task, half) = (bench.task_of("a").unwrap(), checkpoint(b"half", 0.5));
    bench.delivers("a", 1, Report::Suspended { task, checkpoint: Some(half) });
    // Somebody else asks, or for something else: nobody told them to.
    bench.step(Input::BlobMissing { worker: "b".into(), blob: half.blob });
    bench.step(Input::BlobMissing { worker: "nobody".into(), blob: half.blob });
    bench.step(Input::BlobMissing { worker: "a".into(), blob: BlobId::of(b"else") });
    let task = bench.task_of("a").unwrap();
    bench.delivers("a", 1, Report::Failed { task, failure: Failure::for_want_of(half.blob) });
    assert_eq!(bench.core.state().trial(task.trial).unwrap().crashes, 1);
    assert_eq!(resume(&bench, task.trial), Some(half));
    assert!(bench.warnings.is_empty());

    // Nor is what it begins without missed a second time.
    asks_in_vain(&mut bench, "a", 1, half.blob);
    asks_in_vain(&mut bench, "a", 1, half.blob);
    assert_eq!(bench.core.state().trial(task.trial).unwrap().crashes, 2);
}

#[test]
fn a_study_whose_supernet_is_gone_goes_on_without_scores() {
    let mut bench = Bench::new(&["ladder.one_shot=true"]);
    bench.joins("a", 1);
    bench.allocation = Shares { train: 1, sample: 2, rest: 0 };
    bench.finishes("a", 1, supernet());
    bench.joins("b", 2);
    bench.joins("c", 3);
    let scores = |bench: &Bench| {
        let is_score = |subject: &Subject| subject.fidelity() == Some(Fidelity::OneShot);
        let scorer = |worker: &&str| bench.task_of(worker).is_some() && is_score(&bench.subject_of(worker));
        ["a", "b", "c"].into_iter().filter(scorer).collect::<Vec<_>>()
    };
    let scorers = scores(&bench);
    assert_eq!(scorers.len(), 2);
    let session = |worker: &str| match worker {
        "a" => 1,
        "b" => 2,
        _ => 3,
    };
    for worker in scorers {
        let task = asks_in_vain(&mut bench, worker, session(worker), BlobId::of(b"supernet"));
        let trial = bench.core.state().trial(task.trial).unwrap();
        let TrialState::Failed { reason } = &trial.state else { panic!("{:?}", trial.state) };
        assert!(reason.contains("shared weights") && trial.crashes == 0, "{reason}");
        let health = &bench.core.state().workers[&WorkerName::new(worker)].health;
        assert!(health.failed.is_empty() && health.quarantine.is_none());
    }
    assert!(!bench.core.standing.can_score());
    bench.passes(2.0);
    assert_eq!(scores(&bench), Vec::<&str>::new(), "nobody is given what can't be scored");
    assert!(bench.core.state().leases().count() > 0, "others train on");
}
