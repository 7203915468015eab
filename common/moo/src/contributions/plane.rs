//! Contributions of two objectives: between the lowest floor and the second lowest, only one point covers.

use crate::order::rising;

/// The part of each of `points` that no other covers, all inside `reference`. O(n log n).
pub(super) fn own_parts(points: &[[f64; 2]], reference: [f64; 2]) -> Vec<f64> {
    let mut parts = vec![0.0; points.len()];
    let order = rising(points.iter().map(|point| point[0]));
    let (mut lowest, mut second) = ((reference[1], None), reference[1]);
    for (place, &index) in order.iter().enumerate() {
        let y = points[index][1];
        if y < lowest.0 {
            second = lowest.0;
            lowest = (y, Some(index));
        } else if y < second {
            second = y;
        }
        let right = order.get(place + 1).map_or(reference[0], |&next| points[next][0]);
        if let Some(owner) = lowest.1 {
            parts[owner] += (right - points[index][0]) * (second - lowest.0);
        }
    }
    parts
}
