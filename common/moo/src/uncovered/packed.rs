//! The boxes of an [`Uncovered`] space put side by side for many questions: neighbours share a group, so that most groups
//! are out of a point's reach as a whole, and the shares of one group are computed together.

use super::Uncovered;
use super::lanes::Lanes;

/// Boxes in a group: as many as keep the vector units busy and the group small.
const WIDTH: usize = 8;

/// Disjoint boxes, a group at a time.
pub(crate) struct Packed<const D: usize> {
    groups: Vec<Group<D>>,
    /// Of each group the least point that no box exceeds.
    reaches: Lanes<D>,
}

/// One array a coordinate. Free places hold boxes without width.
struct Group<const D: usize> {
    lower: [[f64; WIDTH]; D],
    upper: [[f64; WIDTH]; D],
}

type Bounds<const D: usize> = ([f64; D], [f64; D]);

impl<const D: usize> Packed<D> {
    pub(crate) fn new(uncovered: &Uncovered<D>) -> Self {
        let mut boxes: Vec<Bounds<D>> = uncovered.boxes().collect();
        let mut packed = Self { groups: Vec::new(), reaches: Lanes::new() };
        packed.divide(&mut boxes);
        packed
    }

    /// How much of the boxes `point` dominates.
    pub(crate) fn gain(&self, point: &[f64; D]) -> f64 {
        let mut gain = 0.0;
        self.reaches.candidates(point, |group| gain += self.groups[group].share(point));
        gain
    }

    /// Halves the boxes along the coordinate in which their upper corners differ most until a half fits a group.
    fn divide(&mut self, boxes: &mut [Bounds<D>]) {
        if boxes.len() <= WIDTH {
            return self.push(boxes);
        }
        let spread = |k: usize| {
            let uppers = boxes.iter().map(|(_, upper)| upper[k]);
            uppers.clone().fold(f64::NEG_INFINITY, f64::max) - uppers.fold(f64::INFINITY, f64::min)
        };
        let widest =
            (0..D).max_by(|&a, &b| spread(a).total_cmp(&spread(b))).expect("a space has coordinates");
        // Whole groups on the left, so that only the last one is not full. More than one group has something to its right.
        let middle = (boxes.len() / 2).next_multiple_of(WIDTH);
        boxes.select_nth_unstable_by(middle, |a, b| a.1[widest].total_cmp(&b.1[widest]));
        let (left, right) = boxes.split_at_mut(middle);
        self.divide(left);
        self.divide(right);
    }

    fn push(&mut self, boxes: &[Bounds<D>]) {
        let mut group = Group { lower: [[0.0; WIDTH]; D], upper: [[f64::NEG_INFINITY; WIDTH]; D] };
        let mut reach = [f64::NEG_INFINITY; D];
        for (place, (lower, upper)) in boxes.iter().enumerate() {
            for k in 0..D {
                group.lower[k][place] = lower[k];
                group.upper[k][place] = upper[k];
                reach[k] = reach[k].max(upper[k]);
            }
        }
        self.groups.push(group);
        self.reaches.push(reach);
    }
}

impl<const D: usize> Group<D> {
    fn share(&self, point: &[f64; D]) -> f64 {
        let mut shares = [1.0; WIDTH];
        for ((lowers, uppers), &value) in self.lower.iter().zip(&self.upper).zip(point) {
            for (share, (&lower, &upper)) in shares.iter_mut().zip(lowers.iter().zip(uppers)) {
                let from = if lower > value { lower } else { value };
                *share *= if upper > from { upper - from } else { 0.0 };
            }
        }
        shares.iter().sum()
    }
}
