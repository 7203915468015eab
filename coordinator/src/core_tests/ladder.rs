//! What a slot takes up next: the supernet, rungs, promotions, and what the model promises.

use common::trial::{Part, Region};
use common::wire::Assignment;

use super::*;
use crate::supernets;

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

/// A supernet that is named by its subject.
fn trained(subject: &Subject) -> Evaluation {
    let blob = BlobId::of(subject.title().as_bytes());
    evaluation(0.5, 1, vec![Artifact { kind: ArtifactKind::Supernet, blob, bytes: 8 }])
}

impl Bench {
    /// The last assignment of a worker.
    fn assignment_of(&self, worker: &str) -> Assignment {
        let of_worker = |(name, message): &(WorkerName, ToWorker)| match message {
            ToWorker::Assign(assignment) if name.as_str() == worker => Some((**assignment).clone()),
            _ => None,
        };
        self.sent.iter().rev().find_map(of_worker).expect("it was assigned something")
    }

    /// Lets both workers finish networks until `done`; supernets are left to go on.
    fn works_until(&mut self, done: impl Fn(&Self) -> bool) {
        for _ in 0..200 {
            for (worker, session) in [("a", 1), ("b", 2)] {
                if done(self) {
                    return;
                }
                if self.task_of(worker).is_some() && self.subject_of(worker).architecture().is_some() {
                    self.finishes(worker, session, evaluation(0.5, 7, Vec::new()));
                }
            }
            self.passes(1.0);
            for (worker, session) in [("a", 1), ("b", 2)] {
                let held: Vec<TaskId> = self.task_of(worker).into_iter().collect();
                self.beats(worker, session, &held);
            }
        }
        panic!("it never came to that");
    }

    fn works_on(&self, subject: &Subject) -> Option<&'static str> {
        let holds = |worker: &&str| self.task_of(worker).is_some() && self.subject_of(worker) == *subject;
        ["a", "b"].into_iter().find(holds)
    }

    /// Whoever works on `subject` finishes it, or fails.
    fn ends(&mut self, subject: &Subject, evaluation: Option<Evaluation>) {
        let worker = self.works_on(subject).expect("somebody works on it");
        let session = if worker == "a" { 1 } else { 2 };
        let task = self.task_of(worker).unwrap();
        match evaluation {
            Some(evaluation) => {
                self.finishes(worker, session, evaluation);
            }
            None => self.delivers(worker, session, Report::Failed { task, failure: Failure::Diverged }),
        }
    }

    fn scored(&self) -> u32 {
        let mut finished = self.core.state().finished_here();
        finished.find(|(purpose, _)| *purpose == Purpose::OneShot).map_or(0, |(_, count)| count)
    }

    /// Lets a worker train all its supernets; the failed parts are those of `failing` options.
    fn trains_supernets(&mut self, failing: &[u32]) {
        loop {
            let subject = self.subject_of("a");
            match &subject {
                Subject::SubSupernet(part) if failing.contains(&part.option) => {
                    let task = self.task_of("a").unwrap();
                    self.delivers("a", 1, Report::Failed { task, failure: Failure::Diverged });
                }
                Subject::Supernet | Subject::SubSupernet(_) | Subject::RegionSupernet(_) => {
                    self.finishes("a", 1, trained(&subject));
                }
                Subject::Network { .. } => return,
            }
        }
    }
}

const SPLIT: &[&str] = &["ladder.one_shot=true", "few_shot.split=0"];

#[test]
fn a_split_supernet_is_trained_whole_and_then_in_parts_side_by_side() {
    let mut bench = Bench::new(SPLIT);
    bench.joins("a", 1);
    assert_eq!(bench.subject_of("a"), Subject::Supernet);
    bench.finishes("a", 1, trained(&Subject::Supernet));
    bench.joins("b", 2);
    let part = |option| Subject::SubSupernet(Part { decision: 0, option });
    assert_eq!([bench.subject_of("a"), bench.subject_of("b")], [part(0), part(1)]);
    let whole = BlobId::of(b"supernet");
    assert_eq!(bench.assignment_of("b").supernet, Some(whole), "a part begins with the weights of the whole");
    for option in 2..5 {
        bench.finishes("a", 1, trained(&part(0)));
        assert_eq!(bench.subject_of("a"), part(option));
    }
    bench.finishes("a", 1, trained(&part(4)));
    assert!(matches!(bench.subject_of("a"), Subject::Network { .. }), "each part once");
    assert!(!bench.core.standing.can_score(), "the part of b is still being trained");
    bench.finishes("b", 2, trained(&part(1)));
    assert!(bench.core.standing.can_score());
}

