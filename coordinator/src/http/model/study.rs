//! How the study stands: `GET /api/v1/study`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Study {
    pub name: String,
    pub seed: u64,
    /// The release of the coordinator that answers.
    pub version: String,
    pub space: Space,
    /// All minimised, in the order of every list of objectives.
    pub objectives: Vec<Objective>,
    /// Who evaluates: torch, command or rehearsal.
    pub evaluator: String,
    /// Nothing is trained: figures come from a formula.
    pub rehearsed: bool,
    pub state: StudyState,
    /// Why it is finished, or since when it is paused.
    pub state_reason: Option<String>,
    /// One sentence: what the fleet is doing now.
    pub doing: String,
    /// The allocation policy, and why it decided as it did.
    pub policy: Option<String>,
    pub allocation_reason: Option<String>,
    pub started_at: String,
    pub finished_at: Option<String>,
    pub now: String,
    /// The hour of the carbon signal; equals `now`, or runs faster in a scaled study.
    pub grid_time: String,
    /// Wall seconds that one grid hour lasts.
    pub hour_seconds: f64,
    pub wall_minutes: f64,
    pub grid_hours: f64,
    pub budgets: Vec<Budget>,
    /// When the study is expected to end; null where nothing can be said.
    pub eta: Option<Eta>,
    pub hypervolume: f64,
    /// Of the box between the origin and the reference point.
    pub hypervolume_share: f64,
    pub front_size: u64,
    pub energy: Spent,
    pub training: Spent,
    /// Of the energy, what no instrument measured.
    pub energy_estimated_share: f64,
    /// Some intensity was made by the built-in generator, not by a grid.
    pub intensity_synthetic: bool,
    pub trials: Vec<TrialCounts>,
    /// What one-shot scores are worth; null while fewer than two networks have a score and a full training.
    pub scores: Option<ScoreQuality>,
    pub fleet: Fleet,
    /// The last event of the ledger that these figures tell of.
    pub sequence: u64,
    /// Laws of the program found broken; anything but 0 is a defect.
    pub broken_laws: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StudyState {
    Running,
    /// Nothing is handed out until somebody resumes it.
    Paused,
    /// The coordinator is about to end; the study goes on another time.
    Draining,
    Finished,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Space {
    /// "NAS-Bench-201 cells".
    pub title: String,
    pub decisions: u64,
    /// Encodings; null when more than 2^64.
    pub size: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Objective {
    /// error, parameters, flops, latency_ms or joules_per_inference.
    pub name: String,
    /// "share", "1", "ms", "J".
    pub unit: String,
    /// Always "minimise".
    pub direction: String,
    /// The worst value that still counts.
    pub reference: f64,
}

/// One of the five budgets; `limit` and `left` are null where there is no limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Budget {
    pub of: BudgetKind,
    /// "gCO2eq", "kWh", "grid hours", "full trainings", "hypervolume".
    pub unit: String,
    pub limit: Option<f64>,
    pub spent: f64,
    pub left: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BudgetKind {
    Carbon,
    Energy,
    Hours,
    Trainings,
    Hypervolume,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Eta {
    pub at: String,
    /// The budget that is used up first.
    pub of: BudgetKind,
    /// How it was found out: "exact", or "at the mean rate so far".
    pub method: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Spent {
    pub kwh: f64,
    pub gco2eq: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TrialCounts {
    /// supernet, sub-supernet, one-shot, rung or full.
    pub fidelity: String,
    pub waiting: u64,
    pub running: u64,
    pub suspended: u64,
    pub finished: u64,
    /// Known from elsewhere; not among the finished.
    pub given: u64,
    pub failed: u64,
}

/// How well scores foretell full trainings, by the networks that have both.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScoreQuality {
    pub networks: u64,
    /// Kendall's rank correlation between the two errors, from -1 to 1; 0 says nothing.
    pub kendall_tau: f64,
    /// Of the tenth that trained best, the share that is in the tenth that scored best.
    pub recall_of_top_tenth: f64,
    /// Whether the ladder goes by scores; it does not where they have been shown to say nothing.
    pub trusted: bool,
}

/// What the slots of live workers are at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fleet {
    pub workers: u64,
    pub workers_gone: u64,
    pub slots: u64,
    pub training: u64,
    pub scoring: u64,
    /// Free, and told to train or sample.
    pub ready: u64,
    pub resting: u64,
}
