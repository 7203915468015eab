//! How thoroughly an architecture is evaluated, and in which role a slot must be to do it.

use std::fmt;
use std::str::FromStr;

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

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no fidelity: full, rung(EPOCHS) or one-shot")]
pub struct MalformedFidelity(String);

impl FromStr for Fidelity {
    type Err = MalformedFidelity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rung = || text.strip_prefix("rung(")?.strip_suffix(')')?.trim().parse().ok();
        match text {
            "one-shot" | "one_shot" => Ok(Self::OneShot),
            "full" => Ok(Self::Full),
            _ => match rung().filter(|epochs| *epochs > 0) {
                Some(epochs) => Ok(Self::Rung(epochs)),
                None => Err(MalformedFidelity(text.chars().take(80).collect())),
            },
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fidelities_survive_text_and_refuse_rubbish() {
        for fidelity in [Fidelity::OneShot, Fidelity::Rung(12), Fidelity::Full] {
            assert_eq!(fidelity.to_string().parse(), Ok(fidelity));
        }
        for text in ["", "rung", "rung()", "rung(0)", "rung(-1)", "Full", "rung(12"] {
            assert!(text.parse::<Fidelity>().is_err(), "{text}");
        }
    }
}
