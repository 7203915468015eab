//! Exact hypervolume: the Lebesgue measure of what a set dominates within a reference point. One objective is a length,
//! up to seven are swept, more are sliced down to seven (`wfg`).

mod sweep;
mod wfg;

use crate::Error;
use crate::policy::{check_covering, check_reference};

/// `λ(∪_{p ∈ points} [p, reference])`. `points` is `[n, m]`, `reference` `[m]` and finite.
///
/// O(n log n) for two and three objectives, O(n²) for four. Beyond, `n` times the number of corners that the section of
/// `m - 1` objectives has, O(n^⌊(m-1)/2⌋): as for every exact method known, exponential in `m`.
pub fn hypervolume<P: AsRef<[f64]>>(points: &[P], reference: &[f64]) -> Result<f64, Error> {
    Ok(volume(&inside(points, reference)?, reference))
}

/// The points that cover any volume, after all were checked.
pub(crate) fn inside<'a, P: AsRef<[f64]>>(
    points: &'a [P],
    reference: &[f64],
) -> Result<Vec<&'a [f64]>, Error> {
    check_reference(reference)?;
    let mut rows = Vec::with_capacity(points.len());
    for (index, point) in points.iter().enumerate() {
        let point = point.as_ref();
        if check_covering(index, point, reference)? {
            rows.push(point);
        }
    }
    Ok(rows)
}

/// The hypervolume of points that all lie inside the reference.
pub(crate) fn volume(points: &[&[f64]], reference: &[f64]) -> f64 {
    match *reference {
        [bound] => points.iter().map(|point| bound - point[0]).fold(0.0, f64::max),
        [x, y] => sweep::area(&arrays(points), [x, y]),
        [x, y, z] => sweep::volume(&arrays(points), [x, y, z]),
        [_, _, _, _] => sweep::sections::<3>(points, reference),
        [_, _, _, _, _] => sweep::sections::<4>(points, reference),
        [_, _, _, _, _, _] => sweep::sections::<5>(points, reference),
        [_, _, _, _, _, _, _] => sweep::sections::<6>(points, reference),
        _ => wfg::volume(points, reference),
    }
}

/// Rows of known length.
pub(crate) fn arrays<const M: usize>(points: &[&[f64]]) -> Vec<[f64; M]> {
    points.iter().map(|&point| point.try_into().expect("rows were checked against the reference")).collect()
}
