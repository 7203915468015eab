//! What is asked of the fold after every message, kept up as events come: a study of a hundred thousand trials answers as fast as one
//! of ten. Derived from the trials alone; [`State`](super::State) keeps it in step.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use common::energy::Purpose;
use common::fidelity::{Fidelity, Role};
use common::id::{SlotId, TrialId, WorkerName};
use common::trial::Subject;
use common::unit::{Joules, Seconds};
use serde::{Deserialize, Serialize};

use super::trial::{Trial, TrialState};
use crate::fleet::SlotKey;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Index {
    #[serde(skip)]
    by_subject: BTreeMap<Subject, TrialId>,
    #[serde(skip)]
    leased: BTreeSet<TrialId>,
    /// What holds a slot, and the role of its work.
    #[serde(skip)]
    held: BTreeMap<SlotKey, (TrialId, Role)>,
    #[serde(skip)]
    waiting: BTreeSet<TrialId>,
    /// Region supernets, oldest first.
    #[serde(skip)]
    regions: Vec<TrialId>,
    /// Full trainings that run or wait.
    #[serde(skip)]
    open_fulls: u64,
    /// Trainings with a result, given ones among them.
    #[serde(skip)]
    trained: usize,
    /// Of what finished here. Sums depend on the order of events in their last bits, so that a snapshot keeps them.
    costs: BTreeMap<Purpose, Costs>,
    /// Of the architectures that finished both here, by the epochs of the short training.
    both: BTreeMap<u32, Both>,
}

/// Sums over finished trials.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Costs {
    pub count: u32,
    pub seconds: f64,
    pub joules: f64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Both {
    pub full: Costs,
    pub short: Costs,
}

impl Costs {
    pub fn add(&mut self, (seconds, joules): (f64, f64)) {
        self.count += 1;
        self.seconds += seconds;
        self.joules += joules;
    }

    pub fn plus(self, other: &Self) -> Self {
        Self {
            count: self.count + other.count,
            seconds: self.seconds + other.seconds,
            joules: self.joules + other.joules,
        }
    }

    /// None of nothing.
    pub fn mean(&self) -> Option<(Seconds, Joules)> {
        let count = f64::from(self.count);
        (self.count > 0).then(|| (Seconds(self.seconds / count), Joules(self.joules / count)))
    }
}

impl Index {
    /// Makes again what a snapshot leaves out because it follows from the trials.
    pub fn complete(&mut self, trials: &BTreeMap<TrialId, Trial>) {
        *self = Self {
            costs: std::mem::take(&mut self.costs),
            both: std::mem::take(&mut self.both),
            ..Self::default()
        };
        for trial in trials.values() {
            self.proposed(trial);
            self.trained += usize::from(trial.evaluation.is_some() && trial.subject.role() == Role::Train);
        }
    }

    pub fn proposed(&mut self, trial: &Trial) {
        self.by_subject.insert(trial.subject.clone(), trial.id);
        if let Subject::RegionSupernet(_) = trial.subject {
            self.regions.push(trial.id);
        }
        if let Some(Fidelity::Rung(epochs)) = trial.subject.fidelity() {
            self.both.entry(epochs).or_default();
        }
        self.enter(trial);
    }

    /// `trial` is about to change: all that its present state says of it is struck out.
    pub fn leave(&mut self, trial: &Trial) {
        match &trial.state {
            TrialState::Waiting => drop(self.waiting.remove(&trial.id)),
            TrialState::Leased(lease) => {
                self.leased.remove(&trial.id);
                let key = (lease.worker.clone(), lease.slot);
                if self.holder(&key) == Some(trial.id) {
                    self.held.remove(&key);
                }
            }
            TrialState::Finished | TrialState::Failed { .. } => {}
        }
        self.open_fulls -= u64::from(is_open_full(trial));
    }

    /// `trial` has changed.
    pub fn enter(&mut self, trial: &Trial) {
        match &trial.state {
            TrialState::Waiting => drop(self.waiting.insert(trial.id)),
            TrialState::Leased(lease) => {
                self.leased.insert(trial.id);
                let holder = (trial.id, trial.subject.role());
                self.held.insert((lease.worker.clone(), lease.slot), holder);
            }
            TrialState::Finished | TrialState::Failed { .. } => {}
        }
        self.open_fulls += u64::from(is_open_full(trial));
    }

