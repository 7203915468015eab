//! The lower triangular factor of a positive definite matrix, grown row by row: `K = L Lᵀ`.
//!
//! Sums are taken in one fixed order, so that the same numbers come out on every machine.

use crate::vector::{add_scaled, dot};

/// A pivot below this is lifted to it: a row that repeats another adds nothing, and must not add infinity.
const LEAST_PIVOT: f64 = 1e-10;

/// `L`, `[n, n]`, row by row, without the zeros above the diagonal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Factor {
    packed: Vec<f64>,
    size: usize,
}

impl Factor {
    /// Of a symmetric matrix given by its rows up to the diagonal.
    pub(crate) fn of(size: usize, mut entry: impl FnMut(usize, usize) -> f64) -> Self {
        let mut factor = Self { packed: Vec::with_capacity(size * (size + 1) / 2), size: 0 };
        for row in 0..size {
            let values: Vec<f64> = (0..=row).map(|column| entry(row, column)).collect();
            factor.grow(&values);
        }
        factor
    }

    pub(crate) fn row(&self, row: usize) -> &[f64] {
        let start = row * (row + 1) / 2;
        &self.packed[start..=start + row]
    }

    /// Appends a row of `K`: its products with all rows before, then its own.
    pub(crate) fn grow(&mut self, values: &[f64]) {
        let (before, own) = values.split_at(self.size);
        let mut row = self.solve(before);
        let pivot = own[0] - dot(&row, &row);
        row.push(pivot.max(LEAST_PIVOT).sqrt());
        self.packed.extend_from_slice(&row);
        self.size += 1;
    }

    /// Keeps the first `size` rows.
    pub(crate) fn truncate(&mut self, size: usize) {
        self.size = size.min(self.size);
        self.packed.truncate(self.size * (self.size + 1) / 2);
    }

    /// `L⁻¹ v`.
    pub(crate) fn solve(&self, vector: &[f64]) -> Vec<f64> {
        let mut solution = Vec::with_capacity(self.size + 1);
        for row in 0..self.size {
            let values = self.row(row);
            let rest = vector[row] - dot(&values[..row], &solution);
            solution.push(rest / values[row]);
        }
        solution
    }

    /// `L⁻ᵀ v`.
    pub(crate) fn solve_transposed(&self, vector: &[f64]) -> Vec<f64> {
        let mut solution = vector.to_vec();
        for row in (0..self.size).rev() {
            let values = self.row(row);
            solution[row] /= values[row];
            let known = solution[row];
            for (entry, value) in solution[..row].iter_mut().zip(values) {
                *entry -= value * known;
            }
        }
        solution
    }

    /// `ln det K / 2`.
    pub(crate) fn half_log_determinant(&self) -> f64 {
        (0..self.size).map(|row| libm::log(self.row(row)[row])).sum()
    }

    /// `K⁻¹`, its rows up to the diagonal.
    pub(crate) fn inverse(&self) -> Vec<f64> {
        let size = self.size;
        // Row by row `L⁻¹`, then `K⁻¹ = L⁻ᵀ L⁻¹`.
        let mut roots: Vec<Vec<f64>> = Vec::with_capacity(size);
        for row in 0..size {
            let values = self.row(row);
            let mut root = vec![0.0; row + 1];
            for (above, value) in roots.iter().zip(values) {
                add_scaled(&mut root, above, -value);
            }
            root[row] = 1.0;
            root.iter_mut().for_each(|entry| *entry /= values[row]);
            roots.push(root);
        }
        let mut inverse = vec![0.0; size * (size + 1) / 2];
        for root in &roots {
            for (row, &scale) in root.iter().enumerate() {
                let start = row * (row + 1) / 2;
                add_scaled(&mut inverse[start..=start + row], root, scale);
            }
        }
        inverse
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A positive definite matrix with nothing special about it.
    fn entry(row: usize, column: usize) -> f64 {
        let (i, j) = (row as f64, column as f64);
        libm::exp(-0.1 * (i - j) * (i - j)) + if row == column { 0.5 } else { 0.0 } + 0.01 * (i * j).sqrt()
    }

    #[test]
    fn factor_times_its_transpose_is_the_matrix() {
        let factor = Factor::of(23, entry);
        for i in 0..23 {
            for j in 0..=i {
                let product = dot(factor.row(i), factor.row(j));
                assert!((product - entry(i, j)).abs() < 1e-12, "{i} {j}");
            }
        }
    }

    #[test]
    fn the_inverse_inverts() {
        let factor = Factor::of(17, entry);
        let packed = factor.inverse();
        let inverse = |i: usize, j: usize| packed[i.max(j) * (i.max(j) + 1) / 2 + i.min(j)];
        for i in 0..17 {
            for j in 0..17 {
                let product: f64 = (0..17).map(|k| entry(i.max(k), i.min(k)) * inverse(k, j)).sum();
                assert!((product - f64::from(u8::from(i == j))).abs() < 1e-9, "{i} {j} {product}");
            }
        }
        let vector: Vec<f64> = (0..17).map(|i| libm::sin(f64::from(i))).collect();
        let solved = factor.solve_transposed(&factor.solve(&vector));
        for (i, found) in solved.iter().enumerate() {
            let wanted: f64 = vector.iter().enumerate().map(|(j, entry)| inverse(i, j) * entry).sum();
            assert!((found - wanted).abs() < 1e-9);
        }
    }

    #[test]
    fn a_repeated_row_does_no_harm() {
        let factor = Factor::of(3, |_, _| 1.0);
        assert!(factor.solve(&[1.0, 1.0, 1.0]).iter().all(|entry| entry.is_finite()));
    }
}
