//! What a chain of several providers knows of the past.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use common::carbon::{CarbonSample, Expected, Issued, Provenance, SignalKind};
use common::id::Zone;
use common::time::GridHour;
use common::unit::Intensity;

use super::{CarbonSource, Chain, Error};

/// Which hours it was asked for, each time from one up to another.
type Asked = Arc<Mutex<Vec<(i64, i64)>>>;

#[derive(Debug)]
struct Provider {
    zone: Zone,
    /// Of its past; what it observes besides is `value`, up to `alive_until`.
    known: BTreeMap<GridHour, f64>,
    value: f64,
    alive_until: i64,
    /// What it forecasts of all hours, where it does.
    foreseen: Option<f64>,
    asked: Asked,
}

fn provider(value: f64, known: impl IntoIterator<Item = i64>) -> (Box<dyn CarbonSource>, Asked) {
    let asked = Asked::default();
    let known = known.into_iter().map(|hour| (GridHour(hour), value)).collect();
    let (zone, foreseen) = (Zone::new("DE"), None);
    (Box::new(Provider { zone, known, value, alive_until: 100, foreseen, asked: asked.clone() }), asked)
}

impl Provider {
    fn sample(&self, hour: GridHour, value: f64) -> CarbonSample {
        let (zone, kind) = (self.zone.clone(), self.kind());
        CarbonSample {
            zone,
            hour,
            intensity: Intensity(value),
            kind,
            provenance: Provenance::Measured("test".into()),
        }
    }
}

impl CarbonSource for Provider {
    fn zone(&self) -> &Zone {
        &self.zone
    }

    fn kind(&self) -> SignalKind {
        SignalKind::AverageDirect
    }

    fn observe(&mut self, hour: GridHour) -> Result<CarbonSample, Error> {
        if hour.0 > self.alive_until { Err(Error::NoLive) } else { Ok(self.sample(hour, self.value)) }
    }

    fn foreseen(&self, hour: GridHour) -> Option<CarbonSample> {
        let provenance = Provenance::Forecast(Issued { by: "test".into(), at: None });
        self.foreseen.map(|value| CarbonSample { provenance, ..self.sample(hour, value) })
    }

    fn history(&self, before: GridHour, hours: usize) -> Vec<CarbonSample> {
        let from = before.plus(-(hours as i64));
        self.asked.lock().unwrap().push((from.0, before.0));
        self.known.range(from..before).map(|(hour, value)| self.sample(*hour, *value)).collect()
    }

    fn span(&self) -> Option<(GridHour, GridHour)> {
        None
    }

    fn describe(&self) -> String {
        "scripted".into()
    }
}

fn past(chain: &Chain, before: i64, hours: usize) -> Vec<(i64, f64)> {
    chain.history(GridHour(before), hours).iter().map(|known| (known.hour.0, known.intensity.0)).collect()
}

#[test]
fn the_past_goes_on_where_the_first_provider_fell_silent() {
    let (first, _) = provider(1.0, 20..50);
    let (second, asked) = provider(2.0, 0..100);
    let chain = Chain::new(first).then(second);
    let expected = |hour: i64| (hour, if (20..50).contains(&hour) { 1.0 } else { 2.0 });
    assert_eq!(past(&chain, 100, 100), (0..100).map(expected).collect::<Vec<_>>());
    assert_eq!(*asked.lock().unwrap(), [(0, 100)]);
}

#[test]
fn others_are_asked_for_what_is_missing_alone() {
    let (whole, _) = provider(1.0, 0..100);
    let (second, asked) = provider(2.0, 0..100);
    let chain = Chain::new(whole).then(second);
    assert!(past(&chain, 100, 100).iter().all(|(_, value)| *value == 1.0));
    assert!(asked.lock().unwrap().is_empty());

    let (holed, _) = provider(1.0, (0..100).filter(|hour| !(40..45).contains(hour)));
    let (second, asked) = provider(2.0, 0..100);
    let chain = Chain::new(holed).then(second);
    let filled: Vec<i64> =
        past(&chain, 100, 100).iter().filter(|(_, value)| *value == 2.0).map(|known| known.0).collect();
    assert_eq!(filled, [40, 41, 42, 43, 44]);
    assert_eq!(*asked.lock().unwrap(), [(0, 45)], "not for the youngest hours");
}

#[test]
fn what_was_observed_is_the_past_where_nobody_tells_one() {
    let mut chain = Chain::new(provider(3.0, []).0).then(provider(4.0, []).0);
    for hour in 98..104 {
        chain.observe(GridHour(hour)).unwrap();
    }
    assert_eq!(past(&chain, 104, 50), [(98, 3.0), (99, 3.0), (100, 3.0)], "nothing that stood in");
}

#[test]
fn the_study_s_own_forecast_stands_in_before_the_last_known_value() {
    let issue = Issued { by: "a model".into(), at: Some(GridHour(100)) };
    let own = |intensity: f64| Expected { intensity: Intensity(intensity), issue: issue.clone() };
    let mut chain = Chain::new(provider(3.0, []).0);
    chain.expect(GridHour(100), own(5.0));
    assert_eq!(chain.observe(GridHour(100)).unwrap().intensity.0, 3.0, "the provider knows the hour");
    chain.expect(GridHour(101), own(5.0));
    let told = chain.observe(GridHour(101)).unwrap();
    assert_eq!((told.intensity.0, told.provenance), (5.0, Provenance::Modelled(issue.clone())));
    assert_eq!(past(&chain, 102, 50), [(100, 3.0)], "a model does not learn from itself");
    // What was said of one hour is nothing of another.
    assert_eq!(chain.observe(GridHour(102)).unwrap().provenance, Provenance::Cached { age_hours: 2 });
    let links = ["scripted", "the study's own forecast", "the last known value"];
    assert_eq!(chain.links()[..3], links.map(str::to_owned));
}

#[test]
fn whoever_answers_comes_before_what_a_silent_one_forecast() {
    let link = |alive_until: i64, foreseen: Option<f64>| {
        let (zone, known) = (Zone::new("DE"), BTreeMap::new());
        Box::new(Provider { zone, known, value: 3.0, alive_until, foreseen, asked: Asked::default() })
    };
    let mut chain = Chain::new(link(99, Some(5.0))).then(link(100, Some(6.0)));
    let mut told = |hour: i64| {
        let sample = chain.observe(GridHour(hour)).unwrap();
        (sample.intensity.0, chain.trouble().is_some())
    };
    assert_eq!(told(99), (3.0, false));
    assert_eq!(told(100), (3.0, true), "the second lives");
    assert_eq!(told(101), (5.0, true), "then the first one's forecast");
}
