//! Who works: `GET /api/v1/workers`.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which workers, which page.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WorkerQuery {
    #[param(inline)]
    pub state: Option<WorkerState>,
    pub zone: Option<String>,
    /// Workers to pass over.
    #[param(minimum = 0, maximum = 1_000_000_000)]
    pub offset: Option<u32>,
    /// Workers on a page; 200 unless told otherwise.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Workers {
    pub total: u64,
    pub matching: u64,
    pub offset: u64,
    pub limit: u64,
    pub workers: Vec<Worker>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkerState {
    Alive,
    /// Gets nothing new; goes once it holds nothing.
    Draining,
    Gone,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Worker {
    pub name: String,
    pub zone: String,
    pub host: String,
    pub version: String,
    pub state: WorkerState,
    pub alive: bool,
    /// Why it is gone.
    pub lost_reason: Option<String>,
    /// Of the present session.
    pub joined_at: String,
    /// Processes it has had.
    pub sessions: u64,
    /// Seconds since it was last heard; null where it is gone or nobody listens.
    pub heartbeat_age_s: Option<f64>,
    /// Of all its slots, by their last windows; null where none has reported.
    pub power_w: Option<f64>,
    pub joules: f64,
    pub finished_trials: u64,
    pub slots: Vec<Slot>,
}

/// Ratios: 2 is twice the mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SlotPace {
    pub seconds: f64,
    pub joules: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Slot {
    pub slot: u64,
    pub device: String,
    pub memory_mb: u64,
    /// What work it has too little for, and why; null where it may do anything.
    pub shortfall: Option<String>,
    /// What trainings take on its device beside the mean of the study's; null before one was done there.
    pub pace: Option<SlotPace>,
    /// The power meter in words.
    pub meter: String,
    /// train, sample or rest, by the last decision.
    pub role: Option<String>,
    pub task: Option<SlotTask>,
    /// Mean power of its last metered window.
    pub power_w: Option<f64>,
    /// Seconds since that window ended.
    pub power_age_s: Option<f64>,
    /// Of its device, in degrees Celsius; null where none is told.
    pub temperature_c: Option<f64>,
}

/// The end of a worker's log: `GET /api/v1/workers/{name}/log`. Kept in memory only, since the coordinator began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkerLog {
    pub name: String,
    /// Oldest first.
    pub lines: Vec<WorkerLogLine>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkerLogLine {
    pub at: String,
    pub level: LineLevel,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineLevel {
    Info,
    Warning,
    Error,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SlotTask {
    pub trial: u64,
    pub attempt: u64,
    pub fidelity: String,
    pub architecture: Option<String>,
    pub since: String,
    /// Share that is done, as last told.
    pub progress: Option<f64>,
    pub epoch: Option<u32>,
}
