//! What every service owes: which question to ask for a span of hours, and what its answer means. Pure: no sockets, no clock.

use std::fmt;

use common::carbon::SignalKind;
use common::time::{GridHour, Millis, Timestamp};
use serde::de::DeserializeOwned;

use super::trouble::Trouble;

/// Pounds in kilograms: what WattTime counts in.
pub(in crate::carbon) const GRAMS_PER_POUND: f64 = 453.592_37;
/// No fuel reaches it per kWh of electricity; a figure beyond it, or below zero, is taken as missing.
pub(super) const LIMIT_G_PER_KWH: f64 = 3_000.0;

/// A figure of a service for a span of time, gCO2eq/kWh.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    pub start: Timestamp,
    pub duration: Millis,
    pub intensity: f64,
    pub origin: Origin,
}

/// How the service came by a figure; the weakest last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    Measured,
    /// By the service's own method, as it names it.
    Estimated(String),
    /// Said in the hour that the service names, if it does.
    Forecast {
        issued: Option<GridHour>,
    },
}

/// How a service knows who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Open,
    /// The key goes into the header of this name.
    Header(&'static str),
    /// User and password buy a bearer token at this path.
    Login(&'static str),
}

/// One zone of one service.
pub trait Service: Send + Sync + fmt::Debug {
    /// As people know it; stands in the provenance.
    fn name(&self) -> &'static str;
    fn kind(&self) -> SignalKind;
    /// The zone as settings name it for this service.
    fn place(&self) -> String;
    /// What must be asked first, where the service does not yet know the place by its own name.
    fn locate(&self) -> Option<String> {
        None
    }
    /// The answer to that.
    fn on_located(&self, _body: &[u8]) -> Result<(), Trouble> {
        Ok(())
    }
    /// Hours of the past that one question may span.
    fn span_hours(&self) -> i64;
    /// Path and query for the hours `from` up to and without `to`.
    fn past(&self, from: GridHour, to: GridHour, now: Timestamp) -> String;
    /// Path and query for the service's own forecast from `from` on.
    fn coming(&self, from: GridHour) -> String;
    /// The readings of an answer about the past, or about what is `coming`, in any order; what is null is left out, and a list may
    /// be empty.
    fn read(&self, body: &[u8], coming: bool) -> Result<Vec<Reading>, Trouble>;
}

/// Troubles quote what was sent as it is: the client strikes secrets out and cuts it short.
pub(super) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Trouble> {
    serde_json::from_slice(body).map_err(|error| Trouble::Unreadable {
        reason: error.to_string(),
        begins: String::from_utf8_lossy(body).into_owned(),
    })
}

/// A time of an answer.
pub(super) fn time(text: &str) -> Result<Timestamp, Trouble> {
    crate::carbon::parse_time(text)
        .map_err(|error| Trouble::Unreadable { reason: error.to_string(), begins: text.into() })
}

/// When a forecast was made, for those who want to know: nothing depends on it.
pub(super) fn issued(at: Option<&str>) -> Option<GridHour> {
    Some(time(at?).ok()?.hour())
}

/// The figure, where there is one that can be.
pub(super) fn plausible(intensity: Option<f64>) -> Option<f64> {
    intensity.filter(|value| (0.0..=LIMIT_G_PER_KWH).contains(value))
}

/// `2021-07-02T06:00Z`.
pub(super) fn stamp(hour: GridHour) -> String {
    hour.to_string()
}
