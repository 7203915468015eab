//! What shapes a transformer and its training. Chosen on hours before any test window, and kept with the weights.

use serde::{Deserialize, Serialize};

/// Hours of history that the network and the linear skip see: two weeks, so that both weekends are seen.
pub const INPUT_HOURS: usize = 336;
/// Of one token, as in PatchTST; a day, so that each token holds the whole daily wave.
pub const PATCH_HOURS: usize = 24;

/// Defaults train one zone in a few minutes on two cores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Numbers of one token.
    pub width: usize,
    /// Encoder layers.
    pub layers: usize,
    /// Attention heads; they share the width.
    pub heads: usize,
    /// Share of a token's numbers that are dropped while learning.
    pub dropout: f64,
    pub learning_rate: f64,
    /// AdamW's, per step, times the learning rate.
    pub weight_decay: f64,
    pub batch: usize,
    /// Between two looks at the held-out hours.
    pub steps_per_epoch: usize,
    /// At most; the best epoch stands, and training ends when three in a row are worse.
    pub epochs: usize,
    /// Share of the examples that are blended with another of the same season and hour.
    pub blended: f64,
    /// Networks that differ in their seed alone and whose answers are averaged.
    pub members: usize,
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            width: 64,
            layers: 2,
            heads: 4,
            dropout: 0.4,
            learning_rate: 3e-4,
            weight_decay: 1e-2,
            batch: 256,
            steps_per_epoch: 60,
            epochs: 8,
            blended: 0.7,
            members: 2,
            seed: 1,
        }
    }
}

impl Options {
    /// What a file from elsewhere may not ask for.
    pub(super) fn are_sane(&self) -> bool {
        let within = |value: usize, limit: usize| (1..=limit).contains(&value);
        within(self.width, 1_024)
            && within(self.layers, 16)
            && within(self.heads, 64)
            && self.width.is_multiple_of(self.heads)
            && within(self.members, 8)
            && (0.0..1.0).contains(&self.dropout)
    }
}
