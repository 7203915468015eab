//! `ce-nas forecast train`: the transformer over one zone or several at once, and its weights in a file.

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use coordinator::command::table::{Side, aligned};
use coordinator::command::{Usage, print};
use forecast::{About, AboutZone, Error, MAX_HORIZON_HOURS, Series, Transformer, TransformerOptions};

use super::traces::Traces;

/// Train the transformer forecast over one zone or several at once, and save its weights
///
/// In company a zone with a month of hours learns from those with years. The model is then
/// `transformer:FILE` wherever a model is named; a study that uses it trains no networks of its own.
///
/// Examples:
///   ce-nas forecast train --trace DE.csv.gz FR.csv.gz PL.csv.gz --out europe.safetensors
///   ce-nas run --set forecast.model=transformer:europe.safetensors
///   ce-nas forecast train --trace DE.csv.gz --leave-hours 4344 --out de.safetensors
///   ce-nas forecast backtest --trace DE.csv.gz --models linear,transformer:de.safetensors
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(flatten)]
    traces: Traces,
    /// Where the weights go
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Hours ahead, 1 to 168
    #[arg(long, value_name = "HOURS", default_value_t = 96)]
    horizon: usize,
    /// The last hours of each trace that it shall not see: those of a backtest
    #[arg(long, value_name = "HOURS", default_value_t = 0)]
    leave_hours: usize,
    /// End training after so long; what was learnt by then stands
    #[arg(long, value_name = "N")]
    minutes: Option<f64>,
    #[arg(long, value_name = "N", default_value_t = TransformerOptions::default().seed)]
    seed: u64,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    if !(1..=MAX_HORIZON_HOURS).contains(&args.horizon) {
        let horizon = args.horizon;
        return Err(Usage(format!("--horizon {horizon} is outside 1–{MAX_HORIZON_HOURS} h")).into());
    }
    let limit = args.minutes.map(|minutes| {
        Duration::try_from_secs_f64(60.0 * minutes)
            .map_err(|_| Usage(format!("--minutes {minutes}: a number of minutes, 0 or more")))
    });
    let limit = limit.transpose()?;
    // Before minutes of training come to nothing.
    let folder = args.out.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        let (file, folder) = (args.out.display(), folder.display());
        return Err(Usage(format!("--out {file}: there is no folder {folder}")).into());
    }
    let histories: Vec<Series> =
        args.traces.read()?.iter().map(|series| before(series, args.leave_hours)).collect::<Result<_>>()?;
    let options = TransformerOptions { seed: args.seed, ..TransformerOptions::default() };
    let mut model = Transformer::with_options(args.horizon, options)?;
    let began = instant();
    let is_over = || limit.is_some_and(|limit| began.elapsed() > limit);
    model.fit_together(&histories.iter().collect::<Vec<_>>(), &is_over).map_err(refused)?;
    let took = began.elapsed().as_secs_f64();
    // It says all that its cause says.
    model.save(&args.out).map_err(|error| anyhow::anyhow!("{error}"))?;
    let about = model.about().context("a model that was fitted says on what")?;
    let epochs: Vec<String> = about.courses.iter().map(|course| course.held_out.len().to_string()).collect();
    let tail = format!(
        "{} networks of {} parameters, {} epochs, {took:.0} s\nweights in {path}: use them as the model transformer:{path}\n",
        about.courses.len(),
        about.courses.first().map_or(0, |course| course.parameters),
        epochs.join(" and "),
        path = args.out.display(),
    );
    print(out, &(table(about) + &tail))
}

/// Without the hours that are left for a backtest.
fn before(series: &Series, hours: usize) -> Result<Series> {
    let (zone, len) = (series.zone(), series.len());
    match len.checked_sub(hours).filter(|left| *left > 0) {
        Some(left) => Ok(series.first(left)),
        None => Err(Usage(format!("--leave-hours {hours}: the trace of {zone} has {len} h")).into()),
    }
}

/// What more or other traces cure is no defect.
fn refused(error: Error) -> anyhow::Error {
    match error {
        Error::ShortHistory { .. } | Error::MixedKinds { .. } | Error::Singular { .. } => {
            Usage(error.to_string()).into()
        }
        other => other.into(),
    }
}

fn table(about: &About) -> String {
    let day_names: Vec<String> = (1..=about.horizon.div_ceil(24)).map(|day| format!("day {day}")).collect();
    let mut columns = ["zone", "from", "until"].map(|name| (name, Side::Left)).to_vec();
    columns.extend(day_names.iter().map(|name| (name.as_str(), Side::Right)));
    let row = |zone: &AboutZone| {
        let hours = [zone.zone.to_string(), zone.from.to_string(), zone.until.to_string()];
        hours.into_iter().chain(zone.held_out_mape.iter().map(|error| format!("{error:.2}"))).collect()
    };
    let rows: Vec<Vec<String>> = about.zones.iter().map(row).collect();
    aligned(&columns, &rows) + "mean absolute errors on held-out hours by day ahead, %\n"
}

/// To time what has no clock of its own; nothing is decided by it but when to end.
#[allow(clippy::disallowed_methods)] // a command is skin
fn instant() -> Instant {
    Instant::now()
}
