//! Kernels, their width, and the rows they compare.

use serde::{Deserialize, Serialize};

use super::bits::{Bits, places};
use crate::vector::dot;

/// How alike two feature vectors are. `γ = 1 / Σ_j Var(x_j)` over the training rows, so that the typical squared
/// distance, `2 / γ`, is 2 whatever the number and scale of the features, and constant columns change nothing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kernel {
    /// `exp(-γ |x - z|²)`.
    Rbf,
    /// `(γ x·z + 1)^degree`.
    Polynomial { degree: u32 },
}

/// A kernel with its width settled.
#[derive(Debug, Clone)]
pub(super) struct Similarity {
    kernel: Kernel,
    gamma: f64,
    /// For rows of zeros and ones: the kernel by the number of ones in `x xor z` (RBF) or in `x and z` (polynomial),
    /// `[d + 1]`. Empty for other rows.
    table: Vec<f64>,
}

impl Similarity {
    pub(super) fn of(kernel: Kernel, rows: &Rows) -> Self {
        let spread = rows.total_variance();
        let mut similarity =
            Self { kernel, gamma: if spread > 0.0 { 1.0 / spread } else { 1.0 }, table: vec![] };
        if rows.bits.is_some() {
            similarity.table = (0..=rows.columns).map(|count| similarity.at(count as f64)).collect();
        }
        similarity
    }

    /// Hands `take` the likeness of each of `rows` with a point, in order.
    pub(super) fn each(&self, rows: &Rows, point: &Point<'_>, mut take: impl FnMut(f64)) {
        match (&rows.bits, &point.places) {
            (Some(bits), Some(places)) if !self.table.is_empty() => {
                let shared = bits.shared(places);
                let pairs = shared.iter().zip(bits.ones());
                let (own, table) = (places.len(), &self.table[..=rows.columns]);
                match self.kernel {
                    Kernel::Rbf => pairs.for_each(|(&shared, &ones)| {
                        take(table[usize::from(ones) + own - 2 * usize::from(shared)]);
                    }),
                    Kernel::Polynomial { .. } => {
                        pairs.for_each(|(&shared, _)| take(table[usize::from(shared)]));
                    }
                }
            }
            _ => (0..rows.len()).for_each(|row| take(self.pair(point, rows.row(row), rows.norms[row]))),
        }
    }

    /// Between each of `rows` and itself, `[n]`.
    pub(super) fn diagonal(&self, rows: &Rows) -> Vec<f64> {
        (0..rows.len()).map(|row| self.pair(&rows.bare_point(row), rows.row(row), rows.norms[row])).collect()
    }

    /// Between a point and a row with its squared norm.
    fn pair(&self, point: &Point<'_>, row: &[f64], norm: f64) -> f64 {
        let product = dot(row, point.features);
        match self.kernel {
            Kernel::Rbf => self.at((norm + point.norm - 2.0 * product).max(0.0)),
            Kernel::Polynomial { .. } => self.at(product),
        }
    }

    /// At a squared distance (RBF) or at an inner product (polynomial).
    fn at(&self, argument: f64) -> f64 {
        match self.kernel {
            Kernel::Rbf => libm::exp(-self.gamma * argument),
            Kernel::Polynomial { degree } => (self.gamma * argument + 1.0).powi(degree as i32),
        }
    }
}

/// What a row is compared with: features, `[d]`, their squared norm, and the places of the ones where all are 0 or 1.
#[derive(Debug)]
pub(super) struct Point<'a> {
    features: &'a [f64],
    norm: f64,
    places: Option<Vec<usize>>,
}

impl<'a> Point<'a> {
    pub(super) fn new(features: &'a [f64]) -> Self {
        Self { features, norm: dot(features, features), places: places(features) }
    }
}

/// `[n, d]` in one piece of memory, with each row's squared norm. One-hot rows are kept as bits too: an order of
/// magnitude faster to compare, and as exact.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    columns: usize,
    values: Vec<f64>,
    norms: Vec<f64>,
    /// Where every value is 0 or 1.
    bits: Option<Bits>,
}

impl Rows {
    pub(super) fn new(features: &[&[f64]]) -> Self {
        let columns = features.first().map_or(0, |row| row.len());
        assert!(features.iter().all(|row| row.len() == columns), "all rows have the same features");
        Self {
            columns,
            values: features.concat(),
            norms: features.iter().map(|row| dot(row, row)).collect(),
            bits: Bits::of(features, columns),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.norms.len()
    }

    pub(super) fn point(&self, row: usize) -> Point<'_> {
        Point {
            features: self.row(row),
            norm: self.norms[row],
            places: self.bits.as_ref().and_then(|_| places(self.row(row))),
        }
    }

    /// Without the places of its ones.
    fn bare_point(&self, row: usize) -> Point<'_> {
        Point { features: self.row(row), norm: self.norms[row], places: None }
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.columns..(row + 1) * self.columns]
    }

    /// `Σ_j Var(x_j)`.
    fn total_variance(&self) -> f64 {
        let count = self.len().max(1) as f64;
        let mut means = vec![0.0; self.columns];
        for row in 0..self.len() {
            for (mean, value) in means.iter_mut().zip(self.row(row)) {
                *mean += value / count;
            }
        }
        let squared =
            |row| self.row(row).iter().zip(&means).map(|(value, mean)| (value - mean).powi(2)).sum::<f64>();
        (0..self.len()).map(squared).sum::<f64>() / count
    }
}
