//! Who stands where on the ladder.

use std::collections::BTreeSet;

use common::architecture::Architecture;
use common::config::Ladder;
use common::fidelity::Fidelity;
use common::trial::{ArtifactKind, Origin, Subject};

use super::contender::Contender;
use super::{Rules, first_training};
use crate::core::{State, TrialState};

/// Where the shared weights stand that scores are taken with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Supernet {
    /// Wanted, and not begun.
    Absent,
    Underway,
    Ready,
    /// Given up, or not wanted: the study goes on without scores.
    #[default]
    Without,
}

/// What an evaluation of an architecture showed, minimised, in the order of the study's objectives.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    pub architecture: Architecture,
    pub objectives: Vec<f64>,
    /// What showing it took, in any unit that all of one step share.
    pub effort: f64,
}

/// How far everybody has come: all that the ladder knows of a search. Whatever runs one can tell it, a table as well as a
/// study. "Begun" counts what runs, what has finished and what has failed.
#[derive(Debug, Clone, Default)]
pub struct Climbed {
    pub supernet: Supernet,
    /// Finished one-shot scores.
    pub scored: Vec<Shown>,
    /// Finished short trainings; empty where the ladder has no rung.
    pub rungs: Vec<Shown>,
    /// Short trainings begun; empty where the ladder has no rung.
    pub rungs_begun: BTreeSet<Architecture>,
    /// Of the first trainings begun (short, or full where there is no rung), those that a score led to.
    pub promoted_scores: usize,
    /// Full trainings begun.
    pub fulls_begun: BTreeSet<Architecture>,
}

/// Who may be taken to which step; made afresh for each choice.
#[derive(Debug)]
pub struct Standing {
    pub(super) rules: Rules,
    pub(super) supernet: Supernet,
    pub(super) scored: Vec<Contender>,
    /// At the first step that trains.
    pub(super) first_begun: usize,
    pub(super) promoted_scores: usize,
    pub(super) rungs: Vec<Contender>,
    pub(super) fulls_begun: usize,
}

impl Standing {
    /// Of a study.
    pub fn new(state: &State, rules: Rules) -> Self {
        let first = first_training(&rules.ladder);
        let at = |wanted: Fidelity| {
            state.trials.values().filter(move |trial| trial.subject.fidelity() == Some(wanted))
        };
        let begun = |wanted: Fidelity| -> BTreeSet<Architecture> {
            at(wanted).filter_map(|trial| trial.subject.architecture()).cloned().collect()
        };
        let shown = |fidelity: Fidelity| -> Vec<Shown> {
            let finished = state.finished_at(fidelity);
            finished
                .filter_map(|(trial, architecture, evaluation)| {
                    let objectives = state.objectives(evaluation)?.0;
                    Some(Shown { architecture: architecture.clone(), objectives, effort: trial.joules.0 })
                })
                .collect()
        };
        let has_rung = first != Fidelity::Full;
        let promoted = Origin::Promotion { from: Fidelity::OneShot };
        let climbed = Climbed {
            supernet: supernet(state, &rules.ladder),
            scored: shown(Fidelity::OneShot),
            rungs: if has_rung { shown(first) } else { Vec::new() },
            rungs_begun: if has_rung { begun(first) } else { BTreeSet::new() },
            promoted_scores: at(first).filter(|trial| trial.origin == promoted).count(),
            fulls_begun: begun(Fidelity::Full),
        };
        Self::of(climbed, rules)
    }

    /// Of anything that climbs by `rules`.
    pub fn of(climbed: Climbed, rules: Rules) -> Self {
        let Climbed { supernet, scored, rungs, rungs_begun, promoted_scores, fulls_begun } = climbed;
        let has_rung = first_training(&rules.ladder) != Fidelity::Full;
        let contenders = |shown: Vec<Shown>, taken: &dyn Fn(&Architecture) -> bool| {
            // What was given took none.
            let efforts = || shown.iter().map(|shown| shown.effort).filter(|effort| *effort > 0.0);
            let mean = efforts().sum::<f64>() / efforts().count() as f64;
            let contender = |Shown { architecture, objectives, effort }| {
                let taken = taken(&architecture);
                let effort = Some(effort / mean).filter(|effort| effort.is_finite() && *effort > 0.0);
                Contender { architecture, objectives, effort: effort.unwrap_or(1.0), taken }
            };
            shown.into_iter().map(contender).collect()
        };
        let in_full = |architecture: &Architecture| fulls_begun.contains(architecture);
        // Who is trained to the end needs no short training.
        let in_training =
            |architecture: &Architecture| rungs_begun.contains(architecture) || in_full(architecture);
        Self {
            rules,
            supernet,
            scored: contenders(scored, &in_training),
            first_begun: if has_rung { rungs_begun.len() } else { fulls_begun.len() },
            promoted_scores,
            rungs: if has_rung { contenders(rungs, &in_full) } else { Vec::new() },
            fulls_begun: fulls_begun.len(),
        }
    }

    /// Whether more scores are of use: there is a supernet, and the pool is not full.
    pub fn can_score(&self) -> bool {
        self.supernet == Supernet::Ready && self.pool() < self.rules.ladder.pool as usize
    }

    /// Scored and not yet trained.
    pub fn pool(&self) -> usize {
        self.scored.iter().filter(|contender| !contender.taken).count()
    }

    /// Of those that could be trained to the end, by the usual; 1 where there is nobody.
    pub fn least_effort(&self) -> f64 {
        let open = self.rungs.iter().filter(|contender| !contender.taken).map(|contender| contender.effort);
        open.reduce(f64::min).unwrap_or(1.0)
    }

    /// Known from below and open to more: scored and not yet trained, or trained shortly and not yet fully. What a model is
    /// asked for promises of.
    pub fn promotable(&self) -> Vec<Architecture> {
        let open = self.scored.iter().chain(&self.rungs).filter(|contender| !contender.taken);
        open.map(|contender| contender.architecture.clone()).collect()
    }

    /// The fidelity whose results the search tree learns from: the first step that trains.
    pub fn learning_fidelity(ladder: &Ladder) -> Fidelity {
        first_training(ladder)
    }
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
