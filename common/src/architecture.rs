//! One network, by its encoding in a search space.

use serde::{Deserialize, Serialize};

/// The chosen option of every decision of a `SearchSpace`, in the space's order. Only the space knows what the options mean.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Architecture(Vec<u8>);

impl Architecture {
    pub fn new(genes: Vec<u8>) -> Self {
        Self(genes)
    }
    pub fn genes(&self) -> &[u8] {
        &self.0
    }
}
