//! What coordinator and worker say to each other.
//!
//! A worker's reports are *deliveries*: numbered from 1 within its session, kept and repeated until acknowledged, taken in
//! order and once. That one mechanism gives at-least-once delivery an exactly-once effect, across lost frames and
//! restarts of the coordinator. Heartbeats, progress and blob chunks are not numbered: losing one costs nothing.

mod codec;
mod vitals;

use serde::{Deserialize, Serialize};

pub use codec::{DecodeError, MAX_FRAME_BYTES, PROTOCOL, decode, encode};
pub use vitals::{LogLevel, LogLine, MOST_CHARACTERS, MOST_LINES, Vitals};

use crate::blob::BlobId;
use crate::energy::Measurement;
use crate::id::{SessionId, SlotId, TaskId, WorkerName, Zone};
use crate::study::StudySpec;
use crate::time::Millis;
use crate::trial::{Checkpoint, Evaluation, Failure, Subject};

/// Bytes of one blob chunk: large enough to fill a link, small enough not to hold up a heartbeat.
pub const CHUNK_BYTES: usize = 256 * 1024;
/// The largest blob; a supernet of NAS-Bench-201 at C=16, N=5 has 30 MB.
pub const MAX_BLOB_BYTES: u64 = 1 << 30;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromWorker {
    /// First words of a session, repeated until `Welcome`. The worker's name is not said: its key says it.
    Hello(Hello),
    /// "I am alive", from a thread of its own; `held` are the tasks in hand, so that a lost `Assign` or `Cancel` is noticed.
    Heartbeat { session: SessionId, clock: Millis, held: Vec<TaskId> },
    /// A numbered report.
    Delivery { session: SessionId, number: u64, report: Report },
    /// Answers an acknowledgement that speaks of less than an earlier one did: everything up to `acknowledged` was said to be durable.
    /// It may have been an old word come late; else the ledger is older than the session.
    Remembers { session: SessionId, acknowledged: u64 },
    /// For the screen only.
    Progress { session: SessionId, progress: Progress },
    /// For the screen only, every few seconds.
    Vitals { session: SessionId, vitals: Vitals },
    /// A piece of a blob on its way to the coordinator.
    Upload(Chunk),
    /// Asks for a piece of a blob.
    Download { blob: BlobId, offset: u64 },
    /// From whoever holds a join code, and its only word: the public key (Z85) of the worker that it was made for.
    Enrol { key: String },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    pub session: SessionId,
    /// The session's monotonic clock as this is sent.
    pub clock: Millis,
    pub zone: Zone,
    pub slots: Vec<SlotInfo>,
    pub version: String,
    pub host: String,
    /// Tasks in hand, from before the connection was lost.
    pub held: Vec<TaskId>,
}

/// One device slot, as its worker describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlotInfo {
    pub slot: SlotId,
    /// The device in words: "NVIDIA H100 80GB HBM3", "CPU, 1 thread".
    pub device: String,
    pub memory_mb: u64,
    /// The power meter in words.
    pub meter: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    Energy(Measurement),
    Checkpointed {
        task: TaskId,
        checkpoint: Checkpoint,
    },
    Suspended {
        task: TaskId,
        checkpoint: Option<Checkpoint>,
    },
    Finished {
        task: TaskId,
        evaluation: Box<Evaluation>,
    },
    Failed {
        task: TaskId,
        failure: Failure,
    },
    /// The worker leaves politely; nothing follows in this session.
    Leaving {
        reason: String,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    pub task: TaskId,
    /// Share of the task that is done, in [0, 1].
    pub done: f64,
    /// Epoch under way, from 1; 0 where there are none.
    pub epoch: u32,
    pub training_loss: Option<f64>,
    pub validation_error: Option<f64>,
}

/// A piece of a blob. `total` repeats in each, so that any piece tells the size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    pub blob: BlobId,
    pub offset: u64,
    pub total: u64,
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToWorker {
    /// Admitted. `acknowledged` is the last delivery taken in of this session.
    Welcome {
        session: SessionId,
        spec: Box<StudySpec>,
        heartbeat: Millis,
        acknowledged: u64,
    },
    /// Not admitted, and why; asking again will not help.
    Refused {
        reason: String,
    },
    /// The coordinator does not know this session: say `Hello` again.
    WhoAreYou {
        session: SessionId,
    },
    /// Answers `Remembers`: the ledger is older than the session, and what task numbers meant to it they may mean no more. Give up all
    /// that is in hand, and say `Hello` as a new session.
    BeginAnew {
        session: SessionId,
    },
    Assign(Box<Assignment>),
    /// Checkpoint the task, report `Suspended` and give the slot back.
    Suspend {
        task: TaskId,
    },
    /// The task's result is no longer wanted: stop, keep nothing.
    Cancel {
        task: TaskId,
    },
    /// Deliveries up to and including `number` are durable.
    Acknowledge {
        session: SessionId,
        number: u64,
    },
    /// The coordinator holds `received` bytes of the blob without gaps; the next chunk starts there. `total` reached: stored.
    UploadedTo {
        blob: BlobId,
        received: u64,
    },
    Chunk(Chunk),
    BlobMissing {
        blob: BlobId,
    },
    /// Answers `Enrol`: the key may connect from now on, under this name.
    Enrolled {
        name: WorkerName,
    },
    /// The study is over: report what is left and exit.
    StudyOver {
        reason: String,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    pub task: TaskId,
    pub slot: SlotId,
    pub subject: Subject,
    /// The supernet to inherit weights from; present for one-shot scoring.
    pub supernet: Option<BlobId>,
    /// Go on from here.
    pub resume: Option<Checkpoint>,
}
