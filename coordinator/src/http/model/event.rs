//! What happened: `GET /api/v1/events`, as server-sent events, and `GET /api/v1/history`, in pages.

use common::event::Record;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventQuery {
    /// The last event that the caller knows; 0 for the whole history. Left out, only what is new is told. The header
    /// `Last-Event-ID`, which browsers send as they reconnect, wins.
    #[param(minimum = 0)]
    pub after: Option<u64>,
    /// Only these kinds, separated by commas: trial_finished,allocation_decided.
    pub kinds: Option<String>,
}

/// The `data` of one server-sent event; its `id` is `sequence`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventLine {
    pub sequence: u64,
    pub at: String,
    /// As in the ledger: trial_finished, worker_joined, ...
    pub kind: String,
    /// In words; null where a reader would not miss it.
    pub text: Option<String>,
    /// The event as it stands in the ledger.
    #[schema(value_type = Object)]
    pub event: serde_json::Value,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// The last event that the caller knows; none or 0 for the history from its beginning.
    #[param(minimum = 0)]
    pub after: Option<u64>,
}

/// A stretch of the history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HistoryPage {
    /// The number of the last event that there is. Fewer than the caller knows of mean that it knows another study.
    pub last: u64,
    /// `{"sequence", "at", "event"}` each: numbers count from 1, times are milliseconds since 1970 UTC, events are the ledger's.
    #[schema(value_type = Vec<Object>)]
    pub records: Vec<Record>,
}
