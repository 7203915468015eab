//! A space of any size with a symmetry: reading the genes backwards computes the same, and all zeros is no network.

use common::architecture::Architecture;
use common::space::{Cost, Decision, DecodeError, SearchSpace};

#[derive(Debug)]
pub struct Product {
    pub decisions: Vec<Decision>,
}

impl Product {
    /// `decisions` with `options` each.
    pub fn new(decisions: usize, options: u32) -> Self {
        Self { decisions: vec![Decision::categorical(options); decisions] }
    }
}

impl SearchSpace for Product {
    fn name(&self) -> &'static str {
        "product"
    }

    fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    fn canonical(&self, architecture: &Architecture) -> Architecture {
        let backwards = Architecture::new(architecture.genes().iter().rev().copied().collect());
        backwards.min(architecture.clone())
    }

    fn trainable(&self, architecture: &Architecture) -> bool {
        architecture.genes().iter().any(|&gene| gene > 0)
    }

    fn structure(&self, architecture: &Architecture) -> Vec<f64> {
        vec![architecture.genes().iter().map(|&gene| f64::from(gene)).sum()]
    }

    fn cost(&self, architecture: &Architecture) -> Option<Cost> {
        let sum = architecture.genes().iter().map(|&gene| u64::from(gene)).sum();
        Some(Cost { parameters: sum, flops: sum })
    }

    fn encode(&self, architecture: &Architecture) -> String {
        format!("{:?}", architecture.genes())
    }

    fn decode(&self, text: &str) -> Result<Architecture, DecodeError> {
        Err(DecodeError::Syntax(text.to_owned()))
    }
}
