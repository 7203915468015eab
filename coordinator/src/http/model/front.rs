//! What was found: `GET /api/v1/front` and `GET /api/v1/hypervolume`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Front {
    /// Names, in the order of `objectives` below.
    pub objectives: Vec<String>,
    pub reference: Vec<f64>,
    pub hypervolume: f64,
    pub hypervolume_share: f64,
    /// In the order of their objectives, the smallest error first.
    pub members: Vec<FrontMember>,
    /// The latest finished short and full trainings, for the scatter behind the front; at most 2,000.
    pub evaluated: Vec<Evaluated>,
    /// How many there are in all.
    pub evaluated_total: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FrontMember {
    pub trial: u64,
    pub architecture: String,
    pub objectives: Vec<f64>,
    pub validation_error: f64,
    pub test_error: Option<f64>,
    pub parameters: Option<u64>,
    pub flops: Option<u64>,
    pub latency_ms: Option<f64>,
    pub joules_per_inference: Option<f64>,
    /// The device that latency and joules were measured on.
    pub device: String,
    pub seconds: f64,
    /// Energy of all its attempts at this fidelity.
    pub joules: f64,
    /// Hypervolume that it covers alone.
    pub contribution: f64,
    /// Where it was first proposed from, in words.
    pub origin: String,
    pub region: Option<String>,
    /// Its result was known from elsewhere.
    pub given: bool,
    pub finished_at: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Evaluated {
    pub trial: u64,
    /// rung or full.
    pub fidelity: String,
    pub objectives: Vec<f64>,
    pub on_front: bool,
    pub given: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Hypervolume {
    pub value: f64,
    pub share: f64,
    pub reference: Vec<f64>,
    /// After each finished full training, and after those that were given at once; thinned to at most 2,000.
    pub history: Vec<HypervolumePoint>,
    pub points_total: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HypervolumePoint {
    pub at: String,
    pub wall_minutes: f64,
    pub grid_hours: f64,
    pub hypervolume: f64,
    pub share: f64,
    pub front_size: u64,
    /// Spent by then, by everything.
    pub kwh: f64,
    pub kg_co2eq: f64,
    /// Full trainings of this study by then.
    pub trainings: u64,
    pub given: bool,
}
