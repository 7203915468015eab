//! What a trace carries beside its intensity: generation by source, weather, shares. Every column whose cells are all numbers or
//! empty is one, except other intensities, for kinds are never mixed. Sources are called by their names alone. For models that use such
//! figures; none needs them.
//!
//! Gaps are treated as those of the intensity: bridged up to three hours. A channel with a longer gap is left out, not refused: it
//! was never asked for.

use std::collections::BTreeMap;

use common::time::GridHour;
use forecast::Channel;

use super::columns::{Columns, is_intensity, plain};
use super::mix::source_name;
use super::trace::BRIDGED_HOURS;

/// More would be somebody's whole data warehouse; the first ones of the file stand.
const MAX_CHANNELS: usize = 64;

/// Columns that may be channels, on their way through the rows.
#[derive(Debug)]
pub(super) struct Reading(Vec<Column>);

#[derive(Debug)]
struct Column {
    index: usize,
    name: String,
    /// Sum and number of the rows of an hour.
    hours: BTreeMap<GridHour, (f64, u32)>,
}

impl Reading {
    pub fn new(header: &csv::StringRecord, columns: &Columns) -> Self {
        let mut found: Vec<Column> = Vec::new();
        for (index, name) in header.iter().map(plain).enumerate() {
            let name = source_name(&name).to_owned();
            let doubts = [columns.estimated, columns.method].contains(&Some(index));
            let taken = index == columns.time || doubts || is_intensity(&name);
            let twice = found.iter().any(|column| column.name == name);
            if !taken && !twice && !name.is_empty() && found.len() < MAX_CHANNELS {
                found.push(Column { index, name, hours: BTreeMap::new() });
            }
        }
        Self(found)
    }

    pub fn take(&mut self, hour: GridHour, row: &csv::StringRecord) {
        self.0.retain_mut(|column| {
            let text = &row[column.index];
            if text.is_empty() || text.eq_ignore_ascii_case("null") {
                return true;
            }
            let Some(value) = text.parse::<f64>().ok().filter(|value| value.is_finite()) else {
                return false;
            };
            let (sum, rows) = column.hours.entry(hour).or_default();
            *sum += value;
            *rows += 1;
            true
        });
    }

    /// Those that hold every one of the `hours` hours from `first` on, once short gaps are bridged.
    pub fn finish(self, first: GridHour, hours: usize) -> Vec<Channel> {
        let whole = |column: Column| Some(Channel::new(column.name, bridged(&column.hours, first, hours)?));
        self.0.into_iter().filter_map(whole).collect()
    }
}

/// The last known value stands for hours missing at the end, the first for those at the beginning.
fn bridged(known: &BTreeMap<GridHour, (f64, u32)>, first: GridHour, hours: usize) -> Option<Vec<f64>> {
    let end = first.plus(hours as i64);
    let mean = |(sum, rows): &(f64, u32)| sum / f64::from(*rows);
    let mut values: Vec<f64> = Vec::with_capacity(hours);
    for (hour, cell) in known.range(first..end) {
        let (value, missing) = (mean(cell), hour.0 - first.0 - values.len() as i64);
        if missing > BRIDGED_HOURS {
            return None;
        }
        let before = values.last().copied().unwrap_or(value);
        let step = (value - before) / (missing + 1) as f64;
        values.extend((1..=missing).map(|i| before + step * i as f64));
        values.push(value);
    }
    let last = *values.last()?;
    let missing = hours - values.len();
    if missing as i64 > BRIDGED_HOURS {
        return None;
    }
    values.resize(hours, last);
    Some(values)
}
