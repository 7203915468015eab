//! Allocation policies: how many slots of each zone train, sample or rest in the coming hour.

mod policy;
mod situation;

pub use policy::Policy;
pub use situation::{BudgetLeft, Cost, Situation, Work, ZoneSituation};
