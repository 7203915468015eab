//! From what is known to what is shown: pure functions from the history and the latest pulse to the shapes of the API, a file for each page.

mod counterfactual;
mod fleet;
mod front;
mod study;
mod tree;
mod trial;
mod trials;
mod words;
mod workers;
mod zones;

use common::time::Timestamp;

use super::history::History;
use super::pulse::Pulse;

pub use front::{front, hypervolume};
pub use study::study;
pub use tree::tree;
pub use trial::trial;
pub use trials::trials;
pub use workers::{worker_log, workers};
pub use zones::zones;

/// All that a page may be made of.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    pub history: &'a History,
    pub pulse: &'a Pulse,
    pub now: Timestamp,
}

/// What is left of a list after the pages before, with where it begins.
fn page<T>(items: Vec<T>, offset: Option<u32>, limit: u32) -> (u64, Vec<T>) {
    let offset = offset.unwrap_or(0) as usize;
    let kept = items.into_iter().skip(offset).take(limit as usize).collect();
    (offset as u64, kept)
}
