//! What the options mean: a table, grids, moments, contenders.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use anyhow::{Result, bail, ensure};
use common::config::Config;
use common::id::Zone;
use common::seed::Seed;
use common::time::GridHour;
use coordinator::carbon::parse_time;
use coordinator::command::Usage;
use forecast::LOOK_BACK_HOURS;
use simulation::compare::{Contender, World};
use simulation::drive::Forecasts;
use simulation::table::{Level, NasBench201Table, RecordedTable, Table, builtin};
use simulation::world::{HourlyTrace, Work};

use super::Args;

/// Of the grid that comes with the program.
const TYPICAL_SEED: Seed = Seed(1);
const TYPICAL_ZONE: &str = "LOCAL";

/// A trace's file, and its zone: by name, or the file's name up to its first dot.
#[derive(Debug, Clone)]
pub struct TraceFile {
    zone: String,
    path: PathBuf,
}

impl FromStr for TraceFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (zone, path) = match text.split_once('=') {
            Some((zone, path)) => (zone.trim().to_owned(), PathBuf::from(path.trim())),
            None => (stem(Path::new(text)), PathBuf::from(text)),
        };
        if zone.is_empty() || path.as_os_str().is_empty() {
            return Err("write it as FILE or ZONE=FILE".into());
        }
        Ok(Self { zone, path })
    }
}

fn stem(path: &Path) -> String {
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    name.split('.').next().unwrap_or_default().to_owned()
}

/// A whole hour.
#[derive(Debug, Clone, Copy)]
pub struct Moment(GridHour);

