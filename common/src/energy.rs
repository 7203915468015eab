//! Metered spans and their joules.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{SlotId, TaskId};
use crate::time::Millis;
use crate::unit::Joules;

/// How joules were found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Difference of a hardware energy counter (NVML, RAPL).
    Counter,
    /// Power readings integrated over time.
    Integrated,
    /// Utilisation times rated power: an estimate, and shown as one.
    Estimated,
    /// Looked up in a table (simulation, tabulated studies).
    Tabulated,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Counter => "counter",
            Self::Integrated => "integrated",
            Self::Estimated => "estimated",
            Self::Tabulated => "tabulated",
        })
    }
}

/// What a slot's energy was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    Idle,
    Supernet,
    OneShot,
    Rung,
    Full,
}

impl Purpose {
    pub const ALL: [Self; 5] = [Self::Idle, Self::Supernet, Self::OneShot, Self::Rung, Self::Full];

    /// Whether this energy went into gradient descent.
    pub fn is_training(self) -> bool {
        matches!(self, Self::Supernet | Self::Rung | Self::Full)
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Idle => "idle",
            Self::Supernet => "supernet",
            Self::OneShot => "one-shot",
            Self::Rung => "rung",
            Self::Full => "full",
        })
    }
}

/// A window on one slot and the joules it took, stamped by the worker session's own monotonic clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    pub slot: SlotId,
    /// The task that held the slot throughout the window; none while it was idle.
    pub task: Option<TaskId>,
    /// Since the session began.
    pub start: Millis,
    pub end: Millis,
    pub joules: Joules,
    pub method: Method,
    /// The instrument in words: "NVML GPU-8f3…", "RAPL package-0", "utilisation × TDP 65 W".
    pub meter: String,
}
