//! The shape of `report.json`. Units end the names; wall and grid times are UTC in ISO 8601; shares lie in [0, 1].

use std::collections::BTreeMap;

use common::allocation::Shares;
use common::energy::{Method, Purpose};
use common::id::{TrialId, WorkerName, Zone};
use common::objective::{Objective, ObjectiveKind};
use common::seed::Seed;
use common::study::StudySpec;
use common::trial::Source;
use serde::{Deserialize, Serialize};

use crate::ladder::Quality;

/// Grows when a key changes its meaning; new keys alone do not change it.
pub const FORMAT: u32 = 1;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub format: u32,
    pub written_at: String,
    pub study: StudyFacts,
    pub versions: Versions,
    pub time: TimeFacts,
    pub budgets: Vec<BudgetFacts>,
    pub trials: TrialFacts,
    pub hypervolume: HypervolumeFacts,
    /// What one-shot scores have turned out to be worth; none where too few networks are known both ways.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_shot: Option<Quality>,
    pub energy: EnergyFacts,
    pub training_by_intensity: TrainingByIntensity,
    pub forecasts: Vec<ForecastFacts>,
    pub carbon: CarbonFacts,
    pub workers: Vec<WorkerFacts>,
    pub front: Vec<Network>,
    /// Every finished short and full training, for the scatter of the front.
    pub evaluated: Vec<Evaluated>,
    pub failed: Vec<FailedTrial>,
    pub interruptions: Interruptions,
    pub laws: LawFacts,
    /// What a reader has to know to judge the figures, in sentences.
    pub notes: Vec<Note>,
    /// A paragraph of methods for a paper.
    #[serde(default)]
    pub methods: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudyFacts {
    pub name: String,
    pub seed: Seed,
    pub objectives: Vec<Objective>,
    pub spec: StudySpec,
    /// The resolved configuration, as TOML: with it and the seed the study can be run again.
    pub config: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Versions {
    /// Each release that has worked on this study, in order.
    pub coordinator: Vec<String>,
    pub workers: Vec<String>,
    /// Of the wire.
    pub protocol: u32,
    /// The devices as libtorch or the meter names them.
    pub devices: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimeFacts {
    pub started_at: String,
    pub finished_at: Option<String>,
    /// Why it ended; none while it has not.
    pub reason: Option<String>,
    /// The last event that is told of here.
    pub last_event_at: String,
    pub wall_minutes: f64,
    pub grid_started_at: String,
    pub grid_ended_at: String,
    pub grid_hours: f64,
    /// Wall seconds that one grid hour lasted; 3600 is real time.
    pub hour_seconds: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BudgetFacts {
    /// carbon, energy, hours or trainings.
    pub of: String,
    pub unit: String,
    pub limit: f64,
    pub used: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialFacts {
    pub total: u64,
    /// `idle` never stands here.
    pub by_fidelity: BTreeMap<Purpose, TrialCounts>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialCounts {
    pub finished: u64,
    /// Known from elsewhere and taken as given; not among the finished.
    #[serde(default)]
    pub given: u64,
    pub running: u64,
    /// Begun, and waiting for a slot to go on.
    pub suspended: u64,
    pub waiting: u64,
    pub failed: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HypervolumeFacts {
    pub reference: Vec<f64>,
    pub value: f64,
    /// Of the box between the origin and the reference point.
    pub share: f64,
    /// After each finished full training, and after those that were given at once.
    pub history: Vec<HistoryPoint>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryPoint {
    pub at: String,
    /// Known from elsewhere; no training of this study.
    #[serde(default)]
    pub given: bool,
    pub wall_minutes: f64,
    /// Grid time since the start.
    pub grid_hours: f64,
    pub hypervolume: f64,
    pub share: f64,
    pub front_size: u64,
    pub kwh: f64,
    pub gco2eq: f64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Spent {
    pub kwh: f64,
    pub gco2eq: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EnergyFacts {
    pub total: Spent,
    /// Supernet, short and full trainings together.
    pub training: Spent,
    pub by_fidelity: BTreeMap<Purpose, Spent>,
    pub by_zone: BTreeMap<Zone, Spent>,
    /// One line for each zone with workers and each grid hour of the study, used or not.
    pub by_hour: Vec<HourFacts>,
    pub joules_by_method: BTreeMap<Method, f64>,
    pub joules_by_meter: BTreeMap<String, f64>,
    /// Of the joules, those that no instrument measured.
    pub estimated_share: f64,
    /// How far the total may be off.
    #[serde(default)]
    pub uncertainty: Uncertainty,
}

/// An interval around a total, by what is known of each method's instruments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Uncertainty {
    /// Half the interval, of the total.
    pub share: f64,
    pub low: Spent,
    pub high: Spent,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HourFacts {
    pub zone: Zone,
    pub hour: String,
    /// Whole hours since the first hour of the study.
    pub index: i64,
    /// How much of the hour the study was under way.
    pub covered: f64,
    pub intensity_g_per_kwh: f64,
    pub provenance: String,
    /// What was expected one hour before.
    pub forecast_g_per_kwh: Option<f64>,
    /// Median intensity of the study's day that this hour belongs to.
    pub day_median_g_per_kwh: f64,
    /// Slots, as decided for most of the hour; none before the first decision.
    pub allocation: Option<Shares>,
    pub kwh_by_fidelity: BTreeMap<Purpose, f64>,
    pub training_kwh: f64,
    pub kwh: f64,
    pub gco2eq: f64,
}

/// Whether training followed the grid: energy of gradient descent in dirtier and cleaner hours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingByIntensity {
    /// Hours set against the median of their own day: 24 h of grid time, counted from the study's first hour.
    pub against_day_median: Divided,
    /// Hours set against the median of all the study's hours.
    pub against_study_median: Divided,
    pub days: Vec<DayFacts>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Divided {
    pub above: IntensityBucket,
    pub at: IntensityBucket,
    pub below: IntensityBucket,
    /// Training energy an hour above the median, as a share of that below; none where one side has no hour or no energy.
    pub above_to_below: Option<f64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct IntensityBucket {
    /// Zone-hours, the first and the last counted by the part that was used.
    pub hours: f64,
    pub training_kwh: f64,
    pub kwh: f64,
    pub gco2eq: f64,
    /// None where there are no such hours.
    pub training_kwh_per_hour: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DayFacts {
    pub zone: Zone,
    pub from: String,
    pub hours: u64,
    pub median_g_per_kwh: f64,
    pub divided: Divided,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForecastFacts {
    pub zone: Zone,
    pub issued: u64,
    /// How many forecasts each model issued.
    pub models: BTreeMap<String, u64>,
    pub one_hour_ahead: ForecastError,
    /// Leads of 1 to 24 hours.
    pub day_ahead: ForecastError,
    pub issues: Vec<Issue>,
}

/// As it happened: set against what was observed later. None where nothing could be compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct ForecastError {
    pub hours: u64,
    /// Mean absolute percentage error of the median, %.
    pub mape_percent: Option<f64>,
    pub rmse_g_per_kwh: Option<f64>,
    /// Share of the hours inside the outermost quantiles (5–95 %).
    pub inside_band: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Issue {
    /// The last hour that was known.
    pub issued_at: String,
    pub model: String,
    /// Of the first hour after.
    pub expected_g_per_kwh: Option<f64>,
    pub observed_g_per_kwh: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CarbonFacts {
    /// Whether any hour's intensity, of the study or of the history it was forecast from, was made by the generator.
    pub synthetic: bool,
    /// Zone-hours of the study by where their intensity comes from.
    pub hours_by_provenance: BTreeMap<String, u64>,
    /// Samples of all time that the study has seen, the same way.
    pub samples_by_provenance: BTreeMap<String, u64>,
    /// average_direct, marginal_lifecycle …
    pub kind_by_zone: BTreeMap<Zone, String>,
    /// Which source served which hours of the study, zone by zone.
    #[serde(default)]
    pub spans: Vec<SourceSpan>,
}

/// Consecutive hours of a zone that one source served, the last one included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceSpan {
    pub zone: Zone,
    pub provenance: String,
    pub from: String,
    pub to: String,
    pub hours: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkerFacts {
    pub name: WorkerName,
    pub host: String,
    pub zone: Zone,
    pub version: String,
    pub alive: bool,
    pub slots: Vec<SlotFacts>,
    pub sessions: u32,
    pub joules: f64,
    pub finished_trials: u64,
    /// Each session that ended, and why.
    pub lost: Vec<Loss>,
    /// Until when it is given nothing, and why.
    #[serde(default)]
    pub quarantine: Option<Aside>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Aside {
    pub until: String,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlotFacts {
    pub device: String,
    pub memory_mb: u64,
    pub meter: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    pub at: String,
    pub reason: String,
}

/// A member of the front.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Network {
    pub trial: TrialId,
    /// Where its result was read; none for one that was trained here.
    #[serde(default)]
    pub given: Option<Source>,
    /// In the space's own notation.
    pub architecture: String,
    pub objectives: BTreeMap<ObjectiveKind, f64>,
    pub validation_accuracy: f64,
    /// Search decisions have not seen it.
    pub test_accuracy: Option<f64>,
    /// None where nobody counted them.
    pub parameters: Option<u64>,
    /// Multiply-accumulates of one inference; none where nobody counted them.
    pub flops: Option<u64>,
    pub latency_ms: Option<f64>,
    pub joules_per_inference: Option<f64>,
    pub device: String,
    /// Time at work, over all attempts; of a given one as it was told.
    pub seconds: f64,
    /// Of the full training, over all attempts; none were used here for a given one.
    pub joules: f64,
    /// How its architecture was first proposed.
    pub origin: String,
    /// The path of halves to its region of the search tree; none for one drawn at random.
    pub region: Option<String>,
    /// The trials that led here, lowest fidelity first, itself last.
    pub lineage: Vec<TrialId>,
    pub worker: Option<WorkerName>,
    pub files: NetworkFiles,
}

/// Beside the report; none where the worker kept no such file or it could not be copied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkFiles {
    pub weights: Option<String>,
    pub torchscript: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluated {
    pub trial: TrialId,
    pub fidelity: Purpose,
    /// In the order of the study's objectives.
    pub objectives: Vec<f64>,
    pub on_front: bool,
    /// Known from elsewhere, and taken as given.
    #[serde(default)]
    pub given: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FailedTrial {
    pub trial: TrialId,
    pub subject: String,
    pub reason: String,
    /// Of each failed attempt.
    pub attempts: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interruptions {
    /// Trainings whose slot was taken for another use.
    pub suspensions: u64,
    /// Attempts that went on from a checkpoint.
    pub resumptions: u64,
    /// Attempts that crashed, diverged or vanished with their worker.
    pub failed_attempts: u64,
    /// Attempts begun after one of the same trial had failed.
    pub retries: u64,
    pub sessions_ended: u64,
    /// Coordinator processes that have worked on this study.
    pub coordinator_lives: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LawFacts {
    pub violations: u64,
    pub broken: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Whether the reader would be misled without it.
    pub important: bool,
    pub text: String,
}