impl Moment {
    pub fn hour(&self) -> GridHour {
        self.0
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let time = parse_time(text).map_err(|error| error.to_string())?;
        let hour = time.hour();
        if hour.start() != time {
            return Err("studies begin on the hour, as in 2021-07-02T06:00Z".into());
        }
        Ok(Self(hour))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Scores {
    OneShot,
    FewShot,
}

/// All that was asked for.
#[derive(Debug)]
pub struct Given {
    pub table: Box<dyn Table>,
    /// The table's hypervolume, in percent × mJ.
    pub maximum: f64,
    pub contenders: Vec<Contender>,
    pub config: Config,
    /// Zones with their slots, by world.
    fleets: Vec<Vec<(HourlyTrace, u16)>>,
    starts: Vec<GridHour>,
    pub hours: usize,
    pub levels: Vec<f64>,
    pub caps_kg: Vec<f64>,
    /// The level that is looked at closely, by its place.
    pub at: usize,
    /// What ratios are against: a policy, and a searcher if one was named.
    pub against: (String, Option<String>),
    until: Option<f64>,
    scores: Level,
}

pub fn read(args: &Args) -> Result<Given> {
    let mut config = common::config::load(args.settings.config.as_deref(), [], &args.settings.set)?;
    let searchers = match args.searchers.as_slice() {
        [] => vec![config.search.searcher.clone()],
        given => given.to_vec(),
    };
    let contenders =
        Contender::every(&args.policies, &searchers).map_err(|error| Usage(error.to_string()))?;
    let table = table(args)?;
    // The table knows one length of short trainings.
    if config.ladder.rung_epochs != 0 {
        config.ladder.rung_epochs = table.epochs().0;
    }
    config.training.epochs = table.epochs().1;
    let levels = ascending("--levels", &args.levels, 100.0)?;
    let caps_kg = ascending("--caps", &args.caps, f64::INFINITY)?;
    if let Some(until) = args.until {
        ascending("--until", &[until], 100.0)?;
    }
    let at = match args.at {
        Some(at) => levels.iter().position(|level| *level == at),
        None => Some(levels.len().saturating_sub(2)),
    };
    let at = at.ok_or_else(|| Usage("--at is one of the --levels".into()))?;
    let against = match args.against.split_once('/') {
        Some((policy, searcher)) => (policy.to_owned(), Some(searcher.to_owned())),
        None => (args.against.clone(), None),
    };
    let starts: Vec<GridHour> = args.starts.iter().map(|moment| moment.0).collect();
    Ok(Given {
        maximum: table.whole_front().hypervolume(),
        table,
        contenders,
        config,
        fleets: fleets(args, &starts)?,
        starts,
        hours: args.hours.get(),
        levels,
        caps_kg,
        at,
        against,
        until: args.until,
        scores: if args.scores == Scores::FewShot { Level::FewShot } else { Level::OneShot },
    })
}

impl Given {
    /// Every fleet at every start; refuses what a trace does not cover.
    pub fn worlds(&self) -> Result<Vec<World<'_>>> {
        let mut worlds = Vec::new();
        for zones in &self.fleets {
            for &start in &self.starts {
                for (trace, _) in zones {
                    trace.check_covers(start, self.hours).map_err(|error| Usage(error.to_string()))?;
                }
                worlds.push(World {
                    table: self.table.as_ref(),
                    maximum: self.maximum,
                    work: work(self.table.as_ref()),
                    scores: self.scores,
                    zones: zones.clone(),
                    start,
                    horizon_hours: self.hours,
                    config: self.config.clone(),
                    until_percent: self.until,
                    forecasts: Arc::new(Forecasts::new(&self.config, zones)?),
                });
            }
        }
        Ok(worlds)
    }
}

/// The usual powers, with the table's own lengths of training; supernets keep their proportion to a full one.
fn work(table: &dyn Table) -> Work {
    let (short, full) = table.epochs();
    let usual = Work::default();
    let times = f64::from(full) / usual.full_epochs;
    Work {
        short_epochs: f64::from(short),
        full_epochs: f64::from(full),
        supernet_epochs: usual.supernet_epochs * times,
        sub_supernet_epochs: usual.sub_supernet_epochs * times,
        ..usual
    }
}

fn table(args: &Args) -> Result<Box<dyn Table>> {
    let Some(path) = &args.table else { return Ok(Box::new(builtin())) };
    if args.describe.is_some() || path.with_extension("toml").exists() {
        return Ok(Box::new(RecordedTable::read(path, args.describe.as_deref())?));
    }
    Ok(Box::new(NasBench201Table::read(path)?))
}

/// The fleets that are compared: one of each trace, or one of all.
fn fleets(args: &Args, starts: &[GridHour]) -> Result<Vec<Vec<(HourlyTrace, u16)>>> {
    let traces = traces(args, starts)?;
    let mut zones: Vec<&Zone> = traces.iter().map(HourlyTrace::zone).collect();
    zones.sort();
    if let Some(twice) = zones.windows(2).find(|pair| pair[0] == pair[1]) {
        bail!(Usage(format!("zone {} has two traces", twice[0])));
    }
    ensure!(args.slots.iter().all(|slots| *slots > 0), Usage("--slots are at least one".into()));
    if !args.together {
        let [slots] = args.slots[..] else {
            bail!(Usage(
                "--slots is one number, for each trace is a study of its own; or add --together".into()
            ))
        };
        return Ok(traces.into_iter().map(|trace| vec![(trace, slots)]).collect());
    }
    let count = traces.len();
    let slots: Vec<u16> = match args.slots[..] {
        [all] => shared_out(all, count),
        _ if args.slots.len() == count => args.slots.clone(),
        _ => bail!(Usage(format!("--slots has {} numbers for {count} zones", args.slots.len()))),
    };
    Ok(vec![traces.into_iter().zip(slots).collect()])
}

/// As evenly as it goes, the first ones more.
fn shared_out(all: u16, count: usize) -> Vec<u16> {
    let count = count as u16;
    (0..count).map(|zone| all / count + u16::from(zone < all % count)).collect()
}

fn traces(args: &Args, starts: &[GridHour]) -> Result<Vec<HourlyTrace>> {
    if args.traces.is_empty() {
        let first = starts.iter().min().copied().unwrap_or_default().plus(-(LOOK_BACK_HOURS as i64));
        let last = starts.iter().max().copied().unwrap_or_default().plus(args.hours.get() as i64);
        let hours = (last.0 - first.0) as usize;
        let zone = Zone::new(TYPICAL_ZONE);
        return Ok(vec![HourlyTrace::typical_week(zone, TYPICAL_SEED, first, hours)?]);
    }
    let read = |file: &TraceFile| HourlyTrace::read(&file.path, Zone::new(&file.zone), &args.column);
    Ok(args.traces.iter().map(read).collect::<Result<_, _>>()?)
}

/// Numbers above zero and not above `most`, sorted.
fn ascending(option: &str, numbers: &[f64], most: f64) -> Result<Vec<f64>> {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let fits = sorted.iter().all(|number| *number > 0.0 && *number <= most && number.is_finite());
    let limit = if most.is_finite() { format!(", not above {most}") } else { String::new() };
    ensure!(fits && !sorted.is_empty(), Usage(format!("{option} takes numbers above zero{limit}")));
    Ok(sorted)
}
