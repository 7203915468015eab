//! What a study is to be: where, when, with which fleet, budgets and nature. Drawn at random for training, laid out for evaluation.

use std::ops::Range;

use common::time::GridHour;
use rand::{Rng, RngExt};

use crate::grid::{Grid, HORIZON};
use crate::nature::{Nature, between, log_between};

/// The most zones and slots that are trained on.
#[cfg(feature = "torch")]
pub const MAX_ZONES: usize = 4;
const FLEETS: [u32; 10] = [1, 2, 2, 4, 8, 8, 16, 32, 32, 64];
const DEADLINES: [usize; 6] = [12, 24, 24, 48, 80, 80];

#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Places in the list of grids, and slots.
    pub zones: Vec<(usize, u32)>,
    pub start: GridHour,
    pub hours: usize,
    pub carbon_g: Option<f64>,
    pub energy_kwh: Option<f64>,
    pub trainings: Option<u64>,
    /// Decades of missing hypervolume at which it ends; the policy is not told.
    pub until: Option<f64>,
    /// Of carbon: 0 leans to speed, 1 to carbon.
    pub lean: f64,
    pub nature: Nature,
}

impl Scenario {
    /// For training: any zones of `grids` within `hours` of the record.
    pub fn draw(grids: &[Grid], hours: &Range<GridHour>, dice: &mut impl Rng) -> Self {
        loop {
            if let Some(drawn) = Self::try_draw(grids, hours, dice) {
                return drawn;
            }
        }
    }

    fn try_draw(grids: &[Grid], span: &Range<GridHour>, dice: &mut impl Rng) -> Option<Self> {
        let hours = DEADLINES[dice.random_range(0..DEADLINES.len())];
        let start = GridHour(dice.random_range(span.start.0..span.end.0 - hours as i64));
        let count = [1, 1, 1, 2, 2, 3, 4][dice.random_range(0..7)].min(grids.len());
        let slots = FLEETS[dice.random_range(0..FLEETS.len())].max(count as u32);
        let mut places: Vec<usize> =
            (0..grids.len()).filter(|place| covers(&grids[*place], start, hours)).collect();
        if places.len() < count {
            return None;
        }
        for place in 0..count {
            let other = dice.random_range(place..places.len());
            places.swap(place, other);
        }
        places.truncate(count);
        places.sort_unstable();
        let shares: Vec<f64> = (0..count).map(|_| between(dice, 0.3, 1.0)).collect();
        let whole: f64 = shares.iter().sum();
        let zones: Vec<(usize, u32)> = places
            .into_iter()
            .zip(shares)
            .map(|(place, share)| (place, ((share / whole * f64::from(slots)).round() as u32).max(1)))
            .collect();
        let nature = Nature::draw(dice);
        let mut drawn = Self {
            zones,
            start,
            hours,
            carbon_g: None,
            energy_kwh: None,
            trainings: None,
            until: None,
            lean: between(dice, 0.0, 1.0),
            nature,
        };
        drawn.limit(grids, dice);
        Some(drawn)
    }

    /// Budgets between one or two trainings and most of what the fleet could do.
    fn limit(&mut self, grids: &[Grid], dice: &mut impl Rng) {
        let slots: u32 = self.zones.iter().map(|(_, slots)| slots).sum();
        let most = (0.8 * f64::from(slots) * self.hours as f64 / self.nature.full_h).max(4.0);
        // Tight budgets as often as all the others: they are where it matters.
        let most = if dice.random::<bool>() { most.min(40.0) } else { most.min(400.0) };
        let trainings = log_between(dice, 1.5, most);
        let kwh = trainings * self.nature.full_kwh();
        match dice.random_range(0..20) {
            0..13 => self.carbon_g = Some(kwh * self.usual(grids)),
            13..15 => self.energy_kwh = Some(kwh),
            15 => self.trainings = Some(trainings as u64),
            _ => {}
        }
        if dice.random_range(0..5) == 0 {
            self.until = Some(between(dice, 1.0, 2.7));
        }
    }

    /// Mean intensity of the week before, over the fleet: what is known when it begins.
    pub fn usual(&self, grids: &[Grid]) -> f64 {
        let slots: u32 = self.zones.iter().map(|(_, slots)| slots).sum();
        let of = |(place, slots): &(usize, u32)| {
            let week = grids[*place].recent(self.start, 168);
            f64::from(*slots) * week.iter().map(|of| of.0).sum::<f64>() / week.len().max(1) as f64
        };
        (self.zones.iter().map(of).sum::<f64>() / f64::from(slots)).max(1.0)
    }
}

/// Whether a grid has a week before `start`, forecasts from there on, and what comes.
pub fn covers(grid: &Grid, start: GridHour, hours: usize) -> bool {
    let last = start.plus(hours as i64);
    grid.at(start.plus(-168)).is_some()
        && grid.at(last).is_some()
        && grid.row(start).is_some()
        && grid.row(last).is_some()
        && hours <= HORIZON
}
