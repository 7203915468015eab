//! A situation as the network sees it: numbers without scale, so that one network serves any grid, fleet and length of training.
//!
//! Everything is relative: intensities to their own past and future, budgets to what the fleet could spend, work to slots. What has no
//! place in that (no forecast, more zones than were trained for) is refused with a reason, and the planner decides.

use common::energy::Purpose;

use super::view::{FAR, View, cleaner, mean, mean_or, relative};
use super::water::{Cell, Limits, Window, wanted};
use crate::Situation;

/// Numbers of each zone.
pub const ZONE_FEATURES: usize = 17;
/// Numbers of the whole study, and of what all zones share.
pub const STUDY_FEATURES: usize = 27;
/// Trained on four; a few more look alike through their mean and extreme.
pub const MAX_ZONES: usize = 8;
/// Trained on 64 slots of all zones together.
pub const MAX_SLOTS: u32 = 96;
/// Without a deadline a study is planned as if it had four days.
const OPEN_ENDED: f64 = 96.0;
/// A training before the first has told: the field's usual hour.
const USUAL_HOURS: f64 = 1.0;

/// What the network is given, in the order of the situation's zones.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Of each zone its own and the study's, `[zones][ZONE_FEATURES + STUDY_FEATURES]`.
    pub rows: Vec<Vec<f64>>,
    /// Slots that each zone would train without a network, not yet whole.
    pub wanted: Vec<f64>,
}

impl Observation {
    /// `price`: decades of missing hypervolume that the carbon of one training must bring.
    pub fn of(situation: &Situation, price: f64) -> Result<Self, String> {
        let seen = Seen::of(situation)?;
        let wanted = wanted(&seen.window(), &seen.limits(price));
        let study = seen.study(price);
        let rows = seen.zones.iter().zip(&wanted).map(|(zone, wanted)| {
            let mut row = seen.zone(zone, *wanted);
            row.extend_from_slice(&study);
            row
        });
        let rows: Vec<Vec<f64>> = rows.collect();
        if rows.iter().flatten().any(|value| !value.is_finite()) {
            return Err("a figure of the situation is not a number".into());
        }
        Ok(Self { rows, wanted })
    }
}

struct Seen<'a> {
    situation: &'a Situation,
    zones: Vec<View<'a>>,
    slots: f64,
    first: f64,
    /// Hours to the deadline, and whether there is one.
    hours: f64,
    has_deadline: bool,
    /// Hours of one full training, and whether any has told.
    training: f64,
    is_known: bool,
    /// kWh of a slot-hour; none while no training has told.
    kwh: Option<f64>,
    /// Mean intensity of the window, all zones.
    usual: f64,
}

impl<'a> Seen<'a> {
    fn of(situation: &'a Situation) -> Result<Self, String> {
        let count = situation.zones.len();
        if !(1..=MAX_ZONES).contains(&count) {
            return Err(format!("{count} zones are not what it was trained on"));
        }
        let slots = situation.slots();
        if !(1..=MAX_SLOTS).contains(&slots) {
            return Err(format!("{slots} slots are not what it was trained on"));
        }
        let sound = |value: f64| value.is_finite() && value >= 0.0;
        let budget = &situation.budget;
        let left = [budget.carbon.map(|of| of.0), budget.energy.map(|of| of.0), budget.hours];
        let figures = [situation.hypervolume, situation.recent_gain];
        if !left.into_iter().flatten().chain(figures).all(sound) {
            return Err("a budget or the hypervolume is not a number it can use".into());
        }
        let first = situation.hour_left;
        if !(first > 0.0 && first <= 1.0 && situation.hour_s > 0.0 && situation.hour_s.is_finite()) {
            return Err("the clock says nothing it can use".into());
        }
        let hours = budget.hours.unwrap_or(OPEN_ENDED);
        let zones: Vec<View<'a>> = situation
            .zones
            .iter()
            .map(|(name, of)| View::of(situation, name, of, hours))
            .collect::<Result<_, _>>()?;
        let full = situation.costs.get(&Purpose::Full);
        let training =
            full.map(|cost| cost.seconds.0 / situation.hour_s).filter(|hours| sound(*hours) && *hours > 0.0);
        let kwh =
            situation.training_power().map(|power| power.0 * situation.hour_s / common::unit::JOULES_PER_KWH);
        let all: Vec<f64> =
            zones.iter().flat_map(|zone| zone.coming.iter().copied().chain([zone.now])).collect();
        Ok(Self {
            situation,
            slots: f64::from(slots),
            first,
            hours,
            has_deadline: budget.hours.is_some(),
            training: training.unwrap_or(USUAL_HOURS),
            is_known: training.is_some(),
            kwh: kwh.filter(|kwh| sound(*kwh) && *kwh > 0.0),
            usual: mean(&all).max(1.0),
            zones,
        })
    }

