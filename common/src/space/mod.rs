//! Search spaces: what an architecture's genes mean. A new space is a new file here and one line in `SpaceSpec`.

mod conformance;
pub mod nas_bench_201;

use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

pub use conformance::check_space;
pub use nas_bench_201::NasBench201;

use crate::architecture::Architecture;

/// A finite product of categorical decisions.
pub trait SearchSpace: std::fmt::Debug + Send + Sync {
    fn name(&self) -> &'static str;

    /// Number of options of each decision.
    fn arity(&self) -> &[u8];

    /// How many encodings there are, canonical or not; none when more than 2^64.
    fn size(&self) -> Option<u64> {
        self.arity().iter().try_fold(1_u64, |product, &options| product.checked_mul(u64::from(options)))
    }

    /// A uniformly drawn encoding, canonical or not.
    fn random(&self, rng: &mut ChaCha8Rng) -> Architecture {
        use rand::RngExt;
        Architecture::new(self.arity().iter().map(|&options| rng.random_range(0..options)).collect())
    }

    /// The representative of all encodings that compute the same function: the cheapest of them.
    fn canonical(&self, architecture: &Architecture) -> Architecture;

    /// Whether it is worth evaluating at all: the input reaches the output.
    fn trainable(&self, architecture: &Architecture) -> bool;

    /// Every encoding that differs in one decision, in a fixed order.
    fn neighbours(&self, architecture: &Architecture) -> Vec<Architecture> {
        let genes = architecture.genes();
        let mut neighbours = Vec::new();
        for (position, &options) in self.arity().iter().enumerate() {
            for option in (0..options).filter(|&option| option != genes[position]) {
                let mut changed = genes.to_vec();
                changed[position] = option;
                neighbours.push(Architecture::new(changed));
            }
        }
        neighbours
    }

    /// One-hot codes of all decisions, concatenated: `[Σ arity]`. Ordinal codes would invent an order among operations.
    fn features(&self, architecture: &Architecture) -> Vec<f64> {
        let mut features = Vec::with_capacity(self.arity().iter().map(|&options| usize::from(options)).sum());
        for (&gene, &options) in architecture.genes().iter().zip(self.arity()) {
            features.extend((0..options).map(|option| f64::from(u8::from(option == gene))));
        }
        features
    }

    /// Every encoding, in lexicographic order. Only for spaces small enough to hold.
    fn enumerate(&self) -> Box<dyn Iterator<Item = Architecture> + '_> {
        let arity = self.arity();
        let mut next = Some(vec![0; arity.len()]);
        Box::new(std::iter::from_fn(move || {
            let current = next.take()?;
            let mut successor = current.clone();
            for position in (0..arity.len()).rev() {
                successor[position] += 1;
                if successor[position] < arity[position] {
                    next = Some(successor);
                    break;
                }
                successor[position] = 0;
            }
            Some(Architecture::new(current))
        }))
    }

    /// Learnt weights and multiply-accumulates of the network this encodes.
    fn cost(&self, architecture: &Architecture) -> Cost;

    /// The field's own notation.
    fn encode(&self, architecture: &Architecture) -> String;

    fn decode(&self, text: &str) -> Result<Architecture, DecodeError>;

    /// Refuses genes that are not of this space.
    fn check(&self, architecture: &Architecture) -> Result<(), DecodeError> {
        let genes = architecture.genes();
        if genes.len() != self.arity().len() {
            return Err(DecodeError::Length { found: genes.len(), expected: self.arity().len() });
        }
        match genes.iter().zip(self.arity()).position(|(gene, options)| gene >= options) {
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
    Option { position: usize, found: u8 },
    #[error("`{0}` is not an architecture of this space")]
    Syntax(String),
}

/// Which space a study searches, with what its networks need to be built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpaceSpec {
    NasBench201(nas_bench_201::Skeleton),
}

impl SpaceSpec {
    pub fn build(&self) -> Box<dyn SearchSpace> {
        match self {
            Self::NasBench201(skeleton) => Box::new(NasBench201::new(*skeleton)),
        }
    }
}
