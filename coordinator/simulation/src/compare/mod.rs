//! Policies of the product and baselines side by side: the same world, seed and searcher for each, and what every run came to.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `contender` | what is compared, by name |
//! | `world` | the world of a comparison, and one run in it |
//! | `course` | what a run found and spent, step by step |
//! | `of_drive`, `of_fleet` | courses of the real core and of baselines |
//! | `mean` | means over seeds, with their standard errors |
//!
//! Everything is charged, to the moment: a step's bill holds what every slot of the fleet had drawn by then, idling and thrown-away work
//! included. Nothing here prints, draws or reads files.

mod contender;
mod course;
mod mean;
mod of_drive;
mod of_fleet;
mod world;

pub use contender::{Contender, LADDER_ORACLE, names};
pub use course::{Course, HourOf, Step, Trainings};
pub use mean::Mean;
pub use world::{Error, World};
