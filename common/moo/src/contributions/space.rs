//! Contributions of three objectives in O(n log n): a sweep over the third in which each step of the staircase knows the
//! area that it alone covers (HVC3D of Guerreiro and Fonseca, IEEE TEVC 2018, by ranks instead of lists).
//!
//! The cell of a step reaches right to the next step and up to the step before. Points that only this step covers lie in
//! its cell and bound its own area from within; cells are side by side, so one set of ranks holds these inner points of
//! all steps. A point that two steps cover changes nobody's own area and is forgotten.

use crate::order::rising;
use crate::rank_set::RankSet;
use crate::ranked_plane::RankedPlane;

/// The part of each of `points` that no other covers, all inside `reference`.
pub(super) fn own_parts(points: &[[f64; 3]], reference: [f64; 3]) -> Vec<f64> {
    let plane = RankedPlane::new(points, [reference[0], reference[1]]);
    let mut sweep = Sweep::new(&plane);
    for index in rising(points.iter().map(|point| point[2])) {
        sweep.take(plane.rank_of(index), points[index][2]);
    }
    sweep.finish(reference[2]);
    (0..points.len()).map(|index| sweep.own[plane.rank_of(index)].volume).collect()
}

/// What one step covers alone.
#[derive(Debug, Clone, Copy, Default)]
struct Own {
    area: f64,
    /// Up to which height the area is in the volume.
    height: f64,
    volume: f64,
}

impl Own {
    fn rise(&mut self, height: f64) {
        self.volume += self.area * (height - self.height);
        self.height = height;
    }

    /// Rounding may leave a hair below zero where others cover nearly all.
    fn lose(&mut self, area: f64, height: f64) {
        self.rise(height);
        self.area = (self.area - area).max(0.0);
    }
}

struct Sweep<'a> {
    plane: &'a RankedPlane,
    steps: RankSet,
    inner: RankSet,
    /// By rank.
    own: Vec<Own>,
    /// Scratch: the steps that a new one covers.
    covered: Vec<usize>,
}

impl<'a> Sweep<'a> {
    fn new(plane: &'a RankedPlane) -> Self {
        let empty = || RankSet::new(plane.len());
        let own = vec![Own::default(); plane.len()];
        Self { plane, steps: empty(), inner: empty(), own, covered: Vec::new() }
    }

    /// Takes up the point of this rank at its height, which is the highest so far.
    fn take(&mut self, rank: usize, height: f64) {
        let before = self.steps.before(rank);
        match before.filter(|&step| self.plane.y(step) <= self.plane.y(rank)) {
            Some(step) => self.take_inside(step, rank, height),
            None => self.take_as_step(before, rank, height),
        }
    }

    /// A point that `step` covers takes from what `step` covers alone.
    fn take_inside(&mut self, step: usize, rank: usize, height: f64) {
        let plane = self.plane;
        let (x, y) = (plane.x(rank), plane.y(rank));
        let ceiling = self.ceiling_within(step, rank);
        if y >= ceiling {
            return;
        }
        if (x, y) == (plane.x(step), plane.y(step)) {
            // A copy, in the plane: nothing is left, not even a rounding error.
            self.own[step].lose(f64::INFINITY, height);
        } else {
            let limit = plane.limit(self.steps.after(step));
            let area = plane.claim(&mut self.inner, rank, (x, y), ceiling, limit, |_| {});
            self.own[step].lose(area, height);
        }
        self.inner.insert(rank);
    }

    /// A point that no step covers takes the right of one cell, the top of another, and all between.
    fn take_as_step(&mut self, before: Option<usize>, rank: usize, height: f64) {
        let plane = self.plane;
        let (x, y) = (plane.x(rank), plane.y(rank));
        if let Some(step) = before {
            let ceiling = self.ceiling_within(step, rank);
            let limit = plane.limit(self.steps.after(step));
            let area = plane.claim(&mut self.inner, rank, (x, plane.y(step)), ceiling, limit, |_| {});
            self.own[step].lose(area, height);
        }
        let covered = &mut self.covered;
        covered.clear();
        let corner = plane.limit(None);
        let ceiling = plane.ceiling(before);
        let area = plane.claim(&mut self.steps, rank, (x, y), ceiling, corner, |step| covered.push(step));
        self.own[rank] = Own { area, height, volume: 0.0 };
        let after = self.steps.after(rank);
        self.forget_inner(rank, plane.limit(after).rank);
        let mut top = ceiling;
        for &step in &self.covered {
            self.own[step].rise(height);
            self.own[step].area = 0.0;
            self.inner.insert(step);
            top = plane.y(step);
        }
        if let Some(step) = after {
            let limit = plane.limit(self.steps.after(step));
            let area = plane.claim(&mut self.inner, step, (plane.x(step), y), top, limit, |_| {});
            self.own[step].lose(area, height);
        }
        self.steps.insert(rank);
    }

    /// What bounds the own area of `step` from above at the rank of another point of its cell.
    fn ceiling_within(&self, step: usize, rank: usize) -> f64 {
        let inner = self.inner.before(rank).filter(|&inner| inner > step);
        self.plane.ceiling(inner.or_else(|| self.steps.before(step)))
    }

    /// Inner points between two ranks are now covered twice.
    fn forget_inner(&mut self, from: usize, to: usize) {
        while let Some(inner) = self.inner.after(from).filter(|&inner| inner < to) {
            self.inner.remove(inner);
        }
    }

    fn finish(&mut self, height: f64) {
        let mut next = self.steps.before(self.plane.len());
        while let Some(step) = next {
            self.own[step].rise(height);
            next = self.steps.before(step);
        }
    }
}
