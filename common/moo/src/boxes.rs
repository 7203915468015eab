//! The space below the reference that a set leaves undominated, cut into disjoint boxes: what an expected hypervolume
//! improvement is summed over (Yang, Emmerich, Deutz, Bäck; J. Global Optimization 75, 2019).

use crate::Error;
use crate::hypervolume::inside;
use crate::order::{lexicographic_order, rising};
use crate::uncovered::Uncovered;

/// The points `x` with `lower ≤ x < upper` in every objective.
#[derive(Debug, Clone, PartialEq)]
pub struct Cuboid {
    /// `[m]`; minus infinity where nothing bounds it, which is so in the first objective of every box.
    pub lower: Vec<f64>,
    /// `[m]`, finite.
    pub upper: Vec<f64>,
}

/// Disjoint boxes whose union is `{x < reference : no point dominates or equals x}`. `points` is `[n, m]`, `reference`
/// `[m]` and finite; dominated points, copies and points outside the reference change nothing.
///
/// For each `p`, the volumes of the boxes' parts within `[p, ∞)` add up to what `p` would add to the hypervolume. Of `n`
/// mutually non-dominated points there are `n + 1` boxes in 2-D, at most `2n + 1` in 3-D, O(n^⌊m/2⌋) up to seven
/// objectives; each objective more multiplies them by `n + 1` at most.
pub fn non_dominated_boxes<P: AsRef<[f64]>>(points: &[P], reference: &[f64]) -> Result<Vec<Cuboid>, Error> {
    Ok(boxes(&inside(points, reference)?, reference))
}

fn boxes(points: &[&[f64]], reference: &[f64]) -> Vec<Cuboid> {
    match reference.len() {
        1 => {
            let best = points.iter().map(|point| point[0]).fold(reference[0], f64::min);
            vec![Cuboid { lower: vec![f64::NEG_INFINITY], upper: vec![best] }]
        }
        2 => strips(points, reference),
        3 => corners::<3>(points, reference),
        4 => corners::<4>(points, reference),
        5 => corners::<5>(points, reference),
        6 => corners::<6>(points, reference),
        7 => corners::<7>(points, reference),
        _ => slabs(points, reference),
    }
}

/// Between two neighbours of the staircase, everything below the left one; in order of the second objective, falling.
fn strips(points: &[&[f64]], reference: &[f64]) -> Vec<Cuboid> {
    let mut strips = Vec::new();
    let (mut ceiling, mut left) = (reference[1], f64::NEG_INFINITY);
    let strip =
        |left, right, ceiling| Cuboid { lower: vec![left, f64::NEG_INFINITY], upper: vec![right, ceiling] };
    for index in lexicographic_order(points) {
        let point = points[index];
        if point[1] < ceiling {
            if left < point[0] {
                strips.push(strip(left, point[0], ceiling));
            }
            (left, ceiling) = (point[0], point[1]);
        }
    }
    strips.push(strip(left, reference[0], ceiling));
    strips
}

fn corners<const D: usize>(points: &[&[f64]], reference: &[f64]) -> Vec<Cuboid> {
    let mut uncovered = Uncovered::<D>::below(reference);
    for point in points {
        uncovered.insert(point);
    }
    let cuboid = |(lower, upper): ([f64; D], [f64; D])| Cuboid { lower: lower.into(), upper: upper.into() };
    uncovered.boxes().map(cuboid).collect()
}

/// Between two neighbouring values of the last objective, the boxes of one objective less that the points up to there
/// leave.
fn slabs(points: &[&[f64]], reference: &[f64]) -> Vec<Cuboid> {
    let last = reference.len() - 1;
    let order = rising(points.iter().map(|point| point[last]));
    let sorted: Vec<&[f64]> = order.iter().map(|&index| points[index]).collect();
    let sections: Vec<&[f64]> = sorted.iter().map(|point| &point[..last]).collect();
    let mut slabs = Vec::new();
    for known in 0..=sorted.len() {
        let floor = known.checked_sub(1).map_or(f64::NEG_INFINITY, |before| sorted[before][last]);
        let ceiling = sorted.get(known).map_or(reference[last], |next| next[last]);
        if floor < ceiling {
            let section = boxes(&sections[..known], &reference[..last]);
            slabs.extend(section.into_iter().map(|mut cuboid| {
                cuboid.lower.push(floor);
                cuboid.upper.push(ceiling);
                cuboid
            }));
        }
    }
    slabs
}
