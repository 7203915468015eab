//! How a worker is, for people's eyes: never in the ledger, decided upon by nobody, and losing one costs nothing.

use serde::{Deserialize, Serialize};

use crate::id::SlotId;
use crate::time::Millis;
use crate::unit::Celsius;

/// Lines that one message carries at most, and a coordinator keeps of a worker.
pub const MOST_LINES: usize = 40;
/// Characters of a line.
pub const MOST_CHARACTERS: usize = 240;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Vitals {
    /// The session's monotonic clock as this is sent.
    pub clock: Millis,
    /// Of devices that tell.
    pub temperatures: Vec<(SlotId, Celsius)>,
    /// Of the worker's log, what was not sent before, oldest first.
    pub log: Vec<LogLine>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// By the session's clock.
    pub clock: Millis,
    pub level: LogLevel,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    Info,
    Warning,
    Error,
}
