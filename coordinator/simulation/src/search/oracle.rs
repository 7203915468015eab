//! What tells the outcome of a training. A newcomer is one file beside this one.

use std::collections::BTreeSet;
use std::fmt::Debug;

use common::architecture::Architecture;
use common::fidelity::Fidelity;
use common::space::SearchSpace;
use serde::Serialize;

use crate::sheet::Direction;

/// An objective as the user knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    pub name: String,
    #[serde(serialize_with = "direction_name")]
    pub direction: Direction,
    /// Known without training.
    pub known: bool,
}

fn direction_name<S: serde::Serializer>(direction: &Direction, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(direction.name())
}

/// What a training showed, and what it took.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// `[m]`, minimised.
    pub objectives: Vec<f64>,
    /// In full trainings.
    pub cost: f64,
}

/// An architecture as its oracle counts it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Place {
    /// Of a table, from 0.
    Row(usize),
    /// Decisions of a problem.
    Point(Vec<f64>),
}

pub trait Oracle: Debug + Sync {
    /// The table or problem, for reports.
    fn name(&self) -> String;

    fn space(&self) -> &dyn SearchSpace;

    /// All architectures that have an outcome, in their own forms; none where every one of the space has.
    fn listed(&self) -> Option<&BTreeSet<Architecture>>;

    /// `[m]`.
    fn objectives(&self) -> &[Named];

    /// `[m]`, minimised.
    fn reference(&self) -> &[f64];

    /// The hypervolume that all architectures have together.
    fn maximum(&self) -> f64;

    /// The short training, where there is one.
    fn rung(&self) -> Option<Fidelity>;

    /// Whether a short training shows another value of the objective than the full one.
    fn is_trained(&self, objective: usize) -> bool;

    /// # Panics
    /// On an architecture that is not listed, and on a fidelity that is neither full nor the rung.
    fn train(&self, architecture: &Architecture, fidelity: Fidelity) -> Outcome;

    /// # Panics
    /// On an architecture that is not listed.
    fn place(&self, architecture: &Architecture) -> Place;

    /// What people call it, where it has a name.
    fn key(&self, _: &Place) -> Option<String> {
        None
    }
}
