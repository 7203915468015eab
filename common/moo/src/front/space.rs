//! What a front keeps beside its members so that a gain is told quickly: the end of a line, a staircase, or the corners
//! of the space that is left. Of five objectives and more nothing is kept, for the corners would outgrow the front; there
//! the members are cut out of the new point's box each time.

use crate::contributions::exclusive;
use crate::policy::is_inside;
use crate::staircase::Staircase;
use crate::uncovered::Uncovered;

/// The space below the reference that no member dominates.
#[derive(Debug, Clone)]
pub(super) enum Space {
    /// Up to the best value.
    Line(f64),
    Plane(Staircase),
    Three(Uncovered<3>),
    Four(Uncovered<4>),
    Many,
}

impl Space {
    pub(super) fn below(reference: &[f64]) -> Self {
        match *reference {
            [bound] => Self::Line(bound),
            [x, y] => Self::Plane(Staircase::new((x, y))),
            [_, _, _] => Self::Three(Uncovered::below(reference)),
            [_, _, _, _] => Self::Four(Uncovered::below(reference)),
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
            Self::Many if !is_inside(point, reference) => 0.0,
            Self::Many => exclusive(point, members.filter(|member| is_inside(member, reference)), reference),
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
