//! The baselines by name. A newcomer is a file beside this one and a line in each of the two lists here.

use std::num::NonZeroUsize;

use common::nearest::did_you_mean;
use common::seed::Seed;
use common::time::GridHour;

use super::hindsight::{cleanest_of_each_day, fewest_cleanest};
use super::{
    ActionTable, BLOCK, LOOK_BACK_HOURS, LinearInIntensity, OneShotOnly, PER_PROMOTION, Percentile, Proxy,
    Rungs, Share, Split, Vanilla, cheapest_set,
};
use crate::fleet::Director;
use crate::searcher::{FixedList, Searcher};
use crate::table::{Level, Table};
use crate::world::{HourlyTrace, TraceError, Work};

/// A baseline that can be built.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Baseline {
    pub name: &'static str,
    pub about: &'static str,
    /// What the number behind a colon means and is without one, as in `split:25`.
    pub parameter: Option<(&'static str, f64)>,
    /// Whether it knows hours or results that are still to come: a bound, which no study can have.
    pub is_oracle: bool,
    /// The first training of a candidate, which its searcher must know.
    pub first: Level,
    /// Whether a searcher proposes; otherwise it chooses by itself.
    pub is_searching: bool,
}

const fn plain(name: &'static str, about: &'static str) -> Baseline {
    Baseline { name, about, parameter: None, is_oracle: false, first: Level::Full, is_searching: true }
}

const fn with(mut baseline: Baseline, what: &'static str, default: f64) -> Baseline {
    baseline.parameter = Some((what, default));
    baseline
}

const fn oracle(mut baseline: Baseline) -> Baseline {
    baseline.is_oracle = true;
    baseline
}

const fn by_itself(mut baseline: Baseline) -> Baseline {
    baseline.is_searching = false;
    baseline
}

const fn short_first(mut baseline: Baseline) -> Baseline {
    baseline.first = Level::Short;
    baseline
}

/// All of them, from simple to all-knowing.
pub const BASELINES: [Baseline; 10] = [
    plain("vanilla", "all slots train to the end what the searcher proposes"),
    with(
        plain("split", "a fixed share of the slots trains, the others score for a queue of ten, few-shot"),
        "percent of the slots that train",
        50.0,
    ),
    plain("action-table", "as split, with the share drawn each hour from the reference's actions"),
    plain("linear-split", "as split, with the share linear in the intensity within its last week"),
    by_itself(plain("one-shot-only", "scores the whole table few-shot, then trains it by rank")),
    short_first(with(
        plain("rungs", "short trainings, every so many of them one full training of the best"),
        "short trainings for each full one",
        PER_PROMOTION.get() as f64,
    )),
    with(
        plain("suspend-resume", "vanilla, off while the intensity is above a percentile of its last week"),
        "percentile",
        50.0,
    ),
    oracle(with(
        plain("cleanest-hours", "vanilla in the cleanest hours of each day, which it knows beforehand"),
        "hours of each day",
        8.0,
    )),
    oracle(with(
        plain(
            "offline-oracle",
            "vanilla in the fewest cleanest hours that hold its work, which it knows beforehand",
        ),
        "percent of the table's hypervolume at which the work is done",
        99.5,
    )),
    by_itself(oracle(with(
        plain(
            "choice-oracle",
            "trains only the cheapest set that reaches a hypervolume, which it knows beforehand",
        ),
        "percent of the table's hypervolume",
        99.5,
    ))),
];

/// Hours and work that are still to come, for oracles.
#[derive(Debug, Clone, Copy)]
pub struct Future<'a> {
    /// Of the first zone.
    pub trace: &'a HourlyTrace,
    pub start: GridHour,
    /// Hours among which an oracle chooses: the deadline.
    pub horizon_hours: usize,
    /// Work that there will be, in hours of the whole fleet.
    pub work_hours: f64,
}

/// What a baseline is made of.
#[derive(Debug)]
pub struct Parts<'a> {
    pub table: &'a dyn Table,
    pub work: Work,
    pub seed: Seed,
    /// Proposes what to train, where the baseline does not choose by itself. [`Baseline::first`] says which training comes first.
    pub searcher: Box<dyn Searcher>,
    /// None refuses the oracles that need it.
    pub future: Option<Future<'a>>,
}

