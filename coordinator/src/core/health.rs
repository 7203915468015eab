//! What a worker's failures say of the worker: how many trials in a row it failed at, and for how long it is given nothing.
//! Part of the fold; when a worker is put aside is decided in the reactor.

use std::collections::BTreeSet;

use common::id::TrialId;
use common::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::state::WorkerRecord;
use crate::mutation::{Mutation, planted};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// Trials that it crashed at since it last brought one forward; the same one twice says more of the trial.
    pub failed: BTreeSet<TrialId>,
    /// When it vanished with work in hand since then: one failure each time, however many slots it has.
    pub vanished: BTreeSet<Timestamp>,
    /// Quarantines since it last finished something.
    pub quarantines: u32,
    pub quarantine: Option<Quarantine>,
}

/// Why a worker is given nothing, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantine {
    pub until: Timestamp,
    pub reason: String,
}

impl Health {
    pub(super) fn failed(&mut self, trial: TrialId) {
        self.failed.insert(trial);
    }

    pub(super) fn vanished(&mut self, at: Timestamp) {
        self.vanished.insert(at);
    }

    /// Some work was put in safety.
    pub(super) fn worked(&mut self) {
        self.failed.clear();
        self.vanished.clear();
    }

    pub(super) fn finished(&mut self) {
        self.worked();
        self.quarantines = 0;
    }

    pub(super) fn quarantined(&mut self, until: Timestamp, reason: &str) {
        self.worked();
        self.quarantines += 1;
        self.quarantine = Some(Quarantine { until, reason: reason.into() });
    }

    pub(super) fn released(&mut self) {
        self.quarantine = None;
    }
}

impl WorkerRecord {
    /// Alive, and neither put aside nor about to go.
    pub fn is_at_hand(&self) -> bool {
        self.alive
            && !self.draining
            && (self.health.quarantine.is_none() || planted(Mutation::TrustsTheFailing))
    }
}
