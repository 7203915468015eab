//! Everything a worker can learn. The enum is closed: what is not here can't influence it.

use bytes::Bytes;
use common::blob::BlobId;
use common::energy::Measurement;
use common::id::{SessionId, TaskId};
use common::trial::{ArtifactKind, Evaluation, Failure};
use common::wire::ToWorker;
pub use evaluation::Step;

#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A frame from the coordinator.
    Received(ToWorker),
    /// The transport reaches the coordinator again. Before the first word about it, it is taken to.
    Connected,
    /// The transport no longer reaches the coordinator.
    Disconnected,
    /// What answers at the coordinator's address can't be understood, and asking again will not help.
    Foreign { reason: String },

    /// The answer to `Secure`.
    Secured { session: SessionId },

    /// The answer to `FindBlob`: its bytes, if the cache has them.
    BlobFound { blob: BlobId, bytes: Option<Bytes> },

    /// No evaluator can be made for the study on this machine.
    CannotPrepare { reason: String },
    /// For the screen.
    Progressed { task: TaskId, step: Step },
    /// The evaluator put its work in safety and goes on.
    Kept { task: TaskId, kept: Kept },
    /// The executor has let go of the slot.
    Ended { task: TaskId, ending: Ending },

    /// A window of a slot's meter closed.
    Measured(Measurement),
    /// The answer to `StopMeters`: no measurement follows.
    MetersStopped,

    /// Somebody asks the worker to go (SIGTERM, Ctrl-C).
    Stop,
    /// Time passes. A few times a second keeps every limit within its purpose.
    Tick,
}

/// A checkpoint's bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    pub bytes: Bytes,
    /// Share of the whole training that is done, in [0, 1].
    pub progress: f64,
}

/// How a task came to its end on the executor.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// `evaluation.artifacts` is empty: the core fills it in from `artifacts`.
    Finished {
        evaluation: Box<Evaluation>,
        artifacts: Vec<(ArtifactKind, Bytes)>,
    },
    /// None where nothing newer than the last checkpoint was worth keeping.
    Suspended(Option<Kept>),
    Cancelled,
    Failed(Failure),
}
