//! Kernels, their width, and the rows they compare.

use serde::{Deserialize, Serialize};

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
#[derive(Debug, Clone, Copy)]
pub(super) struct Similarity {
    kernel: Kernel,
    gamma: f64,
}

impl Similarity {
    pub(super) fn of(kernel: Kernel, rows: &Rows) -> Self {
        let spread = rows.total_variance();
        Self { kernel, gamma: if spread > 0.0 { 1.0 / spread } else { 1.0 } }
    }

    /// Between one of `rows` and `other`, `[d]`, whose squared norm is `norm`.
    pub(super) fn between(&self, rows: &Rows, row: usize, other: &[f64], norm: f64) -> f64 {
        let product = dot(rows.row(row), other);
        match self.kernel {
            Kernel::Rbf => (-self.gamma * (rows.norms[row] + norm - 2.0 * product).max(0.0)).exp(),
            Kernel::Polynomial { degree } => (self.gamma * product + 1.0).powi(degree as i32),
        }
    }
}

/// `[n, d]` in one piece of memory, with each row's squared norm.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    columns: usize,
    values: Vec<f64>,
    pub(super) norms: Vec<f64>,
}

impl Rows {
    pub(super) fn new(features: &[&[f64]]) -> Self {
        let columns = features.first().map_or(0, |row| row.len());
        assert!(features.iter().all(|row| row.len() == columns), "all rows have the same features");
        Self { columns, values: features.concat(), norms: features.iter().map(|row| dot(row, row)).collect() }
    }

    pub(super) fn len(&self) -> usize {
        self.norms.len()
    }

    pub(super) fn row(&self, row: usize) -> &[f64] {
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

/// `x·z` in four running sums, which the compiler may keep in one vector register; the order is fixed.
pub(super) fn dot(x: &[f64], z: &[f64]) -> f64 {
    let (xs, x_rest) = x.as_chunks::<4>();
    let (zs, z_rest) = z.as_chunks::<4>();
    let mut sums = [0.0; 4];
    for (a, b) in xs.iter().zip(zs) {
        for lane in 0..4 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = x_rest.iter().zip(z_rest).map(|(a, b)| a * b).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}
