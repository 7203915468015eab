//! Pareto dominance between two points, and how many of a set dominate each of its members.
//!
//! The dominance number is the order in which LaMOO sorts a region (arXiv 2110.03173, section 3): 0 on the front.

use crate::Error;
use crate::policy::{check_points, lexicographic};

/// Whether `a` is nowhere worse than `b` and somewhere better. Both `[m]`, minimised.
///
/// A NaN on either side makes the two incomparable.
pub fn dominates(a: &[f64], b: &[f64]) -> bool {
    debug_assert_eq!(a.len(), b.len(), "points of one set have one length");
    let mut better = false;
    for (x, y) in a.iter().zip(b) {
        if x <= y {
            better |= x < y;
        } else {
            return false;
        }
    }
    better
}

/// `o(x) = |{x' : x' dominates x}|` for each of `points`, `[n, m]`, in their order.
///
/// O(n log n) for two objectives, O(n² m) beyond.
pub fn dominance_numbers<P: AsRef<[f64]>>(points: &[P]) -> Result<Vec<usize>, Error> {
    Ok(match check_points(points)? {
        2 => numbers_in_the_plane(points),
        _ => numbers_by_scan(points),
    })
}

fn numbers_by_scan<P: AsRef<[f64]>>(points: &[P]) -> Vec<usize> {
    points
        .iter()
        .map(|point| points.iter().filter(|other| dominates(other.as_ref(), point.as_ref())).count())
        .collect()
}

/// In lexicographic order everything that can dominate a point stands before it, so its dominance number is the
/// count of earlier points with no larger second objective, less the copies of itself.
fn numbers_in_the_plane<P: AsRef<[f64]>>(points: &[P]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|&a, &b| lexicographic(points[a].as_ref(), points[b].as_ref()));
    let mut levels: Vec<f64> = points.iter().map(|point| point.as_ref()[1]).collect();
    levels.sort_by(|a, b| a.partial_cmp(b).expect("NaN was refused before sorting"));
    levels.dedup();

    let mut seen = PrefixCounts::new(levels.len());
    let mut numbers = vec![0; points.len()];
    for copies in order.chunk_by(|&a, &b| points[a].as_ref() == points[b].as_ref()) {
        let second = points[copies[0]].as_ref()[1];
        let level = levels.partition_point(|&value| value < second);
        let dominating = seen.up_to(level);
        for &index in copies {
            numbers[index] = dominating;
            seen.add(level);
        }
    }
    numbers
}

/// A Fenwick tree of counts.
struct PrefixCounts(Vec<usize>);

impl PrefixCounts {
    fn new(levels: usize) -> Self {
        Self(vec![0; levels + 1])
    }

    fn add(&mut self, level: usize) {
        let mut node = level + 1;
        while node < self.0.len() {
            self.0[node] += 1;
            node += node & node.wrapping_neg();
        }
    }

    /// How many were added at this level or below.
    fn up_to(&self, level: usize) -> usize {
        let (mut node, mut sum) = (level + 1, 0);
        while node > 0 {
            sum += self.0[node];
            node &= node - 1;
        }
        sum
    }
}
