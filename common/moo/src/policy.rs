//! The one place where points and reference points are checked, so that every algorithm behind it may assume
//! numbers of one length.

use crate::Error;

/// Refuses NaN and ragged rows. Returns the number of objectives, 0 for the empty set.
pub(crate) fn check_points<P: AsRef<[f64]>>(points: &[P]) -> Result<usize, Error> {
    let expected = points.first().map_or(0, |point| point.as_ref().len());
    for (index, point) in points.iter().enumerate() {
        check_point(index, point.as_ref(), expected)?;
    }
    Ok(expected)
}

/// Refuses one point with NaN or with another number of objectives.
pub(crate) fn check_point(index: usize, point: &[f64], expected: usize) -> Result<(), Error> {
    if point.len() != expected {
        return Err(Error::Dimension { point: index, expected, found: point.len() });
    }
    match point.iter().position(|value| value.is_nan()) {
        Some(objective) => Err(Error::NotANumber { point: index, objective }),
        None => Ok(()),
    }
}

/// As [`check_point`] where volumes are asked for: refuses minus infinity too, for a volume must have an end, and a
/// point whose box no number holds. Returns whether the point covers any volume: whether it is better than the reference
/// in every objective.
pub(crate) fn check_covering(index: usize, point: &[f64], reference: &[f64]) -> Result<bool, Error> {
    check_point(index, point, reference.len())?;
    if let Some(objective) = point.iter().position(|&value| value == f64::NEG_INFINITY) {
        return Err(Error::Unbounded { point: index, objective });
    }
    let is_inside = is_inside(point, reference);
    let sides = point.iter().zip(reference).map(|(value, bound)| bound - value);
    // Not the volume itself: no product of some of its sides may overflow on the way either.
    if is_inside && sides.map(|side| side.max(1.0)).product::<f64>().is_infinite() {
        return Err(Error::Overflow { point: index });
    }
    Ok(is_inside)
}

pub(crate) fn check_reference(reference: &[f64]) -> Result<(), Error> {
    if reference.is_empty() {
        return Err(Error::NoObjectives);
    }
    match reference.iter().position(|value| !value.is_finite()) {
        Some(objective) => Err(Error::Reference { objective, value: reference[objective] }),
        None => Ok(()),
    }
}

/// Whether a point covers any volume: better than the reference in every objective.
pub(crate) fn is_inside(point: &[f64], reference: &[f64]) -> bool {
    point.iter().zip(reference).all(|(value, bound)| value < bound)
}
