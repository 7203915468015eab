//! The ladder of fidelities: one-shot scores reject, short trainings promote, full trainings count.
//!
//! Promotion is by non-dominated layer, then by crowding, among all that reached the rung (the MOASHA idea: Schmucker et
//! al., arXiv 2106.12639), ranked afresh at each choice. Shares (so many scores a short training, so many short trainings a
//! full one) hold while there is a choice; a slot that may train never idles for the sake of a share.

use std::collections::{BTreeSet, VecDeque};

use common::architecture::Architecture;
use common::config::Ladder;
use common::energy::Purpose;
use common::fidelity::Fidelity;
use common::trial::{ArtifactKind, Origin, Subject};

use crate::core::{State, TrialState};

/// An architecture proposed, not yet taken up.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub architecture: Architecture,
    pub origin: Origin,
    /// The hypervolume that a full training is expected to add; none without a model.
    pub promise: Option<f64>,
}

/// A new trial for a slot to take up.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    pub subject: Subject,
    pub origin: Origin,
}

/// An architecture that was evaluated on a step of the ladder and has not been taken to the next.
#[derive(Debug, Clone)]
struct Contender {
    architecture: Architecture,
    /// Minimised.
    objectives: Vec<f64>,
    /// Whether a trial of the next step exists.
    taken: bool,
}

/// Who stands where on the ladder.
#[derive(Debug)]
pub struct Standing {
    ladder: Ladder,
    initial_samples: usize,
    supernet: Supernet,
    scored: Vec<Contender>,
    rungs_started: usize,
    rungs_from_scores: usize,
    rungs_done: Vec<Contender>,
    fulls_started: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Supernet {
    Absent,
    Underway,
    Ready,
    /// Given up, or not wanted: the study goes on without scores.
    Without,
}

impl Standing {
    pub fn new(state: &State, ladder: Ladder, initial_samples: usize) -> Self {
        let rung = rung(&ladder);
        let at = |wanted: Fidelity| {
            state.trials.values().filter(move |trial| trial.subject.fidelity() == Some(wanted))
        };
        let started = |wanted: Fidelity| -> BTreeSet<&Architecture> {
            at(wanted).filter_map(|trial| trial.subject.architecture()).collect()
        };
        let (rungs, fulls) = (started(rung), started(Fidelity::Full));
        let contenders = |from: Fidelity, next: &BTreeSet<&Architecture>| -> Vec<Contender> {
            let finished = state.finished_at(from);
            finished
                .filter_map(|(_, architecture, evaluation)| {
                    let objectives = state.objectives(evaluation)?.0;
                    let taken = next.contains(architecture);
                    Some(Contender { architecture: architecture.clone(), objectives, taken })
                })
                .collect()
        };
        let from_scores = Origin::Promotion { from: Fidelity::OneShot };
        Self {
            ladder,
            initial_samples,
            supernet: supernet(state, &ladder),
            scored: contenders(Fidelity::OneShot, &rungs),
            rungs_started: rungs.len(),
            rungs_from_scores: at(rung).filter(|trial| trial.origin == from_scores).count(),
            rungs_done: if rung == Fidelity::Full { Vec::new() } else { contenders(rung, &fulls) },
            fulls_started: fulls.len(),
        }
    }

    /// What a slot that may train should begin; takes from `stock` where the choice is an unscored candidate. `fits` says
    /// whether the budgets can pay for one more of a purpose.
    pub fn next_training(
        &self,
        stock: &mut VecDeque<Candidate>,
        fits: &dyn Fn(Purpose) -> bool,
    ) -> Option<Choice> {
        if self.supernet == Supernet::Absent && fits(Purpose::Supernet) {
            return Some(Choice { subject: Subject::Supernet, origin: Origin::Study });
        }
        let full_fits = fits(Purpose::Full);
        let full_due = self.fulls_started < self.rungs_done.len() / self.ladder.rungs_per_full as usize;
        if full_due
            && full_fits
            && let Some(choice) = self.promote_to_full(usize::MAX)
        {
            return Some(choice);
        }
        let first = rung(&self.ladder);
        if fits(purpose(first)) {
            let score_due = self.rungs_from_scores < self.scored.len() / self.ladder.scores_per_rung as usize;
            if score_due && let Some(choice) = self.promote_score() {
                return Some(choice);
            }
            if self.rungs_started < self.initial_samples
                && let Some(candidate) = stock.pop_front()
            {
                return Some(network(candidate.architecture, first, candidate.origin));
            }
            // Nothing is due: rather than idle, the best there is.
            if let Some(choice) = self.promote_score() {
                return Some(choice);
            }
            if full_fits && let Some(choice) = self.promote_to_full(1) {
                return Some(choice);
            }
            if let Some(candidate) = stock.pop_front() {
                return Some(network(candidate.architecture, first, candidate.origin));
            }
        }
        full_fits.then(|| self.promote_to_full(usize::MAX)).flatten()
    }

    /// What a slot that samples should score.
    pub fn next_score(
        &self,
        stock: &mut VecDeque<Candidate>,
        fits: &dyn Fn(Purpose) -> bool,
    ) -> Option<Choice> {
        if !self.can_score() || !fits(Purpose::OneShot) {
            return None;
        }
        let candidate = stock.pop_front()?;
        Some(network(candidate.architecture, Fidelity::OneShot, candidate.origin))
    }

