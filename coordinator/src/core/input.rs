//! Everything that can happen to a coordinator.

use common::allocation::Allocation;
use common::blob::BlobId;
use common::carbon::{CarbonSample, Forecast};
use common::config::Budget;
use common::id::{TrialId, WorkerName};
use common::study::StudySpec;
use common::time::{GridClock, GridHour, Millis};
use common::wire::FromWorker;

use lamoo::Promotion;

use super::Given;
use crate::ladder::{Candidate, Worked};

#[derive(Debug, Clone)]
pub enum Input {
    /// This process took the study up; the first input of each life. `study` is what a new ledger begins with.
    Started {
        study: Box<NewStudy>,
        /// Results from elsewhere; those that the study has already change nothing.
        given: Vec<Given>,
        version: String,
        host: String,
    },
    /// A message from an authenticated peer.
    Message {
        worker: WorkerName,
        message: FromWorker,
    },
    /// Time passed. Nothing happens between ticks that only time could cause.
    Tick,
    /// Answers `Effect::Observe`.
    Observed {
        hour: GridHour,
        samples: Vec<CarbonSample>,
    },
    /// Answers `Effect::Forecast`; none where the zone's history is too short for any model.
    Forecasted {
        hour: GridHour,
        forecasts: Vec<Forecast>,
    },
    /// Answers `Effect::Decide`.
    Decided {
        hour: GridHour,
        allocation: Allocation,
    },
    /// Answers `Effect::Propose`; `promotions` is empty where no model was asked.
    Proposed {
        candidates: Vec<Candidate>,
        promotions: Vec<Promotion>,
        /// Where the search tree works, where the study asks for it.
        region: Option<Worked>,
    },
    /// Answers `Effect::GoOn`.
    GoOn,
    /// This machine slept for so long, and perhaps the workers with it.
    Slept {
        span: Millis,
    },
    /// The store was asked by this worker for a blob that it lacks.
    BlobMissing {
        worker: WorkerName,
        blob: BlobId,
    },
    /// This worker's key may not connect any more.
    Revoked {
        worker: WorkerName,
    },
    /// Somebody says that this worker is well again, or takes its drain back.
    Released {
        worker: WorkerName,
    },
    Control(Control),
}

impl Input {
    /// One word for the log.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Started { .. } => "started",
            Self::Message { message, .. } => match message {
                FromWorker::Hello(_) => "hello",
                FromWorker::Heartbeat { .. } => "heartbeat",
                FromWorker::Delivery { .. } => "delivery",
                _ => "message",
            },
            Self::Tick => "tick",
            Self::Observed { .. } => "observed",
            Self::Forecasted { .. } => "forecasted",
            Self::Decided { .. } => "decided",
            Self::Proposed { .. } => "proposed",
            Self::GoOn => "going on",
            Self::Slept { .. } => "slept",
            Self::BlobMissing { .. } => "blob missing",
            Self::Revoked { .. } => "revoked",
            Self::Released { .. } => "released",
            Self::Control(_) => "control",
        }
    }
}

/// What is asked for, should the ledger be empty.
#[derive(Debug, Clone)]
pub struct NewStudy {
    pub spec: StudySpec,
    pub clock: GridClock,
    /// The resolved configuration, as TOML.
    pub config: String,
}

/// What the operator, or this process itself, asks for. All but `Drain` are durable, and asking twice changes nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Control {
    /// This process is about to end: hand out nothing more, put running work in safety. The study is not over.
    Drain,
    /// End the study now.
    Stop {
        reason: String,
    },
    /// Put running work in safety and hand out nothing, until `Resume`. Time goes on.
    Pause,
    Resume,
    /// The worker's process gets nothing new, and goes once it holds nothing. Another one under its name is turned away, until
    /// `Input::Released`.
    DrainWorker {
        worker: WorkerName,
    },
    /// All that are there now.
    DrainWorkers,
    /// Give the trial up.
    Cancel {
        trial: TrialId,
    },
    /// Try a trial again that was given up.
    Retry {
        trial: TrialId,
    },
    /// Other limits, from now on.
    SetBudget {
        budget: Budget,
    },
    /// Results from elsewhere.
    Give {
        given: Vec<Given>,
    },
}
