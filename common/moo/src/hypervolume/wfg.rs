//! Hypervolume of four and more objectives as a sum of exclusive parts: WFG (While, Bradstreet, Barone; IEEE TEVC
//! 2012) with slicing. Exponential in the number of objectives at worst, as every exact method is.

use super::sweep;
use crate::dominance::dominates;

/// The volume of `points`, `[n, m]`, all inside `reference`, `[m]` with `m > 3`.
///
/// `hv(P) = Σ_k exclusive(p_k, {p_{k+1}, …})`. With the worst last objective first, everything after `p_k` has a last
/// objective no larger, so pushed into `p_k`'s box it is flat there: each exclusive part is a slice of thickness
/// `r_m - p_km` over a problem of `m - 1` objectives.
pub(super) fn volume(mut points: Vec<Vec<f64>>, reference: &[f64]) -> f64 {
    let last = reference.len() - 1;
    if last < 3 {
        return sweep::volume(&mut points, reference);
    }
    points.sort_unstable_by(|a, b| {
        b[last]
            .partial_cmp(&a[last])
            .expect("NaN was refused before sorting")
            .then_with(|| a.partial_cmp(b).unwrap())
    });
    let below = &reference[..last];
    let mut total = 0.0;
    for (index, point) in points.iter().enumerate() {
        let base = &point[..last];
        let own: f64 = base.iter().zip(below).map(|(value, bound)| bound - value).product();
        let limited = limit(base, &points[index + 1..]);
        total += (own - volume(limited, below)).max(0.0) * (reference[last] - point[last]);
    }
    total
}

/// `others` pushed into the box of `base`, without those that became dominated or copies: most do, and the recursion
/// lives on it.
fn limit(base: &[f64], others: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut kept: Vec<Vec<f64>> = Vec::with_capacity(others.len());
    for other in others {
        let pushed: Vec<f64> = other.iter().zip(base).map(|(a, b)| a.max(*b)).collect();
        if kept.iter().any(|point| *point == pushed || dominates(point, &pushed)) {
            continue;
        }
        kept.retain(|point| !dominates(&pushed, point));
        kept.push(pushed);
    }
    kept
}
