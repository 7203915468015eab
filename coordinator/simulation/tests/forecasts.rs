//! Forecasts of a simulated world are made of what a study's would be: two years of a zone, what was recorded beside its intensity, and
//! the other zones.

use std::path::Path;

use common::config::load;
use forecast::Series;
use forecast::made_up::{FIRST, west_and_east};
use simulation::drive::Forecasts;
use simulation::world::HourlyTrace;

const HOURS: usize = 125 * 24;
const AHEAD: i64 = 24;

/// The series as a trace that was read from a file, with its channels.
fn recorded(folder: &Path, series: &Series) -> HourlyTrace {
    let channels = series.channels();
    let mut text = "utc,ci_direct".to_owned();
    channels.iter().for_each(|channel| text += &format!(",{}", channel.name()));
    for (hour, intensity) in series.values().iter().enumerate() {
        text += &format!("\n{},{intensity}", FIRST.plus(hour as i64));
        channels.iter().for_each(|channel| text += &format!(",{}", channel.values()[hour]));
    }
    let path = folder.join("trace.csv");
    std::fs::write(&path, text).unwrap();
    HourlyTrace::read(&path, series.zone().clone(), "ci_direct").unwrap()
}

/// Mean absolute percentage error of the first zone's forecasts over its last weeks, %.
fn error(zones: &[&HourlyTrace]) -> f64 {
    let settings = ["forecast.model=ensemble".to_owned(), format!("forecast.horizon_hours={AHEAD}")];
    let config = load(None, [], &settings).unwrap();
    let slots: Vec<_> = zones.iter().map(|trace| ((*trace).clone(), 1)).collect();
    let forecasts = Forecasts::new(&config, &slots).unwrap();
    let zone = zones[0];
    let begin = FIRST.plus(HOURS as i64 - 20 * 24);
    let mut errors = Vec::new();
    for issued_at in (0..18 * 24).step_by(13).map(|hour| begin.plus(hour)) {
        let forecast = forecasts.of(zone.zone(), issued_at).unwrap();
        assert_eq!(forecast.model, "ensemble");
        for hour in (1..=AHEAD).map(|ahead| issued_at.plus(ahead)) {
            let (said, came) = (forecast.median(hour).unwrap().0, zone.at(hour).unwrap().0);
            errors.push(100.0 * (said - came).abs() / came);
        }
    }
    errors.iter().sum::<f64>() / errors.len() as f64
}

#[test]
fn what_is_recorded_of_other_zones_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let (west, east) = west_and_east(HOURS);
    let [west, east] = [&west, &east].map(|series| recorded(folder.path(), series));
    let (alone, beside) = (error(&[&east]), error(&[&east, &west]));
    assert!(beside < 0.9 * alone, "{beside} % with what the west tells, {alone} % without");
}

#[test]
fn what_was_known_holds_nothing_later() {
    let folder = tempfile::tempdir().unwrap();
    let trace = recorded(folder.path(), &west_and_east(400).1);
    let now = FIRST.plus(100);
    let past = trace.past(now, 48).unwrap();
    assert_eq!((past.last_hour(), past.len(), past.channels().len()), (now, 48, 2));
    assert_eq!(past.values(), trace.known(now, 47));
    assert_eq!(trace.past(FIRST.plus(5), 48).unwrap().len(), 6);
    assert!(trace.past(FIRST.plus(-1), 48).is_none());
}
