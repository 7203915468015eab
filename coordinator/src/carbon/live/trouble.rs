//! What a live service can do wrong. Whoever asks reads in it whether and when asking again can help; no variant ever holds a key.

use common::carbon::SignalKind;
use common::time::{Millis, Timestamp};

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Trouble {
    #[error("not asked before {until}: {why}")]
    Waiting { until: Timestamp, why: String },
    #[error(
        "not asked before {until}: its {limit} requests of 24 hours are used up; see carbon.requests_per_day"
    )]
    BudgetSpent { until: Timestamp, limit: u32 },
    #[error("no key: {0}")]
    NoKey(String),
    #[error("it refuses the key or this plan (status {status}){said}")]
    Refused { status: u16, said: Said },
    #[error("too many requests (status 429){said}")]
    Throttled { retry_after: Option<Millis>, said: Said },
    #[error("it answers with status {status}{said}")]
    Status { status: u16, retry_after: Option<Millis>, said: Said },
    #[error("it can't be reached: {0}")]
    Unreachable(String),
    #[error("no answer within {} s", .0.seconds())]
    TimedOut(Millis),
    #[error("the answer is longer than {0} bytes")]
    TooLong(u64),
    #[error("the answer can't be read ({reason}); it begins: {begins}")]
    Unreadable { reason: String, begins: String },
    #[error("it answers about {found} where {asked} was asked for")]
    OtherZone { asked: String, found: String },
    #[error("it answers in {found:?} where {asked:?} was asked for")]
    OtherKind { asked: SignalKind, found: String },
    #[error("it answers in `{0}`, a unit that is not known here")]
    Unit(String),
    #[error("no answer yet: what it says later serves the next time")]
    Late,
    #[error("it knows nothing of this hour")]
    Silent,
}

/// What the service itself says of the trouble, cut short; empty where it says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said(pub String);

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, ": {}", self.0) }
    }
}

/// Of a strange answer so many characters are shown: enough to tell a login page from an error of the service.
const SHOWN_CHARACTERS: usize = 80;

/// The beginning of `text` on one line, fit for a log.
pub(super) fn beginning(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words = line.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().take(SHOWN_CHARACTERS).collect()
}
