//! Recorded traces, or the made-up week, with the forecasts that would have been issued.

use agent::Grid;
use anyhow::{Context, Result};
use common::id::Zone;
use common::seed::Seed;
use common::time::GridHour;
use coordinator::command::Usage;
use forecast::{LOOK_BACK_HOURS, Series};
use simulation::world::HourlyTrace;

use crate::progress::Progress;

/// Of the grid that comes with the program.
const TYPICAL: (&str, Seed) = ("LOCAL", Seed(1));

/// The traces that were named, or a made-up one that reaches from long before the first start to `hours` after the last.
pub fn series(traces: &[String], column: &str, starts: &[GridHour], hours: usize) -> Result<Vec<Series>> {
    if !traces.is_empty() {
        return crate::forecast::read_all(traces, column);
    }
    let (Some(first), Some(last)) = (starts.iter().min(), starts.iter().max()) else { return Ok(Vec::new()) };
    let first = first.plus(-(LOOK_BACK_HOURS as i64));
    let count = last.plus(hours as i64).0 - first.0 + 1;
    let (zone, seed) = (Zone::new(TYPICAL.0), TYPICAL.1);
    let trace = HourlyTrace::typical_week(zone.clone(), seed, first, count as usize)?;
    let values = (0..count).filter_map(|hour| trace.at(first.plus(hour))).map(|value| value.0).collect();
    Ok(vec![Series::new(zone, trace.kind(), first, values)?])
}

/// One grid of each series for each start, with forecasts of `hours` hours from there on; each start has its own, so that nothing is
/// forecast that nobody asks.
pub fn windows(series: &[Series], starts: &[GridHour], hours: usize) -> Result<Vec<Grid>> {
    let all = series.len() * starts.len() * (hours + 1);
    let progress = Progress::of("forecasts", all as u64);
    let mut grids = Vec::new();
    for series in series {
        for &start in starts {
            let last = start.plus(hours as i64);
            if series.get(last).is_none() || series.get(start.plus(-168)).is_none() {
                let (zone, first, end) = (series.zone(), series.first_hour(), series.last_hour());
                return Err(Usage(format!(
                    "the trace of {zone} holds {first} to {end}; a study from {start} needs a week before and {hours} h after"
                ))
                .into());
            }
            let grid = Grid::prepare(series, start, last, &mut || progress.one_more());
            grids.push(grid.with_context(|| format!("forecasts of {}", series.zone()))?);
        }
    }
    Ok(grids)
}
