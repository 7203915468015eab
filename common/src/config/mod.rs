//! Configuration: raw first (`load`, keys checked against `configs/default.toml`), meaning second (`Config::study_spec`).
//!
//! The one source of keys and defaults is `configs/default.toml`, compiled in. What is not a key there is not a key.

mod command;
mod load;
mod meaning;
mod setting;
mod space;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use load::{DEFAULTS, Error, load};
pub use setting::{OrWord, Unlimited};
pub use space::{DartsSettings, MobileSettings, Space, SpaceKind};

use crate::id::Zone;
use crate::study::{Ability, Augmentation, DataFormat, Precision, Recipe};
use setting::{All, Auto, Never};

/// All settings, as written; see `configs/default.toml` for what each means, its unit and its default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub study: Study,
    pub space: Space,
    pub data: Data,
    pub objectives: ObjectiveSettings,
    pub evaluation: Evaluation,
    /// Absent from the configurations of studies that began before there were any.
    #[serde(default)]
    pub requirements: Requirements,
    pub supernet: Recipe,
    pub one_shot: OneShot,
    /// Absent from the configurations of studies that began before there was any.
    #[serde(default)]
    pub few_shot: FewShot,
    #[serde(default)]
    pub region: Region,
    pub training: Recipe,
    pub ladder: Ladder,
    pub search: Search,
    pub carbon: Carbon,
    pub forecast: Forecast,
    pub allocation: Allocation,
    pub budget: Budget,
    pub coordinator: Coordinator,
    /// Absent from the configurations of studies that began before there was one.
    #[serde(default)]
    pub http: Http,
    pub worker: Worker,
    pub local: Local,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Study {
    pub name: String,
    pub directory: String,
    pub seed: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Data {
    pub format: DataFormat,
    pub path: String,
    pub validation_images: u32,
    pub training_images: OrWord<u32, All>,
    pub augmentation: Augmentation,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ObjectiveSettings {
    pub minimise: Vec<crate::objective::ObjectiveKind>,
    pub reference: Reference,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    pub error: OrWord<f64, Auto>,
    pub parameters: OrWord<f64, Auto>,
    pub flops: OrWord<f64, Auto>,
    pub latency_ms: OrWord<f64, Auto>,
    pub joules_per_inference: OrWord<f64, Auto>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    pub evaluator: EvaluatorKind,
    pub precision: Precision,
    pub deterministic: bool,
    pub rehearsal_epoch_s: f64,
    pub command: Vec<String>,
    pub command_fidelities: Vec<Ability>,
    pub command_stop_s: f64,
    pub command_silence_s: f64,
    pub command_limit_s: OrWord<f64, Unlimited>,
    pub command_disk_mb: u32,
}

/// What a slot must have to be given work; nothing by default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirements {
    pub train_memory_mb: u64,
    pub sample_memory_mb: u64,
    pub device: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvaluatorKind {
    Torch,
    Rehearsal,
    Command,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OneShot {
    pub recalibration_images: u32,
    pub scoring_images: u32,
}

/// One supernet for all by default.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FewShot {
    pub split: OrWord<u32, Never>,
    pub epochs: u32,
    pub learning_rate: f64,
}

impl Default for FewShot {
    fn default() -> Self {
        Self { split: OrWord::word(), epochs: 300, learning_rate: 0.025 }
    }
}

/// Not trained on by default.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Region {
    pub every_scores: OrWord<u32, Never>,
    pub epochs: u32,
    pub learning_rate: f64,
}

impl Default for Region {
    fn default() -> Self {
        Self { every_scores: OrWord::word(), epochs: 30, learning_rate: 0.025 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ladder {
    pub one_shot: bool,
    pub rung_epochs: u32,
    pub scores_per_rung: u32,
    pub rungs_per_full: u32,
    pub pool: u32,
}

/// Who proposes: a sampler inside the regions of the tree (`lamoo-…`), or by itself. The default first.
pub const SEARCHERS: [&str; 6] =
    ["surrogate", "lamoo-surrogate", "lamoo-evolution", "lamoo-random", "evolution", "random"];

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Search {
    pub searcher: String,
    pub initial_samples: u32,
    pub region_min_samples: u32,
    pub exploration: f64,
    pub batch: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Carbon {
    pub source: String,
    pub traces: Vec<String>,
    pub zones: Vec<String>,
    pub column: String,
    pub live: Vec<String>,
    pub kind: String,
    pub constants: Vec<String>,
    pub timeout_s: f64,
    pub retry_s: f64,
    pub root_certificates: String,
    pub requests_per_day: u32,
    pub start: String,
    pub hour_seconds: f64,
    pub electricity_maps: KeyedService,
    pub watttime: KeyedService,
    pub uk: OpenService,
}

impl Carbon {
    /// The zones that have a source of their own. An entry that names none is refused where sources are made of them.
    pub fn served_zones(&self) -> BTreeSet<Zone> {
        let named = |entries: &[String]| -> BTreeSet<Zone> {
            let zone = |entry: &String| entry.split_once('=').map(|(zone, _)| Zone::new(zone.trim()));
            entries.iter().filter_map(zone).collect()
        };
        match self.source.as_str() {
            "trace" => named(&self.traces),
            "live" => named(&self.live),
            _ => self.zones.iter().map(Zone::new).collect(),
        }
    }
}

/// A web service that wants to know who asks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyedService {
    pub url: String,
    pub key_file: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenService {
    pub url: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    pub model: String,
    pub horizon_hours: u32,
    pub retrain_hours: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Allocation {
    pub policy: String,
    pub interval_hours: u32,
    pub train_share: f64,
    pub rest_quantile: f64,
    pub agent_lean: f64,
    pub fixed_train: f64,
    pub fixed_sample: f64,
    pub threshold_percentile: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    pub carbon_g: OrWord<f64, Unlimited>,
    pub energy_kwh: OrWord<f64, Unlimited>,
    pub hours: OrWord<f64, Unlimited>,
    pub trainings: OrWord<u64, Unlimited>,
    pub hypervolume: OrWord<f64, Unlimited>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coordinator {
    pub listen: String,
    pub security: Security,
    pub heartbeat_s: f64,
    pub lost_after_s: f64,
    pub crash_limit: u32,
    pub retry_s: f64,
    pub retry_longest_s: f64,
    pub quarantine_after: OrWord<u32, Never>,
    pub quarantine_s: f64,
}

/// Where people and programs look at a study and act on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Http {
    pub listen: String,
    pub token_file: String,
}

impl Default for Http {
    fn default() -> Self {
        Self { listen: "auto".into(), token_file: "auto".into() }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    Curve,
    Null,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Worker {
    pub name: String,
    pub coordinator: String,
    pub coordinator_key: String,
    pub key: String,
    pub zone: String,
    pub slots: OrWord<u16, Auto>,
    pub threads: OrWord<u32, Auto>,
    pub device: DeviceChoice,
    pub data: String,
    pub command: Vec<String>,
    pub directory: String,
    pub report_s: f64,
    pub checkpoint_s: f64,
    pub give_up_s: OrWord<f64, Unlimited>,
    pub silence_s: f64,
    pub meter: MeterChoice,
    pub tdp_w: OrWord<f64, Auto>,
    pub idle_w: OrWord<f64, Auto>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceChoice {
    Auto,
    Cpu,
    Cuda,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeterChoice {
    Auto,
    Nvml,
    Rapl,
    Estimate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Local {
    pub workers: u16,
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
