//! Test problems whose optimum is known exactly, to measure an optimiser or this package against.
//!
//! All decisions live in the unit cube; all objectives are minimised.

mod branin_currin;
mod dtlz;
mod zdt;

pub use branin_currin::BraninCurrin;
pub use dtlz::Dtlz2;
pub use zdt::{Zdt1, Zdt2};

/// A multi-objective function on `[0, 1]^d`.
pub trait Problem {
    fn name(&self) -> &'static str;

    /// `d`.
    fn decisions(&self) -> usize;

    /// `m`.
    fn objectives(&self) -> usize;

    /// The objectives, `[m]`, at `decisions`, `[d]`, each in 0..=1.
    fn evaluate(&self, decisions: &[f64]) -> Vec<f64>;

    /// The usual reference point, `[m]`.
    fn reference(&self) -> Vec<f64>;

    /// The hypervolume of the whole Pareto front at [`Problem::reference`].
    fn maximum_hypervolume(&self) -> f64;
}
