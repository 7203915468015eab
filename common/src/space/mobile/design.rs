//! Which options the space offers, and the published network around them.

use serde::{Deserialize, Serialize};

use super::STAGES;

/// Channels of the first convolution and the fixed block, of the five stages, of the last convolution and of the layer before
/// the classifier, at width 1.
pub const FIRST_CHANNELS: u32 = 16;
pub const STAGE_CHANNELS: [u32; STAGES] = [24, 40, 80, 112, 160];
pub const LAST_CHANNELS: [u32; 2] = [960, 1280];
/// Stride of each stage's first block.
pub const STRIDES: [u32; STAGES] = [2, 2, 2, 1, 2];
/// Stages whose blocks have squeeze-and-excitation where it is not free.
pub(super) const SQUEEZE_EXCITE: [bool; STAGES] = [false, true, false, true, true];

/// Bounds within which all counts fit 64 bits and no study has ever been outside.
const WIDEST: f64 = 16.0;
const DEEPEST: u32 = 16;
const WIDEST_KERNEL: u32 = 31;
const GREATEST_EXPANSION: u32 = 32;
const LARGEST_SIDE: u32 = 2048;
const MOST_PLANES: u32 = 1024;
const MOST_CLASSES: u32 = 1_000_000;
/// Options of one decision.
const MOST_OPTIONS: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SqueezeExcite {
    /// In the stages where MobileNetV3-Large and Once-for-All have it.
    Published,
    /// On or off in each block.
    Free,
}

/// All lists ascend; what has one option is fixed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Design {
    pub widths: Vec<f64>,
    /// Blocks of a stage.
    pub depths: Vec<u32>,
    /// Odd.
    pub kernels: Vec<u32>,
    pub expansions: Vec<u32>,
    pub squeeze_excite: SqueezeExcite,
    /// Height and width to which images are scaled.
    pub resolutions: Vec<u32>,
    /// Channels of an image.
    pub planes: u32,
    pub classes: u32,
}

impl Design {
    /// What is wrong with it, as the setting and the reason.
    pub fn fault(&self) -> Option<(&'static str, String)> {
        let lists = [
            ("depths", &self.depths, DEEPEST),
            ("kernels", &self.kernels, WIDEST_KERNEL),
            ("expansions", &self.expansions, GREATEST_EXPANSION),
            ("resolutions", &self.resolutions, LARGEST_SIDE),
        ];
        for (setting, list, most) in lists {
            let fits = list.iter().all(|value| (1..=most).contains(value));
            if !ascends(list) || !fits {
                return Some((setting, format!("ascending whole numbers from 1 to {most}, at least one")));
            }
        }
        if self.kernels.iter().any(|kernel| kernel.is_multiple_of(2)) {
            return Some(("kernels", "a kernel has a middle: odd numbers".into()));
        }
        if !ascends(&self.widths) || !self.widths.iter().all(|&width| width > 0.0 && width <= WIDEST) {
            return Some(("widths", format!("ascending numbers above 0, up to {WIDEST}, at least one")));
        }
        if !(1..=MOST_PLANES).contains(&self.planes) {
            return Some(("input", format!("an image has 1 to {MOST_PLANES} channels")));
        }
        if !(2..=MOST_CLASSES).contains(&self.classes) {
            return Some(("classes", format!("from 2 to {MOST_CLASSES}")));
        }
        None
    }

    /// Blocks that a stage has genes for.
    pub fn greatest_depth(&self) -> u32 {
        *self.depths.last().expect("checked: at least one")
    }
}

fn ascends<T: PartialOrd>(list: &[T]) -> bool {
    (1..=MOST_OPTIONS).contains(&list.len()) && list.is_sorted_by(|a, b| a < b)
}

/// As it is written, before its values are checked.
#[derive(Deserialize)]
struct Unchecked {
    widths: Vec<f64>,
    depths: Vec<u32>,
    kernels: Vec<u32>,
    expansions: Vec<u32>,
    squeeze_excite: SqueezeExcite,
    resolutions: Vec<u32>,
    planes: u32,
    classes: u32,
}

impl TryFrom<Unchecked> for Design {
    type Error = String;

    fn try_from(raw: Unchecked) -> Result<Self, String> {
        let Unchecked { widths, depths, kernels, expansions, squeeze_excite, resolutions, planes, classes } =
            raw;
        let design =
            Self { widths, depths, kernels, expansions, squeeze_excite, resolutions, planes, classes };
        match design.fault() {
            Some((setting, reason)) => Err(format!("{setting}: {reason}")),
            None => Ok(design),
        }
    }
}
