//! Identities. Numbers for what one coordinator counts, names for what people choose.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

// Shared: thousands of workers are named in many places, each at every turn.
macro_rules! name_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                // Two maps of a fleet, looked at side by side, mostly share their names: then the letters need not be read.
                if Arc::ptr_eq(&self.0, &other.0) { Ordering::Equal } else { self.0.cmp(&other.0) }
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl $name {
            pub fn new(name: impl AsRef<str>) -> Self {
                Self(name.as_ref().into())
            }
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self::new(name)
            }
        }
    };
}

number_id! {
    /// A trial of one study, counted from 0 in the order of proposal.
    TrialId(u64)
}
number_id! {
    /// A device slot of one worker, counted from 0.
    SlotId(u16)
}
number_id! {
    /// One life of a worker process: drawn at its start, so that a restarted process is told from its predecessor.
    SessionId(u64)
}
number_id! {
    /// Which try at a trial this is, counted from 0.
    Attempt(u32)
}
name_id! {
    /// A worker, as the coordinator's allow list names its key.
    WorkerName
}
name_id! {
    /// An area of the electricity grid with one carbon signal.
    Zone
}

/// One attempt at a trial, leased to one device slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskId {
    pub trial: TrialId,
    pub attempt: Attempt,
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.trial, self.attempt)
    }
}
