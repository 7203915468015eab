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
/// Rows that a search looks at together, as many as the compiler can keep in registers. Lists are filled up to a multiple
/// with rows that may not move.
const LANES: usize = 8;
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
    let threshold = problem.threshold();
    let mut multipliers = problem.multipliers;
    multipliers.truncate(rows.len());
    Solution { multipliers, threshold }
}

struct Problem {
    /// `y`: +1 or -1.
    signs: Vec<f64>,
    multipliers: Vec<f64>,
    /// `-y_i ∇_i`, of the gradient `∇_i = Σ_j Q_ij α_j - 1`: how much is gained by raising `y_i α_i`.
    slopes: Vec<f64>,
    /// 0 where `y_i α_i` may grow, else -∞: added to a slope, it takes the row out of a search for the largest.
    rises: Vec<f64>,
    /// 0 where `y_i α_i` may shrink, else ∞.
    falls: Vec<f64>,
    penalty: f64,
    /// What a step with each partner gains, `[n]`: written anew by each search for a pair.
    gains: Vec<f64>,
}

impl Problem {
    fn new(positive: &[bool], penalty: f64) -> Self {
        let count = positive.len().next_multiple_of(LANES);
        let mut signs: Vec<f64> = positive.iter().map(|&side| if side { 1.0 } else { -1.0 }).collect();
        signs.resize(count, 1.0);
        let mut problem = Self {
            multipliers: vec![0.0; count],
            slopes: signs.clone(),
            rises: vec![f64::NEG_INFINITY; count],
            falls: vec![f64::INFINITY; count],
            signs,
            penalty,
            gains: vec![0.0; count],
        };
        (0..positive.len()).for_each(|row| problem.bound(row));
        problem
    }

    /// Notes which way a row may move.
    fn bound(&mut self, i: usize) {
        let (grows, shrinks) = (self.multipliers[i] < self.penalty, self.multipliers[i] > 0.0);
        let (may_rise, may_fall) = if self.signs[i] > 0.0 { (grows, shrinks) } else { (shrinks, grows) };
        self.rises[i] = if may_rise { 0.0 } else { f64::NEG_INFINITY };
        self.falls[i] = if may_fall { 0.0 } else { f64::INFINITY };
    }

    /// The steepest ascent, and the partner with which one step gains most; none when no pair violates the
    /// optimality conditions by more than the tolerance. The lowest index wins a tie.
    fn violating_pair(&mut self, cache: &mut KernelRows, tolerance: f64) -> Option<(usize, usize)> {
        let (slopes, rises) = (blocks(&self.slopes), blocks(&self.rises));
        let mut tops = [f64::NEG_INFINITY; LANES];
        for (slopes, rises) in slopes.iter().zip(rises) {
            for lane in 0..LANES {
                tops[lane] = larger(slopes[lane] + rises[lane], tops[lane]);
            }
        }
        let top = tops.into_iter().fold(f64::NEG_INFINITY, larger);
        if top == f64::NEG_INFINITY {
            return None;
        }
        let i = self.slopes.iter().zip(&self.rises).position(|(slope, bound)| slope + bound == top)?;

        let own = cache.diagonal[i];
        let row = cache.row(i);
        let falling = slopes.iter().zip(blocks(&self.falls));
        let alike = blocks(row.values).iter().zip(blocks(row.diagonal));
        let (gains, _) = self.gains.as_chunks_mut::<LANES>();
        let (mut most, mut bottoms) = ([0.0; LANES], [f64::INFINITY; LANES]);
        for (((slopes, falls), (kernels, diagonal)), gains) in falling.zip(alike).zip(gains) {
            for lane in 0..LANES {
                let fall = slopes[lane] + falls[lane];
                let curvature = own + diagonal[lane] - 2.0 * f64::from(kernels[lane]);
                let way = top - fall;
                let gain = if way > 0.0 { way * way / larger(curvature, LEAST_CURVATURE) } else { 0.0 };
                gains[lane] = gain;
                most[lane] = larger(gain, most[lane]);
                bottoms[lane] = -larger(-fall, -bottoms[lane]);
            }
        }
        let most = most.into_iter().fold(0.0, larger);
        let bottom = bottoms.into_iter().fold(f64::INFINITY, f64::min);
        if top - bottom < tolerance || most == 0.0 {
            return None;
        }
        self.gains.iter().position(|&gain| gain == most).map(|j| (i, j))
    }