    /// Whether more scores are of use: there is a supernet, and the pool is not full.
    pub fn can_score(&self) -> bool {
        self.supernet == Supernet::Ready && self.pool() < self.ladder.pool as usize
    }

    /// Scored and not yet trained.
    pub fn pool(&self) -> usize {
        self.scored.iter().filter(|contender| !contender.taken).count()
    }

    /// Trained shortly and not taken to a full training.
    pub fn promotable(&self) -> Vec<Architecture> {
        let open = self.rungs_done.iter().filter(|contender| !contender.taken);
        open.map(|contender| contender.architecture.clone()).collect()
    }

    /// The fidelity whose results the search tree learns from: the first step that trains.
    pub fn learning_fidelity(ladder: &Ladder) -> Fidelity {
        rung(ladder)
    }

    fn promote_score(&self) -> Option<Choice> {
        let best = best(&self.scored, usize::MAX)?;
        Some(network(best, rung(&self.ladder), Origin::Promotion { from: Fidelity::OneShot }))
    }

    fn promote_to_full(&self, layers: usize) -> Option<Choice> {
        let best = best(&self.rungs_done, layers)?;
        Some(network(best, Fidelity::Full, Origin::Promotion { from: rung(&self.ladder) }))
    }
}

/// The first step that trains: a short training, or at once the full one.
fn rung(ladder: &Ladder) -> Fidelity {
    if ladder.rung_epochs == 0 { Fidelity::Full } else { Fidelity::Rung(ladder.rung_epochs) }
}

fn purpose(fidelity: Fidelity) -> Purpose {
    match fidelity {
        Fidelity::OneShot => Purpose::OneShot,
        Fidelity::Rung(_) => Purpose::Rung,
        Fidelity::Full => Purpose::Full,
    }
}

fn network(architecture: Architecture, fidelity: Fidelity, origin: Origin) -> Choice {
    Choice { subject: Subject::Network { architecture, fidelity }, origin }
}

fn supernet(state: &State, ladder: &Ladder) -> Supernet {
    if !ladder.one_shot {
        return Supernet::Without;
    }
    match state.of_subject(&Subject::Supernet) {
        None => Supernet::Absent,
        Some(trial) => match (&trial.state, &trial.evaluation) {
            (_, Some(evaluation)) if evaluation.artifact(ArtifactKind::Supernet).is_some() => Supernet::Ready,
            (TrialState::Failed { .. } | TrialState::Finished, _) => Supernet::Without,
            _ => Supernet::Underway,
        },
    }
}

/// The untaken contender of the lowest non-dominated layer (below `layers`), the least crowded of it first.
fn best(contenders: &[Contender], layers: usize) -> Option<Architecture> {
    let points: Vec<&[f64]> = contenders.iter().map(|contender| contender.objectives.as_slice()).collect();
    // Refused only for NaN, which no accepted evaluation holds.
    let ranks = moo::ranks(&points).ok()?;
    let lowest = contenders
        .iter()
        .zip(&ranks)
        .filter(|(contender, _)| !contender.taken)
        .map(|(_, rank)| *rank)
        .min()?;
    if lowest >= layers {
        return None;
    }
    let layer: Vec<&Contender> = contenders
        .iter()
        .zip(&ranks)
        .filter(|(_, rank)| **rank == lowest)
        .map(|(contender, _)| contender)
        .collect();
    let points: Vec<&[f64]> = layer.iter().map(|contender| contender.objectives.as_slice()).collect();
    let crowding = moo::crowding_distances(&points).ok()?;
    let open = layer.iter().zip(crowding).filter(|(contender, _)| !contender.taken);
    // Ties (both ends of a layer are infinitely uncrowded) go to the smaller error, the first objective.
    let order = |a: &(&&Contender, f64), b: &(&&Contender, f64)| {
        b.1.total_cmp(&a.1).then_with(|| {
            let pairs = a.0.objectives.iter().zip(&b.0.objectives);
            pairs
                .map(|(x, y)| x.total_cmp(y))
                .find(|order| order.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        })
    };
    open.min_by(order).map(|(contender, _)| contender.architecture.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contender(gene: u32, objectives: [f64; 2], taken: bool) -> Contender {
        Contender { architecture: Architecture::new(vec![gene]), objectives: objectives.to_vec(), taken }
    }

    #[test]
    fn the_lowest_layer_is_promoted_first_and_its_best_error_before_the_rest() {
        let mut contenders = vec![
            contender(0, [0.9, 9.0], false),
            contender(1, [0.1, 5.0], false),
            contender(2, [0.5, 1.0], false),
        ];
        let next = |contenders: &[Contender]| best(contenders, usize::MAX).map(|a| a.genes()[0]);
        assert_eq!(next(&contenders), Some(1));
        contenders[1].taken = true;
        assert_eq!(next(&contenders), Some(2));
        contenders[2].taken = true;
        assert_eq!(next(&contenders), Some(0), "the dominated one comes last");
        assert_eq!(best(&contenders, 1), None, "and not at all where only the first layer counts");
        contenders[0].taken = true;
        assert_eq!(next(&contenders), None);
    }
}
