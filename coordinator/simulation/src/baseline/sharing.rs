//! How many slots of a split train in an hour; the others score.

use std::fmt;

use common::seed::Seed;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::fleet::Hour;

/// Hours before the present one that a rule looks back on: a week.
pub const LOOK_BACK_HOURS: usize = 168;

/// Answers once an hour and zone, in order.
pub trait Sharing: fmt::Debug {
    /// Slots of `zone` that train, of `slots`.
    fn training(&mut self, hour: &Hour<'_>, zone: usize, slots: u32) -> u32;
}

fn of(slots: u32, share: f64) -> u32 {
    ((f64::from(slots) * share).round() as u32).min(slots)
}

/// So many in the first hour, so many in the next, and from the beginning again.
#[derive(Debug, Clone)]
pub struct Cycle(pub Vec<u32>);

impl Sharing for Cycle {
    fn training(&mut self, hour: &Hour<'_>, _: usize, slots: u32) -> u32 {
        let place = hour.index.checked_rem(self.0.len());
        place.map_or(slots, |place| self.0[place])
    }
}

/// The same share in each hour.
#[derive(Debug, Clone, Copy)]
pub struct Share(pub f64);

impl Sharing for Share {
    fn training(&mut self, _: &Hour<'_>, _: usize, slots: u32) -> u32 {
        of(slots, self.0)
    }
}

/// The reference's actions, of eight slots, drawn at random.
#[derive(Debug)]
pub struct ActionTable(ChaCha8Rng);

const ACTIONS: [u32; 10] = [1, 1, 1, 2, 3, 4, 4, 5, 6, 7];
const ACTIONS_OF: u32 = 8;

impl ActionTable {
    pub fn new(seed: Seed) -> Self {
        Self(seed.stream("action table", 0))
    }
}

impl Sharing for ActionTable {
    fn training(&mut self, _: &Hour<'_>, _: usize, slots: u32) -> u32 {
        let action = ACTIONS[self.0.random_range(0..ACTIONS.len())];
        of(slots, f64::from(action) / f64::from(ACTIONS_OF))
    }
}

/// The cleaner the present hour is within the last week, the more: all at its least intensity, none at its most, half where it
/// did not change.
#[derive(Debug, Clone, Copy)]
pub struct LinearInIntensity;

impl Sharing for LinearInIntensity {
    fn training(&mut self, hour: &Hour<'_>, zone: usize, slots: u32) -> u32 {
        let known = hour.known(zone, LOOK_BACK_HOURS);
        let low = known.iter().copied().fold(f64::INFINITY, f64::min);
        let high = known.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let share = known.last().filter(|_| high > low).map(|now| (high - now) / (high - low));
        of(slots, share.unwrap_or(0.5))
    }
}
