//! The settings of the search space, and the space that they mean.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::load::Error;
use super::meaning::{at_least_one, one_of, refuse};
use crate::space::SpaceSpec;
use crate::space::darts::{self, Stem};
use crate::space::free_form::Description;
use crate::space::mobile::{Design, SqueezeExcite};
use crate::space::nas_bench_201::{Nodes, Skeleton};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Space {
    pub kind: SpaceKind,
    pub channels: u32,
    pub cells_per_stage: u32,
    pub nodes: u32,
    pub input: [u32; 3],
    pub classes: u32,
    pub file: String,
    pub darts: DartsSettings,
    pub mobile: MobileSettings,
    /// What `file` says; read by `load` where the kind needs it.
    #[serde(skip)]
    pub description: Option<Description>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&str")]
pub enum SpaceKind {
    NasBench201,
    Darts,
    Mobile,
    FreeForm,
}

impl SpaceKind {
    const ALL: [Self; 4] = [Self::NasBench201, Self::Darts, Self::Mobile, Self::FreeForm];

    /// As it is written in a configuration file.
    pub fn key(self) -> &'static str {
        match self {
            Self::NasBench201 => "nas_bench_201",
            Self::Darts => "darts",
            Self::Mobile => "mobile",
            Self::FreeForm => "free_form",
        }
    }
}

impl From<SpaceKind> for &'static str {
    fn from(kind: SpaceKind) -> Self {
        kind.key()
    }
}

impl TryFrom<String> for SpaceKind {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        one_of("space.kind", &text, &Self::ALL.map(Self::key))?;
        let kind = Self::ALL.into_iter().find(|kind| kind.key() == text);
        Ok(kind.expect("one of them"))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DartsSettings {
    pub channels: u32,
    pub layers: u32,
    pub stem: Stem,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MobileSettings {
    pub widths: Vec<f64>,
    pub depths: Vec<u32>,
    pub kernels: Vec<u32>,
    pub expansions: Vec<u32>,
    pub squeeze_excite: SqueezeExcite,
    pub resolutions: Vec<u32>,
}

impl Space {
    /// Reads the description of a free-form space; nothing for other kinds.
    pub(super) fn read_description(&mut self) -> Result<(), Error> {
        if self.kind != SpaceKind::FreeForm || self.file.is_empty() {
            return Ok(());
        }
        let refusal = |reason: String| Error::SpaceFile { path: self.file.clone().into(), reason };
        let text =
            std::fs::read_to_string(Path::new(&self.file)).map_err(|error| refusal(error.to_string()))?;
        self.description = Some(Description::from_toml(&text).map_err(|fault| refusal(fault.to_string()))?);
        Ok(())
    }

    pub(super) fn spec(&self) -> Result<SpaceSpec, Error> {
        match self.kind {
            SpaceKind::NasBench201 => self.nas_bench_201().map(SpaceSpec::NasBench201),
            SpaceKind::Darts => self.darts().map(SpaceSpec::Darts),
            SpaceKind::Mobile => self.mobile().map(SpaceSpec::Mobile),
            SpaceKind::FreeForm => match &self.description {
                Some(description) => Ok(SpaceSpec::FreeForm(description.clone())),
                None => refuse(
                    "space.file",
                    &self.file,
                    "name the file that describes the decisions; configs/free-form.toml is one",
                ),
            },
        }
    }

    fn nas_bench_201(&self) -> Result<Skeleton, Error> {
        at_least_one("space.channels", self.channels)?;
        at_least_one("space.cells_per_stage", self.cells_per_stage)?;
        if self.classes < 2 {
            return refuse("space.classes", self.classes, "at least 2");
        }
        let [planes, height, width] = self.input;
        if planes == 0 || height == 0 || width == 0 || height % 4 != 0 || width % 4 != 0 {
            let reason = "height and width must be divisible by 4: two stages halve them";
            return refuse("space.input", format!("{:?}", self.input), reason);
        }
        let Ok(nodes) = Nodes::try_from(self.nodes) else {
            return refuse(
                "space.nodes",
                self.nodes,
                "a cell has 4 nodes, or 3 for a space of 125 encodings",
            );
        };
        let (channels, cells_per_stage) = (self.channels, self.cells_per_stage);
        Ok(Skeleton { channels, cells_per_stage, input: self.input, classes: self.classes, nodes })
    }

    fn darts(&self) -> Result<darts::Skeleton, Error> {
        let DartsSettings { channels, layers, stem } = self.darts;
        let skeleton = darts::Skeleton { channels, layers, input: self.input, classes: self.classes, stem };
        let Some((setting, reason)) = skeleton.fault() else { return Ok(skeleton) };
        match setting {
            "channels" => refuse("space.darts.channels", channels, &reason),
            "layers" => refuse("space.darts.layers", layers, &reason),
            "classes" => refuse("space.classes", self.classes, &reason),
            _ => refuse("space.input", format!("{:?}", self.input), &reason),
        }
    }

    fn mobile(&self) -> Result<Design, Error> {
        let MobileSettings { widths, depths, kernels, expansions, squeeze_excite, resolutions } =
            self.mobile.clone();
        let [planes, ..] = self.input;
        let classes = self.classes;
        let design =
            Design { widths, depths, kernels, expansions, squeeze_excite, resolutions, planes, classes };
        let Some((setting, reason)) = design.fault() else { return Ok(design) };
        match setting {
            "widths" => refuse("space.mobile.widths", format!("{:?}", design.widths), &reason),
            "depths" => refuse("space.mobile.depths", format!("{:?}", design.depths), &reason),
            "kernels" => refuse("space.mobile.kernels", format!("{:?}", design.kernels), &reason),
            "expansions" => refuse("space.mobile.expansions", format!("{:?}", design.expansions), &reason),
            "resolutions" => refuse("space.mobile.resolutions", format!("{:?}", design.resolutions), &reason),
            "classes" => refuse("space.classes", classes, &reason),
            _ => refuse("space.input", format!("{:?}", self.input), &reason),
        }
    }
}