    /// Moves `y_i α_i` up and `y_j α_j` down by the best length that the box allows.
    fn step(&mut self, i: usize, j: usize, cache: &mut KernelRows) {
        let between = f64::from(cache.row(i).values[j]);
        let curvature = (cache.diagonal[i] + cache.diagonal[j] - 2.0 * between).max(LEAST_CURVATURE);
        let room_up =
            if self.signs[i] > 0.0 { self.penalty - self.multipliers[i] } else { self.multipliers[i] };
        let room_down =
            if self.signs[j] > 0.0 { self.multipliers[j] } else { self.penalty - self.multipliers[j] };
        let length = ((self.slopes[i] - self.slopes[j]) / curvature).min(room_up).min(room_down);
        for (row, change, is_full) in [(i, length, length == room_up), (j, -length, length == room_down)] {
            let moved = self.multipliers[row] + self.signs[row] * change;
            // A bound that was reached is set exactly, or rounding would leave it a free support vector.
            self.multipliers[row] = match (is_full, change * self.signs[row] > 0.0) {
                (true, true) => self.penalty,
                (true, false) => 0.0,
                (false, _) => moved,
            };
            self.bound(row);
            let kernels = cache.row(row).values;
            for (slope, &kernel) in self.slopes.iter_mut().zip(kernels) {
                *slope -= change * f64::from(kernel);
            }
        }
    }

    /// `ρ`: the mean of `y_i ∇_i` over free support vectors, else the middle of what the bounds allow.
    fn threshold(&self) -> f64 {
        let level = |t: usize| -self.slopes[t];
        let (may_rise, may_fall) = (|t: &usize| self.rises[*t] == 0.0, |t: &usize| self.falls[*t] == 0.0);
        let all = 0..self.signs.len();
        let free: Vec<usize> = all.clone().filter(|t| may_rise(t) && may_fall(t)).collect();
        if !free.is_empty() {
            return free.iter().map(|&t| level(t)).sum::<f64>() / free.len() as f64;
        }
        let low = all.clone().filter(may_rise).map(level).fold(f64::INFINITY, f64::min);
        let high = all.filter(may_fall).map(level).fold(f64::NEG_INFINITY, f64::max);
        match (low.is_finite(), high.is_finite()) {
            (true, true) => (low + high) / 2.0,
            // One class only: -1 puts every point on the positive side, 1 (and 0, for no rows) on the negative.
            (true, false) => low,
            (false, true) => high,
            (false, false) => 0.0,
        }
    }
}

/// The second where the first is not a number.
fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

fn blocks<T>(values: &[T]) -> &[[T; LANES]] {
    values.as_chunks().0
}

/// Rows of the kernel matrix, computed when first asked for; filled up to whole blocks.
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
        let mut diagonal = similarity.diagonal(rows);
        diagonal.resize(rows.len().next_multiple_of(LANES), 1.0);
        Self { rows, similarity, diagonal, kept: vec![None; rows.len()], count: 0 }
    }

    fn row(&mut self, row: usize) -> KernelRow<'_> {
        if self.kept[row].is_none() {
            if (self.count + 1) * self.rows.len() * size_of::<f32>() > CACHE_BYTES {
                self.kept.fill(None);
                self.count = 0;
            }
            let mut values = Vec::with_capacity(self.diagonal.len());
            self.similarity.each(self.rows, &self.rows.point(row), |likeness| values.push(likeness as f32));
            values.resize(self.diagonal.len(), 0.0);
            self.kept[row] = Some(values.into());
            self.count += 1;
        }
        KernelRow { values: self.kept[row].as_deref().expect("just computed"), diagonal: &self.diagonal }
    }
}
