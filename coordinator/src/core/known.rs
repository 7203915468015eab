//! What the searcher is told, kept up as trials begin and end. Shared, so that a question costs no copy of the whole study; only what
//! comes while a question is being thought about is added to a copy.

use std::collections::BTreeSet;
use std::sync::Arc;

use common::architecture::Architecture;
use common::event::Event;
use common::fidelity::Role;
use common::id::TrialId;
use common::trial::Subject;

use super::state::State;
use super::trial::Trial;

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Known {
    /// Of all fidelities, in the order of their trials, so that a restart asks the same.
    pub observations: Arc<Vec<lamoo::Observation>>,
    /// The trials of the observations.
    shown: Vec<TrialId>,
    /// Every architecture that has a trial.
    pub architectures: Arc<BTreeSet<Architecture>>,
    /// Being trained or about to be, by trial: an architecture may be at two lengths at once.
    pending: BTreeSet<(Architecture, TrialId)>,
}

impl Known {
    /// Of a study as it is.
    pub fn of(state: &State) -> Self {
        let mut known = Self::default();
        for trial in state.trials.values() {
            known.begun(trial);
            known.ended(trial, state);
        }
        known
    }

    /// `event` was applied to `state`.
    pub fn follow(&mut self, event: &Event, state: &State) {
        let id = match event {
            Event::TrialProposed { trial, .. }
            | Event::TrialFailed { trial, .. }
            | Event::TrialCancelled { trial }
            | Event::TrialRetried { trial }
            | Event::EvaluationGiven { trial, .. } => *trial,
            Event::TrialFinished { task, .. } => task.trial,
            Event::EnergySpent { measurement, .. } => {
                if let Some(trial) = measurement.task.and_then(|task| state.trial(task.trial)) {
                    self.took(trial);
                }
                return;
            }
            _ => return,
        };
        if let Some(trial) = state.trial(id) {
            self.begun(trial);
            self.ended(trial, state);
        }
    }

    pub fn pending(&self) -> BTreeSet<Architecture> {
        self.pending.iter().map(|(architecture, _)| architecture.clone()).collect()
    }

    /// What `trial` took is known better now; nothing happens where it has shown nothing.
    fn took(&mut self, trial: &Trial) {
        if let Ok(place) = self.shown.binary_search(&trial.id) {
            Arc::make_mut(&mut self.observations)[place].effort = effort(trial);
        }
    }

    fn begun(&mut self, trial: &Trial) {
        let Some(architecture) = trial.subject.architecture() else { return };
        if !self.architectures.contains(architecture) {
            Arc::make_mut(&mut self.architectures).insert(architecture.clone());
        }
        if trial.is_open() && trial.subject.role() == Role::Train {
            self.pending.insert((architecture.clone(), trial.id));
        }
    }

    /// Nothing happens where `trial` is open.
    fn ended(&mut self, trial: &Trial, state: &State) {
        let Subject::Network { architecture, fidelity } = &trial.subject else { return };
        if trial.is_open() {
            return;
        }
        self.pending.remove(&(architecture.clone(), trial.id));
        let objectives = trial.evaluation.as_deref().and_then(|evaluation| state.objectives(evaluation));
        if let Some(objectives) = objectives {
            let place = self.shown.partition_point(|other| *other < trial.id);
            let (architecture, fidelity) = (architecture.clone(), *fidelity);
            let effort = effort(trial);
            let observation = lamoo::Observation { architecture, fidelity, objectives: objectives.0, effort };
            self.shown.insert(place, trial.id);
            Arc::make_mut(&mut self.observations).insert(place, observation);
        }
    }
}

/// In joules; none where a result was given, or is not paid for yet.
fn effort(trial: &Trial) -> Option<f64> {
    Some(trial.joules.0).filter(|joules| *joules > 0.0)
}
