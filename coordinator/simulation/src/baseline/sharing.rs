//! How many slots of a split train in an hour; the others score.

use std::fmt;

use crate::fleet::Hour;

/// Answers once an hour, in order.
pub trait Sharing: fmt::Debug {
    /// Slots of the first zone that train, of `slots`.
    fn training(&mut self, hour: &Hour<'_>, slots: u32) -> u32;
}

/// So many in the first hour, so many in the next, and from the beginning again.
#[derive(Debug, Clone)]
pub struct Cycle(pub Vec<u32>);

impl Sharing for Cycle {
    fn training(&mut self, hour: &Hour<'_>, slots: u32) -> u32 {
        let place = hour.index.checked_rem(self.0.len());
        place.map_or(slots, |place| self.0[place])
    }
}
