//! Samplers: where inside a region the next architectures are. What they find goes into a [`Batch`], which keeps the
//! rules (in the region, in its own form, admitted, new, bounded), so that a sampler can be no more than badly aimed.
//!
//! A new sampler is one file here, one line in `SamplerKind`, and passes [`conformance::check_sampler`].

mod batch;
pub mod conformance;
mod design;
mod evolution;
mod improvement;
mod pool;
mod random;

use rand_chacha::ChaCha8Rng;

pub use batch::{Batch, Chosen};
pub use design::Design;
pub use evolution::Evolution;
pub use improvement::Improvement;
pub use pool::Pool;
pub use random::Random;

/// A way of aiming inside a region.
pub trait Sampler: std::fmt::Debug {
    fn name(&self) -> &'static str;

    /// Offers architectures until [`Batch::is_done`] or nothing is left to offer. Leaving the batch short is allowed:
    /// the caller then widens the region. All chance comes from `rng`.
    fn fill(&mut self, batch: &mut Batch<'_>, rng: &mut ChaCha8Rng);
}
