//! What the table's columns mean: the TOML file that `ce-nas simulate` reads, with a head for people.

use std::fmt::Write as _;

use anyhow::Result;
use common::config::{Config, EvaluatorKind};
use common::time::Timestamp;

use super::figures::Figures;

/// What the mean full training of a table lasts in a simulation.
const FULL_S: f64 = 3600.0;

pub fn text(figures: &Figures, config: &Config, now: Timestamp) -> Result<String> {
    let mut text = head(figures, config, now);
    let _ = writeln!(text, "\n[rows]\nkey = \"idx\"\n\n[space]\nkind = \"{}\"", config.space.kind.key());
    let _ = writeln!(text, "column = \"arch\"\nsettings = {}", settings(config)?);
    let mut objective = |name: &str, column: &str, direction: &str, unit: &str, known: bool| {
        let _ = write!(text, "\n[objectives.{name}]\ncolumn = \"{column}\"\ndirection = \"{direction}\"\n");
        if !unit.is_empty() {
            let _ = writeln!(text, "unit = \"{unit}\"");
        }
        let _ = writeln!(text, "known = {known}");
    };
    objective("accuracy", "full_accuracy", "max", "%", false);
    if figures.rows.iter().all(|row| row.cost.is_some()) {
        objective("parameters", "parameters", "min", "", true);
        objective("flops", "flops", "min", "", true);
    }
    if figures.has_latency() {
        objective("latency_ms", "latency_ms", "min", "ms", true);
    }
    if figures.has_inference() {
        objective("inference_mj", "inference_mj", "min", "mJ", true);
    }
    if config.ladder.rung_epochs > 0 {
        let _ = writeln!(text, "\n[[fidelities]]\nepochs = {}", config.ladder.rung_epochs);
        let _ = writeln!(text, "columns = {{ accuracy = \"rung_accuracy\" }}\ncost = \"rung_seconds\"");
    }
    let _ = writeln!(text, "\n[[fidelities]]\nepochs = {}\ncost = \"full_seconds\"", config.training.epochs);
    let is_whole = config.ladder.one_shot && config.ladder.rung_epochs > 0;
    if is_whole && figures.has_inference() {
        text += &simulation(figures, config);
    }
    Ok(text)
}

/// For people, as comments.
fn head(figures: &Figures, config: &Config, now: Timestamp) -> String {
    let joined = |words: Vec<String>| words.join("; ");
    let methods = joined(figures.methods.iter().map(ToString::to_string).collect());
    let (meters, devices) = (joined(figures.meters.clone()), joined(figures.devices.clone()));
    let seeds = joined(figures.seeds.iter().map(ToString::to_string).collect());
    let [joules, seconds] = figures.total;
    let mut text = String::new();
    let mut line = |words: String| {
        let _ = writeln!(text, "# {words}");
    };
    if config.evaluation.evaluator == EvaluatorKind::Rehearsal {
        line("REHEARSED: figures by a formula, nothing was trained.".into());
    }
    line(format!("Made by ce-nas tabulate {} at {now}.", env!("CARGO_PKG_VERSION")));
    line(format!("{} networks in {} rows; seeds {seeds}.", figures.trained, figures.rows.len()));
    line(format!("Devices: {devices}."));
    line(format!("Energy: {methods}, by {meters}."));
    line(format!("All work together: {:.2} h, {:.2} Wh.", seconds / 3600.0, joules / 3600.0));
    line("Columns: accuracies in percent of the validation images (test_accuracy: of the test images), means over seeds;".into());
    line("seconds, joules: of the seed that took the least time, since whatever else a machine does only adds; latency: median.".into());
    line("Rows of one `canonical` are one network and share what was measured;".into());
    line("parameters and flops are those of the encoding as written.".into());
    if figures.has_inference() {
        line("inference_mj: energy of one inference, measured, or latency times the mean power of full trainings.".into());
    }
    figures.failures.iter().for_each(|failure| line(format!("Failed: {}", failure.replace('\n', " "))));
    text
}

/// How the space differs from the defaults, as `--set` would say it.
fn settings(config: &Config) -> Result<String> {
    let given = toml::Value::try_from(&config.space)?;
    let defaults = toml::Value::try_from(&common::config::load(None, [], &[])?.space)?;
    let mut settings = Vec::new();
    differing("space", &given, &defaults, &mut settings);
    // The kind stands in the description by itself.
    settings.retain(|setting| !setting.starts_with("space.kind="));
    Ok(toml::Value::from(settings).to_string())
}

fn differing(path: &str, given: &toml::Value, default: &toml::Value, found: &mut Vec<String>) {
    match (given.as_table(), default.as_table()) {
        (Some(given), Some(default)) => {
            for (key, value) in given {
                if let Some(default) = default.get(key) {
                    differing(&format!("{path}.{key}"), value, default, found);
                }
            }
        }
        _ if given != default => found.push(format!("{path}={given}")),
        _ => {}
    }
}

/// What a simulated study needs beside.
fn simulation(figures: &Figures, config: &Config) -> String {
    let rows = figures.rows.len() as f64;
    let mean_epoch_s = figures.rows.iter().map(|row| row.epoch_s).sum::<f64>() / rows;
    let scale = FULL_S / (mean_epoch_s * f64::from(config.training.epochs));
    let most = figures.rows.iter().filter_map(|row| row.inference_mj).fold(0.0, f64::max);
    // Above every row, in two digits.
    let unit = 10_f64.powf((most * 1.05).log10().floor() - 1.0);
    let reference = (most * 1.05 / unit).ceil() * unit;
    format!(
        "\n# A simulated epoch lasts time_scale times as long as the one that was measured: a mean full training takes an hour.\n\
         [simulation]\ntime_scale = {scale:.1}\nreference_mj = {reference:.6}\nepoch_seconds = \"seconds_per_epoch\"\n\
         energy = \"inference_mj\"\none_shot = \"one_shot_accuracy\"\n"
    )
}
