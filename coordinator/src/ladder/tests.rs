//! Tiny ladders: each case says who stands where, what is promised, and what a free slot begins.

use std::collections::{BTreeSet, VecDeque};

use common::architecture::Architecture;
use common::config::Ladder;
use common::energy::Purpose;
use common::fidelity::Fidelity;
use common::trial::{Origin, Subject};
use lamoo::Promotion;

use super::contender::Contender;
use super::step::Step;
use super::*;

const RUNG: Fidelity = Fidelity::Rung(12);

/// A ladder with short trainings that begins with two samples; shares of four scores a short training and two of those a full
/// one.
struct Scene {
    climbed: Climbed,
    stock: VecDeque<Candidate>,
    promotions: Vec<Promotion>,
    rules: Rules,
    full_fits: bool,
}

fn architecture(gene: u32) -> Architecture {
    Architecture::new(vec![gene])
}

impl Scene {
    fn new(has_model: bool) -> Self {
        let ladder =
            Ladder { one_shot: false, rung_epochs: 12, scores_per_rung: 4, rungs_per_full: 2, pool: 8 };
        Self {
            climbed: Climbed::default(),
            stock: VecDeque::new(),
            promotions: Vec::new(),
            rules: Rules { ladder, initial_samples: 2, has_model },
            full_fits: true,
        }
    }

    fn rung(mut self, gene: u32, objectives: [f64; 2]) -> Self {
        self.climbed.rungs_begun.insert(architecture(gene));
        self.climbed.rungs.push(Shown {
            architecture: architecture(gene),
            objectives: objectives.to_vec(),
            effort: 1.0,
        });
        self
    }

    fn scored(mut self, gene: u32, objectives: [f64; 2]) -> Self {
        self.climbed.supernet = Supernet::Ready;
        self.climbed.scored.push(Shown {
            architecture: architecture(gene),
            objectives: objectives.to_vec(),
            effort: 1.0,
        });
        self
    }

    fn full(mut self, gene: u32) -> Self {
        self.climbed.fulls_begun.insert(architecture(gene));
        self
    }

    fn offers(mut self, gene: u32, promise: impl Into<Option<f64>>) -> Self {
        let (architecture, promise) = (architecture(gene), promise.into());
        self.stock.push_back(Candidate { architecture, origin: Origin::Initial, promise });
        self
    }

    fn promises(mut self, gene: u32, promise: f64) -> Self {
        self.promotions.push(Promotion { architecture: architecture(gene), promise });
        self
    }

    fn no_full_fits(mut self) -> Self {
        self.full_fits = false;
        self
    }

    fn choose(&mut self) -> Option<(u32, Fidelity)> {
        let standing = Standing::of(self.climbed.clone(), self.rules);
        let fits = |purpose: Purpose, _: f64| purpose != Purpose::Full || self.full_fits;
        let choice = standing.next_training(&mut self.stock, &self.promotions, &fits)?;
        match choice.subject {
            Subject::Network { architecture, fidelity } => Some((architecture.genes()[0], fidelity)),
            Subject::Supernet | Subject::SubSupernet(_) | Subject::RegionSupernet(_) => None,
        }
    }
}

#[track_caller]
fn check(mut scene: Scene, expected: impl Into<Option<(u32, Fidelity)>>) {
    assert_eq!(scene.choose(), expected.into());
}

/// Three short trainings: 1 and 2 on the front, 3 dominated.
fn three(has_model: bool) -> Scene {
    Scene::new(has_model).rung(1, [0.1, 5.0]).rung(2, [0.5, 1.0]).rung(3, [0.9, 9.0])
}

#[test]
fn a_promotion_is_due_when_it_promises_as_much_as_the_best_newcomer() {
    let scene = || three(true).promises(1, 2.0).promises(2, 3.0);
    check(scene().offers(7, 1.0).offers(8, 3.0), (2, Fidelity::Full));
    check(scene().offers(7, 1.0).offers(8, 3.1), (8, RUNG));
}

#[test]
fn promise_beats_rank() {
    check(three(true).promises(1, 0.1).promises(3, 0.2).offers(7, 0.1), (3, Fidelity::Full));
    check(three(true).promises(1, 0.2).promises(3, 0.2).offers(7, 0.1), (1, Fidelity::Full));
}

#[test]
fn who_was_promoted_is_not_promoted_again() {
    check(three(true).full(2).promises(1, 0.5).promises(2, 3.0).offers(7, 1.0), (7, RUNG));
}

#[test]
fn of_two_steps_that_promise_nothing_the_cheap_one_is_taken() {
    check(three(true).promises(1, 0.0).offers(7, 0.0), (7, RUNG));
}

#[test]
fn where_full_trainings_are_rare_the_best_promotion_is_due_whatever_is_promised() {
    let after = |rungs: u32| {
        (4..=rungs)
            .fold(three(true), |scene, gene| scene.rung(gene, [0.9, 9.0]))
            .promises(3, 0.0)
            .offers(99, 1.0)
    };
    check(after(19), (99, RUNG));
    check(after(20), (3, Fidelity::Full));
    check(after(20).no_full_fits(), (99, RUNG));
    check(after(20).full(3), (99, RUNG));
    check(after(40).full(3), (1, Fidelity::Full));
}

#[test]
fn newcomers_that_promise_most_go_first_and_of_equals_the_first_named() {
    let mut scene = three(true).promises(1, 0.5).offers(7, 1.0).offers(8, 2.0).offers(9, 2.0);
    assert_eq!(scene.choose(), Some((8, RUNG)));
    assert_eq!(scene.choose(), Some((9, RUNG)));
    assert_eq!(scene.choose(), Some((7, RUNG)));
    assert_eq!(scene.choose(), Some((1, Fidelity::Full)), "rather than idle");
}

