//! The bill: joules and grams of the whole fleet, integrated exactly.
//!
//! Power changes only at happenings and intensity only at hours, so each piece between two of them is a product: energy = P · Δt,
//! carbon = energy · intensity of that hour and zone. Slots are counted, not summed, so that nothing drifts.

use std::collections::BTreeMap;

use common::energy::Purpose;
use common::time::GridHour;
use common::unit::{Grams, Intensity, JOULES_PER_KWH, Joules, Watts};

use serde::{Deserialize, Serialize};

use super::{HourlyTrace, TraceError, Work};

const HOUR_S: f64 = 3600.0;

/// What a slot draws power for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draw {
    /// It rests; what it still draws counts as idle.
    Released,
    For(Purpose),
}

impl Draw {
    const ALL: [Self; 6] = [
        Self::Released,
        Self::For(Purpose::Idle),
        Self::For(Purpose::Supernet),
        Self::For(Purpose::OneShot),
        Self::For(Purpose::Rung),
        Self::For(Purpose::Full),
    ];

    fn index(self) -> usize {
        match self {
            Self::Released => 0,
            Self::For(purpose) => 1 + purpose as usize,
        }
    }

    fn purpose(self) -> Purpose {
        match self {
            Self::Released => Purpose::Idle,
            Self::For(purpose) => purpose,
        }
    }
}

/// Energy used and carbon emitted since the start.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Spent {
    pub joules: Joules,
    pub grams: Grams,
}

#[derive(Debug)]
pub struct Meter {
    /// Watts of a slot, the site's overhead included, by [`Draw::index`].
    watts: [f64; 6],
    zones: Vec<ZoneMeter>,
    now_s: f64,
    /// The hour under way, from 0.
    hour: usize,
    /// At the beginning of each hour, and once more at the end.
    hourly: Vec<Spent>,
}

#[derive(Debug)]
struct ZoneMeter {
    /// gCO2eq/kWh of each hour of the study.
    intensities: Vec<f64>,
    slots: [u32; 6],
    joules: [f64; 6],
    grams: f64,
}

impl Meter {
    /// A meter at rest for `hours` hours from `start` on. `zones`: a trace and how many slots it feeds, all released at first.
    pub fn new(
        work: &Work,
        start: GridHour,
        hours: usize,
        zones: &[(&HourlyTrace, u32)],
    ) -> Result<Self, TraceError> {
        let watts = Draw::ALL.map(|draw| {
            let Watts(watts) = match draw {
                Draw::Released => work.released,
                Draw::For(purpose) => work.watts(purpose),
            };
            watts * work.pue
        });
        let zone = |(trace, slots): &(&HourlyTrace, u32)| {
            trace.check_covers(start, hours)?;
            let intensity = |hour| trace.at(start.plus(hour as i64)).expect("checked to cover it").0;
            let intensities = (0..hours).map(intensity).collect();
            Ok(ZoneMeter { intensities, slots: [*slots, 0, 0, 0, 0, 0], joules: [0.0; 6], grams: 0.0 })
        };
        let zones = zones.iter().map(zone).collect::<Result<_, TraceError>>()?;
        Ok(Self { watts, zones, now_s: 0.0, hour: 0, hourly: vec![Spent::default()] })
    }

    /// From now on one slot of `zone` draws for `to` instead of `from`.
    pub fn change(&mut self, zone: usize, from: Draw, to: Draw) {
        let slots = &mut self.zones[zone].slots;
        slots[from.index()] -= 1;
        slots[to.index()] += 1;
    }

    /// From now on one slot draws in zone `to` what it drew in zone `from`.
    pub fn relocate(&mut self, from: usize, to: usize, draw: Draw) {
        self.zones[from].slots[draw.index()] -= 1;
        self.zones[to].slots[draw.index()] += 1;
    }

    /// Integrates up to `to_s` seconds since the start, or up to the moment at which `limit` is reached, which it returns then.
    pub fn advance(&mut self, to_s: f64, limit: &Limit) -> Option<f64> {
        while self.now_s < to_s {
            let border_s = (self.hour + 1) as f64 * HOUR_S;
            let piece_s = to_s.min(border_s) - self.now_s;
            let [watts, grams_per_s] = self.rates();
            let left_s = limit.left_s(self.spent(), watts, grams_per_s);
            let span_s = piece_s.min(left_s);
            self.integrate(span_s);
            if left_s <= piece_s {
                self.now_s += span_s;
                return Some(self.now_s);
            }
            self.now_s = to_s.min(border_s);
            if self.now_s == border_s {
                self.hour += 1;
                self.hourly.push(self.spent());
            }
        }
        None
    }

    pub fn spent(&self) -> Spent {
        self.zones.iter().map(ZoneMeter::spent).fold(Spent::default(), |sum, zone| Spent {
            joules: sum.joules + zone.joules,
            grams: sum.grams + zone.grams,
        })
    }

    pub fn spent_in(&self, zone: usize) -> Spent {
        self.zones[zone].spent()
    }

