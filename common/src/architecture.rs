//! One network, by its encoding in a search space.

use serde::{Deserialize, Serialize};

/// What was chosen in every decision of a `SearchSpace`, in the space's order. A gene counts from 0: the number of an
/// option, or the place of a value on its scale. Only the space knows what they mean.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Architecture(Vec<u32>);

impl Architecture {
    pub fn new(genes: Vec<u32>) -> Self {
        Self(genes)
    }
    pub fn genes(&self) -> &[u32] {
        &self.0
    }
}
