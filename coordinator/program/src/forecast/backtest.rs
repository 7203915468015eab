//! `ce-nas forecast backtest`: models fitted on what came before a test window, and their forecasts in it set against what came.

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};
use common::carbon::Forecast;
use coordinator::command::{Usage, print};
use coordinator::directory::write_whole;
use forecast::{MAX_HORIZON_HOURS, MODELS, Plan, Series, Step, backtest_watched, build, choose_among};

use super::picture::{Seen, scene};
use super::told::{ModelTold, Told, ZoneTold};
use super::traces::Traces;
use crate::plot::{self, Format};

/// Test forecast models on recorded traces: errors by day ahead, bands, and what the forecasts save
///
/// Each model is fitted on the hours before the test window alone and issues a forecast every --stride
/// hours inside it, from what was known then. Chosen is the model that did best on the hours before
/// the window, as a study would choose.
///
/// MAPE and RMSE are of the median. Saving is the share of what hindsight would save when the 8 cleanest of the
/// next 24 hours (24 of 96) are chosen by the forecast.
///
/// Examples:
///   ce-nas forecast backtest --trace CISO.csv.gz --column ci_direct --json errors.json
///   ce-nas forecast backtest --trace DE=germany.csv --models linear,week_mean --test-hours 2160
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(flatten)]
    traces: Traces,
    /// Hours ahead, 1 to 168
    #[arg(long, value_name = "HOURS", default_value_t = 96)]
    horizon: usize,
    /// Hours between forecasts
    #[arg(long, value_name = "HOURS", default_value_t = 24)]
    stride: usize,
    /// The last hours of each trace are the test window; half a year unless given
    #[arg(long, value_name = "HOURS", default_value_t = 4_344)]
    test_hours: usize,
    /// Models by name [default: all]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    models: Vec<String>,
    /// Each zone by its own past alone; else those of the other traces are known to it as well, up to the same hour
    #[arg(long)]
    alone: bool,
    /// The figures as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draw what came against what the chosen model said, a day ahead; the file ends in .png or .html
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    let (plan, models) = (args.plan()?, args.models()?);
    let format = args.plot.as_deref().map(Format::of).transpose()?;
    let traces = args.traces.read()?;
    traces.iter().try_for_each(|series| check_length(series, plan, &models))?;
    let (mut told, mut seen) = (Told::new(plan), Vec::new());
    for series in &traces {
        let others: &[Series] = if args.alone { &[] } else { &traces };
        let series = &series.clone().with_neighbours(others);
        let tested = test(series, plan, &models).with_context(|| format!("zone {}", series.zone()))?;
        print(out, &tested.told.table())?;
        seen.push(Seen::new(series, tested.told.chosen(), &tested.said, plan.stride));
        told.zones.push(tested.told);
    }
    if let (Some(path), Some(format)) = (&args.plot, format) {
        plot::write(path, format, &scene(&seen))?;
    }
    if let Some(path) = &args.json {
        let mut text = serde_json::to_string_pretty(&told)?;
        text.push('\n');
        write_whole(path, text.as_bytes()).with_context(|| format!("{} can't be written", path.display()))?;
    }
    Ok(())
}

impl Args {
    fn plan(&self) -> Result<Plan> {
        let refused = |words: String| Err(Usage(words).into());
        if !(1..=MAX_HORIZON_HOURS).contains(&self.horizon) {
            return refused(format!("--horizon {} is outside 1–{MAX_HORIZON_HOURS} h", self.horizon));
        }
        if self.stride == 0 {
            return refused("--stride 0: forecasts are at least an hour apart".into());
        }
        if self.test_hours == 0 {
            return refused("--test-hours 0: test on at least an hour".into());
        }
        Ok(Plan { test_hours: self.test_hours, horizon: self.horizon, stride: self.stride })
    }

    fn models(&self) -> Result<Vec<&str>> {
        if self.models.is_empty() {
            return Ok(MODELS.to_vec());
        }
        let mut models: Vec<&str> = Vec::new();
        for name in self.models.iter().map(|name| name.trim()) {
            build(name, self.horizon).map_err(|error| Usage(format!("--models: {error}")))?;
            if !models.contains(&name) {
                models.push(name);
            }
        }
        Ok(models)
    }
}

/// Refuses before the first model is fitted, for fitting may take minutes.
fn check_length(series: &Series, plan: Plan, models: &[&str]) -> Result<()> {
    let before = series.len().saturating_sub(plan.test_hours);
    for name in models {
        let needed = build(name, plan.horizon)?.min_history_hours();
        if before < needed {
            let (zone, hours, test) = (series.zone(), series.len(), plan.test_hours);
            return Err(Usage(format!(
                "the trace of {zone} has {hours} h: with --test-hours {test}, {before} h are left to fit `{name}`, which needs \
                 {needed} h; test fewer hours, leave the model out of --models, or bring a longer trace"
            ))
            .into());
        }
    }
    Ok(())
}

struct Tested {
    told: ZoneTold,
    /// By the chosen model, in order.
    said: Vec<Forecast>,
}

fn test(series: &Series, plan: Plan, models: &[&str]) -> Result<Tested> {
    let boundary = series.last_hour().plus(-(plan.test_hours as i64));
    let before = series.until(boundary).context("there are no hours before the test window")?;
    let choice = choose_among(models, &before, plan.horizon)?;
    let (mut told, mut chosen) = (Vec::new(), Vec::new());
    for name in models {
        let mut model = build(name, plan.horizon)?;
        let (mut training_s, mut issuing_s, mut since) = (0.0, 0.0, instant());
        let mut said = Vec::new();
        let metrics = backtest_watched(model.as_mut(), series, plan, &mut |step| match step {
            Step::Fitted => training_s = since.elapsed().as_secs_f64(),
            Step::Asking => since = instant(),
            Step::Issued(forecast) => {
                issuing_s += since.elapsed().as_secs_f64();
                said.push(forecast.clone());
            }
        })?;
        told.push(ModelTold::new(&metrics, training_s, issuing_s / metrics.forecasts as f64));
        if *name == choice.forecaster.name() {
            chosen = said;
        }
    }
    Ok(Tested { told: ZoneTold::new(series, told, &choice), said: chosen })
}

/// To time what has no clock of its own; nothing is decided by it.
#[allow(clippy::disallowed_methods)] // a command is skin
fn instant() -> Instant {
    Instant::now()
}
