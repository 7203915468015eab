//! A study's events, as the ladder hears them.

use common::architecture::Architecture;
use common::config::Ladder;
use common::event::Event;
use common::fidelity::Fidelity;
use common::id::TrialId;
use common::trial::Subject;

use super::{Agreement, Quality, Rules, Shown, Standing, Supernet};
use crate::core::{State, Trial};
use crate::supernets;

impl Standing {
    /// Of a study as it is.
    pub fn of_study(state: &State, rules: Rules) -> Self {
        let mut standing = Self::new(rules);
        for trial in state.trials.values() {
            standing.begun(trial);
        }
        for trial in state.trials.values() {
            standing.shown(state, trial);
        }
        standing.supernet = supernet(state, &rules.ladder);
        known_both_ways(state).for_each(|errors| standing.agreement.add(errors));
        standing
    }

    /// `event` was applied to `state`.
    pub fn follow(&mut self, event: &Event, state: &State) {
        let trial = |id: &TrialId| state.trial(*id);
        match event {
            Event::TrialProposed { trial: id, .. } => {
                if let Some(trial) = trial(id) {
                    self.begun(trial);
                }
            }
            Event::TrialFinished { task, .. } => {
                if let Some(trial) = trial(&task.trial) {
                    self.shown(state, trial);
                    self.agreement.weigh(state, trial);
                }
            }
            Event::EnergySpent { measurement, .. } => {
                let told = measurement.task.and_then(|task| state.trial(task.trial));
                if let Some(trial) = told.filter(|trial| trial.evaluation.is_some())
                    && let Some(fidelity) = trial.subject.fidelity()
                {
                    self.on_effort(trial.id.0, fidelity, trial.joules.0);
                }
                return;
            }
            Event::EvaluationGiven { trial: id, .. } => match trial(id) {
                // It had begun as something else: all is counted anew.
                Some(trial) if self.has_begun(trial) => *self = Self::of_study(state, self.rules),
                Some(trial) => {
                    self.begun(trial);
                    self.shown(state, trial);
                    self.agreement.weigh(state, trial);
                }
                None => {}
            },
            Event::StudyStarted { .. }
            | Event::TrialFailed { .. }
            | Event::TrialCancelled { .. }
            | Event::TrialRetried { .. } => {}
            _ => return,
        }
        self.supernet = supernet(state, &self.rules.ladder);
    }

    fn has_begun(&self, trial: &Trial) -> bool {
        let Subject::Network { architecture, fidelity } = &trial.subject else { return false };
        match fidelity {
            Fidelity::OneShot => false,
            Fidelity::Rung(_) => self.rungs_begun.contains(architecture),
            Fidelity::Full => self.fulls_begun.contains(architecture),
        }
    }

    fn begun(&mut self, trial: &Trial) {
        if let Subject::Network { architecture, fidelity } = &trial.subject {
            self.on_begun(architecture, *fidelity, &trial.origin);
        }
    }

    fn shown(&mut self, state: &State, trial: &Trial) {
        let Subject::Network { architecture, fidelity } = &trial.subject else { return };
        let objectives = trial.evaluation.as_deref().and_then(|evaluation| state.objectives(evaluation));
        if let Some(objectives) = objectives {
            let architecture = architecture.clone();
            let shown = Shown { architecture, objectives: objectives.0, effort: trial.joules.0 };
            self.on_shown(trial.id.0, *fidelity, shown);
        }
    }
}

impl Agreement {
    /// `trial` has just got its result: a score, or a full training, whose counterpart may have been known before.
    pub fn weigh(&mut self, state: &State, trial: &Trial) {
        let is_of_both = matches!(trial.subject.fidelity(), Some(Fidelity::OneShot | Fidelity::Full));
        if let Some(architecture) = trial.subject.architecture().filter(|_| is_of_both) {
            errors(state, architecture).into_iter().for_each(|errors| self.add(errors));
        }
    }
}

impl Quality {
    /// Of a study as it is.
    pub fn of_study(state: &State) -> Option<Self> {
        Self::of(&known_both_ways(state).collect::<Vec<_>>())
    }
}

/// Errors by the score and by the full training of each network that has both, in the order in which the latter were proposed.
fn known_both_ways(state: &State) -> impl Iterator<Item = (f64, f64)> {
    let fulls = state.trials.values().filter(|trial| trial.subject.fidelity() == Some(Fidelity::Full));
    fulls.filter_map(|trial| errors(state, trial.subject.architecture()?))
}

/// On the validation images, both.
fn errors(state: &State, architecture: &Architecture) -> Option<(f64, f64)> {
    let error = |fidelity: Fidelity| {
        let subject = Subject::Network { architecture: architecture.clone(), fidelity };
        Some(state.of_subject(&subject)?.evaluation.as_deref()?.validation_error)
    };
    Some((error(Fidelity::OneShot)?, error(Fidelity::Full)?))
}

fn supernet(state: &State, ladder: &Ladder) -> Supernet {
    if ladder.one_shot { supernets::standing(state) } else { Supernet::Without }
}