    pub fn open(&self) -> usize {
        self.leased.len() + self.waiting.len()
    }

    /// `trial` has got its result.
    pub fn finished(&mut self, trial: &Trial, trials: &BTreeMap<TrialId, Trial>) {
        self.trained += usize::from(trial.subject.role() == Role::Train);
        let Some(cost) = cost(trial) else { return };
        self.costs.entry(trial.subject.purpose()).or_default().add(cost);
        self.with_partners(trial, trials, |both, own_is_full, partner| {
            let (full, short) = if own_is_full { (cost, partner) } else { (partner, cost) };
            both.full.add(full);
            both.short.add(short);
        });
    }

    /// Joules of a trial that has its result were told late.
    pub fn spent_late(&mut self, trial: &Trial, joules: Joules, trials: &BTreeMap<TrialId, Trial>) {
        if cost(trial).is_none() {
            return;
        }
        self.costs.entry(trial.subject.purpose()).or_default().joules += joules.0;
        self.with_partners(trial, trials, |both, own_is_full, _| {
            let own = if own_is_full { &mut both.full } else { &mut both.short };
            own.joules += joules.0;
        });
    }

    /// Calls `tell` for each finished training of the other length of the same architecture, with its cost.
    fn with_partners(
        &mut self,
        trial: &Trial,
        trials: &BTreeMap<TrialId, Trial>,
        mut tell: impl FnMut(&mut Both, bool, (f64, f64)),
    ) {
        let Subject::Network { architecture, fidelity } = &trial.subject else { return };
        let own_is_full = *fidelity == Fidelity::Full;
        for (&epochs, both) in &mut self.both {
            let rung = Fidelity::Rung(epochs);
            if !own_is_full && *fidelity != rung {
                continue;
            }
            let fidelity = if own_is_full { rung } else { Fidelity::Full };
            let partner = Subject::Network { architecture: architecture.clone(), fidelity };
            let partner = self.by_subject.get(&partner).and_then(|id| trials.get(id));
            if let Some(partner) = partner.and_then(cost) {
                tell(both, own_is_full, partner);
            }
        }
    }

    pub fn of_subject(&self, subject: &Subject) -> Option<TrialId> {
        self.by_subject.get(subject).copied()
    }

    /// Of subjects within bounds, in their order.
    pub fn between(&self, subjects: RangeInclusive<Subject>) -> impl Iterator<Item = TrialId> {
        self.by_subject.range(subjects).map(|(_, id)| *id)
    }

    pub fn leased(&self) -> impl Iterator<Item = TrialId> {
        self.leased.iter().copied()
    }

    pub fn holder(&self, key: &SlotKey) -> Option<TrialId> {
        self.held.get(key).map(|(trial, _)| *trial)
    }

    /// In the order of the slots.
    pub fn held_by(&self, worker: &WorkerName) -> impl Iterator<Item = TrialId> {
        let slots = (worker.clone(), SlotId(0))..=(worker.clone(), SlotId(u16::MAX));
        self.held.range(slots).map(|(_, (trial, _))| *trial)
    }

    /// Slots that are held, in their order, and the role of what holds them.
    pub fn roles_held(&self) -> impl Iterator<Item = (&SlotKey, Role)> + Clone {
        self.held.iter().map(|(key, (_, role))| (key, *role))
    }

    pub fn waiting(&self) -> impl Iterator<Item = TrialId> {
        self.waiting.iter().copied()
    }

    pub fn open_fulls(&self) -> u64 {
        self.open_fulls
    }

    pub fn trained(&self) -> usize {
        self.trained
    }

    pub fn regions(&self) -> &[TrialId] {
        &self.regions
    }

    pub fn costs(&self) -> &BTreeMap<Purpose, Costs> {
        &self.costs
    }

    pub fn both(&self, epochs: u32) -> Both {
        self.both.get(&epochs).copied().unwrap_or_default()
    }
}

fn is_open_full(trial: &Trial) -> bool {
    trial.is_open() && trial.subject.purpose() == Purpose::Full
}

/// Seconds and joules of what finished here.
fn cost(trial: &Trial) -> Option<(f64, f64)> {
    let evaluation = trial.evaluation.as_ref().filter(|_| !trial.is_given())?;
    Some((evaluation.seconds.0, trial.joules.0))
}
