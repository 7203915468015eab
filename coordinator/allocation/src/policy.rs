//! The interface of every allocation policy.

use common::allocation::Allocation;

use crate::situation::Situation;

/// Decides how many slots of each zone train, sample and rest until the next decision.
pub trait Policy: Send {
    fn name(&self) -> &'static str;

    fn decide(&mut self, situation: &Situation) -> Allocation;
}
