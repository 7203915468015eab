//! Where the allocation agent is trained and proven: thousands of short studies on recorded grids, without a table or a search.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `grid` | a zone's hours and the forecasts issued at each |
//! | `nature` | how a study responds to work: a family fitted to the project's own runs |
//! | `scenario` | where, when, with which fleet and budgets |
//! | `study` | the study itself, hour by hour |
//! | `worth` | the reward |
//! | `episode` | a whole study under one policy |
//! | `foresight` | the oracle that regret is counted from |
//! | `evaluation` | regret of policies over caps, deadlines, fleets, zones and dates |
//! | `ppo` | training, behind the feature `torch` |
//!
//! What it trains acts elsewhere: `allocation::Agent` holds the forward pass and the guards, without any of this.

mod episode;
mod evaluation;
mod foresight;
mod grid;
mod nature;
#[cfg(feature = "torch")]
pub mod ppo;
mod scenario;
mod study;
mod worth;

pub use episode::{Outcome, play};
pub use evaluation::{CAPS_KG, Case, DEADLINES, FLEETS, Regret, Tally, cases, regrets};
pub use foresight::best as best_in_hindsight;
pub use grid::{Error, Grid, HORIZON};
pub use nature::Nature;
pub use scenario::{Scenario, covers};
pub use study::{Gain, Study};
pub use worth::Worth;
