//! The plane of a sweep over the third objective: all points' first two objectives, ranked by the first, and the area
//! that a point claims beneath a staircase of them. Each step is found through a [`RankSet`], so that a whole sweep costs
//! O(n log n) whatever its staircases look like.
//!
//! Equal first objectives get different ranks. The steps between them have no width and so claim no area.

use crate::order::rising;
use crate::rank_set::RankSet;

/// First two objectives, by rank of the first.
pub(crate) struct RankedPlane {
    xs: Vec<f64>,
    ys: Vec<f64>,
    /// The rank of each point in the order given.
    ranks: Vec<usize>,
    corner: [f64; 2],
}

/// How far to the right a claim may reach: up to the member of this rank, at this first objective.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    pub rank: usize,
    pub x: f64,
}

impl RankedPlane {
    /// `points` is `[n, 3]`, all inside the reference, whose first two coordinates are the `corner`.
    pub(crate) fn new(points: &[[f64; 3]], corner: [f64; 2]) -> Self {
        let order = rising(points.iter().map(|point| point[0]));
        let mut ranks = vec![0; points.len()];
        for (rank, &index) in order.iter().enumerate() {
            ranks[index] = rank;
        }
        let column = |objective: usize| order.iter().map(|&index| points[index][objective]).collect();
        Self { xs: column(0), ys: column(1), ranks, corner }
    }

    pub(crate) fn len(&self) -> usize {
        self.xs.len()
    }

    pub(crate) fn rank_of(&self, index: usize) -> usize {
        self.ranks[index]
    }

    pub(crate) fn x(&self, rank: usize) -> f64 {
        self.xs[rank]
    }

    pub(crate) fn y(&self, rank: usize) -> f64 {
        self.ys[rank]
    }

    /// The second objective of a step, the corner's where there is none.
    pub(crate) fn ceiling(&self, step: Option<usize>) -> f64 {
        step.map_or(self.corner[1], |rank| self.ys[rank])
    }

    /// The first objective of a step, the corner's where there is none.
    pub(crate) fn limit(&self, step: Option<usize>) -> Limit {
        let corner = Limit { rank: self.len(), x: self.corner[0] };
        step.map_or(corner, |rank| Limit { rank, x: self.xs[rank] })
    }

    /// The area between `(x, y)` and the staircase of `steps` after rank `from`, which begins below `ceiling` and is cut
    /// off at `limit`. Steps that `(x, y)` covers leave the set and are told to `removed`.
    pub(crate) fn claim(
        &self,
        steps: &mut RankSet,
        from: usize,
        (x, y): (f64, f64),
        ceiling: f64,
        limit: Limit,
        mut removed: impl FnMut(usize),
    ) -> f64 {
        let (mut left, mut ceiling, mut area) = (x, ceiling, 0.0);
        let mut next = steps.after(from);
        while let Some(step) = next.filter(|&step| step < limit.rank) {
            area += (self.xs[step] - left) * (ceiling - y);
            if self.ys[step] < y {
                return area;
            }
            (left, ceiling) = (self.xs[step], self.ys[step]);
            steps.remove(step);
            removed(step);
            next = steps.after(step);
        }
        area + (limit.x - left) * (ceiling - y)
    }
}
