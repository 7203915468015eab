//! The fixed network around the two cells.

use serde::{Deserialize, Serialize};

/// Bounds within which all counts fit 64 bits and no study has ever been outside.
const MOST_CHANNELS: u32 = 1024;
const MOST_LAYERS: u32 = 100;
const LARGEST_SIDE: u32 = 2048;
const MOST_PLANES: u32 = 1024;
const MOST_CLASSES: u32 = 1_000_000;

/// How an image becomes the first cell's inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stem {
    /// One 3×3 convolution to three times the channels.
    Cifar,
    /// Three 3×3 convolutions that halve height and width each.
    Imagenet,
}

/// Stem, cells with a reduction at one and at two thirds of the way, pooling, classifier; no auxiliary head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Skeleton {
    /// Channels of a node in the first cells; each reduction doubles them. Even.
    pub channels: u32,
    /// Cells, at least 3.
    pub layers: u32,
    /// Channels, height and width of an image.
    pub input: [u32; 3],
    pub classes: u32,
    pub stem: Stem,
}

impl Skeleton {
    /// What is wrong with it, as the setting (`channels`, `layers`, `input`, `classes`) and the reason.
    pub fn fault(&self) -> Option<(&'static str, String)> {
        let factor = match self.stem {
            Stem::Cifar => 4,
            Stem::Imagenet => 32,
        };
        let [planes, height, width] = self.input;
        let side = |side: u32| side > 0 && side <= LARGEST_SIDE && side.is_multiple_of(factor);
        if self.channels == 0 || !self.channels.is_multiple_of(2) || self.channels > MOST_CHANNELS {
            return Some(("channels", format!("an even number up to {MOST_CHANNELS}")));
        }
        if !(3..=MOST_LAYERS).contains(&self.layers) {
            return Some(("layers", format!("from 3, for two reductions, to {MOST_LAYERS}")));
        }
        if !(1..=MOST_PLANES).contains(&planes) || !side(height) || !side(width) {
            let reason = format!("height and width must be divisible by {factor} and at most {LARGEST_SIDE}");
            return Some(("input", reason));
        }
        if !(2..=MOST_CLASSES).contains(&self.classes) {
            return Some(("classes", format!("from 2 to {MOST_CLASSES}")));
        }
        None
    }

    /// Which cells are reductions.
    pub fn reductions(&self) -> [u32; 2] {
        [self.layers / 3, 2 * self.layers / 3]
    }
}

/// As it is written, before its values are checked.
#[derive(Deserialize)]
struct Unchecked {
    channels: u32,
    layers: u32,
    input: [u32; 3],
    classes: u32,
    stem: Stem,
}

impl TryFrom<Unchecked> for Skeleton {
    type Error = String;

    fn try_from(raw: Unchecked) -> Result<Self, String> {
        let Unchecked { channels, layers, input, classes, stem } = raw;
        let skeleton = Self { channels, layers, input, classes, stem };
        match skeleton.fault() {
            Some((setting, reason)) => Err(format!("{setting}: {reason}")),
            None => Ok(skeleton),
        }
    }
}
