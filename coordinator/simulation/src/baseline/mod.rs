//! What every report carries to compare with: directors of a [`crate::fleet`], each from a published or an obvious rule.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `build` | all of them by name |
//! | `vanilla` | all slots train to the end what a searcher proposes |
//! | `split` | some slots train, the others score candidates for a queue by a supernet |
//! | `sharing` | how many slots of a split train in an hour |
//! | `one_shot_only` | score everything first, then train by rank |
//! | `rungs` | short trainings, every so many of them one full training of the best |
//! | `switch` | any of them, with the whole fleet off in some hours |
//! | `hindsight` | switches that see the future: bounds, not rules |
//! | `choice` | the cheapest set of trainings, chosen in hindsight |
//! | `follow` | any of them, in the cleaner of several zones |
//! | `supernets` | what must be trained before anything can be scored |
//! | `rank` | dominance numbers of cells |

mod build;
mod choice;
mod follow;
mod hindsight;
mod one_shot_only;
mod rank;
mod rungs;
mod sharing;
mod split;
mod supernets;
mod switch;
mod vanilla;

pub use build::{BASELINES, Baseline, BuildError, Future, Parts, build, find};
pub use choice::cheapest_set;
pub use follow::{Follow, Place};
pub use hindsight::{cleanest_of_each_day, fewest_cleanest};
pub use one_shot_only::{BLOCK, OneShotOnly};
pub use rungs::{PER_PROMOTION, Rungs};
pub use sharing::{ActionTable, Cycle, LOOK_BACK_HOURS, LinearInIntensity, Share, Sharing};
pub use split::{QUEUE, Split};
pub use supernets::Proxy;
pub use switch::{Percentile, Planned, Switch, Switched};
pub use vanilla::Vanilla;
