//! What a worker's program finds on its machine, for `ce-nas doctor`: the one thing that it says in JSON on its standard output.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    pub version: String,
    /// What it was built against; none for a build without libtorch.
    pub libtorch: Option<String>,
    /// Devices that libtorch can compute on.
    pub cuda_devices: u32,
    /// Boards that NVML tells of, or why it tells of none.
    pub boards: Result<Vec<String>, String>,
    /// Slots that a worker with the same settings would offer, or why it can't work.
    pub slots: Result<Vec<ProbedSlot>, String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProbedSlot {
    pub device: String,
    pub memory_mb: u64,
    /// How its energy is metered.
    pub meter: String,
    /// Why not better.
    pub shortfall: Option<String>,
}
