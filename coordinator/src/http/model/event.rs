//! What happened: `GET /api/v1/events`, as server-sent events.

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
