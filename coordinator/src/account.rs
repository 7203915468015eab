//! The books: joules by zone, grid hour and purpose, and what they emitted (laws E-1 and E-3).
//!
//! Energy is kept, emissions are derived: a figure that arrives late corrects the hour it belongs to.

use std::collections::BTreeMap;

use common::carbon::{CarbonSample, Provenance, SignalKind, WORLD_MEAN};
use common::energy::{Method, Purpose};
use common::id::Zone;
use common::time::GridHour;
use common::unit::{Grams, Intensity, Joules};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Account {
    booked: BTreeMap<(Zone, GridHour), BTreeMap<Purpose, Joules>>,
    by_method: BTreeMap<Method, Joules>,
    by_meter: BTreeMap<String, Joules>,
    intensities: BTreeMap<Zone, BTreeMap<GridHour, CarbonSample>>,
    total: Joules,
    /// Of all hours, by what is known of their intensities now.
    emissions: Grams,
}

impl Account {
    pub fn book(&mut self, zone: &Zone, hour: GridHour, purpose: Purpose, joules: Joules) {
        *self.booked.entry((zone.clone(), hour)).or_default().entry(purpose).or_default() += joules;
        self.total += joules;
        self.emissions += joules.emissions(self.intensity(zone, hour).0);
    }

    pub fn book_method(&mut self, method: Method, meter: &str, joules: Joules) {
        *self.by_method.entry(method).or_default() += joules;
        match self.by_meter.get_mut(meter) {
            Some(total) => *total += joules,
            None => drop(self.by_meter.insert(meter.into(), joules)),
        }
    }

    /// What is known of an hour also stands for those around it of which nothing is known: what they emitted is counted anew.
    pub fn observe(&mut self, sample: CarbonSample) {
        let (zone, span) = (sample.zone.clone(), self.reach(&sample.zone, sample.hour));
        let before = self.emissions_within(&zone, span);
        self.intensities.entry(zone.clone()).or_default().insert(sample.hour, sample);
        self.emissions += self.emissions_within(&zone, span) - before;
    }

    /// The hours whose intensity is that of `hour`, once it is known: up to the next known one, and back to the beginning where
    /// nothing earlier is known.
    fn reach(&self, zone: &Zone, hour: GridHour) -> (GridHour, GridHour) {
        let series = self.intensities.get(zone);
        let has_earlier = series.is_some_and(|series| series.range(..hour).next().is_some());
        let next = series.and_then(|series| series.range(hour.plus(1)..).next());
        let first = if has_earlier { hour } else { GridHour(i64::MIN) };
        (first, next.map_or(GridHour(i64::MAX), |(next, _)| *next))
    }

    /// From the first hour to before the last.
    fn emissions_within(&self, zone: &Zone, (first, end): (GridHour, GridHour)) -> Grams {
        let lines = self.booked.range((zone.clone(), first)..(zone.clone(), end));
        lines.map(|((zone, hour), joules)| grams(joules, self.intensity(zone, *hour).0)).sum()
    }

    pub fn total(&self) -> Joules {
        self.total
    }

    pub fn emissions(&self) -> Grams {
        self.emissions
    }

    pub fn joules_by_purpose(&self) -> BTreeMap<Purpose, Joules> {
        let mut totals = BTreeMap::new();
        for (purpose, joules) in self.booked.values().flatten() {
            *totals.entry(*purpose).or_insert(Joules::ZERO) += *joules;
        }
        totals
    }

    pub fn grams_by_purpose(&self) -> BTreeMap<Purpose, Grams> {
        let mut totals = BTreeMap::new();
        for line in self.hours() {
            for (purpose, joules) in line.joules {
                *totals.entry(*purpose).or_insert(Grams::ZERO) += joules.emissions(line.intensity);
            }
        }
        totals
    }

    pub fn by_method(&self) -> &BTreeMap<Method, Joules> {
        &self.by_method
    }

    pub fn by_meter(&self) -> &BTreeMap<String, Joules> {
        &self.by_meter
    }

