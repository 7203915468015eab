//! The definitions, computed in the most obvious ways, and sets of points to compare them on. Whole coordinates on small
//! grids make ties, copies and points on the reference common; random ones find what ties hide.

#![allow(dead_code, reason = "each test program uses some of these")]

use moo::dominates;
use proptest::prelude::*;

/// Points with whole coordinates 0..=side in `m` objectives.
pub fn grids(m: usize, side: u32, most: usize) -> impl Strategy<Value = Vec<Vec<f64>>> {
    let coordinate = (0..=side).prop_map(f64::from);
    prop::collection::vec(prop::collection::vec(coordinate, m), 0..=most)
}

/// One to eight objectives on grids.
pub fn sets() -> impl Strategy<Value = Vec<Vec<f64>>> {
    prop_oneof![
        grids(1, 6, 8),
        grids(2, 8, 40),
        grids(3, 6, 30),
        grids(4, 4, 16),
        grids(5, 3, 9),
        grids(6, 2, 8),
        grids(7, 2, 6),
        grids(8, 2, 5),
        grids(9, 1, 5),
    ]
}

/// Random points with `m` objectives in 0..1.2, so that some lie outside the reference of ones.
pub fn clouds(m: impl Strategy<Value = usize>, most: usize) -> impl Strategy<Value = Vec<Vec<f64>>> {
    m.prop_flat_map(move |m| prop::collection::vec(prop::collection::vec(0.0..1.2_f64, m), 1..=most))
}

/// Counts unit cells of `[0, side]^m` whose lower corner some point weakly dominates: exact for whole coordinates.
pub fn volume_by_counting(points: &[Vec<f64>], side: u32, m: usize) -> f64 {
    let cells = u64::from(side).pow(m as u32);
    let covered = (0..cells).filter(|&cell| {
        let mut rest = cell;
        let corner: Vec<f64> = (0..m)
            .map(|_| {
                let digit = rest % u64::from(side);
                rest /= u64::from(side);
                digit as f64
            })
            .collect();
        points.iter().any(|point| point.iter().zip(&corner).all(|(p, c)| p <= c))
    });
    covered.count() as f64
}

/// Inclusion and exclusion over all subsets: exponential, and sharing no idea with the sweeps.
pub fn volume_by_inclusion(points: &[Vec<f64>], reference: &[f64]) -> f64 {
    let mut total = 0.0;
    for subset in 1_u32..1 << points.len() {
        let meet = |objective: usize| {
            let chosen = points.iter().enumerate().filter(|(index, _)| subset >> index & 1 == 1);
            chosen.map(|(_, point)| point[objective]).fold(f64::NEG_INFINITY, f64::max)
        };
        let common: f64 = reference
            .iter()
            .enumerate()
            .map(|(objective, bound)| (bound - meet(objective)).max(0.0))
            .product();
        total += if subset.count_ones() % 2 == 1 { common } else { -common };
    }
    total
}

/// Slices between neighbouring values of the last objective: quadratic in the number of points for each objective.
pub fn volume_by_slices<P: AsRef<[f64]>>(points: &[P], reference: &[f64]) -> f64 {
    let Some(last) = reference.len().checked_sub(1) else { return 1.0 };
    let covers = |point: &&[f64]| point.iter().zip(reference).all(|(value, bound)| value < bound);
    let mut sorted: Vec<&[f64]> = points.iter().map(AsRef::as_ref).filter(covers).collect();
    if last == 0 {
        return sorted.iter().map(|point| reference[0] - point[0]).fold(0.0, f64::max);
    }
    sorted.sort_by(|a, b| a[last].total_cmp(&b[last]));
    let mut volume = 0.0;
    for known in 1..=sorted.len() {
        let ceiling = sorted.get(known).map_or(reference[last], |next| next[last]);
        let height = ceiling - sorted[known - 1][last];
        if height > 0.0 {
            let section: Vec<&[f64]> = sorted[..known].iter().map(|point| &point[..last]).collect();
            volume += height * volume_by_slices(&section, &reference[..last]);
        }
    }
    volume
}

/// What each point's removal takes from the volume.
pub fn contributions_by_removal(points: &[Vec<f64>], volume: impl Fn(&[Vec<f64>]) -> f64) -> Vec<f64> {
    let whole = volume(points);
    (0..points.len())
        .map(|index| {
            let mut without = points.to_vec();
            without.remove(index);
            whole - volume(&without)
        })
        .collect()
}

pub fn naive_non_dominated(points: &[Vec<f64>]) -> Vec<usize> {
    (0..points.len()).filter(|&i| !points.iter().any(|other| dominates(other, &points[i]))).collect()
}

pub fn naive_ranks(points: &[Vec<f64>]) -> Vec<usize> {
    let mut ranks = vec![usize::MAX; points.len()];
    for rank in 0..points.len() {
        let left: Vec<usize> = (0..points.len()).filter(|&i| ranks[i] == usize::MAX).collect();
        let layer: Vec<usize> = left
            .iter()
            .copied()
            .filter(|&i| !left.iter().any(|&j| dominates(&points[j], &points[i])))
            .collect();
        for index in layer {
            ranks[index] = rank;
        }
    }
    ranks
}

/// Relative to the larger of both, or to 1 for small ones.
pub fn assert_close(found: f64, expected: f64, relative: f64) {
    let scale = found.abs().max(expected.abs()).max(1.0);
    assert!((found - expected).abs() <= relative * scale, "{found} instead of {expected}");
}

/// `n` points of the positive part of the unit sphere, mutually non-dominated: multiples of irrational numbers, scaled.
/// Square roots and quotients are exact in the same way everywhere, so that other programs can make the same points.
pub fn sphere(n: usize, m: usize) -> Vec<Vec<f64>> {
    let primes = [2.0_f64, 3.0, 5.0, 7.0, 11.0, 13.0, 17.0, 19.0];
    // Whole multiples, doubled, would often have the same direction again.
    let multiple = |index: usize, p: f64| (index as f64 + 0.123) * p.sqrt();
    (0..n)
        .map(|index| {
            let row: Vec<f64> = primes[..m].iter().map(|&p| multiple(index, p).fract()).collect();
            let norm = row.iter().map(|x| x * x).sum::<f64>().sqrt();
            row.into_iter().map(|x| x / norm).collect()
        })
        .collect()
}
