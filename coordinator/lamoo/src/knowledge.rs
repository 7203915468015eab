//! What is known about objectives without evaluating anything.

use std::fmt::Debug;

use common::architecture::Architecture;

/// Facts about a study's objectives, by their place in its list.
pub trait Knowledge: Debug {
    /// The objective's value where no training is needed to know it: counted parameters, a device's table.
    fn known(&self, objective: usize, architecture: &Architecture) -> Option<f64>;

    /// Whether it must be learnt from evaluations; [`Knowledge::known`] answers always where it need not.
    fn is_learnt(&self, objective: usize) -> bool;

    /// Whether training changes it. A latency is the same after one epoch and after the last.
    fn is_trained(&self, _objective: usize) -> bool {
        true
    }
}

/// Nothing is known: every objective is learnt, at each fidelity apart.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nothing;

impl Knowledge for Nothing {
    fn known(&self, _: usize, _: &Architecture) -> Option<f64> {
        None
    }

    fn is_learnt(&self, _: usize) -> bool {
        true
    }
}
