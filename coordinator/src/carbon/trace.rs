//! Recorded intensities from a CSV file, plain or gzipped, in whatever shape its maker gave it.
//!
//! Needed: a header, a column of UTC times in order, a column of intensities in gCO2eq/kWh. Columns are found by name, whatever their
//! case and punctuation (`columns`), so that Electricity Maps' yearly exports are taken as they are; generation by source serves as well
//! (`mix`). Rows finer than an hour are averaged; gaps of up
//! to three hours are bridged by a straight line and marked as estimated; everything else that is odd is refused.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use common::carbon::{CarbonSample, Provenance, SignalKind};
use common::id::Zone;
use common::time::{GridHour, Timestamp};
use common::unit::Intensity;
use forecast::{Channel, Series};

use super::channels;
use super::columns::Columns;
use super::{CarbonSource, Error};
use crate::csv_file;

/// A straight line over more would invent a morning.
pub(super) const BRIDGED_HOURS: i64 = 3;
const BRIDGE: &str = "a straight line over a gap";

#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    zone: Zone,
    kind: SignalKind,
    /// The file's name, for the provenance.
    name: String,
    /// By us, from these columns of generation: no maker's figure.
    computed_from: Option<String>,
    first: GridHour,
    hours: Vec<Hour>,
    /// Each as long as `hours`.
    channels: Vec<Channel>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Hour {
    intensity: f64,
    origin: Origin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Recorded,
    /// Its maker says that it was estimated.
    Estimated,
    Bridged,
    /// Its maker says that it is of no real grid.
    Synthetic,
}

impl Trace {
    /// `column` is the name of the column of intensities, or `auto`.
    pub fn read(path: &Path, zone: Zone, column: &str) -> Result<Self, Error> {
        Self::read_as(path, zone, column, None)
    }

    /// `auto` takes a column of the `preferred` kind where the file has one.
    pub fn read_as(
        path: &Path,
        zone: Zone,
        column: &str,
        preferred: Option<SignalKind>,
    ) -> Result<Self, Error> {
        let unreadable =
            |error: std::io::Error| Error::Unreadable { path: path.into(), reason: error.to_string() };
        Self::parse(csv_file::open(path).map_err(unreadable)?, path, zone, (column, preferred))
    }

    fn parse(
        input: impl Read,
        path: &Path,
        zone: Zone,
        (column, preferred): (&str, Option<SignalKind>),
    ) -> Result<Self, Error> {
        let mut rows = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(input);
        let unreadable =
            |error: csv::Error| Error::Unreadable { path: path.into(), reason: error.to_string() };
        let header = rows.headers().map_err(unreadable)?.clone();
        if header.iter().all(str::is_empty) {
            return Err(Error::Empty { path: path.into() });
        }
        let columns = Columns::find(&header, column, preferred, &zone, path)?;
        let channels = channels::Reading::new(&header, &columns);
        let (previous, hours) = (None, BTreeMap::new());
        let mut reading = Reading { path, header: &header, columns: &columns, previous, hours, channels };
        let mut row = csv::StringRecord::new();
        while rows.read_record(&mut row).map_err(unreadable)? {
            reading.take(&row)?;
        }
        let (first, hours, channels) = reading.finish()?;
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let Columns { kind, computed_from, .. } = columns;
        Ok(Self { zone, kind, name, computed_from, first, hours, channels })
    }

    fn sample(&self, hour: GridHour) -> Option<CarbonSample> {
        let known = self.hours.get(usize::try_from(hour.0 - self.first.0).ok()?)?;
        let provenance = match known.origin {
            Origin::Synthetic => Provenance::Synthetic,
            Origin::Recorded | Origin::Estimated if self.computed_from.is_some() => {
                Provenance::Estimated(format!("the generation mix in {}", self.name))
            }
            Origin::Recorded => Provenance::Measured(self.name.clone()),
            Origin::Estimated => Provenance::Estimated(self.name.clone()),
            Origin::Bridged => Provenance::Estimated(format!("{BRIDGE} in {}", self.name)),
        };
        let (zone, intensity) = (self.zone.clone(), Intensity(known.intensity));
        Some(CarbonSample { zone, hour, intensity, kind: self.kind, provenance })
    }

    /// The figure of an hour it holds.
    pub fn intensity(&self, hour: GridHour) -> Option<Intensity> {
        self.sample(hour).map(|sample| sample.intensity)
    }

    /// All of it, with its channels.
    pub fn series(&self) -> Result<Series, forecast::Error> {
        let values = self.hours.iter().map(|hour| hour.intensity).collect();
        Series::new(self.zone.clone(), self.kind, self.first, values)?.with_channels(self.channels.clone())
    }

    /// The file's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn last(&self) -> GridHour {
        self.first.plus(self.hours.len() as i64 - 1)
    }
}

impl CarbonSource for Trace {
    fn zone(&self) -> &Zone {
        &self.zone
    }

    fn kind(&self) -> SignalKind {
        self.kind
    }

    fn observe(&mut self, hour: GridHour) -> Result<CarbonSample, Error> {
        let outside =
            || Error::Outside { zone: self.zone.clone(), hour, first: self.first, last: self.last() };
        self.sample(hour).ok_or_else(outside)
    }

