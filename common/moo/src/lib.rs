//! Multi-objective mathematics on slices: who dominates whom, how much of the objective space a set covers, which of it
//! is left, and an archive that keeps the answers current. Everything is minimised; whoever maximises turns the sign at
//! the edge.
//!
//! A set of points is `&[P]` with `P: AsRef<[f64]>`, `[n, m]`: one point per row, one objective per column.
//!
//! What happens at the borders, the same everywhere:
//!
//! | case | policy |
//! | --- | --- |
//! | NaN | refused with [`Error::NotANumber`]; only the two-point [`dominates`] calls it incomparable |
//! | `+inf` | an ordinary, worst value: it can be dominated, and covers no volume |
//! | `-inf` | ordinary for dominance; refused with [`Error::Unbounded`] where a volume is asked for |
//! | `-0.0` | equals `0.0` |
//! | equal points | do not dominate each other: both stay non-dominated, both share a rank; each one's hypervolume contribution is 0; a [`Front`] keeps the one that came first |
//! | dominated points | add no volume, but lessen the contributions of those that dominate them |
//! | the empty set | no indices, no ranks, hypervolume 0, one box: all below the reference |
//! | one objective | the least value is the front; a volume is a length |
//! | no objectives | all points are equal; a reference point without objectives is refused with [`Error::NoObjectives`] |
//! | on or outside the reference point | covers no volume, yet takes part in dominance |
//! | numbers too large | refused with [`Error::Overflow`] where one point's volume is beyond all numbers; a sum of such volumes may be `+inf` |
//! | rounding | volumes are sums of boxes: the order of the points may change the last digits, never a zero into more |
//!
//! Absent on purpose: search, randomness, scaling of objectives, and any idea of what an objective means.

mod boxes;
mod contributions;
mod crowding;
mod dominance;
mod error;
mod front;
mod hypervolume;
mod order;
mod policy;
pub mod problem;
mod rank_set;
mod ranked_plane;
mod sort;
mod staircase;
mod uncovered;

pub use boxes::{Cuboid, non_dominated_boxes};
pub use contributions::contributions;
pub use crowding::crowding_distances;
pub use dominance::{dominance_numbers, dominates};
pub use error::Error;
pub use front::{Front, Insertion, Member};
pub use hypervolume::hypervolume;
pub use sort::{non_dominated, ranks};
