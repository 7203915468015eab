//! How thoroughly an architecture is evaluated, and in which role a slot must be to do it.

use std::fmt;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fidelity {
    /// Scored with weights inherited from a supernet: seconds.
    OneShot,
    /// A short training of so many epochs on its own schedule: minutes.
    Rung(u32),
    /// Trained to the end ("vanilla" in CE-NAS): hours.
    Full,
}

impl fmt::Display for Fidelity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneShot => f.write_str("one-shot"),
            Self::Rung(epochs) => write!(f, "rung({epochs})"),
            Self::Full => f.write_str("full"),
        }
    }
}

/// What an allocation gives a slot to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Gradient descent: supernet, rungs, full trainings.
    Train,
    /// Scoring with inherited weights.
    Sample,
    /// Nothing; a running task is suspended.
    Rest,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Train => "train",
            Self::Sample => "sample",
            Self::Rest => "rest",
        })
    }
}
