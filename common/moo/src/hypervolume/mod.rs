//! Exact hypervolume: the Lebesgue measure of what a set dominates within a reference point, and each point's own
//! part of it. Two and three objectives by sweep, more by slicing (`wfg`); one objective is a length.

mod sweep;
mod wfg;

use crate::Error;
use crate::policy::{check_bounded, check_reference, is_inside};

/// `λ(∪_{p ∈ points} [p, reference])`. `points` is `[n, m]`, `reference` `[m]` and finite.
///
/// O(n log n) for one, two and three objectives (with a flat-array shift per point in 3-D).
pub fn hypervolume<P: AsRef<[f64]>>(points: &[P], reference: &[f64]) -> Result<f64, Error> {
    Ok(volume(inside(points, reference)?, reference))
}

/// What each of `points`, `[n, m]`, covers that no other of them does, in their order.
///
/// Dominated points, copies and points outside the reference have 0.
pub fn contributions<P: AsRef<[f64]>>(points: &[P], reference: &[f64]) -> Result<Vec<f64>, Error> {
    inside(points, reference)?;
    let rows: Vec<&[f64]> = points.iter().map(AsRef::as_ref).collect();
    Ok((0..rows.len())
        .map(|index| {
            let others = rows.iter().enumerate().filter(|&(other, _)| other != index).map(|(_, row)| *row);
            exclusive(rows[index], others, reference)
        })
        .collect())
}

/// What `point` covers within `reference` that none of `others` does: its own box less the volume of the others
/// pushed into that box (the "limit set" of While, Bradstreet and Barone).
pub(crate) fn exclusive<'a>(
    point: &[f64],
    others: impl Iterator<Item = &'a [f64]>,
    reference: &[f64],
) -> f64 {
    if !is_inside(point, reference) {
        return 0.0;
    }
    let limited: Vec<Vec<f64>> = others
        .filter(|other| is_inside(other, reference))
        .map(|other| other.iter().zip(point).map(|(a, b)| a.max(*b)).collect())
        .collect();
    let own: f64 = point.iter().zip(reference).map(|(value, bound)| bound - value).product();
    if limited.iter().any(|other| other == point) {
        return 0.0;
    }
    // Rounding may leave a hair below zero where the others cover nearly all.
    (own - volume(limited, reference)).max(0.0)
}

/// The points that cover any volume, after all were checked.
fn inside<P: AsRef<[f64]>>(points: &[P], reference: &[f64]) -> Result<Vec<Vec<f64>>, Error> {
    check_reference(reference)?;
    for (index, point) in points.iter().enumerate() {
        check_bounded(index, point.as_ref(), reference.len())?;
    }
    let rows = points.iter().map(AsRef::as_ref);
    Ok(rows.filter(|point| is_inside(point, reference)).map(<[f64]>::to_vec).collect())
}

/// The hypervolume of points that all lie inside the reference.
fn volume(mut points: Vec<Vec<f64>>, reference: &[f64]) -> f64 {
    match reference.len() {
        1 => points.iter().map(|point| reference[0] - point[0]).fold(0.0, f64::max),
        2 => sweep::area(&mut points, reference),
        3 => sweep::volume(&mut points, reference),
        _ => wfg::volume(points, reference),
    }
}
