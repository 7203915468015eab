//! The dual problem of the classifier by sequential minimal optimisation, with the second-order choice of pairs of
//! Fan, Chen and Lin (JMLR 6, 2005):
//!
//! minimise `½ αᵀQα - Σα`, `Q_ij = y_i y_j K(x_i, x_j)`, subject to `0 ≤ α_i ≤ C` and `yᵀα = 0`.

use super::Options;
use super::kernel::{Rows, Similarity};

/// Stands in for a curvature that is not positive (copies of one row, or a kernel that rounds).
const LEAST_CURVATURE: f64 = 1e-12;
/// Steps allowed per row. A typical border takes one or two; an unfinished one still divides the region.
const STEPS_PER_ROW: usize = 20;
/// Kernel rows kept, in bytes. Emptied when full: simple, and rare below 4,000 rows.
const CACHE_BYTES: usize = 128 << 20;

pub(super) struct Solution {
    /// `α`, `[n]`.
    pub(super) multipliers: Vec<f64>,
    /// `ρ`.
    pub(super) threshold: f64,
}

pub(super) fn solve(rows: &Rows, positive: &[bool], similarity: &Similarity, options: &Options) -> Solution {
    let mut problem = Problem::new(positive, options.penalty);
    let mut cache = KernelRows::new(rows, similarity);
    for _ in 0..STEPS_PER_ROW * rows.len() {
        let Some((i, j)) = problem.violating_pair(&mut cache, options.tolerance) else { break };
        problem.step(i, j, &mut cache);
    }
    Solution { threshold: problem.threshold(), multipliers: problem.multipliers }
}

struct Problem {
    /// `y`: +1 or -1.
    signs: Vec<f64>,
    multipliers: Vec<f64>,
    /// `∇_i = Σ_j Q_ij α_j - 1`.
    gradient: Vec<f64>,
    penalty: f64,
}

impl Problem {
    fn new(positive: &[bool], penalty: f64) -> Self {
        let count = positive.len();
        Self {
            signs: positive.iter().map(|&side| if side { 1.0 } else { -1.0 }).collect(),
            multipliers: vec![0.0; count],
            gradient: vec![-1.0; count],
            penalty,
        }
    }

    /// Whether `y_i α_i` may grow.
    fn may_rise(&self, i: usize) -> bool {
        if self.signs[i] > 0.0 { self.multipliers[i] < self.penalty } else { self.multipliers[i] > 0.0 }
    }

    /// Whether `y_i α_i` may shrink.
    fn may_fall(&self, i: usize) -> bool {
        if self.signs[i] > 0.0 { self.multipliers[i] > 0.0 } else { self.multipliers[i] < self.penalty }
    }

    /// The steepest ascent, and the partner with which one step gains most; none when no pair violates the
    /// optimality conditions by more than the tolerance. The lowest index wins a tie.
    fn violating_pair(&self, cache: &mut KernelRows, tolerance: f64) -> Option<(usize, usize)> {
        let slope = |t: usize| -self.signs[t] * self.gradient[t];
        let count = self.signs.len();
        let mut first: Option<usize> = None;
        for t in (0..count).filter(|&t| self.may_rise(t)) {
            if first.is_none_or(|best| slope(t) > slope(best)) {
                first = Some(t);
            }
        }
        let i = first?;
        let (top, own) = (slope(i), cache.diagonal[i]);
        let row = cache.row(i);
        let (mut partner, mut best_gain, mut bottom) = (None, 0.0, f64::INFINITY);
        for t in (0..count).filter(|&t| self.may_fall(t)) {
            let fall = slope(t);
            bottom = bottom.min(fall);
            if fall < top {
                let curvature = (own + row.diagonal[t] - 2.0 * f64::from(row.values[t])).max(LEAST_CURVATURE);
                let gain = (top - fall).powi(2) / curvature;
                if gain > best_gain {
                    (partner, best_gain) = (Some(t), gain);
                }
            }
        }
        if top - bottom < tolerance { None } else { partner.map(|j| (i, j)) }
    }

