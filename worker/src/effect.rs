//! Everything a worker can do. The enum is closed, and every effect carries all that its doer needs.

use std::fmt;

use bytes::Bytes;
use common::blob::BlobId;
use common::id::{SessionId, SlotId, TaskId};
use common::study::StudySpec;
use common::wire::{Assignment, FromWorker};

use crate::journal::Item;

#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// A frame for the coordinator. It may be lost: the core repeats what matters.
    Send(FromWorker),

    /// Look the blob up in the cache and answer with `Input::BlobFound`.
    FindBlob { blob: BlobId },
    /// Worth keeping in the cache; no answer, and nothing is lost if it can't be kept.
    KeepBlob { blob: BlobId, bytes: Bytes },

    /// Write this down, in order, where the next process finds it, and answer with `Input::Secured` once it is as safe as this machine
    /// can make it.
    Secure { session: SessionId, items: Vec<Item> },
    /// All of the session's reports are with the coordinator: throw away what was kept of it.
    Discard { session: SessionId },

    /// Evaluations are for this study from now on.
    Prepare(Box<StudySpec>),
    /// Evaluate. `Input::Ended` follows exactly once.
    Start { slot: SlotId, assignment: Box<Assignment>, supernet: Option<Bytes>, resume: Option<Bytes> },
    /// Ask the evaluation under way for something; it answers when it looks up.
    Ask { slot: SlotId, task: TaskId, ask: Ask },

    /// From now on the slot's energy belongs to `task`; none means idle.
    Attribute { slot: SlotId, task: Option<TaskId> },
    /// Close all windows, hand their measurements in and answer with `Input::MetersStopped`.
    StopMeters,

    /// For the log.
    Note(Note),
    /// The last effect.
    Exit(Exit),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Put the work in safety and go on.
    Checkpoint,
    /// Put the work in safety and let go.
    Suspend,
    /// Let go, keep nothing.
    Cancel,
}

/// Why the process ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// The study is over.
    Done { reason: String },
    /// Somebody asked it to.
    Stopped,
    /// The coordinator will not have this worker.
    Refused { reason: String },
    /// No coordinator answered for as long as was allowed.
    GaveUp,
    /// This machine can't do the study's work.
    Broken { reason: String },
}

impl Exit {
    /// The process's exit code, as `--help` documents it.
    pub fn code(&self) -> u8 {
        match self {
            Self::Done { .. } | Self::Stopped => 0,
            Self::Broken { .. } => 1,
            Self::Refused { .. } => 3,
            Self::GaveUp => 4,
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done { reason } => write!(f, "the study is over: {reason}"),
            Self::Stopped => f.write_str("stopped on request"),
            Self::Refused { reason } => write!(f, "the coordinator refused this worker: {reason}"),
            Self::GaveUp => f.write_str(
                "gave up: no coordinator answered within worker.give_up_s; check its address and that it runs",
            ),
            Self::Broken { reason } => f.write_str(reason),
        }
    }
}

/// What happened, for people who read along.
#[derive(Debug, Clone, PartialEq)]
pub enum Note {
    Admitted {
        study: String,
    },
    /// No answer for a while; the worker introduces itself again.
    Silence,
    Assigned {
        task: TaskId,
        slot: SlotId,
    },
    /// The slot was given to another task before this one had let go.
    Displaced {
        task: TaskId,
        by: TaskId,
    },
    Fetched {
        blob: BlobId,
        bytes: u64,
    },
    /// Handed to the outbox: finished, suspended or failed, in words.
    Reported {
        task: TaskId,
        what: &'static str,
    },
    Failed {
        task: TaskId,
        reason: String,
    },
    Leaving {
        reason: String,
    },
    /// All reports of an earlier session are with the coordinator.
    FormerDelivered {
        session: SessionId,
    },
    /// The coordinator does not know an earlier process's session: its reports belong to another study.
    FormerUnknown {
        session: SessionId,
        reports: usize,
    },
    /// The coordinator's ledger is older than this session, which ends; so many reports that waited for their blobs are given up with
    /// the work in hand.
    LedgerIsOlder {
        session: SessionId,
        given_up: usize,
    },
    /// Time ran out with so many reports not acknowledged.
    Undelivered {
        reports: usize,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Admitted { study } => write!(f, "admitted to study `{study}`"),
            Self::Silence => {
                f.write_str("the coordinator has not answered for a while: introducing myself again")
            }
            Self::Assigned { task, slot } => write!(f, "task {task} assigned to slot {slot}"),
            Self::Displaced { task, by } => write!(f, "task {task} makes room for task {by}"),
            Self::Fetched { blob, bytes } => write!(f, "fetched blob {blob} ({bytes} bytes)"),
            Self::Reported { task, what } => write!(f, "task {task} {what}"),
            Self::Failed { task, reason } => write!(f, "task {task} failed: {reason}"),
            Self::Leaving { reason } => write!(f, "leaving: {reason}"),
            Self::FormerDelivered { session } => {
                write!(
                    f,
                    "the reports that an earlier session of this worker left (session {session}) are delivered"
                )
            }
            Self::FormerUnknown { session, reports } => {
                write!(
                    f,
                    "{reports} reports of an earlier start (session {session}) belong to another study than this coordinator's: they stay \
                     in the worker's directory"
                )
            }
            Self::LedgerIsOlder { session, given_up } => {
                write!(
                    f,
                    "the coordinator's ledger is an older copy of the one that this worker reported to (session {session}): work in hand and \
                     {given_up} reports that waited for their blobs are given up, and a new session begins"
                )
            }
            Self::Undelivered { reports } => {
                write!(
                    f,
                    "leaving with {reports} reports that nobody acknowledged; the next start delivers them"
                )
            }
        }
    }
}
