//! Hypervolume by sweeping the last objective: a falling floor in 2-D, a growing staircase in 3-D (the dimension sweep
//! of Fonseca, Paquete and López-Ibáñez, CEC 2006, with a rank set for its balanced tree), the space that is left in more
//! (as HV4D+ of Guerreiro and Fonseca, IEEE TEVC 2018, with corners for its lists). Dominated points and copies are
//! passed over on the way.

use crate::order::{rising, sort_key};
use crate::rank_set::RankSet;
use crate::ranked_plane::RankedPlane;
use crate::uncovered::Uncovered;

/// The area of `points`, all inside `reference`. O(n log n).
pub(super) fn area(points: &[[f64; 2]], reference: [f64; 2]) -> f64 {
    let mut keyed: Vec<(i64, [f64; 2])> = points.iter().map(|point| (sort_key(point[0]), *point)).collect();
    keyed.sort_unstable_by_key(|&(key, _)| key);
    let (mut floor, mut area) = (reference[1], 0.0);
    for (_, [x, y]) in keyed {
        if y < floor {
            area += (reference[0] - x) * (floor - y);
            floor = y;
        }
    }
    area
}

/// The volume of `points`, all inside `reference`. O(n log n).
pub(super) fn volume(points: &[[f64; 3]], reference: [f64; 3]) -> f64 {
    let plane = RankedPlane::new(points, [reference[0], reference[1]]);
    let corner = plane.limit(None);
    let mut steps = RankSet::new(plane.len());
    let mut volume = 0.0;
    for index in rising(points.iter().map(|point| point[2])) {
        let (rank, [x, y, z]) = (plane.rank_of(index), points[index]);
        let ceiling = plane.ceiling(steps.before(rank));
        if y < ceiling {
            // Each area counts from its own height to the reference, so no running section is multiplied twice.
            volume += plane.claim(&mut steps, rank, (x, y), ceiling, corner, |_| {}) * (reference[2] - z);
            steps.insert(rank);
        }
    }
    volume
}

/// The hypervolume of `points`, `[n, D + 1]`, all inside `reference`: each point, from the best last objective to the
/// worst, adds what it takes of the `D`-dimensional section times its distance to the reference. With `D = 3` the section
/// has at most 2n + 1 corners, hence O(n²).
pub(super) fn sections<const D: usize>(points: &[&[f64]], reference: &[f64]) -> f64 {
    let mut section = Uncovered::<D>::below(&reference[..D]);
    rising(points.iter().map(|point| point[D])).into_iter().fold(0.0, |volume, index| {
        volume + section.insert(&points[index][..D]) * (reference[D] - points[index][D])
    })
}
