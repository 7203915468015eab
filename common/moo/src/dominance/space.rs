//! Dominance numbers and layers of three objectives by divide and conquer, O(n log² n): of a set in lexicographic order
//! the first half is settled, then what it means for the second half is swept through the other two objectives, then the
//! second half is settled (Jensen, IEEE TEVC 2003, for the layers; counting is the same sum with another rule).

use super::fenwick::Fenwick;
use crate::order::{levels, lexicographic_order, rising};

/// Below this many points, comparing each with each is quicker than another sweep (measured: flat from 16 to 128).
const SMALL: usize = 32;

/// How many points dominate each.
pub(super) fn numbers<P: AsRef<[f64]>>(points: &[P]) -> Vec<usize> {
    settle(points, |copies, _| copies, |a, b| a + b)
}

/// How long the longest chain of points is of which each dominates the next and the last dominates this one.
pub(crate) fn ranks<P: AsRef<[f64]>>(points: &[P]) -> Vec<usize> {
    settle(points, |_, rank| rank + 1, usize::max)
}

/// What all dominators of each of `points`, `[n, 3]`, give it, put together by `fold`. A point and its copies together
/// give `gives(how many they are, what they were given)`.
fn settle<P: AsRef<[f64]>>(
    points: &[P],
    gives: impl Fn(usize, usize) -> usize,
    fold: impl Fn(usize, usize) -> usize,
) -> Vec<usize> {
    let order = lexicographic_order(points);
    let groups: Vec<&[usize]> = order.chunk_by(|&a, &b| points[a].as_ref() == points[b].as_ref()).collect();
    let row = |group: &&[usize]| points[group[0]].as_ref();
    let (thirds, height) = levels(groups.iter().map(|group| row(group)[2]));
    let by_second = rising(groups.iter().map(|group| row(group)[1]));
    let mut task = Task {
        seconds: groups.iter().map(|group| row(group)[1]).collect(),
        thirds,
        copies: groups.iter().map(|group| group.len()).collect(),
        given: vec![0; groups.len()],
        swept: Fenwick::new(height, &fold),
        gives,
        fold: &fold,
    };
    task.settle(0..groups.len(), &by_second);
    let mut given = vec![0; points.len()];
    for (group, value) in groups.iter().zip(task.given) {
        for &index in *group {
            given[index] = value;
        }
    }
    given
}

/// Distinct points in lexicographic order, one entry a point.
struct Task<'a, G, F> {
    seconds: Vec<f64>,
    thirds: Vec<usize>,
    copies: Vec<usize>,
    given: Vec<usize>,
    /// By level of the third objective, what the first half gives; empty between sweeps.
    swept: Fenwick<&'a F>,
    gives: G,
    fold: &'a F,
}

impl<G: Fn(usize, usize) -> usize, F: Fn(usize, usize) -> usize> Task<'_, G, F> {
    /// Settles the points of `range` among themselves; `by_second` holds the same points in order of their second
    /// objective.
    fn settle(&mut self, range: std::ops::Range<usize>, by_second: &[usize]) {
        if range.len() <= SMALL {
            return self.compare_each(range);
        }
        let middle = range.start + range.len() / 2;
        let (first, second): (Vec<usize>, Vec<usize>) = by_second.iter().partition(|&&point| point < middle);
        self.settle(range.start..middle, &first);
        self.sweep(&first, &second);
        self.settle(middle..range.end, &second);
    }

    fn compare_each(&mut self, range: std::ops::Range<usize>) {
        for point in range.clone() {
            for earlier in range.start..point {
                if self.seconds[earlier] <= self.seconds[point] && self.thirds[earlier] <= self.thirds[point]
                {
                    self.give(point, self.gift(earlier));
                }
            }
        }
    }

    /// Gives the points of `second` what those of `first` that dominate them have to give. Nobody of `first` is worse in
    /// the first objective, and no two points are equal.
    fn sweep(&mut self, first: &[usize], second: &[usize]) {
        let mut givers = first.iter().peekable();
        for &point in second {
            while let Some(&giver) = givers.next_if(|&&giver| self.seconds[giver] <= self.seconds[point]) {
                self.swept.add(self.thirds[giver], self.gift(giver));
            }
            self.give(point, self.swept.up_to(self.thirds[point]));
        }
        for &giver in first {
            self.swept.clear(self.thirds[giver]);
        }
    }

    fn gift(&self, point: usize) -> usize {
        (self.gives)(self.copies[point], self.given[point])
    }

    fn give(&mut self, point: usize, gift: usize) {
        self.given[point] = (self.fold)(self.given[point], gift);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::dominance::bits;

    proptest! {
        #[test]
        fn halves_find_what_bits_find(
            points in prop::collection::vec(prop::array::uniform3(0..12_u8), 0..300),
            closeness in 1..4_u8,
        ) {
            // Whole quotients: the larger the divisor, the more ties and copies.
            let points: Vec<[f64; 3]> =
                points.into_iter().map(|point| point.map(|value| f64::from(value / closeness))).collect();
            prop_assert_eq!(super::numbers(&points), bits::numbers(&points));
            prop_assert_eq!(super::ranks(&points), bits::ranks(&points));
        }
    }
}
