//! Numbers in order. Integers sort without the branches that comparing floats costs, so that sorting a thousand points
//! takes less than sweeping them.

/// An integer that stands to other keys as its number to theirs; `-0.0` and `0.0` share one. NaN must not come here.
pub(crate) fn sort_key(value: f64) -> i64 {
    // Adding 0.0 turns -0.0 into 0.0. Negative numbers then have their magnitude's bits turned round.
    let bits = (value + 0.0).to_bits() as i64;
    bits ^ ((bits >> 63) as u64 >> 1) as i64
}

/// Positions in rising order of their values.
pub(crate) fn rising(values: impl Iterator<Item = f64>) -> Vec<usize> {
    let mut keyed: Vec<(i64, usize)> =
        values.enumerate().map(|(index, value)| (sort_key(value), index)).collect();
    keyed.sort_unstable_by_key(|&(key, _)| key);
    keyed.into_iter().map(|(_, index)| index).collect()
}

/// The place of each value among the distinct ones, 0 for the smallest; and how many distinct ones there are.
pub(crate) fn levels(values: impl Iterator<Item = f64> + Clone) -> (Vec<usize>, usize) {
    let order = rising(values.clone());
    let values: Vec<f64> = values.collect();
    let mut levels = vec![0; values.len()];
    let mut level = 0;
    for (place, &index) in order.iter().enumerate() {
        if place > 0 && values[order[place - 1]] < values[index] {
            level += 1;
        }
        levels[index] = level;
    }
    let distinct = if values.is_empty() { 0 } else { level + 1 };
    (levels, distinct)
}

/// Positions in lexicographic order of their points: nobody comes before one who dominates him.
pub(crate) fn lexicographic_order<P: AsRef<[f64]>>(points: &[P]) -> Vec<usize> {
    let first = |point: &P| point.as_ref().first().map_or(0, |&value| sort_key(value));
    let mut keyed: Vec<(i64, usize)> =
        points.iter().enumerate().map(|(index, point)| (first(point), index)).collect();
    keyed.sort_unstable_by(|a, b| {
        a.0.cmp(&b.0).then_with(|| lexicographic(points[a.1].as_ref(), points[b.1].as_ref()))
    });
    keyed.into_iter().map(|(_, index)| index).collect()
}

/// Lexicographic order for numbers without NaN, in which `-0.0` equals `0.0`.
pub(crate) fn lexicographic(a: &[f64], b: &[f64]) -> std::cmp::Ordering {
    a.partial_cmp(b).expect("NaN was refused before sorting")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_as_their_numbers_do() {
        let ladder =
            [f64::NEG_INFINITY, f64::MIN, -1.5, -f64::MIN_POSITIVE, -5e-324, 0.0, 5e-324, 1.0, f64::INFINITY];
        for pair in ladder.windows(2) {
            assert!(sort_key(pair[0]) < sort_key(pair[1]), "{pair:?}");
        }
        assert_eq!(sort_key(-0.0), sort_key(0.0));
    }

    #[test]
    fn equal_values_share_a_level() {
        assert_eq!(levels([3.0, -0.0, 3.0, 0.0, 7.0].into_iter()), (vec![1, 0, 1, 0, 2], 3));
        assert_eq!(levels(std::iter::empty()), (vec![], 0));
    }
}
