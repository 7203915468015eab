//! Hypervolume by sweeping the last objective: a falling floor in 2-D, a growing staircase in 3-D (the dimension
//! sweep of Fonseca, Paquete and López-Ibáñez, CEC 2006). Dominated points and copies are passed over on the way.

use crate::policy::lexicographic;
use crate::staircase::Staircase;

/// The area of `points`, `[n, 2]`, all inside `reference`.
pub(super) fn area(points: &mut [Vec<f64>], reference: &[f64]) -> f64 {
    points.sort_unstable_by(|a, b| lexicographic(a, b));
    let (mut floor, mut area) = (reference[1], 0.0);
    for point in points.iter() {
        if point[1] < floor {
            area += (reference[0] - point[0]) * (floor - point[1]);
            floor = point[1];
        }
    }
    area
}

/// The volume of `points`, `[n, 3]`, all inside `reference`.
pub(super) fn volume(points: &mut [Vec<f64>], reference: &[f64]) -> f64 {
    points.sort_unstable_by(|a, b| a[2].partial_cmp(&b[2]).expect("NaN was refused before sorting"));
    let mut section = Staircase::new((reference[0], reference[1]));
    // Each point's area counts from its own height to the reference, so no running section is multiplied twice.
    points.iter().map(|point| section.insert(point[0], point[1]) * (reference[2] - point[2])).sum()
}
