//! The ladder of fidelities: one-shot scores reject, short trainings promote, full trainings count.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `standing` | who has come how far, kept up as trials begin and end |
//! | `step` | those that reached one step, by their layers |
//! | `contender` | one of them, and what a model promises of them |
//! | `choice` | what a free slot begins |
//! | `quality` | whether scores foretell trainings, as far as the study can tell |
//! | `follow` | a study's events, as the ladder hears them |
//!
//! A searcher with a model says what each newcomer and each promotion promises; promises are compared, and the cheaper step
//! wins unless the dearer one promises at least as much, or full trainings have become rare. Without a model promotion is by non-dominated layer, then by crowding,
//! among all that reached the step (the MOASHA idea: Schmucker et al., arXiv 2106.12639), by shares: so many scores a short
//! training, so many short trainings a full one. Ranks are always those of all that came so far, and a slot that may train never idles for
//! the sake of a share or a promise.
//!
//! Scores that full trainings have shown to say nothing lead to no training any more, and no more are taken.
//!
//! Pure, and free of the coordinator's state where that is not at hand: [`Standing::of`] drives a table through the very same
//! ladder.

mod choice;
mod contender;
mod follow;
mod quality;
mod standing;
mod step;

#[cfg(test)]
mod tests;

use common::architecture::Architecture;
use common::config::Ladder;
use common::energy::Purpose;
use common::fidelity::Fidelity;
use common::trial::{Origin, Subject};

pub use quality::{Agreement, Quality};
pub use standing::{Climbed, Shown, Standing, Supernet};

/// What the ladder is told once and for all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rules {
    pub ladder: Ladder,
    /// Trainings of the first step that are begun before any share counts, and that a model needs before it promises anything.
    pub initial_samples: usize,
    /// Whether the searcher has a model, so that promises will come once it knows enough.
    pub has_model: bool,
}

/// An architecture proposed, not yet taken up.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub architecture: Architecture,
    pub origin: Origin,
    /// The hypervolume that a full training is expected to add; none without a model.
    pub promise: Option<f64>,
}

/// Where a search tree works: the way to its region, and networks drawn from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Worked {
    pub path: String,
    pub members: Vec<Architecture>,
}

/// A new trial for a slot to take up.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    pub subject: Subject,
    pub origin: Origin,
}

/// The first step that trains: a short training, or at once the full one.
fn first_training(ladder: &Ladder) -> Fidelity {
    if ladder.rung_epochs == 0 { Fidelity::Full } else { Fidelity::Rung(ladder.rung_epochs) }
}

fn purpose(fidelity: Fidelity) -> Purpose {
    match fidelity {
        Fidelity::OneShot => Purpose::OneShot,
        Fidelity::Rung(_) => Purpose::Rung,
        Fidelity::Full => Purpose::Full,
    }
}
