//! How alone a point stands in its layer: the crowding distance of NSGA-II (Deb, Pratap, Agarwal, Meyarivan; IEEE TEVC
//! 2002), for choosing within a layer.

use crate::Error;
use crate::policy::check_points;

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
