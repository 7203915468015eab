//! What went wrong, as `application/problem+json` (RFC 9457).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    pub status: u16,
    /// The same for every problem of a kind.
    pub title: String,
    /// What is wrong here, and how to mend it.
    pub detail: String,
}
