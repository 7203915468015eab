//! The agent's action: how many slots of each zone train, sample or rest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::Zone;

/// One zone's share of the fleet, in slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Shares {
    pub train: u32,
    pub sample: u32,
    pub rest: u32,
}

impl Shares {
    pub fn total(self) -> u32 {
        self.train + self.sample + self.rest
    }
}

/// What the fleet shall do until the next decision.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Allocation {
    pub zones: BTreeMap<Zone, Shares>,
    /// Who decided: the policy's name.
    pub policy: String,
    /// Why, in one sentence for the screen.
    pub reason: String,
}

impl Allocation {
    pub fn shares(&self, zone: &Zone) -> Shares {
        self.zones.get(zone).copied().unwrap_or_default()
    }
}
