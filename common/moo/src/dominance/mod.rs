//! Pareto dominance between two points, and how many of a set dominate each of its members.
//!
//! The dominance number is the order in which LaMOO sorts a region (arXiv 2110.03173, section 3): 0 on the front.

pub(crate) mod bits;
mod fenwick;
pub(crate) mod space;

use crate::Error;
use crate::order::{levels, lexicographic_order};
use crate::policy::check_points;

pub(crate) use fenwick::Fenwick;

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
/// O(n log n) for two objectives, O(n log² n) for three, O(n² m / 64) words beyond and for few points.
pub fn dominance_numbers<P: AsRef<[f64]>>(points: &[P]) -> Result<Vec<usize>, Error> {
    Ok(match check_points(points)? {
        0 => vec![0; points.len()],
        1 => numbers_on_the_line(points),
        2 => numbers_in_the_plane(points),
        3 if points.len() > bits::FEW => space::numbers(points),
        _ => bits::numbers(points),
    })
}

fn numbers_on_the_line<P: AsRef<[f64]>>(points: &[P]) -> Vec<usize> {
    let order = lexicographic_order(points);
    let value = |index: usize| points[index].as_ref()[0];
    let mut numbers = vec![0; points.len()];
    let mut better = 0;
    for copies in order.chunk_by(|&a, &b| value(a) == value(b)) {
        for &index in copies {
            numbers[index] = better;
        }
        better += copies.len();
    }
    numbers
}

/// In lexicographic order everything that can dominate a point stands before it, so its dominance number is the count of
/// earlier points with no larger second objective, less the copies of itself.
fn numbers_in_the_plane<P: AsRef<[f64]>>(points: &[P]) -> Vec<usize> {
    let order = lexicographic_order(points);
    let (levels, height) = levels(points.iter().map(|point| point.as_ref()[1]));
    let mut seen = Fenwick::new(height, |a, b| a + b);
    let mut numbers = vec![0; points.len()];
    for copies in order.chunk_by(|&a, &b| points[a].as_ref() == points[b].as_ref()) {
        let level = levels[copies[0]];
        let dominating = seen.up_to(level);
        for &index in copies {
            numbers[index] = dominating;
        }
        seen.add(level, copies.len());
    }
    numbers
}
