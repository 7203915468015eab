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
    /// Before it answered anything: it may be the key, which all its zones share.
    #[error("it refuses the key or this plan (status {status}){said}")]
    KeyRefused { status: u16, said: Said },
    /// The one question: the plan may not hold the zone, or that much of the past.
    #[error("it refuses the key or this plan (status {status}){said}")]
    Refused { status: u16, said: Said },
    #[error("the log-in fails: {0}")]
    LogIn(Box<Self>),
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

impl Trouble {
    /// Whether it lies with what was asked, about one zone: it says nothing about the service's other zones.
    pub fn is_of_the_question(&self) -> bool {
        match self {
            Self::Refused { .. } | Self::TooLong(_) | Self::Unreadable { .. } => true,
            Self::OtherZone { .. } | Self::OtherKind { .. } | Self::Unit(_) => true,
            Self::Status { status, .. } => is_refusal(*status),
            _ => false,
        }
    }

    /// Whether the service will not answer such a question, however often it is asked.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Refused { .. } => true,
            Self::Status { status, .. } => is_refusal(*status),
            _ => false,
        }
    }

    /// The same with `fit` applied to all that may hold the service's own words.
    pub(super) fn with_words(self, fit: impl Fn(&str) -> String) -> Self {
        match self {
            Self::Unreadable { reason, begins } => {
                Self::Unreadable { reason: fit(&reason), begins: fit(&begins) }
            }
            Self::OtherZone { asked, found } => Self::OtherZone { asked: fit(&asked), found: fit(&found) },
            Self::OtherKind { asked, found } => Self::OtherKind { asked, found: fit(&found) },
            Self::Unit(unit) => Self::Unit(fit(&unit)),
            other => other,
        }
    }
}

/// Of statuses other than 401, 403 and 429, which have troubles of their own; 408 is the service's own haste.
fn is_refusal(status: u16) -> bool {
    (400..500).contains(&status) && status != 408
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
