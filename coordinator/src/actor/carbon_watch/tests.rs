//! What is told of an hour when nobody knows it, and what is told again once somebody does.

use super::*;

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
        sample("DE", 5, 92.0, Provenance::Forecast("test".into())),
        sample("DE", 6, 100.0, measured()),
    ];
    let mut watch = watching(Some(cached()), later, &[]);
    assert_eq!(watch.observe(&zones(&["DE"]), GridHour(4)).len(), 1, "nothing was told before");
    let told = watch.observe(&zones(&["DE"]), GridHour(5));
    assert_eq!(told[1..], [sample("DE", 4, 91.0, measured())], "not hour 3, which nobody was told of");
    let told = watch.observe(&zones(&["DE"]), GridHour(6));
    assert_eq!(told.len(), 2, "once: {told:?}");
    assert_eq!(told[1].provenance, Provenance::Forecast("test".into()), "better than an old value");
    // After a restart the study still knows what it was told.
    let known = vec![sample("DE", 4, 100.0, cached()), sample("DE", 3, 90.0, measured())];
    let mut next = watching(Some(measured()), vec![sample("DE", 4, 91.0, measured())], &[]).knowing(known);
    assert_eq!(next.observe(&zones(&["DE"]), GridHour(7))[1..], [sample("DE", 4, 91.0, measured())]);
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
