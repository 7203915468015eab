//! Hypervolume of many objectives as a sum of exclusive parts: WFG (While, Bradstreet, Barone; IEEE TEVC 2012) with
//! slicing, down to as many objectives as the sweeps take. It needs no more memory than its limit sets, where the corners
//! of a section of seven and more objectives would fill it.

use super::volume as swept;
use crate::dominance::dominates;
use crate::order::rising;

/// The volume of `points`, `[n, m]`, all inside `reference`, `[m]` with more objectives than are swept.
///
/// `hv(P) = Σ_k exclusive(p_k, {p_{k+1}, …})`. With the worst last objective first, everything after `p_k` has a last
/// objective no larger, so pushed into `p_k`'s box it is flat there: each exclusive part is a slice of thickness
/// `r_m - p_km` over a problem of `m - 1` objectives.
pub(super) fn volume(points: &[&[f64]], reference: &[f64]) -> f64 {
    let last = reference.len() - 1;
    let below = &reference[..last];
    let worst_first: Vec<&[f64]> =
        rising(points.iter().map(|point| -point[last])).into_iter().map(|index| points[index]).collect();
    let mut limited = LimitSet::new(last);
    let mut total = 0.0;
    for (index, point) in worst_first.iter().enumerate() {
        let base = &point[..last];
        limited.fill(base, &worst_first[index + 1..]);
        let own: f64 = base.iter().zip(below).map(|(value, bound)| bound - value).product();
        let shared = swept(&limited.rows(), below);
        // Rounding may leave a hair below zero where the others cover nearly all.
        total += (own - shared).max(0.0) * (reference[last] - point[last]);
    }
    total
}

/// Points pushed into the box of another, without those that became dominated or copies: most do, and the recursion
/// lives on it. One flat buffer serves all slices of a level.
struct LimitSet {
    width: usize,
    /// `[n, width]`.
    values: Vec<f64>,
    pushed: Vec<f64>,
}

impl LimitSet {
    fn new(width: usize) -> Self {
        Self { width, values: Vec::new(), pushed: vec![0.0; width] }
    }

    fn fill(&mut self, base: &[f64], others: &[&[f64]]) {
        self.values.clear();
        for other in others {
            for (pushed, (a, b)) in self.pushed.iter_mut().zip(other.iter().zip(base)) {
                *pushed = a.max(*b);
            }
            self.keep_non_dominated();
        }
    }

    /// Takes up the pushed point unless another is as good, and drops those it dominates.
    fn keep_non_dominated(&mut self) {
        let pushed = self.pushed.as_slice();
        let is_as_good = |row: &[f64]| row.iter().zip(pushed).all(|(a, b)| a <= b);
        if self.values.chunks_exact(self.width).any(is_as_good) {
            return;
        }
        let mut kept = 0;
        for start in (0..self.values.len()).step_by(self.width) {
            if !dominates(pushed, &self.values[start..start + self.width]) {
                self.values.copy_within(start..start + self.width, kept);
                kept += self.width;
            }
        }
        self.values.truncate(kept);
        self.values.extend_from_slice(pushed);
    }

    fn rows(&self) -> Vec<&[f64]> {
        self.values.chunks_exact(self.width).collect()
    }
}