#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("there is no baseline `{name}`{nearest}")]
    Unknown { name: String, nearest: String },
    #[error("`{found}` is no parameter of the baseline {name}: {wanted}")]
    Parameter { name: &'static str, found: String, wanted: String },
    #[error("the baseline {name} is an oracle: tell it the hours to come")]
    NoFuture { name: &'static str },
    #[error("no set of cells reaches {percent} % of the table's hypervolume")]
    Unreachable { percent: f64 },
    #[error(transparent)]
    Trace(#[from] TraceError),
}

/// The baseline of `name`, with or without a parameter behind a colon, and that parameter.
pub fn find(name: &str) -> Result<(Baseline, f64), BuildError> {
    let (plain, parameter) = name.split_once(':').map_or((name, None), |(name, value)| (name, Some(value)));
    let found = BASELINES.into_iter().find(|baseline| baseline.name == plain.trim());
    let baseline = found.ok_or_else(|| BuildError::Unknown {
        name: plain.into(),
        nearest: did_you_mean(plain, BASELINES.iter().map(|baseline| baseline.name)),
    })?;
    let wanted = baseline.parameter.map_or("it has none".into(), |(what, _)| format!("it is {what}"));
    let refuse = |found: &str| BuildError::Parameter { name: baseline.name, found: found.into(), wanted };
    let (least, most) = if baseline.name == "rungs" { (1.0, f64::from(u32::MAX)) } else { (0.0, 100.0) };
    let value = match (baseline.parameter, parameter) {
        (None, None) => 0.0,
        (Some((_, default)), None) => default,
        (None, Some(found)) => return Err(refuse(found)),
        (Some(_), Some(found)) => {
            let value = found.trim().parse().ok().filter(|value: &f64| (least..=most).contains(value));
            value.ok_or_else(|| refuse(found))?
        }
    };
    Ok((baseline, value))
}

/// Builds a baseline by its name.
pub fn build(name: &str, parts: Parts<'_>) -> Result<Box<dyn Director>, BuildError> {
    let (baseline, value) = find(name)?;
    let Parts { table, work, seed, searcher, future } = parts;
    let future = future.ok_or(BuildError::NoFuture { name: baseline.name });
    let few = Proxy::FewShot;
    Ok(match baseline.name {
        "split" => Box::new(Split::new(searcher, Share(value / 100.0), few, &work)),
        "action-table" => Box::new(Split::new(searcher, ActionTable::new(seed), few, &work)),
        "linear-split" => Box::new(Split::new(searcher, LinearInIntensity, few, &work)),
        "one-shot-only" => Box::new(OneShotOnly::new(table.cells().collect(), few, BLOCK, &work)),
        "rungs" => {
            let per = NonZeroUsize::new(value as usize).unwrap_or(NonZeroUsize::MIN);
            Box::new(Rungs::new(searcher, per))
        }
        "suspend-resume" => {
            let switch = Percentile { percentile: value, hours: LOOK_BACK_HOURS };
            Box::new(Vanilla::switched(searcher, switch))
        }
        "cleanest-hours" => {
            let Future { trace, start, horizon_hours, .. } = future?;
            let plan = cleanest_of_each_day(trace, start, horizon_hours, value as usize)?;
            Box::new(Vanilla::switched(searcher, plan))
        }
        "offline-oracle" => {
            let Future { trace, start, horizon_hours, work_hours } = future?;
            let plan = fewest_cleanest(trace, start, horizon_hours, work_hours, &work)?;
            Box::new(Vanilla::switched(searcher, plan))
        }
        "choice-oracle" => {
            let wanted = value / 100.0 * table.whole_front().hypervolume();
            let cells = cheapest_set(table, wanted).ok_or(BuildError::Unreachable { percent: value })?;
            Box::new(Vanilla::new(FixedList::new(cells)))
        }
        _ => Box::new(Vanilla::new(searcher)),
    })
}
