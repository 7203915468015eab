//! How each service says the same things: its hours in its own JSON, in its own steps. A new service adds itself here and is held to
//! all that the suite asks.

use common::carbon::SignalKind;
use common::time::{GridHour, HOUR_MS, Timestamp};

use super::super::super::service::GRAMS_PER_POUND;
use super::super::*;

/// An hour and its intensity, g/kWh; None is null.
pub type Hour = (GridHour, Option<f64>);
/// How times are written.
pub type Stamp = fn(Timestamp) -> String;

#[derive(Clone, Copy)]
pub struct Dialect {
    pub name: &'static str,
    pub access: Access,
    pub service: fn() -> Box<dyn Service>,
    /// An answer about these hours, in the order given.
    pub says: fn(&[Hour], Stamp) -> String,
    /// The same of only so many steps of each hour.
    pub says_part: fn(&[Hour], usize) -> String,
    pub steps_per_hour: usize,
    /// How the provenance of an hour of the past begins.
    pub provenance: &'static str,
    /// Whether answers begin with the step before the time asked for.
    pub leads: bool,
    /// Answers that are well formed and about something else: another kind, unit or place.
    pub of_something_else: &'static [&'static str],
    pub empty: &'static str,
}

pub fn utc(time: Timestamp) -> String {
    time.to_string()
}

/// One step of an hour: when it begins, and the hour's figure.
fn steps(hours: &[Hour], per_hour: usize, told: usize) -> Vec<(Timestamp, Option<f64>)> {
    let step_ms = HOUR_MS / per_hour as i64;
    let of_hour = |(hour, value): &Hour| {
        let (start, value) = (hour.start(), *value);
        (0..told.min(per_hour)).map(move |step| (start + Millis(step as i64 * step_ms), value))
    };
    hours.iter().flat_map(of_hour).collect()
}

fn list(rows: impl IntoIterator<Item = String>) -> String {
    rows.into_iter().collect::<Vec<_>>().join(",")
}

fn number(value: Option<f64>) -> String {
    value.map_or("null".into(), |value| value.to_string())
}

