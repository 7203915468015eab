//! What a person reads at the end: `report.json`, `report.html`, `report.md` with its figures, `front.csv` and the front's networks, made from the ledger.
//!
//! `Report::of` is pure and everything shown is in it: the page and the tables only set the same figures. Nothing here
//! decides anything about a study, and nothing is written but whole files.

mod artifacts;
mod carbon;
mod chronicle;
mod citation;
mod energy;
mod forecasts;
mod front;
mod front_csv;
mod html;
mod intensity;
mod markdown;
mod model;
mod of;
pub mod text;
mod uncertainty;
mod write;

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

pub(crate) use artifacts::copy_checked;
pub use artifacts::{Exported, export_artifacts};
pub use chronicle::Chronicle;
pub(crate) use front::{describe, origin};
pub use front_csv::front_csv;
pub use html::{figures, page};
pub use markdown::markdown;
pub use model::*;
pub(crate) use of::{Standing, standing};
pub use write::{Written, take_in, write, write_to};