    /// One line per zone and hour in which energy was used.
    pub fn hours(&self) -> impl Iterator<Item = HourLine<'_>> {
        self.booked.iter().map(|((zone, hour), joules)| {
            let (intensity, provenance) = self.intensity(zone, *hour);
            let grams = grams(joules, intensity);
            HourLine { zone, hour: *hour, joules, intensity, provenance, grams }
        })
    }

    /// What the first so many joules of all emitted, taking hours in their order and each evenly: for each of `joules`, which ascend.
    pub fn emissions_of_first(&self, joules: impl IntoIterator<Item = Joules>) -> Vec<Grams> {
        let mut by_hour: BTreeMap<GridHour, (Joules, Grams)> = BTreeMap::new();
        for line in self.hours() {
            let (used, emitted) = by_hour.entry(line.hour).or_default();
            *used += line.joules.values().copied().sum::<Joules>();
            *emitted += line.grams;
        }
        let mut hours = by_hour.into_values().peekable();
        let (mut used, mut emitted) = (Joules::ZERO, Grams::ZERO);
        let of_first = |joules: Joules| {
            while let Some((in_hour, grams)) = hours.next_if(|(in_hour, _)| used + *in_hour <= joules) {
                used += in_hour;
                emitted += grams;
            }
            match hours.peek() {
                Some((in_hour, grams)) if in_hour.0 > 0.0 => {
                    emitted + *grams * ((joules - used) / *in_hour).clamp(0.0, 1.0)
                }
                _ => emitted,
            }
        };
        joules.into_iter().map(of_first).collect()
    }

    /// The intensity of an hour: observed, else the last known one before it, else the first one after, else the world's mean.
    pub fn intensity(&self, zone: &Zone, hour: GridHour) -> (Intensity, Provenance) {
        let Some(series) = self.intensities.get(zone) else {
            return (WORLD_MEAN, Provenance::Constant);
        };
        if let Some(sample) = series.get(&hour) {
            return (sample.intensity, sample.provenance.clone());
        }
        let nearest = series.range(..hour).next_back().or_else(|| series.range(hour..).next());
        nearest.map_or((WORLD_MEAN, Provenance::Constant), |(known, sample)| {
            let age_hours = u32::try_from((hour.0 - known.0).abs()).unwrap_or(u32::MAX);
            (sample.intensity, Provenance::Cached { age_hours })
        })
    }

    pub fn series(&self, zone: &Zone) -> impl DoubleEndedIterator<Item = &CarbonSample> {
        self.intensities.get(zone).into_iter().flat_map(BTreeMap::values)
    }

    pub fn zones(&self) -> impl Iterator<Item = &Zone> {
        self.intensities.keys()
    }

    pub fn signal_kind(&self, zone: &Zone) -> Option<SignalKind> {
        self.series(zone).next_back().map(|sample| sample.kind)
    }
}

fn grams(joules: &BTreeMap<Purpose, Joules>, intensity: Intensity) -> Grams {
    joules.values().map(|joules| joules.emissions(intensity)).sum()
}

/// What one zone's slots used in one hour.
#[derive(Debug)]
pub struct HourLine<'a> {
    pub zone: &'a Zone,
    pub hour: GridHour,
    pub joules: &'a BTreeMap<Purpose, Joules>,
    pub intensity: Intensity,
    pub provenance: Provenance,
    pub grams: Grams,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(hour: i64, intensity: f64) -> CarbonSample {
        CarbonSample {
            zone: "DE".into(),
            hour: GridHour(hour),
            intensity: Intensity(intensity),
            kind: SignalKind::AverageDirect,
            provenance: Provenance::Measured("test".into()),
        }
    }

    #[test]
    fn e3_emissions_follow_the_hour_of_use() {
        let mut account = Account::default();
        let zone = Zone::new("DE");
        account.book(&zone, GridHour(1), Purpose::Full, Joules::from_kwh(1.0));
        account.book(&zone, GridHour(2), Purpose::Idle, Joules::from_kwh(0.5));
        account.observe(sample(1, 100.0));
        account.observe(sample(2, 400.0));
        assert_eq!(account.emissions(), Grams(300.0));
        assert_eq!(account.grams_by_purpose()[&Purpose::Idle], Grams(200.0));
        // A correction of hour 1 corrects what was used then.
        account.observe(sample(1, 200.0));
        assert_eq!(account.emissions(), Grams(400.0));
    }

    #[test]
    fn what_was_emitted_by_then_is_reckoned_as_hours_are_known_now() {
        let mut account = Account::default();
        for (zone, hour, kwh) in [("DE", 1, 1.0), ("DE", 2, 0.5), ("PL", 2, 0.5)] {
            account.book(&Zone::new(zone), GridHour(hour), Purpose::Full, Joules::from_kwh(kwh));
        }
        let emitted = |account: &Account| -> Vec<f64> {
            let joules = [0.0, 0.5, 1.0, 1.5, 2.0, 2.5].map(Joules::from_kwh);
            account.emissions_of_first(joules).iter().map(|grams| grams.0.round()).collect()
        };
        account.observe(sample(1, 100.0));
        account.observe(sample(2, 400.0));
        let in_poland = 475.0 / 2.0;
        assert_eq!(
            emitted(&account),
            [0.0, 50.0, 100.0, 100.0 + (200.0 + in_poland) / 2.0, 538.0, 538.0].map(f64::round)
        );
        account.observe(sample(1, 200.0));
        assert_eq!(emitted(&account)[..3], [0.0, 100.0, 200.0], "the first hour was corrected");
        assert_eq!(emitted(&account)[4], account.emissions().0.round());
    }

    #[test]
    fn an_unknown_hour_is_said_to_be_one() {
        let mut account = Account::default();
        let zone = Zone::new("DE");
        assert_eq!(account.intensity(&zone, GridHour(5)), (WORLD_MEAN, Provenance::Constant));
        account.observe(sample(3, 100.0));
        assert_eq!(
            account.intensity(&zone, GridHour(5)),
            (Intensity(100.0), Provenance::Cached { age_hours: 2 })
        );
    }
}
