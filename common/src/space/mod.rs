//! Search spaces: what an architecture's genes mean. A new space is a new file here and one line in `SpaceSpec`.

mod conformance;
pub mod darts;
mod decision;
pub mod free_form;
pub mod mobile;
pub mod nas_bench_201;
mod spec;
mod words;

use rand_chacha::ChaCha8Rng;

pub use conformance::check_space;
pub use darts::Darts;
pub use decision::{Decision, Scale};
pub use free_form::FreeForm;
pub use mobile::Mobile;
pub use nas_bench_201::NasBench201;
pub use spec::SpaceSpec;

use crate::architecture::Architecture;

/// A finite product of decisions.
pub trait SearchSpace: std::fmt::Debug + Send + Sync {
    fn name(&self) -> &'static str;

    fn decisions(&self) -> &[Decision];

    /// How many encodings there are, canonical or not; none when more than 2^64.
    fn size(&self) -> Option<u64> {
        let mut options = self.decisions().iter().map(|decision| u64::from(decision.options));
        options.try_fold(1, u64::checked_mul)
    }

    /// A uniformly drawn encoding, canonical or not.
    fn random(&self, rng: &mut ChaCha8Rng) -> Architecture {
        use rand::RngExt;
        let draw = |decision: &Decision| rng.random_range(0..decision.options);
        Architecture::new(self.decisions().iter().map(draw).collect())
    }

    /// The representative of all encodings that compute the same function: the cheapest of them.
    fn canonical(&self, architecture: &Architecture) -> Architecture;

    /// Whether it is worth evaluating at all: the input reaches the output.
    fn trainable(&self, architecture: &Architecture) -> bool;

    /// Which decisions matter, given the others, `[decisions]`: what the network is does not depend on the rest, as on the
    /// kernel of a block beyond the depth. What would not matter under any choice of the others need not be told.
    fn active(&self, _architecture: &Architecture) -> Vec<bool> {
        vec![true; self.decisions().len()]
    }

    /// Encodings that differ in one decision, in a fixed order; see [`Decision::steps`].
    fn neighbours(&self, architecture: &Architecture) -> Vec<Architecture> {
        let genes = architecture.genes();
        let mut neighbours = Vec::new();
        for (position, decision) in self.decisions().iter().enumerate() {
            for gene in decision.steps(genes[position]) {
                let mut changed = genes.to_vec();
                changed[position] = gene;
                neighbours.push(Architecture::new(changed));
            }
        }
        neighbours
    }

    /// The codes of all decisions, concatenated, each in [0, 1]: what a classifier compares; see [`Decision::code`].
    fn features(&self, architecture: &Architecture) -> Vec<f64> {
        let mut features = Vec::new();
        for (&gene, decision) in architecture.genes().iter().zip(self.decisions()) {
            decision.code(gene, &mut features);
        }
        features
    }

    /// The encoding without what a machine that runs it would skip: what its latency and energy depend on. Between the
    /// encoding and its canonical form; the same where a space does not tell them apart.
    fn executed(&self, architecture: &Architecture) -> Architecture {
        self.canonical(architecture)
    }

    /// Figures of the structure of the network as it is written, `[k]`, each on a scale of its own: what the encoding
    /// implies and a model need not learn (size, depth, how often an operation is used).
    fn structure(&self, architecture: &Architecture) -> Vec<f64>;

    /// Every encoding, in lexicographic order. Only for spaces small enough to hold.
    fn enumerate(&self) -> Box<dyn Iterator<Item = Architecture> + '_> {
        let decisions = self.decisions();
        let mut next = Some(vec![0; decisions.len()]);
        Box::new(std::iter::from_fn(move || {
            let current = next.take()?;
            let mut successor = current.clone();
            for position in (0..decisions.len()).rev() {
                successor[position] += 1;
                if successor[position] < decisions[position].options {
                    next = Some(successor);
                    break;
                }
                successor[position] = 0;
            }
            Some(Architecture::new(current))
        }))
    }

    /// Learnt weights and multiply-accumulates of the network this encodes; none where only the user's own program knows.
    fn cost(&self, architecture: &Architecture) -> Option<Cost>;

    /// The network with the most weights and the most work, to plan memory and reference points by; none where `cost` is.
    fn largest(&self) -> Option<Architecture> {
        None
    }

    /// The field's own notation.
    fn encode(&self, architecture: &Architecture) -> String;

    fn decode(&self, text: &str) -> Result<Architecture, DecodeError>;

    /// Refuses genes that are not of this space.
    fn check(&self, architecture: &Architecture) -> Result<(), DecodeError> {
        let genes = architecture.genes();
        let decisions = self.decisions();
        if genes.len() != decisions.len() {
            return Err(DecodeError::Length { found: genes.len(), expected: decisions.len() });
        }
        match genes.iter().zip(decisions).position(|(gene, decision)| *gene >= decision.options) {
            Some(position) => Err(DecodeError::Option { position, found: genes[position] }),
            None => Ok(()),
        }
    }
}

/// What a network costs by its shape alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    pub parameters: u64,
    /// Multiply-accumulates of one inference, convolutions and linear layers.
    pub flops: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("an architecture of this space has {expected} decisions, not {found}")]
    Length { found: usize, expected: usize },
    #[error("decision {position} has no option {found}")]
    Option { position: usize, found: u32 },
    #[error("`{0}` is not an architecture of this space")]
    Syntax(String),
}
