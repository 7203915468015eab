//! A list of work in place of a search: every architecture of it is evaluated once at each fidelity. Pure.
//!
//! Nothing is proposed, promoted or ranked, and no budget is asked: a study with an agenda is over when its list is done.
//! What fails is passed over, and its reason stands in the ledger. Whatever a slot's role, it takes what comes next.

use std::collections::BTreeSet;

use common::architecture::Architecture;
use common::fidelity::Fidelity;
use common::trial::{Origin, Subject};

use crate::core::State;
use crate::ladder::{Choice, Supernet};
use crate::supernets;

/// What is to be evaluated.
#[derive(Debug, Clone, PartialEq)]
pub struct Agenda {
    /// What each architecture is scored with; empty where none is.
    supernets: Vec<Subject>,
    /// Short and full trainings, and scores at the end: by then the supernets are there.
    networks: Vec<(Architecture, Fidelity)>,
}

impl Agenda {
    /// `supernets` and the scores if there are any, the short trainings unless `rung_epochs` is 0, and the full trainings.
    pub fn new(architectures: &[Architecture], supernets: Vec<Subject>, rung_epochs: u32) -> Self {
        let rung = (rung_epochs > 0).then_some(Fidelity::Rung(rung_epochs));
        let trainings: Vec<Fidelity> = rung.into_iter().chain([Fidelity::Full]).collect();
        let trained = |architecture: &Architecture| {
            trainings.iter().map(|&fidelity| (architecture.clone(), fidelity)).collect::<Vec<_>>()
        };
        let scored = architectures.iter().filter(|_| !supernets.is_empty());
        let scores = scored.map(|architecture| (architecture.clone(), Fidelity::OneShot));
        let networks = architectures.iter().flat_map(trained).chain(scores).collect();
        Self { supernets, networks }
    }

    /// How many results there will be if nothing fails.
    pub fn len(&self) -> usize {
        self.networks.len() + self.supernets.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is on the list from `place` on, in its order.
    fn subjects_from(&self, place: usize) -> impl Iterator<Item = Subject> {
        let network = |(architecture, fidelity): &(Architecture, Fidelity)| Subject::Network {
            architecture: architecture.clone(),
            fidelity: *fidelity,
        };
        let supernets = self.supernets.get(place..).unwrap_or_default();
        let networks = self.networks.get(place.saturating_sub(self.supernets.len())..).unwrap_or_default();
        supernets.iter().cloned().chain(networks.iter().map(network))
    }

    /// The first that nobody has begun and that can be begun. All before `begun` have: trials don't go away.
    pub(crate) fn next(&self, state: &State, begun: &mut usize) -> Option<Choice> {
        let is_ready = supernets::standing(state) == Supernet::Ready;
        let can_begin = |subject: &Subject| match subject {
            Subject::SubSupernet(_) => supernets::inherited(state, subject, &BTreeSet::new()).is_some(),
            Subject::Network { fidelity: Fidelity::OneShot, .. } => is_ready,
            Subject::Supernet | Subject::RegionSupernet(_) | Subject::Network { .. } => true,
        };
        let new = |subject: &Subject| state.of_subject(subject).is_none();
        *begun += self.subjects_from(*begun).take_while(|subject| !new(subject)).count();
        let subject = self.subjects_from(*begun).find(|subject| new(subject) && can_begin(subject))?;
        Some(Choice { subject, origin: Origin::Study })
    }

    /// Why the study is over, once everything on the list has a result or was given up. All before `begun` have a trial.
    pub(crate) fn done(&self, state: &State, begun: usize) -> Option<String> {
        let has_failed = supernets::standing(state) == Supernet::Without;
        let inherits = |subject: &Subject| {
            matches!(subject, Subject::SubSupernet(_)) || subject.fidelity() == Some(Fidelity::OneShot)
        };
        // What would have begun with a supernet that failed has failed with it.
        let is_closed = |subject: &Subject| match state.of_subject(subject) {
            Some(trial) => !trial.is_open(),
            None => has_failed && inherits(subject),
        };
        // Most of the time it is not: then the first look shows it.
        let may_be = state.trials.len() >= self.len() || has_failed;
        let rests = || state.waiting().next().is_none() && state.leases().next().is_none();
        (may_be && rests() && self.subjects_from(begun).all(|subject| is_closed(&subject)))
            .then(|| "the list is done".into())
    }
}
