//! One network, by its encoding in a search space.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What was chosen in every decision of a `SearchSpace`, in the space's order. A gene counts from 0: the number of an
/// option, or the place of a value on its scale. Only the space knows what they mean. Clones share the genes: a trial's
/// are kept in half a dozen places.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Architecture(Arc<[u32]>);

impl Architecture {
    pub fn new(genes: Vec<u32>) -> Self {
        Self(genes.into())
    }
    pub fn genes(&self) -> &[u32] {
        &self.0
    }
}
