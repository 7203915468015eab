//! What a doctor says of one thing: how it is, and how to mend it.

use std::fmt;

use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    Good,
    /// Works, and could be better or is not needed here.
    Note,
    /// A study will not run, or not as asked.
    Bad,
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Good => "good",
            Self::Note => "note",
            Self::Bad => "BAD",
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub what: &'static str,
    pub health: Health,
    /// What was found.
    pub found: String,
    /// What to do about it.
    pub mend: Option<String>,
}

impl Finding {
    pub fn good(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, health: Health::Good, found: found.into(), mend: None }
    }

    pub fn note(what: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { what, health: Health::Note, found: found.into(), mend: Some(mend.into()) }
    }

    pub fn bad(what: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { what, health: Health::Bad, found: found.into(), mend: Some(mend.into()) }
    }
}
