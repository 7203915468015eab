//! Trials: `GET /api/v1/trials` and `GET /api/v1/trials/{id}`.

use common::trial::ArtifactKind;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which trials, in which order, which page.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TrialQuery {
    /// Only trials of this fidelity.
    #[param(inline)]
    pub fidelity: Option<FidelityFilter>,
    /// Only trials in this state.
    #[param(inline)]
    pub state: Option<TrialState>,
    /// Only trials whose last worker stands in this zone.
    pub zone: Option<String>,
    /// What has no figure comes last.
    #[param(inline)]
    pub sort: Option<TrialOrder>,
    #[param(inline)]
    pub order: Option<Direction>,
    /// Trials to pass over.
    #[param(minimum = 0, maximum = 1_000_000_000)]
    pub offset: Option<u32>,
    /// Trials on a page; 50 unless told otherwise.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FidelityFilter {
    Supernet,
    OneShot,
    Rung,
    Full,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrialState {
    Waiting,
    Running,
    /// Begun, and waiting for a slot to go on.
    Suspended,
    Finished,
    /// Known from elsewhere and taken as given.
    Given,
    Failed,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrialOrder {
    #[default]
    Trial,
    Error,
    Parameters,
    Flops,
    Latency,
    Seconds,
    Energy,
    FinishedAt,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    #[default]
    Ascending,
    Descending,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Trials {
    /// All trials of the study.
    pub total: u64,
    /// Those that the query is about.
    pub matching: u64,
    pub offset: u64,
    pub limit: u64,
    pub trials: Vec<TrialLine>,
}

/// A trial at a glance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TrialLine {
    pub trial: u64,
    /// supernet, sub-supernet, one-shot, rung(EPOCHS) or full.
    pub fidelity: String,
    /// In the space's own notation; null for a supernet.
    pub architecture: Option<String>,
    /// What a sub-supernet is for: "option 2 of decision 0", "region +-, number 2"; null for all else.
    pub part: Option<String>,
    pub state: TrialState,
    /// Of a running one as last told, of a suspended one as kept.
    pub progress: Option<f64>,
    /// The last that had it.
    pub worker: Option<String>,
    pub zone: Option<String>,
    pub validation_error: Option<f64>,
    pub test_error: Option<f64>,
    pub parameters: Option<u64>,
    pub flops: Option<u64>,
    pub latency_ms: Option<f64>,
    pub joules_per_inference: Option<f64>,
    /// At work, over all attempts that led to the result.
    pub seconds: Option<f64>,
    /// Of all attempts.
    pub joules: f64,
    pub attempts: u64,
    pub crashes: u64,
    /// Where it was proposed from, in words.
    pub origin: String,
    /// Why it failed.
    pub reason: Option<String>,
    pub on_front: bool,
    pub proposed_at: String,
    pub finished_at: Option<String>,
}

/// A trial in full.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Trial {
    pub line: TrialLine,
    /// What was chosen in every decision, by number.
    pub genes: Vec<u32>,
    pub origin: TrialOrigin,
    /// Other trials of the same architecture, the lowest fidelity first.
    pub relatives: Vec<Relative>,
    pub attempts: Vec<TrialAttempt>,
    /// Of the result; of a running attempt the points that were seen while somebody looked.
    pub curve: Vec<CurvePoint>,
    pub artifacts: Vec<Artifact>,
    pub gco2eq: f64,
    /// What happened to it, oldest first.
    pub log: Vec<LogLine>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TrialOrigin {
    /// study, initial, search, promotion or given.
    pub kind: String,
    /// The path of halves from the whole space: `+` better, `-` worse.
    pub region: Option<String>,
    /// The region had nothing new left, and its parent was searched.
    pub widened: Option<bool>,
    /// The fidelity it was promoted from.
    pub from: Option<String>,
    /// The file that a given result was read in.
    pub file: Option<String>,
    /// In a sentence.
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Relative {
    pub trial: u64,
    pub fidelity: String,
    pub state: TrialState,
    pub validation_error: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TrialAttempt {
    pub attempt: u64,
    pub worker: String,
    pub zone: Option<String>,
    pub slot: u64,
    pub began_at: String,
    pub ended_at: Option<String>,
    /// running, finished, suspended, failed, cancelled or overtaken (its result was given meanwhile).
    pub outcome: String,
    /// Why it failed.
    pub reason: Option<String>,
    /// The share of the work that an earlier attempt had done.
    pub resumed_at: Option<f64>,
    /// As last put in safety.
    pub kept: Option<f64>,
    pub checkpoints: u64,
    pub joules: f64,
    pub gco2eq: f64,
    /// Its energy by grid hour and instrument.
    pub energy: Vec<EnergyWindow>,
}

/// The metered windows of one attempt within one grid hour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EnergyWindow {
    pub hour: String,
    pub seconds: f64,
    pub joules: f64,
    pub mean_w: Option<f64>,
    pub g_per_kwh: f64,
    pub gco2eq: f64,
    /// counter, integrated, estimated or tabulated.
    pub method: String,
    pub meter: String,
    /// Windows that are added up here.
    pub windows: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CurvePoint {
    /// From 1.
    pub epoch: u32,
    pub training_loss: Option<f64>,
    pub validation_error: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Artifact {
    /// weights, torchscript or supernet.
    pub kind: String,
    pub sha256: String,
    pub bytes: u64,
}

/// A kind of file, as answers and paths name it.
pub fn file_name(kind: ArtifactKind) -> &'static str {
    match kind {
        ArtifactKind::Weights => "weights",
        ArtifactKind::TorchScript => "torchscript",
        ArtifactKind::Supernet => "supernet",
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LogLine {
    pub at: String,
    pub text: String,
}
