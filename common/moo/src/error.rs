//! Why a set of points was refused. None of these goes away by trying again: the caller's data must change.

/// A set of points that the mathematics can't answer for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    #[error(
        "point {point} is not a number in objective {objective}: leave failed evaluations out of the set"
    )]
    NotANumber { point: usize, objective: usize },
    #[error(
        "point {point} is minus infinity in objective {objective}: its hypervolume has no bound, clamp it first"
    )]
    Unbounded { point: usize, objective: usize },
    #[error("point {point} covers more volume than a number holds: scale its objectives down")]
    Overflow { point: usize },
    #[error("point {point} has {found} objectives where {expected} are expected: all points need the same")]
    Dimension { point: usize, expected: usize, found: usize },
    #[error("the reference point is {value} in objective {objective}: it must be a finite number")]
    Reference { objective: usize, value: f64 },
    #[error("the reference point has no objectives: give one finite bound per objective")]
    NoObjectives,
}
