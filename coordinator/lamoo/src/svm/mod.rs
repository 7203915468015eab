//! A two-class support-vector classifier (Cortes and Vapnik, 1995), small and deterministic: same rows, same border.
//!
//! Ours, for three reasons against the one kept crate, `linfa-svm`: trees are built anew at each question, and one-hot rows
//! compared as bits make that an order of magnitude faster than a dense kernel matrix; sums are taken in a fixed order; and
//! the heart stays free of a matrix library that it needs nowhere else.
//!
//! One-hot features are used as they are. They share one scale already, and standardising each column would let the
//! rarest option weigh most; what must follow the data is the kernel's width, see [`Kernel`].

mod bits;
mod kernel;
mod smo;

use serde::{Deserialize, Serialize};

pub use kernel::Kernel;
use kernel::{Point, Rows, Similarity};

use crate::Error;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    pub kernel: Kernel,
    /// `C`: how dear a sample on the wrong side of the margin is.
    pub penalty: f64,
    /// The largest violation of the optimality conditions that is left.
    pub tolerance: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { kernel: Kernel::Rbf, penalty: 1.0, tolerance: 1e-3 }
    }
}

impl Options {
    pub fn check(&self) -> Result<(), Error> {
        let refuse = |option, found, wanted| Err(Error::Option { option, found, wanted });
        match *self {
            Self { penalty, .. } if !(penalty > 0.0 && penalty.is_finite()) => {
                refuse("svm.penalty", penalty, "finite and above 0")
            }
            Self { tolerance, .. } if !(tolerance > 0.0 && tolerance.is_finite()) => {
                refuse("svm.tolerance", tolerance, "finite and above 0")
            }
            Self { kernel: Kernel::Polynomial { degree: 0 }, .. } => {
                refuse("svm.kernel.degree", 0.0, "at least 1")
            }
            _ => Ok(()),
        }
    }
}

/// A learnt border: `f(x) = Σ α_i y_i K(x_i, x) - ρ`, over the support vectors.
#[derive(Debug, Clone)]
pub struct Classifier {
    similarity: Similarity,
    support: Rows,
    /// `α_i y_i`, one for each support vector.
    weights: Vec<f64>,
    /// `ρ`.
    threshold: f64,
}

impl Classifier {
    /// Learns from `features`, `[n, d]`, and the side of each row.
    ///
    /// With one class only, or no rows at all, it says that class (or false) everywhere.
    ///
    /// # Panics
    /// When the two lengths differ or the rows are ragged.
    pub fn fit(features: &[&[f64]], positive: &[bool], options: &Options) -> Self {
        assert_eq!(features.len(), positive.len(), "one label a row");
        let rows = Rows::new(features);
        let similarity = Similarity::of(options.kernel, &rows);
        let solution = smo::solve(&rows, positive, &similarity, options);
        let chosen: Vec<usize> = (0..features.len()).filter(|&row| solution.multipliers[row] > 0.0).collect();
        let sign = |row: usize| if positive[row] { 1.0 } else { -1.0 };
        Self {
            similarity,
            support: Rows::new(&chosen.iter().map(|&row| features[row]).collect::<Vec<_>>()),
            weights: chosen.iter().map(|&row| solution.multipliers[row] * sign(row)).collect(),
            threshold: solution.threshold,
        }
    }

    /// `f(x)` for `features`, `[d]`: positive on the positive side, about ±1 on the margins.
    pub fn decision(&self, features: &[f64]) -> f64 {
        let (mut sum, mut weights) = (0.0, self.weights.iter());
        self.similarity.each(&self.support, &Point::new(features), |likeness| {
            sum += weights.next().expect("one a row") * likeness;
        });
        sum - self.threshold
    }

    /// The predicted side; a point exactly on the border is negative.
    pub fn is_positive(&self, features: &[f64]) -> bool {
        self.decision(features) > 0.0
    }

    pub fn support_vectors(&self) -> usize {
        self.weights.len()
    }
}