#[test]
fn a_young_study_promotes_nobody_before_its_model_knows_enough() {
    let young = |has_model| {
        let mut scene = Scene::new(has_model).rung(1, [0.1, 5.0]).rung(2, [0.5, 1.0]).offers(7, None);
        scene.rules.initial_samples = 3;
        scene
    };
    check(young(true), (7, RUNG));
    check(young(false), (1, Fidelity::Full));
    let mut alone = young(true);
    alone.stock.clear();
    check(alone, (1, Fidelity::Full));
}

#[test]
fn without_a_model_shares_and_ranks_decide() {
    check(three(false).offers(7, None), (1, Fidelity::Full));
    check(three(false).full(1).offers(7, None), (2, Fidelity::Full));
    check(three(false).full(1).full(2).offers(7, None), (7, RUNG));
}

#[test]
fn a_budget_that_pays_for_no_full_training_leaves_the_short_ones() {
    check(three(true).promises(1, 9.0).offers(7, 1.0).no_full_fits(), (7, RUNG));
    check(three(true).promises(1, 9.0).no_full_fits(), None);
}

#[test]
fn nobody_idles_while_anything_can_be_done() {
    check(three(true).promises(3, 0.0), (3, Fidelity::Full));
    check(three(true), (1, Fidelity::Full));
    check(three(false).full(1).full(2), (3, Fidelity::Full));
    check(Scene::new(true).offers(7, None), (7, RUNG));
    check(Scene::new(true), None);
}

#[test]
fn of_the_scored_the_share_goes_on_and_promises_order_them() {
    let four = |has_model| {
        let scored = Scene::new(has_model).scored(1, [0.1, 1.0]).scored(2, [0.2, 2.0]);
        scored.scored(3, [0.3, 3.0]).scored(4, [0.4, 4.0])
    };
    check(Scene::new(false).scored(1, [0.1, 1.0]).offers(7, None), (7, RUNG));
    check(four(false).offers(7, None), (1, RUNG));
    let due = |has_model| {
        let mut scene = four(has_model).rung(8, [0.9, 9.0]).rung(9, [0.9, 9.0]).full(8).full(9);
        scene.climbed.rungs.clear();
        scene
    };
    check(due(false).offers(7, None), (1, RUNG));
    check(due(true).promises(1, 0.1).promises(3, 0.3).offers(7, 5.0), (3, RUNG));
    let share_used = || {
        let mut scene = due(true);
        scene.climbed.promoted_scores = 1;
        scene
    };
    check(share_used().promises(3, 0.3).offers(7, 5.0), (7, RUNG));
    check(share_used().promises(3, 0.3).offers(7, 0.2), (3, RUNG));
}

#[test]
fn who_is_trained_to_the_end_needs_no_short_training() {
    let scene = Scene::new(false).scored(1, [0.1, 1.0]).full(1);
    assert_eq!(Standing::of(scene.climbed, scene.rules).pool(), 0);
}

#[test]
fn a_ladder_without_a_rung_trains_newcomers_to_the_end() {
    let mut scene = Scene::new(true).offers(7, 1.0);
    scene.rules.ladder.rung_epochs = 0;
    check(scene, (7, Fidelity::Full));
    let mut known = three(true).full(1).full(2).full(3).promises(1, 9.0).offers(7, 1.0);
    known.rules.ladder.rung_epochs = 0;
    check(known, (7, Fidelity::Full));
}

#[test]
fn those_open_to_more_are_the_scored_and_the_shortly_trained() {
    let scene = three(true).full(2).scored(1, [0.1, 1.0]).scored(5, [0.1, 1.0]);
    let open: BTreeSet<Architecture> =
        Standing::of(scene.climbed, scene.rules).promotable().into_iter().collect();
    assert_eq!(open, [1, 3, 5].map(architecture).into());
}

#[test]
fn the_lowest_layer_is_promoted_first_and_its_best_error_before_the_rest() {
    let mut step = Step::default();
    for (gene, objectives) in [(0, [0.9, 9.0]), (1, [0.1, 5.0]), (2, [0.5, 1.0])] {
        let architecture = architecture(gene);
        step.come(
            gene.into(),
            Contender { architecture, objectives: objectives.to_vec(), effort: 1.0 },
            false,
        );
    }
    let next = |step: &Step, layers| {
        step.best_by_rank(layers, &|_| true).map(|contender| contender.architecture.genes()[0])
    };
    assert_eq!(next(&step, usize::MAX), Some(1));
    step.take(&architecture(1));
    assert_eq!(next(&step, usize::MAX), Some(2));
    step.take(&architecture(2));
    assert_eq!(next(&step, usize::MAX), Some(0), "the dominated one comes last");
    assert_eq!(next(&step, 1), None, "and not at all where only the first layer counts");
    step.take(&architecture(0));
    assert_eq!(next(&step, usize::MAX), None);
}

#[test]
fn efforts_are_told_by_the_mean_of_those_that_took_any() {
    let mut step = Step::default();
    for (gene, effort) in [(0, 0.0), (1, 2.0), (2, 4.0)] {
        let contender = Contender { architecture: architecture(gene), objectives: vec![1.0], effort };
        step.come(gene.into(), contender, false);
    }
    let efforts = |step: &Step| step.open().map(|contender| step.effort(contender)).collect::<Vec<_>>();
    assert_eq!(efforts(&step), [1.0, 2.0 / 3.0, 4.0 / 3.0], "what was given is as dear as the usual");
    step.took(1, 4.0);
    assert_eq!(efforts(&step), [1.0, 1.0, 1.0]);
}
