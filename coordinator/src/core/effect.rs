//! Everything a coordinator can want done. Events are made durable before any effect of the same step is carried out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use allocation::Situation;
use common::architecture::Architecture;
use common::blob::BlobId;
use common::carbon::Expected;
use common::event::Event;
use common::fidelity::Fidelity;
use common::id::{WorkerName, Zone};
use common::time::{GridHour, Timestamp};
use common::wire::ToWorker;

/// What one step decided.
#[derive(Debug, Default)]
pub struct Decision {
    /// The time that the events happened at, and that the fold will see.
    pub at: Timestamp,
    /// To be appended to the ledger, in order, as one.
    pub events: Vec<Event>,
    /// To be carried out once the events are durable.
    pub effects: Vec<Effect>,
}

#[derive(Debug)]
pub enum Effect {
    Send {
        to: WorkerName,
        message: ToWorker,
    },
    /// Ask the carbon sources for this hour; answered by `Input::Observed`, with what became better known of earlier ones.
    Observe {
        hour: GridHour,
        zones: BTreeSet<Zone>,
        /// What the study's own forecasts say of the hour, should no service know it.
        expected: BTreeMap<Zone, Expected>,
    },
    /// Ask the forecaster for what comes after `hour`; answered by `Input::Forecasted`.
    Forecast {
        hour: GridHour,
        zones: BTreeSet<Zone>,
    },
    /// Ask the agent; answered by `Input::Decided`.
    Decide {
        hour: GridHour,
        situation: Box<Situation>,
    },
    /// Ask the optimiser for candidates; answered by `Input::Proposed`.
    Propose(Box<Wanted>),
    /// There is more to do than one step shall take: answered by `Input::GoOn`, once others were heard.
    GoOn,
    /// A word for the log about a worker: what was not believed, or what is wanted and not there.
    Warn {
        worker: WorkerName,
        what: String,
    },
    /// Nothing refers to this blob any more.
    Forget(BlobId),
    /// The study is over and every worker has left, or was waited for long enough.
    Exit {
        reason: String,
    },
}

/// What the optimiser needs to propose; pure input, so that the same questions in the same order have the same answers.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub count: usize,
    /// At all fidelities.
    pub observations: Arc<Vec<lamoo::Observation>>,
    /// The first step that trains: where candidates begin.
    pub fidelity: Fidelity,
    /// Being trained, or about to be.
    pub pending: BTreeSet<Architecture>,
    /// Whatever has a trial: canonical forms.
    pub exclude: Arc<BTreeSet<Architecture>>,
    /// Scored or trained shortly, and open to more: what would a full training of each add?
    pub promotable: Vec<Architecture>,
    /// How many full trainings may still end by the budgets, begun or not; none where nothing limits them, or it is not known.
    pub affordable: Option<f64>,
}
