//! Known results, taken as given.

use super::*;

fn given(genes: &[u32], fidelity: Fidelity, error: f64) -> Given {
    let subject = Subject::Network { architecture: Architecture::new(genes.to_vec()), fidelity };
    let source = Source { file: "known.csv".into(), sha256: BlobId::of(b"known") };
    Given { subject, source, evaluation: evaluation(error, 10, vec![]) }
}

/// What a bench without a model trains first, and second.
const FIRST: [u32; 6] = [3, 1, 0, 3, 1, 0];
const SECOND: [u32; 6] = [3, 2, 0, 3, 1, 0];

#[test]
fn what_is_given_is_finished_and_neither_trained_nor_paid_for() {
    let mut bench =
        Bench::knowing(PLAIN, vec![given(&FIRST, Fidelity::Full, 0.3), given(&SECOND, Fidelity::Full, 0.2)]);
    let state = bench.core.state();
    assert_eq!(state.finished_at(Fidelity::Full).count(), 2);
    assert_eq!((state.trained_fully(), state.mean_cost(Purpose::Full)), (0, None));
    assert_eq!(state.front.as_ref().unwrap().len(), 1, "equal in size, the smaller error stays");
    assert_eq!(state.progress.len(), 1, "what is given at once is one step");
    assert!(state.progress[0].given && state.progress[0].joules == Joules::ZERO);
    assert_eq!(bench.asked[0].observations.len(), 2, "the first question tells of them");
    bench.joins("a", 1);
    let trained = bench.subject_of("a");
    assert!(trained.architecture().is_some_and(|a| ![&FIRST[..], &SECOND].contains(&a.genes())));
}

#[test]
fn given_again_after_a_restart_it_changes_nothing_and_what_is_new_is_added() {
    let mut bench = Bench::knowing(PLAIN, vec![given(&FIRST, Fidelity::Full, 0.3)]);
    bench.joins("a", 1);
    let own = bench.finishes("a", 1, evaluation(0.4, 10, vec![])).trial;
    let subject = bench.core.state().trial(own).unwrap().subject.clone();
    let genes = subject.architecture().unwrap().genes().to_vec();
    bench.given.extend([given(&genes, Fidelity::Full, 0.1), given(&SECOND, Fidelity::Rung(3), 0.5)]);
    bench.restarts(PLAIN);
    let state = bench.core.state();
    assert_eq!(state.given().count(), 2);
    let own = state.trial(own).unwrap();
    assert!(!own.is_given());
    assert_eq!(own.evaluation.as_ref().unwrap().validation_error, 0.4, "the study's own result wins");
    let before = bench.ledger.iter().filter(|record| record.event.kind() == "evaluation_given").count();
    bench.restarts(PLAIN);
    let after = bench.ledger.iter().filter(|record| record.event.kind() == "evaluation_given").count();
    assert_eq!((before, after), (2, 2));
}

#[test]
fn a_training_whose_result_is_given_is_called_off() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    bench.delivers("a", 1, energy(Some(task), 5.0));
    bench.delivers("a", 1, Report::Checkpointed { task, checkpoint: checkpoint(b"half", 0.5) });
    let genes = bench.subject_of("a").architecture().unwrap().genes().to_vec();
    bench.given.push(given(&genes, Fidelity::Full, 0.1));
    bench.restarts(PLAIN);
    assert!(bench.sent.contains(&("a".into(), ToWorker::Cancel { task })));
    assert_eq!(bench.forgotten, [BlobId::of(b"half")]);
    let trial = bench.core.state().trial(task.trial).unwrap();
    assert!(trial.is_given() && trial.joules == Joules(5.0), "what it had used stays booked");
    assert_eq!(bench.core.state().mean_cost(Purpose::Full), None);
}

#[test]
fn a_short_training_that_is_given_may_be_promoted() {
    let settings = ["ladder.one_shot=false", "search.initial_samples=1", "search.searcher=random"];
    let settings = [&settings[..], &["ladder.rungs_per_full=1"]].concat();
    let mut bench = Bench::knowing(&settings, vec![given(&FIRST, Fidelity::Rung(12), 0.3)]);
    bench.joins("a", 1);
    let subject = bench.subject_of("a");
    assert_eq!(subject.architecture().unwrap().genes(), FIRST);
    assert_eq!(subject.fidelity(), Some(Fidelity::Full));
}
