//! Recorded intensities from a CSV file, plain or gzipped, in whatever shape its maker gave it.
//!
//! Needed: a header, a column of UTC times in order, a column of intensities in gCO2eq/kWh. Columns are found by name, whatever their
//! case and punctuation, so that Electricity Maps' yearly exports are taken as they are. Rows finer than an hour are averaged; gaps of up
//! to three hours are bridged by a straight line and marked as estimated; everything else that is odd is refused.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use common::carbon::{CarbonSample, Provenance, SignalKind};
use common::id::Zone;
use common::time::{GridHour, Timestamp};
use common::unit::Intensity;

use super::{CarbonSource, Error};
use crate::csv_file;

/// A straight line over more would invent a morning.
const BRIDGED_HOURS: i64 = 3;
/// No fuel reaches it per kWh of electricity: beyond it the unit is another.
const LIMIT_G_PER_KWH: f64 = 3_000.0;
/// Names of a column of UTC times, best first, without case and punctuation.
const TIME_COLUMNS: [&str; 9] =
    ["utc", "datetime utc", "timestamp utc", "time utc", "utc time", "datetime", "timestamp", "time", "date"];
const AUTO: &str = "auto";
const BRIDGE: &str = "a straight line over a gap";

#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    zone: Zone,
    kind: SignalKind,
    /// The file's name, for the provenance.
    name: String,
    first: GridHour,
    hours: Vec<Hour>,
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
        let columns = Columns::find(&header, column, preferred, path)?;
        let mut reading = Reading { path, columns: &columns, previous: None, hours: BTreeMap::new() };
        let mut row = csv::StringRecord::new();
        while rows.read_record(&mut row).map_err(unreadable)? {
            reading.take(&row)?;
        }
        let (first, hours) = reading.finish()?;
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Ok(Self { zone, kind: columns.kind, name, first, hours })
    }

    fn sample(&self, hour: GridHour) -> Option<CarbonSample> {
        let known = self.hours.get(usize::try_from(hour.0 - self.first.0).ok()?)?;
        let provenance = match known.origin {
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

    fn span(&self) -> Option<(GridHour, GridHour)> {
        Some((self.first, self.last()))
    }
}

/// Where in a row the time, the intensity and the maker's own doubt stand.
struct Columns {
    time: usize,
    intensity: usize,
    intensity_name: String,
    estimated: Option<usize>,
    kind: SignalKind,
}

impl Columns {
    fn find(
        header: &csv::StringRecord,
        wanted: &str,
        preferred: Option<SignalKind>,
        path: &Path,
    ) -> Result<Self, Error> {
        let names: Vec<String> = header.iter().map(plain).collect();
        let found = || header.iter().collect::<Vec<_>>().join(", ");
        let place = |name: &str| names.iter().position(|candidate| candidate == name);
        let time = TIME_COLUMNS.iter().find_map(|name| place(name));
        let time = time.ok_or_else(|| Error::NoTimeColumn { path: path.into(), found: found() })?;
        let intensity = if wanted == AUTO {
            // A column that says nothing of its kind is the file's one signal; then direct, then life-cycle.
            let preference = |name: &String| match name {
                name if !is_intensity(name) => None,
                name if preferred == Some(kind(name)) => Some(-1),
                name if says_lifecycle(name) => Some(2),
                name if name.contains("direct") => Some(1),
                name if name.contains("marginal") => Some(3),
                _ => Some(0),
            };
            let candidates = names.iter().enumerate().filter_map(|(i, name)| Some((preference(name)?, i)));
            candidates.min().map(|(_, index)| index)
        } else {
            place(&plain(wanted))
        };
        let wanted = if wanted == AUTO { "carbon_intensity" } else { wanted };
        let missing = || Error::NoColumn { path: path.into(), wanted: wanted.into(), found: found() };
        let intensity = intensity.ok_or_else(missing)?;
        Ok(Self {
            time,
            intensity,
            intensity_name: header[intensity].into(),
            estimated: place("data estimated"),
            kind: kind(&names[intensity]),
        })
    }
}

/// Lower case, words apart by one space: `Carbon Intensity gCO₂eq/kWh (LCA)` is `carbon intensity gco₂eq kwh lca`.
fn plain(name: &str) -> String {
    let spaced: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    spaced.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_intensity(name: &str) -> bool {
    let first = name.split(' ').next().unwrap_or_default();
    name.contains("carbon intensity") || ["ci", "intensity", "carbonintensity"].contains(&first)
}

fn says_lifecycle(name: &str) -> bool {
    ["lifecycle", "life cycle", "lca"].iter().any(|word| name.contains(word))
}

/// By the column's name; one that says nothing is taken as average and life-cycle, Electricity Maps' default.
fn kind(name: &str) -> SignalKind {
    let marginal = name.contains("marginal") || name.contains("moer");
    match (marginal, name.contains("direct")) {
        (false, true) => SignalKind::AverageDirect,
        (false, false) => SignalKind::AverageLifecycle,
        (true, _) if says_lifecycle(name) => SignalKind::MarginalLifecycle,
        (true, _) => SignalKind::MarginalDirect,
    }
}

/// Rows on their way into hours.
struct Reading<'a> {
    path: &'a Path,
    columns: &'a Columns,
    previous: Option<Timestamp>,
    hours: BTreeMap<GridHour, Sum>,
}

/// The rows of one hour.
#[derive(Default)]
struct Sum {
    intensity: f64,
    rows: u32,
    estimated: bool,
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
        let text = &row[self.columns.intensity];
        if text.is_empty() || text.eq_ignore_ascii_case("null") {
            return Ok(());
        }
        let value = text.parse::<f64>().ok().filter(|value| (0.0..=LIMIT_G_PER_KWH).contains(value));
        let value = value.ok_or_else(|| Error::Number {
            path: path(),
            line,
            column: self.columns.intensity_name.clone(),
            text: text.into(),
            limit: LIMIT_G_PER_KWH,
        })?;
        let doubt = self.columns.estimated.map_or("", |index| &row[index]);
        let sum = self.hours.entry(time.hour()).or_insert_with(|| Sum { line, ..Sum::default() });
        sum.intensity += value;
        sum.rows += 1;
        sum.estimated |= doubt.eq_ignore_ascii_case("true") || doubt == "1";
        Ok(())
    }

    /// Contiguous hours from the first on.
    fn finish(self) -> Result<(GridHour, Vec<Hour>), Error> {
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
            let origin = if sum.estimated { Origin::Estimated } else { Origin::Recorded };
            hours.push(Hour { intensity, origin });
        }
        Ok((first, hours))
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
