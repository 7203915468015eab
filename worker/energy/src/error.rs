//! What can go wrong with a meter, for a caller that chooses by it.

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The meter can't be opened here.
    #[error("no {meter} here: {reason}")]
    Unavailable { meter: &'static str, reason: String },
    #[error("{setting} = {value}: {cure}")]
    Setting { setting: &'static str, value: String, cure: &'static str },
    /// One reading failed; the next may not, and covers the gap.
    #[error("{meter} could not be read ({reason})")]
    Unread { meter: String, reason: String },
    #[error(
        "{meter} has stood still for {still_s} s though nothing draws no power: set worker.meter = \"estimate\" and restart"
    )]
    Stuck { meter: String, still_s: i64 },
}

impl Error {
    /// Whether sampling the same meter again can help.
    pub fn can_retry(&self) -> bool {
        matches!(self, Self::Unread { .. } | Self::Stuck { .. })
    }
}
