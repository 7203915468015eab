//! Allocation policies: how many slots of each zone train, sample or rest until the next decision.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `situation` | all that a policy is told |
//! | `pace` | how slots differ |
//! | `policy` | the trait, the options, the policies by name |
//! | `simple`, `intensity` | rules that look at nothing, or at the present intensity |
//! | `planner` | the default: ranks the coming hours and paces the budgets |
//! | `agent` | a network that was trained before it is used, within guards |
//! | `conformance` | what every policy owes its users |
//!
//! Laws: A-1, never more slots than are alive; A-2, deciding twice changes nothing. A policy sees no hour after the present one but
//! through a forecast. Absent on purpose: which task goes to which slot, and the hard guard of budgets: those are the core's.

pub mod agent;
pub mod conformance;
mod error;
mod intensity;
mod pace;
mod planner;
mod policy;
mod simple;
mod situation;
mod split;

pub use agent::Agent;
pub use error::Error;
pub use intensity::{LinearInIntensity, Threshold};
pub use pace::Pace;
pub use planner::Planner;
pub use policy::{Options, POLICIES, Policy, build};
pub use simple::{Fixed, Greedy};
pub use situation::{BudgetLeft, Cost, RECENT_HOURS, Situation, Work, ZoneSituation};
