//! LaMOO: a multi-objective search that learns which part of the space is worth sampling (Zhao et al., ICLR 2022,
//! arXiv 2110.03173). [`propose`] is the whole of it: evaluations in, candidates out, nothing kept between.
//!
//! 1. [`SearchTree`]: a region sorts its samples by dominance number, a support-vector classifier ([`svm`]) learns the
//!    border between the better and the worse half, and each side becomes a region;
//! 2. [`Selection`]: the leaf with the highest upper confidence bound on hypervolume;
//! 3. [`sampler`]: new architectures inside that leaf; a new sampler is one file there and one line in `SamplerKind`.
//!
//! Objectives are minimised. Absent on purpose: evaluation, fidelities (the caller decides which evaluations to show),
//! clocks, and any state between calls.

mod error;
mod options;
mod partition;
mod propose;
mod region;
pub mod sampler;
mod selection;
pub mod svm;
mod tree;

pub use error::Error;
pub use options::{Options, SamplerKind};
pub use propose::{Proposal, ProposalRequest, Proposals, propose};
pub use region::{Region, RegionId, RegionSummary, TreeSummary};
pub use selection::Selection;
pub use tree::{Observation, Sample, SearchTree};
