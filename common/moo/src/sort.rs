//! Which points are non-dominated, and the layers beneath them: ENS-BS, "efficient non-dominated sort" with binary
//! search (Zhang, Tian, Cheng, Jin; IEEE TEVC 2015). Crowding distances for choosing within a layer (NSGA-II, 2002).

use crate::Error;
use crate::dominance::dominates;
use crate::policy::{check_points, lexicographic};

/// The indices, rising, of the points that no other dominates. `points` is `[n, m]`.
pub fn non_dominated<P: AsRef<[f64]>>(points: &[P]) -> Result<Vec<usize>, Error> {
    check_points(points)?;
    let mut kept: Vec<usize> = Vec::new();
    for index in sorted(points) {
        let point = points[index].as_ref();
        let dominated = match (point.len(), kept.last()) {
            // Of the plane's points so far, in lexicographic order, the last kept one has the smallest second objective.
            (2, Some(&last)) => dominates(points[last].as_ref(), point),
            _ => kept.iter().rev().any(|&other| dominates(points[other].as_ref(), point)),
        };
        if !dominated {
            kept.push(index);
        }
    }
    kept.sort_unstable();
    Ok(kept)
}

/// The layer of each point: 0 for the non-dominated, 1 for those non-dominated once layer 0 is taken away, and so on.
pub fn ranks<P: AsRef<[f64]>>(points: &[P]) -> Result<Vec<usize>, Error> {
    check_points(points)?;
    let mut layers: Vec<Vec<usize>> = Vec::new();
    let mut ranks = vec![0; points.len()];
    for index in sorted(points) {
        let point = points[index].as_ref();
        let dominates_point = |layer: &Vec<usize>| match point.len() {
            2 => layer.last().is_some_and(|&last| dominates(points[last].as_ref(), point)),
            _ => layer.iter().rev().any(|&other| dominates(points[other].as_ref(), point)),
        };
        // Whoever is dominated by a member of one layer is dominated by a member of each layer above it.
        let rank = layers.partition_point(dominates_point);
        if rank == layers.len() {
            layers.push(Vec::new());
        }
        layers[rank].push(index);
        ranks[index] = rank;
    }
    Ok(ranks)
}

/// How alone each of `points`, one layer's `[n, m]`, stands: the sum over objectives of the distance between its two
/// neighbours, divided by the objective's span. Each objective's extremes stand alone: infinity.
///
/// Objectives without a finite span say nothing and are skipped. Equal points are taken in the order given.
pub fn crowding_distances<P: AsRef<[f64]>>(points: &[P]) -> Result<Vec<f64>, Error> {
    let objectives = check_points(points)?;
    let mut distances = vec![0.0; points.len()];
    for objective in 0..objectives {
        let value = |index: usize| points[index].as_ref()[objective];
        let mut order: Vec<usize> = (0..points.len()).collect();
        order.sort_by(|&a, &b| value(a).partial_cmp(&value(b)).expect("NaN was refused before sorting"));
        let (first, last) = (order[0], order[order.len() - 1]);
        let span = value(last) - value(first);
        if span > 0.0 && span.is_finite() {
            for triple in order.windows(3) {
                distances[triple[1]] += (value(triple[2]) - value(triple[0])) / span;
            }
        }
        distances[first] = f64::INFINITY;
        distances[last] = f64::INFINITY;
    }
    Ok(distances)
}

/// Indices in lexicographic order of their points: nobody comes before one who dominates him.
fn sorted<P: AsRef<[f64]>>(points: &[P]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|&a, &b| lexicographic(points[a].as_ref(), points[b].as_ref()));
    order
}