    /// Cumulative, at the beginning of each hour that has begun.
    pub fn hourly(&self) -> &[Spent] {
        &self.hourly
    }

    pub fn by_purpose(&self) -> BTreeMap<Purpose, Joules> {
        let mut totals = BTreeMap::from(Purpose::ALL.map(|purpose| (purpose, Joules::ZERO)));
        for draw in Draw::ALL {
            let joules: f64 = self.zones.iter().map(|zone| zone.joules[draw.index()]).sum();
            *totals.entry(draw.purpose()).or_default() += Joules(joules);
        }
        totals
    }

    /// Watts, and grams a second, of the whole fleet in the hour under way.
    fn rates(&self) -> [f64; 2] {
        let mut rates = [0.0; 2];
        for zone in &self.zones {
            let watts: f64 =
                zone.slots.iter().zip(self.watts).map(|(&slots, watts)| f64::from(slots) * watts).sum();
            rates[0] += watts;
            rates[1] += watts / JOULES_PER_KWH * zone.intensities[self.hour];
        }
        rates
    }

    fn integrate(&mut self, span_s: f64) {
        for zone in &mut self.zones {
            let intensity = Intensity(zone.intensities[self.hour]);
            for (index, watts) in self.watts.into_iter().enumerate() {
                let joules = f64::from(zone.slots[index]) * watts * span_s;
                zone.joules[index] += joules;
                zone.grams += Joules(joules).emissions(intensity).0;
            }
        }
    }
}

impl ZoneMeter {
    fn spent(&self) -> Spent {
        Spent { joules: Joules(self.joules.iter().sum()), grams: Grams(self.grams) }
    }
}

/// What a study may spend; none where there is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Limit {
    pub joules: Option<Joules>,
    pub grams: Option<Grams>,
}

impl Limit {
    /// Whether so much may be spent.
    pub fn holds(&self, spent: Spent) -> bool {
        self.joules.is_none_or(|limit| spent.joules <= limit)
            && self.grams.is_none_or(|limit| spent.grams <= limit)
    }

    /// Seconds until a limit is reached at these rates.
    fn left_s(&self, spent: Spent, watts: f64, grams_per_s: f64) -> f64 {
        let until = |limit: Option<f64>, spent: f64, rate: f64| match limit {
            Some(limit) if spent >= limit => 0.0,
            Some(limit) if rate > 0.0 => (limit - spent) / rate,
            _ => f64::INFINITY,
        };
        let joules = until(self.joules.map(|limit| limit.0), spent.joules.0, watts);
        joules.min(until(self.grams.map(|limit| limit.0), spent.grams.0, grams_per_s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(intensities: &[f64], slots: u32) -> Meter {
        let trace = HourlyTrace::new("DE".into(), GridHour(0), intensities.iter().copied()).unwrap();
        Meter::new(&Work::default(), GridHour(0), intensities.len(), &[(&trace, slots)]).unwrap()
    }

    #[test]
    fn each_hour_is_charged_at_its_own_intensity() {
        let mut meter = meter(&[100.0, 400.0, 0.0], 4);
        (0..4).for_each(|_| meter.change(0, Draw::Released, Draw::For(Purpose::Full)));
        assert_eq!(meter.advance(5400.0, &Limit::default()), None);
        (0..2).for_each(|_| meter.change(0, Draw::For(Purpose::Full), Draw::For(Purpose::Idle)));
        (0..2).for_each(|_| meter.change(0, Draw::For(Purpose::Full), Draw::Released));
        assert_eq!(meter.advance(10_800.0, &Limit::default()), None);
        // 1 kWh at 100 g; half an hour of 1 kW and half an hour of 80 W at 400 g; an hour of 80 W for nothing.
        let kwh: Vec<f64> = meter.hourly().iter().map(|spent| spent.joules.kwh()).collect();
        let grams: Vec<f64> = meter.hourly().iter().map(|spent| spent.grams.0).collect();
        let close = |found: &[f64], expected: &[f64]| {
            found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9)
        };
        assert!(close(&kwh, &[0.0, 1.0, 1.54, 1.62]), "{kwh:?}");
        assert!(close(&grams, &[0.0, 100.0, 316.0, 316.0]), "{grams:?}");
        assert!((meter.by_purpose()[&Purpose::Idle].kwh() - 0.12).abs() < 1e-12);
    }

    #[test]
    fn a_limit_is_met_to_the_moment() {
        let mut meter = meter(&[100.0, 400.0], 4);
        (0..4).for_each(|_| meter.change(0, Draw::Released, Draw::For(Purpose::Full)));
        let limit = Limit { grams: Some(Grams(200.0)), ..Limit::default() };
        let stopped = meter.advance(7200.0, &limit).unwrap();
        assert!((stopped - 4500.0).abs() < 1e-6, "{stopped}");
        assert!((meter.spent().grams.0 - 200.0).abs() < 1e-9);
    }
}