fn maps(hours: &[Hour], stamp: Stamp) -> String {
    let row = |(start, value): (Timestamp, Option<f64>)| {
        let (datetime, value) = (stamp(start), number(value));
        format!(
            r#"{{"zone":"DE","carbonIntensity":{value},"datetime":"{datetime}","updatedAt":"2020-01-01T00:00Z","isEstimated":false,"estimationMethod":null}}"#
        )
    };
    format!(r#"{{"zone":"DE","history":[{}]}}"#, list(steps(hours, 1, 1).into_iter().map(row)))
}

/// Gas and wind in the shares that give the figure: 490 x + 11 (1 − x).
fn mix(hours: &[Hour], stamp: Stamp) -> String {
    let row = |(start, value): (Timestamp, Option<f64>)| {
        let gas = value.map(|value| 1000.0 * (value - 11.0) / 479.0);
        let (datetime, gas, wind) = (stamp(start), number(gas), number(gas.map(|gas| 1000.0 - gas)));
        format!(
            r#"{{"zone":"DE","datetime":"{datetime}","powerConsumptionBreakdown":{{"gas":{gas},"wind":{wind},"geothermal":null,"hydro discharge":50,"battery discharge":null}},"powerConsumptionTotal":1050}}"#
        )
    };
    format!(r#"{{"zone":"DE","history":[{}]}}"#, list(steps(hours, 1, 1).into_iter().map(row)))
}

fn watttime_part(hours: &[Hour], told: usize, stamp: Stamp) -> String {
    let row = |(start, value): (Timestamp, Option<f64>)| {
        let pounds = number(value.map(|grams| grams * 1000.0 / GRAMS_PER_POUND));
        format!(r#"{{"point_time":"{}","value":{pounds}}}"#, stamp(start))
    };
    format!(
        r#"{{"data":[{}],"meta":{{"data_point_period_seconds":300,"region":"CAISO_NORTH","signal_type":"co2_moer","units":"lbs_co2_per_mwh"}}}}"#,
        list(steps(hours, 12, told).into_iter().map(row))
    )
}

fn uk_half_hours(hours: &[Hour], told: usize, stamp: Stamp, figures: fn(Option<f64>) -> String) -> String {
    let row = |(start, value): (Timestamp, Option<f64>)| {
        let (from, to, figures) = (stamp(start), stamp(start + Millis(HOUR_MS / 2)), figures(value));
        format!(r#"{{"from":"{from}","to":"{to}","intensity":{{{figures},"index":"low"}}}}"#)
    };
    list(steps(hours, 2, told).into_iter().map(row))
}

fn uk_part(hours: &[Hour], told: usize, stamp: Stamp) -> String {
    // Where the actual figure is null there is no forecast either: a forecast would rightly be told as one.
    let figures = |value| format!(r#""forecast":null,"actual":{}"#, number(value));
    format!(r#"{{"data":[{}]}}"#, uk_half_hours(hours, told, stamp, figures))
}

fn london_part(hours: &[Hour], told: usize, stamp: Stamp) -> String {
    let figures = |value| format!(r#""forecast":{}"#, number(value));
    let half_hours = uk_half_hours(hours, told, stamp, figures);
    format!(r#"{{"data":{{"regionid":13,"shortname":"London","data":[{half_hours}]}}}}"#)
}

/// As the UK's service answers, whatever it is asked: the half hour before `from` comes first.
pub fn led(body: &str, from: GridHour) -> String {
    let (start, end) = (utc(from.start() + Millis(-HOUR_MS / 2)), utc(from.start()));
    let row = format!(
        r#"{{"from":"{start}","to":"{end}","intensity":{{"forecast":777,"actual":777,"index":"high"}}}}"#
    );
    body.replacen(r#""data":[{"#, &format!(r#""data":[{row},{{"#), 1)
}

const TABLE_OF_MAPS: [&str; 2] = [
    r#"{"zone":"FR","history":[{"carbonIntensity":1,"datetime":"2026-05-01T10:00Z"}]}"#,
    r#"{"zone":"DE","history":[{"carbonIntensity":1,"datetime":"2026-05-01T10:00Z","emissionFactorType":"direct"}]}"#,
];
const TABLE_OF_WATTTIME: [&str; 4] = [
    r#"{"data":[{"point_time":"2026-05-01T10:00Z","value":9}],"meta":{"units":"percentile","signal_type":"co2_moer"}}"#,
    r#"{"data":[{"point_time":"2026-05-01T10:00Z","value":9}],"meta":{"units":"lbs_co2_per_mwh","signal_type":"co2_aoer"}}"#,
    r#"{"data":[{"point_time":"2026-05-01T10:00Z","value":9}],"meta":{"units":"lbs_co2_per_mwh","region":"PJM_DC"}}"#,
    r#"{"data":[{"point_time":"2026-05-01T10:00Z","value":9}]}"#,
];

pub fn all() -> Vec<Dialect> {
    let maps = Dialect {
        name: "Electricity Maps",
        access: Access::Header("auth-token"),
        service: || Box::new(ElectricityMaps::new("DE", SignalKind::AverageLifecycle)),
        says: maps,
        says_part: |hours, _| maps(hours, utc),
        steps_per_hour: 1,
        provenance: "measured (Electricity Maps)",
        leads: false,
        of_something_else: &TABLE_OF_MAPS,
        empty: r#"{"zone":"DE","history":[]}"#,
    };
    let by_mix = Dialect {
        name: "Electricity Maps' power breakdown",
        service: || Box::new(ElectricityMapsMix::new("DE", &Zone::new("DE"), SignalKind::AverageLifecycle)),
        says: mix,
        says_part: |hours, _| mix(hours, utc),
        provenance: "estimated (Electricity Maps' power breakdown, by published emission factors)",
        of_something_else: &TABLE_OF_MAPS[..1],
        ..maps
    };
    let watttime = Dialect {
        name: "WattTime",
        access: Access::Login("/login"),
        service: || Box::new(WattTime::new("CAISO_NORTH", SignalKind::MarginalDirect)),
        says: |hours, stamp| watttime_part(hours, 12, stamp),
        says_part: |hours, told| watttime_part(hours, told, utc),
        steps_per_hour: 12,
        provenance: "measured (WattTime)",
        leads: false,
        of_something_else: &TABLE_OF_WATTTIME,
        empty: r#"{"data":[]}"#,
    };
    let by_position = Dialect {
        name: "WattTime by position",
        service: || Box::new(WattTime::new("37.8,-122.4", SignalKind::MarginalDirect)),
        ..watttime
    };
    let uk = Dialect {
        name: "UK",
        access: Access::Open,
        service: || Box::new(UkCarbonIntensity::new(None)),
        says: |hours, stamp| uk_part(hours, 2, stamp),
        says_part: |hours, told| uk_part(hours, told, utc),
        steps_per_hour: 2,
        provenance: "measured (UK Carbon Intensity)",
        leads: true,
        of_something_else: &[],
        empty: r#"{"data":[]}"#,
    };
    let london = Dialect {
        name: "UK, a region",
        service: || Box::new(UkCarbonIntensity::new(Some(13))),
        says: |hours, stamp| london_part(hours, 2, stamp),
        says_part: |hours, told| london_part(hours, told, utc),
        // A region has no other figures than forecasts, and they are told as such.
        provenance: "forecast (UK Carbon Intensity)",
        of_something_else: &[r#"{"data":{"regionid":12,"data":[]}}"#],
        ..uk
    };
    vec![maps, by_mix, watttime, by_position, uk, london]
}
