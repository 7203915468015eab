//! What is told of an hour when nobody knows it, and what is told again once somebody does.

use common::carbon::Issued;
use common::seed::Seed;

use super::*;
use crate::carbon::{Chain, Trace, TypicalWeek};

/// Knows what it is given, and observes the hour only.
#[derive(Debug)]
struct Scripted {
    zone: Zone,
    observed: Option<Provenance>,
    later: Vec<CarbonSample>,
}

fn sample(zone: &str, hour: i64, intensity: f64, provenance: Provenance) -> CarbonSample {
    let kind = SignalKind::AverageDirect;
    CarbonSample {
        zone: zone.into(),
        hour: GridHour(hour),
        intensity: Intensity(intensity),
        kind,
        provenance,
    }
}

fn forecast() -> Provenance {
    Provenance::Forecast(Issued { by: "test".into(), at: None })
}

fn measured() -> Provenance {
    Provenance::Measured("test".into())
}

impl CarbonSource for Scripted {
    fn zone(&self) -> &Zone {
        &self.zone
    }

    fn kind(&self) -> SignalKind {
        SignalKind::AverageDirect
    }

    fn observe(&mut self, hour: GridHour) -> Result<CarbonSample, crate::carbon::Error> {
        let provenance = self.observed.clone().ok_or(crate::carbon::Error::NoLive)?;
        Ok(sample(self.zone.as_str(), hour.0, 100.0, provenance))
    }

    fn history(&self, _: GridHour, _: usize) -> Vec<CarbonSample> {
        Vec::new()
    }

    fn by_now(&self, from: GridHour, before: GridHour) -> Vec<CarbonSample> {
        self.later.iter().filter(|known| (from..before).contains(&known.hour)).cloned().collect()
    }

    fn span(&self) -> Option<(GridHour, GridHour)> {
        None
    }

    fn describe(&self) -> String {
        "scripted".into()
    }
}

fn watching(
    observed: Option<Provenance>,
    later: Vec<CarbonSample>,
    constants: &[(&str, f64)],
) -> CarbonWatch {
    let zone = Zone::new("DE");
    let source: Box<dyn CarbonSource> = Box::new(Scripted { zone: zone.clone(), observed, later });
    let constants = constants.iter().map(|(zone, value)| (Zone::new(*zone), Intensity(*value)));
    CarbonWatch::new(BTreeMap::from([(zone, source)]), constants.collect())
}

fn zones(names: &[&str]) -> BTreeSet<Zone> {
    names.iter().map(|name| Zone::new(*name)).collect()
}

#[test]
fn a_zone_that_nothing_serves_takes_its_own_constant_or_the_worlds_mean() {
    let mut watch = watching(None, Vec::new(), &[("DE", 380.0), ("PL", 650.0)]);
    let told = watch.observe(&zones(&["DE", "PL", "SE"]), GridHour(5));
    let told: Vec<_> = told.iter().map(|sample| (sample.zone.as_str(), sample.intensity.0)).collect();
    assert_eq!(told, [("DE", 380.0), ("PL", 650.0), ("SE", 475.0)]);
}

#[test]
fn an_hour_is_told_again_once_it_is_better_known() {
    let cached = || Provenance::Cached { age_hours: 1 };
    let later = vec![
        sample("DE", 3, 90.0, measured()),
        sample("DE", 4, 91.0, measured()),
        sample("DE", 5, 92.0, forecast()),
        sample("DE", 6, 100.0, measured()),
    ];
    let mut watch = watching(Some(cached()), later, &[]);
    assert_eq!(watch.observe(&zones(&["DE"]), GridHour(4)).len(), 1, "nothing was told before");
    let told = watch.observe(&zones(&["DE"]), GridHour(5));
    assert_eq!(told[1..], [sample("DE", 4, 91.0, measured())], "not hour 3, which nobody was told of");
    let told = watch.observe(&zones(&["DE"]), GridHour(6));
    assert_eq!(told.len(), 2, "once: {told:?}");
    assert_eq!(told[1].provenance, forecast(), "better than an old value");
    // What the study made of it itself gives way to what a service does, be it a forecast.
    let own = Provenance::Modelled(Issued { by: "test".into(), at: Some(GridHour(3)) });
    let mut own = watching(Some(own), vec![sample("DE", 4, 91.0, forecast())], &[]);
    assert_eq!(own.observe(&zones(&["DE"]), GridHour(4)).len(), 1);
    assert_eq!(own.observe(&zones(&["DE"]), GridHour(5))[1..], [sample("DE", 4, 91.0, forecast())]);
    // After a restart the study still knows what it was told.
    let known = vec![sample("DE", 4, 100.0, cached()), sample("DE", 3, 90.0, measured())];
    let mut next = watching(Some(measured()), vec![sample("DE", 4, 91.0, measured())], &[]).knowing(known);
    assert_eq!(next.observe(&zones(&["DE"]), GridHour(7))[1..], [sample("DE", 4, 91.0, measured())]);
}

