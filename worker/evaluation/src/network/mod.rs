//! Networks of the search spaces as tensors, built from an architecture, alone or sharing weights. How they are trained stands
//! in `training`.
//!
//! | file | holds |
//! | --- | --- |
//! | `weights` | all numbers, flat, in the form that layers compute in |
//! | `layer` | convolution, batch norm, linear map as indices into them |
//! | `pass` | one forward pass, layer by layer |
//! | `nas_bench_201`, `darts`, `mobile` | the networks of each space |

mod darts;
mod layer;
mod mobile;
mod nas_bench_201;
mod pass;
mod weights;

pub use layer::Statistics;
pub use pass::DropPath;
pub use weights::{Form, Gradient, LoadError, Weights, bytes_of, floats};

use std::sync::Arc;

use common::architecture::Architecture;
use common::seed::Seed;
use common::space::{Darts, Mobile, NasBench201, SearchSpace, SpaceSpec};
use tch::Tensor;

use pass::Pass;
use weights::Layout;

/// The spaces whose networks are built here.
#[derive(Debug, Clone)]
pub enum Family {
    NasBench201(NasBench201),
    Darts(Darts),
    Mobile(Mobile),
}

/// One network, or all of a family that share their weights: every forward pass names the architecture.
#[derive(Debug)]
pub struct Network {
    pub weights: Weights,
    body: Arc<Body>,
    /// See [`Network::numbers`].
    numbers: usize,
    /// See [`Network::branches`].
    branches: usize,
}

#[derive(Debug)]
enum Body {
    NasBench201(nas_bench_201::Cells),
    Darts(darts::Cells),
    Mobile(Box<mobile::Blocks>),
}

/// What a training pass yields, each `[b, classes]`, 32-bit.
#[derive(Debug)]
pub struct Logits {
    pub main: Tensor,
    /// Of the auxiliary head, where the network has one.
    pub auxiliary: Option<Tensor>,
}

impl Family {
    /// None where `spec`'s networks are the user's affair.
    pub fn of(spec: &SpaceSpec) -> Option<Self> {
        match spec {
            SpaceSpec::NasBench201(skeleton) => Some(Self::NasBench201(NasBench201::new(*skeleton))),
            SpaceSpec::Darts(skeleton) => Some(Self::Darts(Darts::new(*skeleton))),
            SpaceSpec::Mobile(design) => Some(Self::Mobile(Mobile::new(design.clone()))),
            SpaceSpec::FreeForm(_) => None,
        }
    }

    pub fn space(&self) -> &dyn SearchSpace {
        match self {
            Self::NasBench201(space) => space,
            Self::Darts(space) => space,
            Self::Mobile(space) => space,
        }
    }

    /// What all its networks have in common.
    pub fn skeleton(&self) -> serde_json::Value {
        match self {
            Self::NasBench201(space) => serde_json::json!(space.skeleton()),
            Self::Darts(space) => serde_json::json!(space.skeleton()),
            Self::Mobile(space) => serde_json::json!(space.design()),
        }
    }

    /// The network that `architecture` encodes, initialised from `seed`.
    pub fn alone(&self, architecture: &Architecture, seed: Seed, form: impl Into<Form>) -> Network {
        self.build(Some(architecture), false, seed, form.into())
    }

    /// The same with an auxiliary head where the family has one: its weights come after all others, which are as without it.
    pub fn with_auxiliary_head(
        &self,
        architecture: &Architecture,
        seed: Seed,
        form: impl Into<Form>,
    ) -> Network {
        self.build(Some(architecture), true, seed, form.into())
    }

    /// Everything that an architecture can ask for.
    pub fn shared(&self, seed: Seed, form: impl Into<Form>) -> Network {
        self.build(None, false, seed, form.into())
    }

    fn build(
        &self,
        architecture: Option<&Architecture>,
        auxiliary_head: bool,
        seed: Seed,
        form: Form,
    ) -> Network {
        let mut layout = Layout::default();
        let layers = &mut layout;
        let (body, numbers, branches) = match self {
            Self::NasBench201(space) => {
                let skeleton = space.skeleton();
                let [_, height, width] = skeleton.input;
                let chosen = architecture.map(NasBench201::operations);
                let edges = skeleton.nodes.edges();
                let body = nas_bench_201::Cells::new(layers, &skeleton, |edge, operation| match chosen {
                    Some(chosen) => chosen[edge] == operation,
                    None => edge < edges,
                });
                (Body::NasBench201(body), skeleton.channels * height * width, 0)
            }
            Self::Darts(space) => {
                let body = darts::Cells::new(layers, &space.skeleton(), architecture, auxiliary_head);
                let (numbers, branches) = (body.numbers(&space.skeleton()), body.branches());
                (Body::Darts(body), numbers, branches)
            }
            Self::Mobile(space) => {
                let body = mobile::Blocks::new(layers, space, architecture);
                let (numbers, branches) = (body.numbers(), body.branches());
                (Body::Mobile(Box::new(body)), numbers, branches)
            }
        };
        let weights = Weights::new(layout, seed, form);
        Network { weights, body: Arc::new(body), numbers: numbers as usize, branches }
    }
}

impl Network {
    /// Another of the same layers, which holds the same values in tensors of its own.
    pub fn twin(&self) -> Self {
        Self { weights: self.weights.twin(), body: Arc::clone(&self.body), ..*self }
    }

    /// Numbers that one image is where the network is widest, roughly: what a pass takes of a device's memory goes with it.
    pub fn numbers(&self) -> usize {
        self.numbers
    }

    /// Branches that a training pass may drop; see [`DropPath`].
    pub fn branches(&self) -> usize {
        self.branches
    }

    /// Logits `[b, classes]`, 32-bit, of normalised `images` `[b, c, h, w]`.
    pub fn forward(&self, images: &Tensor, architecture: &Architecture, statistics: Statistics) -> Tensor {
        self.pass(&Pass::new(&self.weights, statistics, None), images, architecture)
    }

    /// The same while learning, `drop_path` of its branches left out; the auxiliary head too.
    pub fn forward_training(
        &self,
        images: &Tensor,
        architecture: &Architecture,
        drop_path: Option<DropPath>,
    ) -> Logits {
        let pass = Pass::new(&self.weights, Statistics::TRAINING, drop_path);
        match &*self.body {
            Body::Darts(body) => body.forward(&pass, images, architecture, true),
            _ => Logits { main: self.pass(&pass, images, architecture), auxiliary: None },
        }
    }

    fn pass(&self, pass: &Pass, images: &Tensor, architecture: &Architecture) -> Tensor {
        match &*self.body {
            Body::NasBench201(body) => body.forward(pass, images, architecture),
            Body::Darts(body) => body.forward(pass, images, architecture, false).main,
            Body::Mobile(body) => body.forward(pass, images, architecture),
        }
    }
}

#[cfg(test)]
mod tests;
