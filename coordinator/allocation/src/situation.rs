//! All that a policy is told when it decides. Nothing in it comes from the future but forecasts, and they carry their issue time.
//!
//! Figures from outside may be missing or NaN; every policy must bear both.

use std::collections::BTreeMap;

use common::carbon::Forecast;
use common::energy::Purpose;
use common::id::Zone;
use common::time::GridHour;
use common::unit::{Grams, Intensity, Joules, Seconds, Watts};

use crate::pace::Pace;

/// Hours that a zone's situation carries at most: a week of the past, and the present.
pub const RECENT_HOURS: usize = 169;

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Situation {
    pub hour: GridHour,
    /// Share of the present hour that is still to come, in (0, 1].
    pub hour_left: f64,
    /// Wall seconds that one grid hour lasts.
    pub hour_s: f64,
    pub zones: BTreeMap<Zone, ZoneSituation>,
    pub budget: BudgetLeft,
    pub work: Work,
    /// Means over finished trials; nothing before the first.
    pub costs: BTreeMap<Purpose, Cost>,
    pub hypervolume: f64,
    /// Hypervolume gained by the last few full trainings.
    pub recent_gain: f64,
    /// Trials finished so far.
    pub finished: BTreeMap<Purpose, u32>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct ZoneSituation {
    /// Slots alive, whatever they do now.
    pub slots: u32,
    /// Of these, those at work on a training, and on a scoring.
    pub training: u32,
    pub sampling: u32,
    /// Of its slots together.
    pub pace: Pace,
    /// Of the present hour.
    pub intensity: Option<Intensity>,
    pub forecast: Option<Forecast>,
    /// Known intensities, oldest first, the present hour last, at most [`RECENT_HOURS`].
    pub recent: Vec<Intensity>,
}

/// What may still be spent; None is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct BudgetLeft {
    pub carbon: Option<Grams>,
    pub energy: Option<Joules>,
    /// Grid hours to the deadline.
    pub hours: Option<f64>,
    /// Full trainings.
    pub trainings: Option<u64>,
}

/// What there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Work {
    /// Supernets, rungs and full trainings that hold a slot.
    pub trainings_running: u32,
    /// Those that wait for one, for the first time or suspended.
    pub trainings_waiting: u32,
    /// More can be made as soon as a slot asks (a new candidate, a promotion). Without it slots beyond those running and waiting would
    /// find nothing to train, and a policy need not provide them.
    pub training_wanted: bool,
    /// Scored candidates that wait for promotion.
    pub scored: u32,
    /// Scores that the ladder could take in now; 0 when sampling is of no use (no supernet, a full pool).
    pub scores_wanted: u32,
}

impl Work {
    /// Slots that would find something to train; None is any number.
    pub fn training_slots(self) -> Option<u32> {
        (!self.training_wanted).then(|| self.trainings_running.saturating_add(self.trainings_waiting))
    }
}

/// What one trial takes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cost {
    /// Of one slot, by the wall.
    pub seconds: Seconds,
    pub joules: Joules,
}

impl Cost {
    /// Mean power at work; None when a figure is missing or senseless.
    pub fn power(self) -> Option<Watts> {
        let power = self.joules.0 / self.seconds.0;
        (power.is_finite() && power > 0.0).then_some(Watts(power))
    }
}

impl Situation {
    /// Slots alive in all zones.
    pub fn slots(&self) -> u32 {
        self.zones.values().fold(0, |sum, zone| sum.saturating_add(zone.slots))
    }

    /// Power of a training slot, by the most thorough training known.
    pub fn training_power(&self) -> Option<Watts> {
        let known = [Purpose::Full, Purpose::Rung, Purpose::Supernet];
        known.iter().filter_map(|purpose| self.costs.get(purpose)).find_map(|cost| cost.power())
    }
}

impl ZoneSituation {
    /// The present intensity, gCO2eq/kWh, when it is a number that an intensity can be.
    pub fn present(&self) -> Option<f64> {
        self.intensity.map(|intensity| intensity.0).filter(|&value| plausible(value))
    }

    /// Intensities of the hours before the present one, a week at most, oldest first, without what can't be one.
    pub fn past(&self) -> Vec<f64> {
        let past = &self.recent
            [..self.recent.len() - usize::from(self.intensity.is_some() && !self.recent.is_empty())];
        let week = &past[past.len().saturating_sub(RECENT_HOURS - 1)..];
        week.iter().map(|intensity| intensity.0).filter(|&value| plausible(value)).collect()
    }
}

pub(crate) fn plausible(intensity: f64) -> bool {
    intensity.is_finite() && intensity >= 0.0
}
