//! Who stands where on the ladder.

use std::collections::BTreeSet;

use common::architecture::Architecture;
use common::config::Ladder;
use common::fidelity::Fidelity;
use common::trial::{Origin, Part};

use super::contender::Contender;
use super::quality::Agreement;
use super::step::Step;
use super::{Rules, first_training};

/// Where the shared weights stand that scores are taken with: those of one supernet, or also those that it was split into.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Supernet {
    /// One is wanted next that nobody has begun: the whole one, or that of a part.
    Wanted(Option<Part>),
    /// All have begun, and some are being trained.
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

/// Who may be taken to which step. Kept up as trials begin and end; a study of many trials asks it after each message.
#[derive(Debug, Clone)]
pub struct Standing {
    pub(super) rules: Rules,
    pub(super) supernet: Supernet,
    pub(super) scored: Step,
    /// Short trainings; nobody where the ladder has none.
    pub(super) rungs: Step,
    pub(super) rungs_begun: BTreeSet<Architecture>,
    pub(super) fulls_begun: BTreeSet<Architecture>,
    pub(super) promoted_scores: usize,
    /// Of scores with trainings; empty where nobody follows it.
    pub(super) agreement: Agreement,
}

impl Standing {
    /// Of nobody yet.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            supernet: Supernet::Without,
            scored: Step::default(),
            rungs: Step::default(),
            rungs_begun: BTreeSet::new(),
            fulls_begun: BTreeSet::new(),
            promoted_scores: 0,
            agreement: Agreement::default(),
        }
    }

    /// Of anything that climbs by `rules`.
    pub fn of(climbed: Climbed, rules: Rules) -> Self {
        let Climbed { supernet, scored, rungs, rungs_begun, promoted_scores, fulls_begun } = climbed;
        let mut standing = Self { supernet, rungs_begun, fulls_begun, promoted_scores, ..Self::new(rules) };
        let shown = |fidelity: Fidelity, shown: Vec<Shown>| {
            shown.into_iter().zip(0..).map(move |(shown, place)| (place, fidelity, shown))
        };
        for (place, fidelity, shown) in
            shown(Fidelity::OneShot, scored).chain(shown(first_training(&rules.ladder), rungs))
        {
            standing.on_shown(place, fidelity, shown);
        }
        standing
    }

    /// The shared weights that scores are taken with are gone: the study goes on as one that wants none.
    pub fn give_up_scores(&mut self) {
        self.rules.ladder.one_shot = false;
        self.supernet = Supernet::Without;
    }

    fn has_rung(&self) -> bool {
        self.rules.ladder.rung_epochs > 0
    }

    /// A trial of `architecture` exists from now on.
    pub fn on_begun(&mut self, architecture: &Architecture, fidelity: Fidelity, origin: &Origin) {
        let first = first_training(&self.rules.ladder);
        if fidelity == first && *origin == (Origin::Promotion { from: Fidelity::OneShot }) {
            self.promoted_scores += 1;
        }
        if fidelity == Fidelity::Full {
            self.fulls_begun.insert(architecture.clone());
            self.rungs.take(architecture);
        } else if fidelity == first {
            self.rungs_begun.insert(architecture.clone());
        } else {
            return;
        }
        // Who is trained to the end needs no short training.
        self.scored.take(architecture);
    }

    /// `place` tells trials apart and orders them.
    pub fn on_shown(&mut self, place: u64, fidelity: Fidelity, shown: Shown) {
        let Shown { architecture, objectives, effort } = shown;
        let in_full = self.fulls_begun.contains(&architecture);
        let contender = Contender { architecture, objectives, effort };
        if fidelity == Fidelity::OneShot {
            let taken = in_full || self.rungs_begun.contains(&contender.architecture);
            self.scored.come(place, contender, taken);
        } else if self.has_rung() && fidelity == first_training(&self.rules.ladder) {
            self.rungs.come(place, contender, in_full);
        }
    }

    /// What it took to show what is at `place` is known better now.
    pub fn on_effort(&mut self, place: u64, fidelity: Fidelity, effort: f64) {
        match fidelity {
            Fidelity::OneShot => self.scored.took(place, effort),
            Fidelity::Rung(_) if fidelity == first_training(&self.rules.ladder) => {
                self.rungs.took(place, effort);
            }
            Fidelity::Rung(_) | Fidelity::Full => {}
        }
    }

    /// First trainings begun: short ones, or full ones where there are no others.
    pub(super) fn first_begun(&self) -> usize {
        if self.has_rung() { self.rungs_begun.len() } else { self.fulls_begun.len() }
    }

    /// Whether scores may still decide who is trained.
    pub fn trusts_scores(&self) -> bool {
        self.agreement.says_something()
    }

    /// Whether more scores are of use: there is a supernet, its scores say something, and the pool is not full.
    pub fn can_score(&self) -> bool {
        self.supernet == Supernet::Ready
            && self.trusts_scores()
            && self.pool() < self.rules.ladder.pool as usize
    }

    /// Scored and not yet trained.
    pub fn pool(&self) -> usize {
        self.scored.open_len()
    }

    /// Of those that could be trained to the end, by the usual; 1 where there is nobody.
    pub fn least_effort(&self) -> f64 {
        self.rungs.open().map(|contender| self.rungs.effort(contender)).reduce(f64::min).unwrap_or(1.0)
    }

    /// Known from below and open to more: scored and not yet trained, or trained shortly and not yet fully. What a model is
    /// asked for promises of.
    pub fn promotable(&self) -> Vec<Architecture> {
        self.scored.open().chain(self.rungs.open()).map(|contender| contender.architecture.clone()).collect()
    }

    pub fn has_promotable(&self) -> bool {
        self.scored.open_len() + self.rungs.open_len() > 0
    }

    pub fn rules(&self) -> Rules {
        self.rules
    }

    /// Everything that choices depend on, but for the last bits of efforts.
    pub fn tells(&self) -> impl PartialEq + std::fmt::Debug + use<> {
        let people =
            |step: &Step| step.open().map(|contender| contender.architecture.clone()).collect::<Vec<_>>();
        let steps = [&self.scored, &self.rungs].map(|step| (step.len(), people(step)));
        (
            self.supernet,
            self.agreement.tells(),
            steps,
            self.rungs_begun.clone(),
            self.fulls_begun.clone(),
            self.promoted_scores,
        )
    }

    /// The fidelity whose results the search tree learns from: the first step that trains.
    pub fn learning_fidelity(ladder: &Ladder) -> Fidelity {
        first_training(ladder)
    }
}
