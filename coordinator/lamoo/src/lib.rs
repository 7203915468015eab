//! LaMOO: a multi-objective search that learns which part of the space is worth sampling (Zhao et al., ICLR 2022,
//! arXiv 2110.03173). [`propose`] is the whole of it: evaluations in, candidates out; between two questions only a
//! [`Memory`] of what the surrogate learnt, which saves time.
//!
//! 1. [`SearchTree`]: a region sorts its samples by dominance number, a support-vector classifier ([`svm`]) learns the
//!    border between the better and the worse half, and each side becomes a region;
//! 2. [`Selection`]: the leaf with the highest upper confidence bound on hypervolume;
//! 3. [`sampler`]: new architectures inside that leaf, at random, by evolution, or where the [`surrogate`] expects most; a new
//!    sampler is one file there and one line in `SamplerKind`.
//!
//! Objectives are minimised. The tree learns from one fidelity, the surrogate from all. Absent on purpose: evaluation,
//! clocks, files, and dice of its own.

mod error;
mod knowledge;
mod options;
mod partition;
mod propose;
mod region;
pub mod sampler;
mod scope;
mod selection;
pub mod surrogate;
pub mod svm;
mod tree;
mod vector;

pub use error::Error;
pub use knowledge::{Knowledge, Nothing};
pub use options::{Options, SamplerKind};
pub use propose::{Promotion, Proposal, ProposalRequest, Proposals, propose};
pub use region::{Cut, Region, RegionId, RegionSummary, TreeSummary};
pub use scope::{Identity, Scope};
pub use selection::Selection;
pub use surrogate::Memory;
pub use tree::{Observation, Sample, SearchTree};