fn hours(told: &[CarbonSample]) -> Vec<i64> {
    told.iter().map(|sample| sample.hour.0).collect()
}

/// Decisions every few hours, a coordinator that was down, a machine that slept: energy was used all the while.
#[test]
fn hours_at_which_nobody_asked_are_told_once() {
    let later = (0..1_000).map(|hour| sample("DE", hour, 100.0, measured())).collect();
    let mut watch = watching(Some(measured()), later, &[]);
    assert_eq!(
        hours(&watch.observe(&zones(&["DE"]), GridHour(400))),
        [400],
        "what was before is not the study's"
    );
    assert_eq!(hours(&watch.observe(&zones(&["DE"]), GridHour(406))), [406, 401, 402, 403, 404, 405]);
    assert_eq!(hours(&watch.observe(&zones(&["DE"]), GridHour(407))), [407]);
    let long = hours(&watch.observe(&zones(&["DE"]), GridHour(800)));
    assert_eq!((long[0], long[1], long.len()), (800, 632, 169), "of a long absence the last week");
}

/// A service that comes back days later may know what it was silent about then, and is no longer asked to revise what it said.
#[test]
fn old_hours_are_bettered_and_no_longer_revised() {
    let known = |hour: i64, how: Provenance| sample("DE", hour, 90.0, how);
    let later = (10..60).map(|hour| known(hour, measured())).collect();
    let told = (0..90).map(|hour| match hour {
        10..40 => sample("DE", hour, 300.0, Provenance::Cached { age_hours: 3 }),
        _ => sample("DE", hour, 100.0, measured()),
    });
    let mut watch = watching(Some(measured()), later, &[]).knowing(told.collect());
    let bettered: Vec<i64> = (10..40).collect();
    assert_eq!(hours(&watch.observe(&zones(&["DE"]), GridHour(90)))[1..], bettered[..]);
    assert_eq!(hours(&watch.observe(&zones(&["DE"]), GridHour(91))), [91]);
}

/// A study set back in time, as by a clock that was corrected.
#[test]
fn what_was_told_of_later_hours_corrects_nothing() {
    let told = vec![sample("DE", 50, 100.0, measured())];
    let later = (0..60).map(|hour| sample("DE", hour, 90.0, measured())).collect();
    let mut watch = watching(Some(measured()), later, &[]).knowing(told);
    assert_eq!(hours(&watch.observe(&zones(&["DE"]), GridHour(40))), [40]);
}

/// Recorded and made-up grids know every hour: none is left to its neighbour's figure.
#[test]
fn grids_that_are_no_services_tell_missed_hours_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.csv");
    let rows: String = (0..9).map(|hour| format!("2021-01-01T0{hour}:00Z,{}\n", 100 + hour)).collect();
    std::fs::write(&path, format!("utc,ci_direct\n{rows}")).unwrap();
    let (recorded, made_up) = (Zone::new("DE"), Zone::new("LOCAL"));
    let trace = Trace::read(&path, recorded.clone(), "auto").unwrap();
    let first = trace.span().unwrap().0;
    let week = TypicalWeek::new(made_up.clone(), Seed(1));
    let sources: [(Zone, Box<dyn CarbonSource>); 2] = [
        (recorded, Box::new(Chain::new(Box::new(trace)))),
        (made_up, Box::new(Chain::new(Box::new(week.clone())))),
    ];
    let mut watch = CarbonWatch::new(BTreeMap::from(sources), BTreeMap::new());
    let both = zones(&["DE", "LOCAL"]);
    assert_eq!(watch.observe(&both, first).len(), 2);
    let told = watch.observe(&both, first.plus(6));
    let of =
        |name: &str| told.iter().filter(|sample| sample.zone.as_str() == name).cloned().collect::<Vec<_>>();
    let recorded: Vec<f64> = of("DE").iter().map(|sample| sample.intensity.0).collect();
    assert_eq!(recorded, [106.0, 101.0, 102.0, 103.0, 104.0, 105.0]);
    assert_eq!(of("LOCAL")[1..], week.history(first.plus(6), 5)[..]);
    assert_eq!(watch.observe(&both, first.plus(7)).len(), 2);
}

#[test]
fn a_guess_never_replaces_a_measurement_and_rounding_is_no_news() {
    let later = vec![
        sample("DE", 4, 150.0, Provenance::Estimated("test".into())),
        sample("DE", 5, 100.01, measured()),
    ];
    let mut watch = watching(Some(measured()), later, &[]);
    for hour in 4..8 {
        assert_eq!(watch.observe(&zones(&["DE"]), GridHour(hour)).len(), 1);
    }
}