#[test]
fn a_score_inherits_from_its_part_and_from_the_whole_where_that_failed() {
    let mut bench = Bench::new(SPLIT);
    bench.joins("a", 1);
    bench.trains_supernets(&[3]);
    assert!(bench.core.standing.can_score(), "the whole one serves where a part failed");
    let state = bench.core.state();
    let inherited = |option: u32, gone: &[BlobId]| {
        let architecture = Architecture::new(vec![option, 1, 2, 3, 4, 0]);
        let subject = Subject::Network { architecture, fidelity: Fidelity::OneShot };
        supernets::inherited(state, &subject, &gone.iter().copied().collect())
    };
    let of = |subject: Subject| BlobId::of(subject.title().as_bytes());
    let whole = of(Subject::Supernet);
    assert_eq!(inherited(3, &[]), Some(whole));
    for option in [0, 1, 2, 4] {
        let part = of(Subject::SubSupernet(Part { decision: 0, option }));
        assert_eq!(inherited(option, &[]), Some(part));
        assert_eq!(inherited(option, &[part]), Some(whole), "and where its weights are gone");
        assert_eq!(inherited(option, &[part, whole]), None);
    }
    let architecture = Architecture::new(vec![1; 6]);
    let full = Subject::Network { architecture, fidelity: Fidelity::Full };
    assert_eq!(supernets::inherited(state, &full, &BTreeSet::new()), None);
}

const FOLLOWS: &[&str] = &[
    "ladder.one_shot=true",
    "search.searcher=lamoo-random",
    "region.every_scores=2",
    "ladder.scores_per_rung=1",
];

#[test]
fn a_supernet_follows_the_search_and_scores_inherit_from_the_newest() {
    let mut bench = Bench::new(FOLLOWS);
    let members = vec![Architecture::new(vec![1; 6]), Architecture::new(vec![2; 6])];
    bench.region = Some(Worked { path: "+-".into(), members: members.clone() });
    bench.allocation = Shares { train: 1, sample: 1, rest: 0 };
    bench.joins("a", 1);
    bench.joins("b", 2);
    bench.works_until(|bench| bench.works_on(&Subject::Supernet).is_some());
    bench.ends(&Subject::Supernet, Some(trained(&Subject::Supernet)));
    let region =
        |number| Subject::RegionSupernet(Region { number, path: "+-".into(), members: members.clone() });
    let inherits = |bench: &Bench, subject: &Subject| {
        supernets::inherited(bench.core.state(), subject, &BTreeSet::new())
    };
    let weights = |subject: &Subject| Some(BlobId::of(subject.title().as_bytes()));
    let score = Subject::Network { architecture: Architecture::new(vec![1; 6]), fidelity: Fidelity::OneShot };
    let (whole, first, second, third) = (Subject::Supernet, region(1), region(2), region(3));

    bench.works_until(|bench| bench.works_on(&first).is_some());
    assert!(bench.scored() >= 2);
    assert_eq!(inherits(&bench, &first), weights(&whole));
    assert_eq!(inherits(&bench, &score), weights(&whole), "until it is trained");
    bench.works_until(|bench| bench.scored() >= 5);
    assert_eq!(bench.core.state().regions().len(), 1, "one after the other");
    bench.ends(&first, Some(trained(&first)));
    assert_eq!(inherits(&bench, &score), weights(&first));

    bench.works_until(|bench| bench.works_on(&second).is_some());
    assert_eq!(inherits(&bench, &second), weights(&first), "it learns on");
    bench.ends(&second, None);
    assert_eq!(inherits(&bench, &score), weights(&first), "one that failed teaches nobody");
    bench.works_until(|bench| bench.works_on(&third).is_some());
    assert_eq!(inherits(&bench, &third), weights(&first));
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
    let told = |bench: &Bench| bench.asked.last().map(|wanted| wanted.observations.len());
    assert_eq!(told(&bench), Some(0));
    bench.promise = Some(1.0);
    bench.finishes("a", 1, evaluation(0.5, 10, vec![]));
    assert_eq!(told(&bench), Some(1), "what finished is told of");
    let stock: Vec<Option<f64>> = bench.core.stock.iter().map(|candidate| candidate.promise).collect();
    let but_one = bench.core.options.batch - 1;
    assert_eq!(stock, vec![Some(1.0); but_one], "nothing of the old answer is left, and one has begun");
    let questions = bench.asked.len();
    bench.passes(2.0);
    assert_eq!(bench.asked.len(), questions, "with nothing new to tell, nothing is asked");
}

#[test]
fn with_nothing_new_to_tell_a_searcher_is_asked_when_less_than_half_a_batch_is_left() {
    let mut bench = Bench::new(&["ladder.one_shot=false", "search.batch=5"]);
    bench.allocation = Shares { train: 4, sample: 0, rest: 0 };
    let after = ["a", "b", "c", "d"].map(|name| {
        bench.joins(name, 1);
        (bench.asked.len(), bench.core.stock.len())
    });
    assert_eq!(after, [(1, 4), (1, 3), (2, 5), (2, 4)]);
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
