//! What the plan wants of machines that may come: `GET /api/v1/demand`.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::StudyState;

/// What a launcher could bring, those that it has brought already among them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DemandQuery {
    /// Of the electricity grid.
    #[param(min_length = 1, max_length = 100)]
    pub zone: String,
    #[param(minimum = 1, maximum = 100_000)]
    pub slots: u32,
    /// How the names of the launcher's workers begin; they are not counted among the others.
    #[param(max_length = 100)]
    pub prefix: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Demand {
    pub zone: String,
    /// The hour of the carbon signal that the answer holds for.
    pub hour: String,
    /// Nothing is wanted of a study that is paused or finished; of one that is draining nothing is known.
    pub state: StudyState,
    /// Slots that were offered.
    pub slots: u64,
    /// Slots of the zone that are there besides.
    pub others: u64,
    /// Of the slots offered and the others together, what would train, sample and rest.
    pub train: u64,
    pub sample: u64,
    pub rest: u64,
    /// Of the slots offered, those that would be put to work now.
    pub wanted: u64,
    /// Why.
    pub reason: String,
    /// Workers of the launcher with no slot at work or about to be: who goes first, should some go.
    pub resting: Vec<String>,
    /// Workers of the launcher that somebody drained: it submits neither them nor others in their place, until they are released.
    pub drained: Vec<String>,
}
