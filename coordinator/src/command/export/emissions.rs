//! Emissions as CodeCarbon's `emissions.csv` has them, so that tools which read that file can read this one: a row for each trial
//! that drew anything, in its columns' names and units (kWh, kg CO2eq, seconds; <https://mlco2.github.io/codecarbon/output.html>).
//! A slot's meter counts its device; what is not metered (memory, the rest of the machine) is 0, not guessed.

use serde::Serialize;

use super::spending::Told;
use crate::core::Trial;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    pub timestamp: String,
    pub project_name: String,
    pub run_id: String,
    pub experiment_id: String,
    /// s
    pub duration: f64,
    /// kg CO2eq
    pub emissions: f64,
    /// kg CO2eq a second
    pub emissions_rate: Option<f64>,
    /// W
    pub cpu_power: Option<f64>,
    pub gpu_power: Option<f64>,
    pub ram_power: f64,
    /// kWh
    pub cpu_energy: f64,
    pub gpu_energy: f64,
    pub ram_energy: f64,
    pub energy_consumed: f64,
    pub country_name: String,
    pub country_iso_code: String,
    pub region: String,
    pub cloud_provider: String,
    pub cloud_region: String,
    pub os: String,
    pub python_version: String,
    pub codecarbon_version: String,
    pub cpu_count: String,
    pub cpu_model: String,
    pub gpu_count: String,
    pub gpu_model: String,
    pub longitude: String,
    pub latitude: String,
    pub ram_total_size: String,
    pub tracking_mode: &'static str,
    pub on_cloud: &'static str,
    pub pue: f64,
}

pub fn rows(told: &Told) -> Vec<Row> {
    let Some(study) = &told.state.study else { return Vec::new() };
    let drew = told.state.trials.values().filter(|trial| told.spent(trial.id).joules.0 > 0.0);
    drew.map(|trial| row(trial, told, &study.spec.name)).collect()
}

fn row(trial: &Trial, told: &Told, study: &str) -> Row {
    let spent = told.spent(trial.id);
    let (kwh, kg) = (spent.joules.kwh(), spent.grams.0 / 1000.0);
    let record = trial.worker.as_ref().and_then(|worker| told.state.workers.get(worker));
    let device = trial.evaluation.as_ref().map_or(String::new(), |evaluation| evaluation.device.clone());
    // By how the worker's slots are metered.
    let is_gpu = record.is_some_and(|record| record.slots.iter().all(|slot| slot.meter.contains("NVML")));
    let seconds = trial.evaluation.as_ref().map_or(0.0, |evaluation| evaluation.seconds.0);
    let per_second = |amount: f64| (seconds > 0.0).then(|| amount / seconds);
    let watts = per_second(spent.joules.0);
    let text = |present: bool, text: &str| if present { text.to_owned() } else { String::new() };
    Row {
        timestamp: trial.finished.unwrap_or(told.state.last_at).to_string().trim_end_matches('Z').to_owned(),
        project_name: study.to_owned(),
        run_id: format!("trial-{}", trial.id),
        experiment_id: trial.subject.purpose().to_string(),
        duration: seconds,
        emissions: kg,
        emissions_rate: per_second(kg),
        cpu_power: watts.filter(|_| !is_gpu),
        gpu_power: watts.filter(|_| is_gpu),
        ram_power: 0.0,
        cpu_energy: if is_gpu { 0.0 } else { kwh },
        gpu_energy: if is_gpu { kwh } else { 0.0 },
        ram_energy: 0.0,
        energy_consumed: kwh,
        country_name: String::new(),
        country_iso_code: String::new(),
        region: record.map_or(String::new(), |record| record.zone.to_string()),
        cloud_provider: String::new(),
        cloud_region: String::new(),
        os: "Linux".into(),
        python_version: String::new(),
        codecarbon_version: format!("CE-NAS {}", crate::launch::VERSION),
        cpu_count: String::new(),
        cpu_model: text(!is_gpu, &device),
        gpu_count: text(is_gpu, "1"),
        gpu_model: text(is_gpu, &device),
        longitude: String::new(),
        latitude: String::new(),
        ram_total_size: String::new(),
        tracking_mode: "process",
        on_cloud: "N",
        pue: 1.0,
    }
}
