//! Blocks of MobileNetV3 (Howard et al., ICCV 2019) as Once-for-All searches them (Cai et al., ICLR 2020): five stages of
//! inverted residual blocks, each stage's depth, each block's kernel and expansion free, and where the design says so the
//! network's width, the image's resolution and each block's squeeze-and-excitation.
//!
//! Genes: width, resolution, then for each stage its depth and, for as many blocks as the greatest depth has, kernel,
//! expansion and (where free) squeeze-and-excitation. Blocks beyond the depth are not active; their canonical genes are 0.

mod count;
mod design;
mod notation;

pub use count::{inner, squeezed};
pub use design::{Design, FIRST_CHANNELS, LAST_CHANNELS, STAGE_CHANNELS, STRIDES, SqueezeExcite};

use super::{Cost, Decision, DecodeError, SearchSpace};
use crate::architecture::Architecture;

/// Stages whose blocks are chosen; a fixed block stands before them.
pub const STAGES: usize = 5;

#[derive(Debug, Clone)]
pub struct Mobile {
    design: Design,
    decisions: Vec<Decision>,
}

/// One inverted residual block: 1×1 expansion, depthwise convolution, 1×1 projection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    pub kernel: u32,
    /// Times the channels that it is given.
    pub expansion: u32,
    /// Whether its channels are weighed by what the whole image shows.
    pub squeeze_excite: bool,
}

/// What the genes mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// Channels of every layer, as a multiple of the published ones.
    pub width: f64,
    /// Height and width of an image.
    pub resolution: u32,
    /// The active blocks of each stage.
    pub stages: [Vec<Block>; STAGES],
}

impl Network {
    /// Channels of a layer that has so many at width 1.
    pub fn wide(&self, channels: u32) -> u64 {
        count::divisible(f64::from(channels) * self.width)
    }
}

impl Mobile {
    pub fn new(design: Design) -> Self {
        let ordered = |options: usize| Decision::ordered(options as u32);
        let mut block = vec![ordered(design.kernels.len()), ordered(design.expansions.len())];
        if design.squeeze_excite == SqueezeExcite::Free {
            block.push(Decision::categorical(2));
        }
        let mut decisions = vec![ordered(design.widths.len()), ordered(design.resolutions.len())];
        for _ in 0..STAGES {
            decisions.push(ordered(design.depths.len()));
            (0..design.greatest_depth()).for_each(|_| decisions.extend(&block));
        }
        Self { design, decisions }
    }

    pub fn design(&self) -> &Design {
        &self.design
    }

    /// The network as it is built: active blocks only.
    ///
    /// # Panics
    /// When `architecture` is not of this space; `check` tells before.
    pub fn network(&self, architecture: &Architecture) -> Network {
        let genes = architecture.genes();
        let design = &self.design;
        Network {
            width: design.widths[genes[0] as usize],
            resolution: design.resolutions[genes[1] as usize],
            stages: std::array::from_fn(|stage| {
                let genes = &genes[self.stage(stage)];
                let depth = design.depths[genes[0] as usize] as usize;
                genes[1..]
                    .chunks_exact(self.genes_per_block())
                    .take(depth)
                    .map(|g| self.block(stage, g))
                    .collect()
            }),
        }
    }

    fn block(&self, stage: usize, genes: &[u32]) -> Block {
        let design = &self.design;
        Block {
            kernel: design.kernels[genes[0] as usize],
            expansion: design.expansions[genes[1] as usize],
            squeeze_excite: genes.get(2).map_or(design::SQUEEZE_EXCITE[stage], |&gene| gene == 1),
        }
    }

    fn genes_per_block(&self) -> usize {
        2 + usize::from(self.design.squeeze_excite == SqueezeExcite::Free)
    }

    /// Where the genes of `stage` lie.
    fn stage(&self, stage: usize) -> std::ops::Range<usize> {
        let length = 1 + self.design.greatest_depth() as usize * self.genes_per_block();
        let start = 2 + stage * length;
        start..start + length
    }
}

impl SearchSpace for Mobile {
    fn name(&self) -> &'static str {
        "mobile"
    }

    fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    fn canonical(&self, architecture: &Architecture) -> Architecture {
        let active = self.active(architecture);
        let genes = architecture.genes().iter().zip(active);
        Architecture::new(genes.map(|(&gene, active)| if active { gene } else { 0 }).collect())
    }

    /// Always: every block passes its input on.
    fn trainable(&self, _: &Architecture) -> bool {
        true
    }

    fn active(&self, architecture: &Architecture) -> Vec<bool> {
        let mut active = vec![true; self.decisions.len()];
        for stage in 0..STAGES {
            let range = self.stage(stage);
            let depth = self.design.depths[architecture.genes()[range.start] as usize] as usize;
            active[range.start + 1 + depth * self.genes_per_block()..range.end].fill(false);
        }
        active
    }

    /// `[ln FLOPs, ln parameters, width, resolution / 32, blocks, blocks with squeeze-and-excitation]`, then for each stage
    /// `[depth, mean kernel, mean expansion]`.
    fn structure(&self, architecture: &Architecture) -> Vec<f64> {
        let network = self.network(architecture);
        let cost = count::cost(&self.design, &network);
        let blocks = || network.stages.iter().flatten();
        let excited = blocks().filter(|block| block.squeeze_excite).count();
        let mut structure = vec![libm::log(cost.flops as f64), libm::log(cost.parameters as f64)];
        structure.extend([network.width, f64::from(network.resolution) / 32.0]);
        structure.extend([blocks().count() as f64, excited as f64]);
        for stage in &network.stages {
            let mean =
                |of: fn(&Block) -> u32| f64::from(stage.iter().map(of).sum::<u32>()) / stage.len() as f64;
            structure.extend([stage.len() as f64, mean(|block| block.kernel), mean(|block| block.expansion)]);
        }
        structure
    }

    fn cost(&self, architecture: &Architecture) -> Option<Cost> {
        Some(count::cost(&self.design, &self.network(architecture)))
    }

    fn largest(&self) -> Option<Architecture> {
        Some(Architecture::new(self.decisions.iter().map(|decision| decision.options - 1).collect()))
    }

    /// `w1.2 r236 | k3e3 k5e4 k3e3 | k5e4s …`: width and resolution, then each stage's blocks by kernel, expansion and (where
    /// free) `s` for squeeze-and-excitation. Blocks beyond the depth stand in brackets, and not at all from where all their
    /// genes are 0.
    fn encode(&self, architecture: &Architecture) -> String {
        notation::write(self, architecture)
    }

    fn decode(&self, text: &str) -> Result<Architecture, DecodeError> {
        notation::read(self, text).ok_or_else(|| DecodeError::Syntax(text.chars().take(200).collect()))
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
