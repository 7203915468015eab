//! What can be wrong with a source of carbon intensity. Each message names the place and the cure.

use std::path::PathBuf;

use common::carbon::SignalKind;
use common::id::Zone;
use common::time::GridHour;

use super::live::Trouble;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("carbon.source = {0}: it is \"trace\", \"live\" or \"typical_week\"")]
    UnknownSource(String),
    #[error("carbon.source is \"trace\", and carbon.traces is empty: give at least one \"ZONE=FILE\"")]
    NoTraces,
    #[error("carbon.source is \"live\", and carbon.live is empty: give at least one \"ZONE=SERVICE\"")]
    NoLive,
    #[error("carbon.live: `{0}` is not of the form ZONE=SERVICE or ZONE=SERVICE:PLACE")]
    LiveSetting(String),
    #[error(
        "carbon.live: `{text}`: there is no service `{service}`; it is one of electricity_maps, electricity_maps_mix, watttime, uk{nearest}"
    )]
    UnknownService { text: String, service: String, nearest: String },
    #[error("carbon.live: `{text}`: {reason}")]
    Place { text: String, reason: String },
    #[error("carbon.{section}.url = {url}: {reason}")]
    Url { section: &'static str, url: String, reason: &'static str },
    #[error("carbon.{section}.key_file: {trouble}")]
    Key { section: &'static str, trouble: Trouble },
    #[error("carbon.root_certificates = {path}: {reason}; give a file of certificates in PEM, or \"\"")]
    Roots { path: String, reason: String },
    #[error("carbon.constants: `{0}` is not of the form ZONE=NUMBER, a number from 0 to 3000 g/kWh")]
    ConstantSetting(String),
    #[error(
        "carbon.kind = {asked}: not every source of the study serves it ({served}); give each zone sources of one kind"
    )]
    NoCommonKind { asked: String, served: String },
    #[error(
        "the trace for {zone} is {found:?}, and the live sources are {wanted:?}: name in carbon.column a column of that kind, or leave the trace out"
    )]
    TraceKind { zone: Zone, found: SignalKind, wanted: SignalKind },
    #[error(
        "carbon.traces names {0}, and carbon.live does not: a trace stands in for a live source of its zone"
    )]
    NotLive(Zone),
    #[error("{service}: {trouble}")]
    Live { service: &'static str, trouble: Trouble },
    #[error("carbon.zones is empty: name at least one zone")]
    NoZones,
    #[error("carbon.traces: `{0}` is not of the form ZONE=FILE")]
    TraceSetting(String),
    #[error("zone {0} is given twice: name each zone once")]
    ZoneTwice(Zone),
    #[error(
        "{first} is {first_kind:?} and {other} is {other_kind:?}: name in carbon.column a column of one kind that all traces have"
    )]
    MixedKinds { first: Zone, first_kind: SignalKind, other: Zone, other_kind: SignalKind },

    #[error("the trace {} can't be read: {reason}; check the path and that the file is CSV, plain or gzipped", path.display())]
    Unreadable { path: PathBuf, reason: String },
    #[error("the trace {} holds no hours: it needs a header and at least one row", path.display())]
    Empty { path: PathBuf },
    #[error("the trace {} has no column `{wanted}`; it has: {found}. Name one of them, in carbon.column or by --column", path.display())]
    NoColumn { path: PathBuf, wanted: String, found: String },
    #[error("the trace {} gives `{column}` in a unit that is not known: name it in one of {known}", path.display())]
    Unit { path: PathBuf, column: String, known: &'static str },
    #[error("the trace {} has a column `{column}` of generation without an emission factor, and without it the mix is not the grid's: give it one of the names {known}; or remove it where it is none", path.display())]
    NoFactor { path: PathBuf, column: String, known: String },
    #[error("the trace {} has the column `{whole}` beside `{part}`, a part of it: together they would count twice, remove one of them", path.display())]
    CountedTwice { path: PathBuf, whole: String, part: String },
    #[error("the trace {} has no column of UTC times (utc, datetime, timestamp, time); it has: {found}. Rename the one that holds them", path.display())]
    NoTimeColumn { path: PathBuf, found: String },
    #[error("{}, line {line}: `{text}` is not a time: write it like 2021-07-02T06:00Z", path.display())]
    Time { path: PathBuf, line: u64, text: String },
    #[error("{}, line {line}: the {column} `{text}` is not a number from 0{}: correct it, or leave the cell empty and the hour is bridged", path.display(), below(*limit))]
    Number { path: PathBuf, line: u64, column: String, text: String, limit: f64 },
    #[error("{}, line {line}: {hour} comes after a later time: sort the rows by time", path.display())]
    Unsorted { path: PathBuf, line: u64, hour: String },
    #[error("{}, line {line}: the time {time} stands there twice: remove one of the rows", path.display())]
    Duplicate { path: PathBuf, line: u64, time: String },
    #[error("{}, line {line}: {hours} h are missing from {from} on, and at most {limit} h are bridged: fill them, or use a part without gaps", path.display())]
    Gap { path: PathBuf, line: u64, from: GridHour, hours: i64, limit: i64 },

    /// This source has no value for the hour; another may.
    #[error(
        "{zone} has no value for {hour}: the trace reaches from {first} to {last}; set carbon.start inside it"
    )]
    Outside { zone: Zone, hour: GridHour, first: GridHour, last: GridHour },
    #[error("`{0}` is not a time: write it like 2021-07-02T06:00Z")]
    NotATime(String),
}

/// The end of what is possible, for intensities, in the column's unit; generation has none.
fn below(limit: f64) -> String {
    if limit < f64::MAX { format!(" to {}", (1e6 * limit).round() / 1e6) } else { " on".into() }
}