    /// Moves `y_i α_i` up and `y_j α_j` down by the best length that the box allows.
    fn step(&mut self, i: usize, j: usize, cache: &mut KernelRows) {
        let between = f64::from(cache.row(i).values[j]);
        let curvature = (cache.diagonal[i] + cache.diagonal[j] - 2.0 * between).max(LEAST_CURVATURE);
        let slope = |t: usize| -self.signs[t] * self.gradient[t];
        let room_up =
            if self.signs[i] > 0.0 { self.penalty - self.multipliers[i] } else { self.multipliers[i] };
        let room_down =
            if self.signs[j] > 0.0 { self.multipliers[j] } else { self.penalty - self.multipliers[j] };
        let length = ((slope(i) - slope(j)) / curvature).min(room_up).min(room_down);
        for (row, change, is_full) in [(i, length, length == room_up), (j, -length, length == room_down)] {
            let moved = self.multipliers[row] + self.signs[row] * change;
            // A bound that was reached is set exactly, or rounding would leave it a free support vector.
            self.multipliers[row] = match (is_full, change * self.signs[row] > 0.0) {
                (true, true) => self.penalty,
                (true, false) => 0.0,
                (false, _) => moved,
            };
            let kernels = cache.row(row).values;
            for (t, gradient) in self.gradient.iter_mut().enumerate() {
                *gradient += self.signs[t] * change * f64::from(kernels[t]);
            }
        }
    }

    /// `ρ`: the mean of `y_i ∇_i` over free support vectors, else the middle of what the bounds allow.
    fn threshold(&self) -> f64 {
        let level = |t: usize| self.signs[t] * self.gradient[t];
        let all = 0..self.signs.len();
        let free: Vec<usize> = all.clone().filter(|&t| self.may_rise(t) && self.may_fall(t)).collect();
        if !free.is_empty() {
            return free.iter().map(|&t| level(t)).sum::<f64>() / free.len() as f64;
        }
        let low = all.clone().filter(|&t| self.may_rise(t)).map(level).fold(f64::INFINITY, f64::min);
        let high = all.filter(|&t| self.may_fall(t)).map(level).fold(f64::NEG_INFINITY, f64::max);
        match (low.is_finite(), high.is_finite()) {
            (true, true) => (low + high) / 2.0,
            // One class only: -1 puts every point on the positive side, 1 (and 0, for no rows) on the negative.
            (true, false) => low,
            (false, true) => high,
            (false, false) => 0.0,
        }
    }
}

/// Rows of the kernel matrix, computed when first asked for.
struct KernelRows<'a> {
    rows: &'a Rows,
    similarity: &'a Similarity,
    diagonal: Vec<f64>,
    kept: Vec<Option<Box<[f32]>>>,
    count: usize,
}

struct KernelRow<'c> {
    values: &'c [f32],
    diagonal: &'c [f64],
}

impl<'a> KernelRows<'a> {
    fn new(rows: &'a Rows, similarity: &'a Similarity) -> Self {
        let own = |row| similarity.between(rows, row, &rows.point(row));
        let diagonal = (0..rows.len()).map(own).collect();
        Self { rows, similarity, diagonal, kept: vec![None; rows.len()], count: 0 }
    }

    fn row(&mut self, row: usize) -> KernelRow<'_> {
        if self.kept[row].is_none() {
            if (self.count + 1) * self.rows.len() * size_of::<f32>() > CACHE_BYTES {
                self.kept.fill(None);
                self.count = 0;
            }
            let own = self.rows.point(row);
            let between = |other| self.similarity.between(self.rows, other, &own) as f32;
            self.kept[row] = Some((0..self.rows.len()).map(between).collect());
            self.count += 1;
        }
        KernelRow { values: self.kept[row].as_deref().expect("just computed"), diagonal: &self.diagonal }
    }
}
