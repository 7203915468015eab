//! Which points are non-dominated, and the layers beneath them.
//!
//! Two objectives: "efficient non-dominated sort" with binary search (Zhang, Tian, Cheng, Jin; IEEE TEVC 2015), whose
//! layers need only their last point here. Three: the same with a staircase a layer, or divide and conquer for many points.
//! More: bit sets.

use crate::Error;
use crate::dominance::{Fenwick, bits, dominates, space};
use crate::order::{levels, lexicographic_order};
use crate::policy::check_points;

/// Up to so many points of three objectives, the layers' staircases are short enough to shift (measured: twice as quick as
/// divide and conquer, and as quick where all points form one staircase).
const FEW: usize = 4096;

/// The indices, rising, of the points that no other dominates. `points` is `[n, m]`.
///
/// O(n log n) up to three objectives; beyond, O(n k m / 64) words, where `k` of them are non-dominated.
pub fn non_dominated<P: AsRef<[f64]>>(points: &[P]) -> Result<Vec<usize>, Error> {
    let mut kept = match check_points(points)? {
        0 => (0..points.len()).collect(),
        1 | 2 => kept_in_the_plane(points),
        3 => kept_in_space(points),
        _ => bits::non_dominated(points),
    };
    kept.sort_unstable();
    Ok(kept)
}

/// The layer of each point: 0 for the non-dominated, 1 for those non-dominated once layer 0 is taken away, and so on.
///
/// O(n log n) for two objectives, O(n log² n) for three, O(n² m / 64) words beyond.
pub fn ranks<P: AsRef<[f64]>>(points: &[P]) -> Result<Vec<usize>, Error> {
    Ok(match check_points(points)? {
        0 => vec![0; points.len()],
        1 | 2 => ranks_in_the_plane(points),
        3 if points.len() <= FEW => ranks_by_staircases(points),
        3 => space::ranks(points),
        _ => bits::ranks(points),
    })
}

/// Of the plane's points so far, in lexicographic order, the last kept one has the smallest second objective.
fn kept_in_the_plane<P: AsRef<[f64]>>(points: &[P]) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::new();
    for index in lexicographic_order(points) {
        if kept.last().is_none_or(|&last| !dominates(points[last].as_ref(), points[index].as_ref())) {
            kept.push(index);
        }
    }
    kept
}

/// A point is dominated when an earlier one that is no copy is no worse in the second and the third objective.
fn kept_in_space<P: AsRef<[f64]>>(points: &[P]) -> Vec<usize> {
    let column = |objective: usize| points.iter().map(move |point| point.as_ref()[objective]);
    let (seconds, height) = levels(column(1));
    let (thirds, top) = levels(column(2));
    // By level of the second objective, how far down the third has come.
    let mut depth = Fenwick::new(height, usize::max);
    let order = lexicographic_order(points);
    let mut kept = Vec::new();
    for copies in order.chunk_by(|&a, &b| points[a].as_ref() == points[b].as_ref()) {
        let (second, own_depth) = (seconds[copies[0]], top - thirds[copies[0]]);
        if depth.up_to(second) < own_depth {
            depth.add(second, own_depth);
            kept.extend(copies);
        }
    }
    kept
}

/// Of a layer so far, in lexicographic order, the last point has the smallest second objective: it alone decides.
fn ranks_in_the_plane<P: AsRef<[f64]>>(points: &[P]) -> Vec<usize> {
    let order = lexicographic_order(points);
    let mut floors: Vec<f64> = Vec::new();
    let mut ranks = vec![0; points.len()];
    for copies in order.chunk_by(|&a, &b| points[a].as_ref() == points[b].as_ref()) {
        let second = points[copies[0]].as_ref().get(1).copied().unwrap_or(0.0);
        // Whoever is dominated by a member of one layer is dominated by a member of each layer above it.
        let rank = floors.partition_point(|&floor| floor <= second);
        match floors.get_mut(rank) {
            Some(floor) => *floor = second,
            None => floors.push(second),
        }
        for &index in copies {
            ranks[index] = rank;
        }
    }
    ranks
}

/// The layers of three objectives in lexicographic order: a layer dominates a point when its staircase of second and third
/// objectives, those rising and these falling, reaches down to it.
fn ranks_by_staircases<P: AsRef<[f64]>>(points: &[P]) -> Vec<usize> {
    let order = lexicographic_order(points);
    let mut layers: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut ranks = vec![0; points.len()];
    for copies in order.chunk_by(|&a, &b| points[a].as_ref() == points[b].as_ref()) {
        let point = points[copies[0]].as_ref();
        let (second, third) = (point[1], point[2]);
        let after = |steps: &Vec<(f64, f64)>| steps.partition_point(|step| step.0 <= second);
        let dominates_point = |steps: &Vec<(f64, f64)>| match after(steps) {
            0 => false,
            place => steps[place - 1].1 <= third,
        };
        // Whoever is dominated by a member of one layer is dominated by a member of each layer above it.
        let rank = layers.partition_point(dominates_point);
        if rank == layers.len() {
            layers.push(Vec::new());
        }
        let steps = &mut layers[rank];
        let from = steps.partition_point(|step| step.0 < second);
        let covered = steps[from..].partition_point(|step| step.1 >= third);
        steps.splice(from..from + covered, [(second, third)]);
        for &index in copies {
            ranks[index] = rank;
        }
    }
    ranks
}
