//! What each point of a set covers that no other does. Two objectives by the two lowest floors, three by a sweep that
//! keeps each step's own area, more by cutting all others out of each point's box.

mod plane;
mod space;

use crate::Error;
use crate::hypervolume::{arrays, inside, volume};
use crate::policy::is_inside;
use crate::uncovered::Uncovered;

/// What each of `points`, `[n, m]`, covers that no other of them does, in their order.
///
/// Dominated points, copies and points outside the reference have 0; dominated points lessen what their dominators cover
/// alone. O(n log n) for two and three objectives; beyond, `n` boxes with up to `n` cuts each.
pub fn contributions<P: AsRef<[f64]>>(points: &[P], reference: &[f64]) -> Result<Vec<f64>, Error> {
    let rows = inside(points, reference)?;
    let mut parts = own_parts(&rows, reference).into_iter();
    let of_point = |point: &P| match is_inside(point.as_ref(), reference) {
        true => parts.next().expect("one part for each point inside"),
        false => 0.0,
    };
    Ok(points.iter().map(of_point).collect())
}

/// The contributions of points that all lie inside the reference.
fn own_parts(points: &[&[f64]], reference: &[f64]) -> Vec<f64> {
    match *reference {
        [x, y] => plane::own_parts(&arrays(points), [x, y]),
        [x, y, z] => space::own_parts(&arrays(points), [x, y, z]),
        _ => (0..points.len())
            .map(|index| {
                let others = points.iter().enumerate().filter(|&(other, _)| other != index);
                exclusive(points[index], others.map(|(_, row)| *row), reference)
            })
            .collect(),
    }
}

/// What `point` covers within `reference` that none of `others` does; all of them lie inside the reference.
pub(crate) fn exclusive<'a>(
    point: &[f64],
    others: impl Iterator<Item = &'a [f64]>,
    reference: &[f64],
) -> f64 {
    match reference.len() {
        1 => {
            let best = others.map(|other| other[0]).fold(reference[0], f64::min);
            (best - point[0]).max(0.0)
        }
        2 => cut::<2>(point, others, reference),
        3 => cut::<3>(point, others, reference),
        4 => cut::<4>(point, others, reference),
        5 => cut::<5>(point, others, reference),
        6 => cut::<6>(point, others, reference),
        7 => cut::<7>(point, others, reference),
        _ => own_less_limited(point, others, reference),
    }
}

/// How many others are cut out of a box first, the largest shares before smaller ones (measured with 1,000 points in 4-D
/// and 5-D: flat from 16 to 48). They leave so little that most of the rest do not reach it.
const FIRST_CUTS: usize = 32;

/// The box of `point` with every other point, pushed into it, cut out.
fn cut<'a, const D: usize>(point: &[f64], others: impl Iterator<Item = &'a [f64]>, reference: &[f64]) -> f64 {
    let push = |other: &[f64]| {
        let pushed: [f64; D] = std::array::from_fn(|k| other[k].max(point[k]));
        let shared: f64 = pushed.iter().zip(reference).map(|(value, bound)| bound - value).product();
        (shared, pushed)
    };
    let mut pushed: Vec<(f64, [f64; D])> = others.map(push).collect();
    if pushed.len() > FIRST_CUTS {
        pushed.select_nth_unstable_by(FIRST_CUTS, |a, b| b.0.total_cmp(&a.0));
    }
    let first = FIRST_CUTS.min(pushed.len());
    let (first, rest) = pushed.split_at_mut(first);
    first.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    let mut left = Uncovered::<D>::between(point, reference);
    for (_, pushed) in first {
        left.insert(pushed);
    }
    let reach = left.reach();
    for (_, pushed) in rest {
        if pushed.iter().zip(&reach).all(|(value, reach)| value < reach) {
            left.insert(pushed);
        }
    }
    left.volume()
}

/// The box of `point` less the volume of the others pushed into it (the "limit set" of While, Bradstreet and Barone).
fn own_less_limited<'a>(point: &[f64], others: impl Iterator<Item = &'a [f64]>, reference: &[f64]) -> f64 {
    let limited: Vec<Vec<f64>> =
        others.map(|other| other.iter().zip(point).map(|(a, b)| a.max(*b)).collect()).collect();
    if limited.iter().any(|other| other == point) {
        return 0.0;
    }
    let own: f64 = point.iter().zip(reference).map(|(value, bound)| bound - value).product();
    let rows: Vec<&[f64]> = limited.iter().map(Vec::as_slice).collect();
    // Rounding may leave a hair below zero where the others cover nearly all.
    (own - volume(&rows, reference)).max(0.0)
}