    fn window(&self) -> Window {
        let hours = self.zones.iter().map(|zone| zone.coming.len()).min().unwrap_or(0) + 1;
        let cell = |zone: &View<'_>, hour: usize| Cell {
            intensity: if hour == 0 { zone.now } else { zone.coming[hour - 1] }.max(1.0),
            slots: f64::from(zone.of.slots),
        };
        let cells = (0..hours).flat_map(|hour| self.zones.iter().map(move |zone| cell(zone, hour))).collect();
        Window { zones: self.zones.len(), first: self.first.min(self.hours.max(1e-3)), cells }
    }

    /// Slot-hours that a budget of carbon, of energy, of trainings pays for at the usual intensity.
    fn affordable(&self) -> [Option<f64>; 3] {
        let budget = &self.situation.budget;
        let kwh = self.kwh;
        [
            budget.carbon.zip(kwh).map(|(grams, kwh)| grams.0 / (kwh * self.usual)),
            budget.energy.zip(kwh).map(|(joules, kwh)| joules.kwh() / kwh),
            budget.trainings.map(|count| count as f64 * self.training),
        ]
    }

    /// A window shorter than the time left may spend its part of the budgets only.
    fn limits(&self, price: f64) -> Limits {
        let hours = self.zones.iter().map(|zone| zone.coming.len()).min().unwrap_or(0) as f64 + self.first;
        let part = (hours / self.hours.max(1e-3)).min(1.0);
        let [carbon, energy, trainings] = self.affordable().map(|hours| hours.map(|hours| part * hours));
        let budget = &self.situation.budget;
        // What a training takes is not known before one was tried: one slot, where a budget has to be kept.
        let is_blind = self.kwh.is_none() && (budget.carbon.is_some() || budget.energy.is_some());
        let blind = if is_blind { hours } else { f64::INFINITY };
        Limits {
            carbon: carbon.map_or(f64::INFINITY, |hours| hours * self.usual),
            slot_hours: energy.unwrap_or(f64::INFINITY).min(trainings.unwrap_or(f64::INFINITY)).min(blind),
            price: price / self.training,
            usual: self.usual,
            done: f64::from(self.finished(Purpose::Full)) * self.training,
        }
    }

    fn finished(&self, purpose: Purpose) -> u32 {
        self.situation.finished.get(&purpose).copied().unwrap_or(0)
    }

    fn study(&self, price: f64) -> [f64; STUDY_FEATURES] {
        let Situation { work, hypervolume, recent_gain, .. } = self.situation;
        let capacity = self.slots * self.hours.max(self.first);
        let flag = |is: bool| f64::from(u8::from(is));
        let [carbon, energy, trainings] = self.affordable();
        let of_capacity = |hours: Option<f64>| hours.map_or(0.0, |hours| relative(hours, capacity));
        let in_trainings =
            |hours: Option<f64>| hours.map_or(0.0, |hours| relative(hours, 8.0 * self.training));
        let count = |purpose| libm::log1p(f64::from(self.finished(purpose))) / 3.0;
        let per_slot = |slots: u32| (f64::from(slots) / self.slots).min(3.0);
        let gain = if *hypervolume > 0.0 { recent_gain / hypervolume } else { 1.0 };
        let reach = self.zones.iter().map(|zone| zone.coming.len()).min().unwrap_or(0) as f64 + 1.0;
        [
            flag(carbon.is_some()),
            of_capacity(carbon),
            in_trainings(carbon),
            flag(energy.is_some()),
            of_capacity(energy),
            in_trainings(energy),
            flag(trainings.is_some()),
            of_capacity(trainings),
            flag(self.has_deadline),
            relative(self.hours, 24.0),
            relative(self.hours, self.training) / 2.0,
            count(Purpose::Full),
            count(Purpose::Rung),
            count(Purpose::OneShot),
            flag(*hypervolume > 0.0),
            libm::log10(gain.clamp(1e-4, 1.0)) / 2.0 + 1.0,
            per_slot(work.trainings_running),
            per_slot(work.trainings_waiting),
            flag(work.training_wanted),
            (f64::from(work.scored) / 10.0).min(2.0),
            (f64::from(work.scores_wanted) / 10.0).min(2.0),
            self.first,
            relative(self.training, 1.0),
            flag(self.is_known),
            (libm::log10(price.max(1e-6)) + 2.75) / 1.25,
            libm::log(self.slots) / 2.0 - 1.0,
            (reach / self.hours.max(1.0)).min(1.0),
        ]
    }

    fn zone(&self, zone: &View<'_>, wanted: f64) -> Vec<f64> {
        let slots = f64::from(zone.of.slots);
        let now = zone.now.max(1.0);
        let day = &zone.coming[..zone.coming.len().min(24)];
        let soon = &zone.coming[..zone.coming.len().min(6)];
        let least = |hours: &[f64]| hours.iter().copied().fold(now, f64::min).max(1.0);
        let cleanest = self.zones.iter().map(|zone| zone.now).fold(now, f64::min).max(1.0);
        let level = wanted.max(0.05);
        let row: [f64; ZONE_FEATURES] = [
            2.0 * relative(now, mean_or(&zone.coming, now)),
            2.0 * relative(now, mean_or(&zone.past, now)),
            cleaner(&zone.coming, now),
            cleaner(day, now),
            cleaner(&zone.past, now),
            2.0 * relative(least(soon), now),
            2.0 * relative(least(day), now),
            2.0 * relative(mean_or(soon, now), now),
            (2.0 * zone.spread).min(FAR),
            relative(level, 1.0) / 2.0,
            relative(level, slots.max(0.5)) / 2.0,
            super::water::whole(wanted, slots) / slots.max(1.0),
            slots / self.slots,
            libm::log1p(slots) / 2.0 - 0.5,
            f64::from(zone.of.training) / slots.max(1.0),
            f64::from(zone.of.sampling) / slots.max(1.0),
            relative(now, cleanest),
        ];
        row.to_vec()
    }
}
