//! `ce-nas compare`: several studies side by side, and what each took for what it found.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use common::config::Config;
use common::energy::Purpose;
use serde::Serialize;

use super::place::Reader;
use super::table::{Side, aligned};
use super::{Usage, print, print_json};
use crate::report::{HistoryPoint, text};
use crate::source::Source;

/// Put studies side by side: what they found, and what they took for it
///
/// Hypervolumes are compared only where all studies minimise the same objectives from the same reference
/// point; then each study also says what it took to reach what the weakest of them reached.
///
/// Examples:
///   ce-nas compare runs/planner runs/greedy
///   ce-nas compare runs/planner http://127.0.0.1:7592
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Directories of studies, or addresses of their coordinators
    #[arg(required = true, num_args = 1.., value_name = "DIR")]
    pub runs: Vec<String>,
    /// The token to show to coordinators
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Column {
    directory: String,
    study: String,
    seed: u64,
    policy: String,
    searcher: String,
    finished: bool,
    grid_hours: f64,
    full_trainings: u64,
    short_trainings: u64,
    kwh: f64,
    gco2eq: f64,
    mean_g_per_kwh: Option<f64>,
    front: usize,
    best_validation_accuracy: Option<f64>,
    /// Of the volume between the reference point and the ideal one.
    hypervolume_share: f64,
    /// What it took to reach the weakest study's share.
    to_common: Option<Reached>,
    #[serde(skip)]
    history: Vec<HistoryPoint>,
    /// What hypervolumes are comparable by.
    #[serde(skip)]
    measure: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Reached {
    grid_hours: f64,
    kwh: f64,
    gco2eq: f64,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    if args.runs.len() < 2 {
        return Err(Usage("one study is compared with nothing: name two directories or more".into()).into());
    }
    let mut sides =
        args.runs.iter().map(|run| side(run, args.token_file.as_deref())).collect::<Result<Vec<_>>>()?;
    let common =
        comparable(&sides).then(|| sides.iter().map(|side| side.hypervolume_share).fold(1.0, f64::min));
    if let Some(share) = common {
        sides.iter_mut().for_each(|side| side.to_common = reached(&side.history, share));
    }
    if args.json {
        return print_json(out, &sides);
    }
    print(out, &listing(&sides, common))
}

fn side(run: &str, token_file: Option<&Path>) -> Result<Column> {
    let source = match run.contains("://") {
        true => Source::coordinator(run, token_file)?,
        false => Source::directory(Path::new(run)),
    };
    let mut reader = Reader::new(source);
    let report = &reader.read()?.report;
    let config: Config = toml::from_str(&report.study.config)
        .with_context(|| format!("the configuration of {run} is of another release"))?;
    let finished = |purpose| report.trials.by_fidelity.get(&purpose).map_or(0, |counts| counts.finished);
    let total = report.energy.total;
    let best = report.front.iter().map(|network| network.validation_accuracy).reduce(f64::max);
    Ok(Column {
        directory: run.to_owned(),
        study: report.study.name.clone(),
        seed: report.study.seed.0,
        policy: config.allocation.policy,
        searcher: config.search.searcher,
        finished: report.time.finished_at.is_some(),
        grid_hours: report.time.grid_hours,
        full_trainings: finished(Purpose::Full),
        short_trainings: finished(Purpose::Rung),
        kwh: total.kwh,
        gco2eq: total.gco2eq,
        mean_g_per_kwh: (total.kwh > 0.0).then(|| total.gco2eq / total.kwh),
        front: report.front.len(),
        best_validation_accuracy: best,
        hypervolume_share: report.hypervolume.share,
        to_common: None,
        history: report.hypervolume.history.clone(),
        measure: format!("{:?} {:?}", report.study.objectives, report.study.spec.space),
    })
}

fn comparable(sides: &[Column]) -> bool {
    sides.windows(2).all(|pair| pair[0].measure == pair[1].measure)
}

/// The first moment with at least that share.
fn reached(history: &[HistoryPoint], share: f64) -> Option<Reached> {
    // Shares of equal volumes may differ in their last bits.
    let enough = share * (1.0 - 1e-12);
    let point = history.iter().find(|point| point.share >= enough)?;
    Some(Reached { grid_hours: point.grid_hours, kwh: point.kwh, gco2eq: point.gco2eq })
}

fn listing(sides: &[Column], common: Option<f64>) -> String {
    let columns: Vec<(&str, Side)> = std::iter::once(("", Side::Left))
        .chain(sides.iter().map(|side| (side.directory.as_str(), Side::Right)))
        .collect();
    let row = |what: &str, of: &dyn Fn(&Column) -> String| {
        std::iter::once(what.to_owned()).chain(sides.iter().map(of)).collect::<Vec<_>>()
    };
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".into());
    let mut rows = vec![
        row("study", &|side| format!("{}, seed {}", side.study, side.seed)),
        row("policy, searcher", &|side| format!("{}, {}", side.policy, side.searcher)),
        row("state", &|side| if side.finished { "finished".into() } else { "under way".into() }),
        row("grid hours", &|side| format!("{:.1}", side.grid_hours)),
        row("full trainings", &|side| text::count(side.full_trainings)),
        row("short trainings", &|side| text::count(side.short_trainings)),
        row("energy", &|side| text::energy(side.kwh)),
        row("CO2eq", &|side| text::mass(side.gco2eq)),
        row("mean g/kWh", &|side| or_dash(side.mean_g_per_kwh.map(|mean| format!("{mean:.0}")))),
        row("front", &|side| side.front.to_string()),
        row("best validation", &|side| {
            or_dash(side.best_validation_accuracy.map(|best| text::percent(best, 2)))
        }),
        row("hypervolume", &|side| text::percent(side.hypervolume_share, 2)),
    ];
    match common {
        None => {
            let mut listing = aligned(&columns, &rows);
            listing.push_str("\nhypervolumes are not compared: the studies differ in space, objectives or reference point\n");
            listing
        }
        Some(share) => {
            let least = sides.iter().filter_map(|side| Some(side.to_common?.gco2eq)).reduce(f64::min);
            let carbon = |side: &Column| {
                let grams = side.to_common?.gco2eq;
                let times = least
                    .filter(|least| *least > 0.0)
                    .map_or(String::new(), |least| format!(" ({:.2}×)", grams / least));
                Some(format!("{}{times}", text::mass(grams)))
            };
            rows.push(row(&format!("to {}: hours", text::percent(share, 2)), &|side| {
                or_dash(side.to_common.map(|reached| format!("{:.1}", reached.grid_hours)))
            }));
            rows.push(row("  energy", &|side| {
                or_dash(side.to_common.map(|reached| text::energy(reached.kwh)))
            }));
            rows.push(row("  CO2eq", &|side| or_dash(carbon(side))));
            aligned(&columns, &rows)
        }
    }
}
