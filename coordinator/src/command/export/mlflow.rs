//! MLflow's file store: an experiment with a run for each trial that has a result, as `mlflow ui --backend-store-uri DIR` reads it.
//! Parameters are what was chosen, metrics what was found, by epoch where a curve is known.
//!
//! Some twenty small files a run, and the disk is waited for at none: the ledger has it all, and an export cut short is made again.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::spending::Told;
use super::trials::{Row, rows};
use crate::core::Trial;

/// Characters that a run's directory has, as MLflow names its own.
const ID_DIGITS: usize = 32;
/// Of a run's status in a file store: FINISHED.
const FINISHED: u8 = 3;

/// Writes the experiment into `store`; gives the number of runs.
pub fn write(told: &Told, store: &Path) -> io::Result<usize> {
    let Some(study) = &told.state.study else { return Ok(0) };
    let name = format!("{} (seed {})", study.spec.name, study.spec.seed.0);
    // The same study has the same number each time it is exported; MLflow's own are longer.
    let number: String = digest(&name).chars().filter(char::is_ascii_digit).take(12).collect();
    let experiment = store.join(&number);
    fs::create_dir_all(&experiment)?;
    let location = std::path::absolute(&experiment)?;
    let began = study.started.0;
    let meta = format!(
        "artifact_location: {0}\ncreation_time: {began}\nexperiment_id: '{number}'\nlast_update_time: {1}\nlifecycle_stage: active\nname: {2}\n",
        quoted(&location.display().to_string()),
        told.state.last_at.0,
        quoted(&name)
    );
    fs::write(experiment.join("meta.yaml"), meta)?;
    let mut runs = 0;
    for (trial, row) in told.state.trials.values().zip(rows(told)) {
        if trial.evaluation.is_some() {
            run(&experiment, &number, &name, trial, &row)?;
            runs += 1;
        }
    }
    Ok(runs)
}

fn run(experiment: &Path, number: &str, study: &str, trial: &Trial, row: &Row) -> io::Result<()> {
    let id: String = digest(&format!("{study}, trial {}", trial.id)).chars().take(ID_DIGITS).collect();
    let folder = experiment.join(&id);
    ["artifacts", "metrics", "params", "tags"]
        .iter()
        .try_for_each(|part| fs::create_dir_all(folder.join(part)))?;
    let name = format!("trial {} ({})", trial.id, row.fidelity);
    let (start, end) = (trial.proposed.0, trial.finished.unwrap_or(trial.proposed).0);
    let artifacts = std::path::absolute(folder.join("artifacts"))?;
    let meta = format!(
        "artifact_uri: {0}\nend_time: {end}\nentry_point_name: ''\nexperiment_id: '{number}'\nlifecycle_stage: active\n\
         run_id: {id}\nrun_name: {1}\nrun_uuid: {id}\nsource_name: ''\nsource_type: 4\nsource_version: ''\n\
         start_time: {start}\nstatus: {FINISHED}\ntags: []\nuser_id: ce-nas\n",
        quoted(&artifacts.display().to_string()),
        quoted(&name)
    );
    fs::write(folder.join("meta.yaml"), meta)?;
    let text = |part: &str, key: &str, value: &str| fs::write(folder.join(part).join(key), value);
    text("tags", "mlflow.runName", &name)?;
    text("params", "fidelity", &row.fidelity.to_string())?;
    text("params", "origin", &row.origin)?;
    for (key, value) in [("architecture", &row.architecture), ("device", &row.device), ("zone", &row.zone)] {
        if let Some(value) = value {
            text("params", key, value)?;
        }
    }
    let metrics = [
        ("validation_error", row.validation_error),
        ("test_error", row.test_error),
        ("parameters", row.parameters.map(|count| count as f64)),
        ("flops", row.flops.map(|count| count as f64)),
        ("latency_ms", row.latency_ms),
        ("joules_per_inference", row.joules_per_inference),
        ("seconds", row.seconds),
        ("joules", Some(row.joules)),
        ("gco2eq", Some(row.gco2eq)),
    ];
    for (key, value) in metrics.into_iter().filter_map(|(key, value)| Some((key, value?))) {
        text("metrics", key, &format!("{end} {value} 0\n"))?;
    }
    let (mut losses, mut errors) = (String::new(), String::new());
    for point in trial.evaluation.iter().flat_map(|evaluation| &evaluation.curve) {
        // Writing into a string can't fail.
        let _ = writeln!(losses, "{end} {} {}", point.training_loss, point.epoch);
        if let Some(error) = point.validation_error {
            let _ = writeln!(errors, "{end} {error} {}", point.epoch);
        }
    }
    for (key, lines) in [("epoch_training_loss", losses), ("epoch_validation_error", errors)] {
        if !lines.is_empty() {
            text("metrics", key, &lines)?;
        }
    }
    Ok(())
}

fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// As a YAML string: JSON's form is one.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
