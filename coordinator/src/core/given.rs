//! Results that were known before: how they enter the fold, and what tells them from those that were worked for.

use common::energy::Purpose;
use common::id::TrialId;
use common::time::Timestamp;
use common::trial::{Evaluation, Origin, Source, Subject};

use super::state::State;
use super::trial::Trial;

/// A result from elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// A network; a supernet is not known by its figures.
    pub subject: Subject,
    pub source: Source,
    pub evaluation: Evaluation,
}

impl State {
    pub(super) fn evaluation_given(
        &mut self,
        at: Timestamp,
        id: TrialId,
        subject: &Subject,
        source: &Source,
        evaluation: &Evaluation,
    ) {
        let origin = Origin::Given(source.clone());
        match self.trials.get_mut(&id) {
            // What it has cost so far stays booked.
            Some(trial) => (trial.origin, trial.worker) = (origin, None),
            None => self.trial_proposed(at, id, subject, &origin),
        }
        self.evaluated(at, id, evaluation);
    }

    /// Full trainings that this study has paid for.
    pub fn trained_fully(&self) -> usize {
        self.finished_here()
            .find(|(purpose, _)| *purpose == Purpose::Full)
            .map_or(0, |(_, count)| count as usize)
    }

    pub fn given(&self) -> impl Iterator<Item = &Trial> {
        self.trials.values().filter(|trial| trial.is_given())
    }
}

impl Trial {
    /// Whether its result is taken as given.
    pub fn is_given(&self) -> bool {
        self.source().is_some()
    }

    /// Where its result was read, if it was.
    pub fn source(&self) -> Option<&Source> {
        match &self.origin {
            Origin::Given(source) => Some(source),
            _ => None,
        }
    }
}
