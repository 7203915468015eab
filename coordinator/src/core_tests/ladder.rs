//! What a slot takes up next: the supernet, rungs, promotions, and what the model promises.

use super::*;

#[test]
fn the_supernet_comes_first_and_others_train_meanwhile() {
    let mut bench = Bench::new(&["ladder.one_shot=true"]);
    bench.joins("a", 1);
    assert_eq!(bench.subject_of("a"), Subject::Supernet);
    bench.joins("b", 2);
    assert!(matches!(bench.subject_of("b"), Subject::Network { fidelity: Fidelity::Rung(12), .. }));
    bench.allocation = Shares { train: 1, sample: 1, rest: 0 };
    bench.finishes("a", 1, supernet());
    bench.passes(3600.0);
    bench.beats("a", 1, &[]);
    let assigned = bench.sent.iter().rev().find_map(|(_, message)| match message {
        ToWorker::Assign(assignment) => Some(assignment.clone()),
        _ => None,
    });
    assert!(assigned.is_some());
}

#[test]
fn a_failing_supernet_does_not_end_the_study() {
    let mut bench = Bench::new(&["ladder.one_shot=true"]);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    bench.delivers("a", 1, Report::Failed { task, failure: Failure::Diverged });
    assert!(matches!(bench.core.state().trial(task.trial).unwrap().state, TrialState::Failed { .. }));
    assert!(matches!(bench.subject_of("a"), Subject::Network { .. }), "trainings go on without scores");
}

#[test]
fn a_finished_training_is_asked_about_and_the_newest_answer_replaces_the_stock() {
    let settings = ["ladder.one_shot=false", "search.initial_samples=2"];
    let mut bench = Bench::new(&settings);
    bench.joins("a", 1);
    assert_eq!(bench.asked.last(), Some(&0));
    bench.promise = Some(1.0);
    bench.finishes("a", 1, evaluation(0.5, 10, vec![]));
    assert_eq!(bench.asked.last(), Some(&1), "what finished is told of");
    let stock: Vec<Option<f64>> = bench.core.stock.iter().map(|candidate| candidate.promise).collect();
    assert_eq!(stock, vec![Some(1.0); bench.core.options.batch], "nothing of the old answer is left");
    let questions = bench.asked.len();
    bench.passes(2.0);
    assert_eq!(bench.asked.len(), questions, "with nothing new to tell, nothing is asked");
}

#[test]
fn a_short_training_that_promises_most_goes_on_to_the_end() {
    let settings = ["ladder.one_shot=false", "search.initial_samples=2"];
    let mut bench = Bench::new(&settings);
    (bench.promise, bench.promotions) = (Some(1.0), Some(0.5));
    bench.joins("a", 1);
    for _ in 0..3 {
        bench.finishes("a", 1, evaluation(0.5, 10, vec![]));
    }
    let is_full = |bench: &Bench| bench.subject_of("a").fidelity() == Some(Fidelity::Full);
    assert!(!is_full(&bench), "newcomers promise more");
    bench.promotions = Some(2.0);
    bench.finishes("a", 1, evaluation(0.5, 10, vec![]));
    assert!(is_full(&bench), "the slot waits for what the model makes of the last result");
}
