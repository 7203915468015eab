//! What a front keeps beside its members so that a gain is told quickly: the end of a line, a staircase, or the corners
//! of the space that is left. Of six objectives and more nothing is kept, for the corners would outgrow the front; there
//! the members are cut out of the new point's box each time.

use crate::contributions::exclusive;
use crate::policy::is_inside;
use crate::staircase::Staircase;
use crate::uncovered::{Packed, Uncovered};

/// The space below the reference that no member dominates.
#[derive(Debug, Clone)]
pub(super) enum Space {
    /// Up to the best value.
    Line(f64),
    Plane(Staircase),
    Three(Uncovered<3>),
    Four(Uncovered<4>),
    Five(Uncovered<5>),
    Many,
}

impl Space {
    pub(super) fn below(reference: &[f64]) -> Self {
        match *reference {
            [bound] => Self::Line(bound),
            [x, y] => Self::Plane(Staircase::new((x, y))),
            [_, _, _] => Self::Three(Uncovered::below(reference)),
            [_, _, _, _] => Self::Four(Uncovered::below(reference)),
            [_, _, _, _, _] => Self::Five(Uncovered::below(reference)),
            _ => Self::Many,
        }
    }

    /// The hypervolume that `point`, `[m]`, would take of it.
    pub(super) fn gain<'a>(
        &self,
        point: &[f64],
        members: impl Iterator<Item = &'a [f64]>,
        reference: &[f64],
    ) -> f64 {
        match self {
            Self::Line(best) => (best - point[0]).max(0.0),
            Self::Plane(staircase) => staircase.gain(point[0], point[1]),
            Self::Three(uncovered) => uncovered.gain(point),
            Self::Four(uncovered) => uncovered.gain(point),
            Self::Five(uncovered) => uncovered.gain(point),
            Self::Many if !is_inside(point, reference) => 0.0,
            Self::Many => exclusive(point, members.filter(|member| is_inside(member, reference)), reference),
        }
    }

    /// [`Space::gain`] of each of `points`, `[n, m]`.
    pub(super) fn gains<'a, P: AsRef<[f64]>>(
        &self,
        points: &[P],
        members: impl Iterator<Item = &'a [f64]> + Clone,
        reference: &[f64],
    ) -> Vec<f64> {
        match self {
            Self::Three(uncovered) => packed_gains(uncovered, points),
            Self::Four(uncovered) => packed_gains(uncovered, points),
            Self::Five(uncovered) => packed_gains(uncovered, points),
            Self::Line(_) | Self::Plane(_) | Self::Many => {
                points.iter().map(|point| self.gain(point.as_ref(), members.clone(), reference)).collect()
            }
        }
    }

    /// Takes away what `point` dominates and says how much that was: [`Space::gain`].
    pub(super) fn insert<'a>(
        &mut self,
        point: &[f64],
        members: impl Iterator<Item = &'a [f64]>,
        reference: &[f64],
    ) -> f64 {
        match self {
            Self::Plane(staircase) => staircase.insert(point[0], point[1]),
            Self::Three(uncovered) => uncovered.insert(point),
            Self::Four(uncovered) => uncovered.insert(point),
            Self::Five(uncovered) => uncovered.insert(point),
            Self::Line(_) | Self::Many => {
                let gain = self.gain(point, members, reference);
                if let Self::Line(best) = self {
                    *best = best.min(point[0]);
                }
                gain
            }
        }
    }
}

fn packed_gains<const D: usize, P: AsRef<[f64]>>(uncovered: &Uncovered<D>, points: &[P]) -> Vec<f64> {
    let packed = Packed::new(uncovered);
    let gain = |point: &P| packed.gain(point.as_ref().try_into().expect("the points were checked"));
    points.iter().map(gain).collect()
}
