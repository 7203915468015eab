//! What a user may turn about the search. The defaults are the paper's or plain: on NAS-Bench-201, `Cp` from 0 to
//! 0.1, leaf or path, depth 4 or 8 and either kernel are within 0.05 % of each other's hypervolume after 100 evaluations.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::selection::Selection;
use crate::svm;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Below this many evaluations there is nothing to learn from: candidates are corners of the space (for the surrogate),
    /// then uniform.
    pub initial_samples: usize,
    /// A region with fewer samples stays a leaf: less is too little to learn a border from.
    pub min_samples: usize,
    /// Splits from the root to the deepest leaf; bounds the classifiers that a candidate must pass.
    pub max_depth: usize,
    /// `Cp` of the upper confidence bound, as a fraction of the hypervolume reached so far. The paper advises a tenth.
    pub exploration: f64,
    pub selection: Selection,
    pub sampler: SamplerKind,
    /// Candidates a sampler may try in one region of a space too large to enumerate.
    pub attempts: usize,
    /// Networks to show of the region that was chosen, beside the proposals.
    pub region_members: usize,
    pub svm: svm::Options,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            initial_samples: 10,
            min_samples: 10,
            max_depth: 8,
            exploration: 0.1,
            selection: Selection::Leaf,
            sampler: SamplerKind::Surrogate,
            attempts: 1_000,
            region_members: 0,
            svm: svm::Options::default(),
        }
    }
}

impl Options {
    /// One of `common::config::SEARCHERS`: a sampler inside the tree's regions (`lamoo-…`), or by itself.
    pub fn named(name: &str) -> Option<Self> {
        let (sampler, is_tree) = match name {
            "surrogate" => (SamplerKind::Surrogate, false),
            "lamoo-surrogate" => (SamplerKind::Surrogate, true),
            "lamoo-evolution" => (SamplerKind::Evolution, true),
            "lamoo-random" => (SamplerKind::Random, true),
            "evolution" => (SamplerKind::Evolution, false),
            "random" => (SamplerKind::Random, false),
            _ => return None,
        };
        let default = Self::default();
        // A tree that may not divide is the whole space.
        let max_depth = if is_tree { default.max_depth } else { 0 };
        Some(Self { sampler, max_depth, ..default })
    }

    /// Whether results change what is proposed, beyond that nothing is proposed twice.
    pub fn learns(&self) -> bool {
        self.sampler != SamplerKind::Random || self.max_depth > 0
    }

    pub fn check(&self) -> Result<(), Error> {
        let refuse = |option, found, wanted| Err(Error::Option { option, found, wanted });
        if self.min_samples < 2 {
            return refuse(
                "min_samples",
                self.min_samples as f64,
                "at least 2, one sample for each side of a border",
            );
        }
        if self.attempts == 0 {
            return refuse("attempts", 0.0, "at least 1");
        }
        if !(self.exploration >= 0.0 && self.exploration.is_finite()) {
            return refuse("exploration", self.exploration, "a finite fraction, not negative");
        }
        self.svm.check()
    }
}

/// The samplers that ship, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SamplerKind {
    Random,
    Evolution,
    /// The largest expected hypervolume improvement under a Gaussian process.
    Surrogate,
}

impl SamplerKind {
    pub const ALL: [Self; 3] = [Self::Random, Self::Evolution, Self::Surrogate];
}