    fn history(&self, before: GridHour, hours: usize) -> Vec<CarbonSample> {
        let hours = i64::try_from(hours).unwrap_or(i64::MAX);
        let start = before.0.saturating_sub(hours).max(self.first.0);
        (start..before.0.min(self.last().0 + 1)).filter_map(|hour| self.sample(GridHour(hour))).collect()
    }

    fn by_now(&self, from: GridHour, before: GridHour) -> Vec<CarbonSample> {
        self.history(before, usize::try_from(before.0 - from.0).unwrap_or(0))
    }

    fn span(&self) -> Option<(GridHour, GridHour)> {
        Some((self.first, self.last()))
    }

    fn channels(&self, first: GridHour, hours: usize) -> Vec<Channel> {
        let Ok(from) = usize::try_from(first.0 - self.first.0) else { return Vec::new() };
        let span = from..from.saturating_add(hours);
        let cut = |channel: &Channel| {
            Some(Channel::new(channel.name(), channel.values().get(span.clone())?.to_vec()))
        };
        self.channels.iter().filter_map(cut).collect()
    }

    fn describe(&self) -> String {
        match &self.computed_from {
            Some(columns) => format!("the trace {} (computed from {columns})", self.name),
            None => format!("the trace {}", self.name),
        }
    }
}

/// Rows on their way into hours.
struct Reading<'a> {
    path: &'a Path,
    header: &'a csv::StringRecord,
    columns: &'a Columns,
    previous: Option<Timestamp>,
    hours: BTreeMap<GridHour, Sum>,
    channels: channels::Reading,
}

/// The rows of one hour.
#[derive(Default)]
struct Sum {
    intensity: f64,
    rows: u32,
    estimated: bool,
    synthetic: bool,
    /// Where the hour begins in the file.
    line: u64,
}

impl Reading<'_> {
    fn take(&mut self, row: &csv::StringRecord) -> Result<(), Error> {
        let line = row.position().map_or(0, csv::Position::line);
        let path = || PathBuf::from(self.path);
        let text = &row[self.columns.time];
        let time = parse_time(text).map_err(|_| Error::Time { path: path(), line, text: text.into() })?;
        match self.previous.replace(time) {
            Some(previous) if previous == time => {
                return Err(Error::Duplicate { path: path(), line, time: time.to_string() });
            }
            Some(previous) if previous > time => {
                return Err(Error::Unsorted { path: path(), line, hour: time.to_string() });
            }
            _ => {}
        }
        self.channels.take(time.hour(), row);
        let figure = self.columns.figure.of(row).map_err(|cell| Error::Number {
            path: path(),
            line,
            column: self.header[cell.column].into(),
            text: row[cell.column].into(),
            limit: cell.limit,
        })?;
        let Some(value) = figure else { return Ok(()) };
        let doubt = self.columns.estimated.map_or("", |index| &row[index]);
        let sum = self.hours.entry(time.hour()).or_insert_with(|| Sum { line, ..Sum::default() });
        sum.intensity += value;
        sum.rows += 1;
        sum.synthetic |= doubt.eq_ignore_ascii_case("synthetic");
        sum.estimated |= doubt.eq_ignore_ascii_case("true") || doubt == "1";
        let method = self.columns.method.map_or("", |index| &row[index]);
        sum.estimated |= !["", "null", "none", "nan"].contains(&method.to_lowercase().as_str());
        Ok(())
    }

    /// Contiguous hours from the first on, and their channels.
    fn finish(self) -> Result<(GridHour, Vec<Hour>, Vec<Channel>), Error> {
        let path = || PathBuf::from(self.path);
        let (&first, _) = self.hours.first_key_value().ok_or_else(|| Error::Empty { path: path() })?;
        let mut hours: Vec<Hour> = Vec::with_capacity(self.hours.len());
        for (&hour, sum) in &self.hours {
            let intensity = sum.intensity / f64::from(sum.rows);
            let next = first.plus(hours.len() as i64);
            let missing = hour.0 - next.0;
            if missing > BRIDGED_HOURS {
                let (from, limit) = (next, BRIDGED_HOURS);
                return Err(Error::Gap { path: path(), line: sum.line, from, hours: missing, limit });
            }
            if let Some(before) = hours.last().map(|hour| hour.intensity) {
                let step = (intensity - before) / (missing + 1) as f64;
                let bridge = |i: i64| Hour { intensity: before + step * i as f64, origin: Origin::Bridged };
                hours.extend((1..=missing).map(bridge));
            }
            let origin = match sum {
                Sum { synthetic: true, .. } => Origin::Synthetic,
                Sum { estimated: true, .. } => Origin::Estimated,
                _ => Origin::Recorded,
            };
            hours.push(Hour { intensity, origin });
        }
        let channels = self.channels.finish(first, hours.len());
        Ok((first, hours, channels))
    }
}

/// A time with its offset, or without one and then in UTC: `2021-07-02T06:00Z`, `2021-07-02 06:00:00`, `2021-07-02`.
pub fn parse_time(text: &str) -> Result<Timestamp, Error> {
    let text = text.trim();
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(Timestamp(time.as_millisecond()));
    }
    let civil = text.parse::<jiff::civil::DateTime>().map_err(|_| Error::NotATime(text.into()))?;
    let time = civil.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| Error::NotATime(text.into()))?;
    Ok(Timestamp(time.timestamp().as_millisecond()))
}
