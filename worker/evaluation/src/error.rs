//! Why an evaluator can't be built. A person reads these, so each names the cure.
//! Failures of single jobs are `common::trial::Failure`.

use crate::data;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Data(#[from] data::Error),
    #[error("this worker was built without libtorch: rebuild with --features torch")]
    WithoutTorch,
    #[error("libtorch builds no networks of {0}; set evaluation.evaluator = \"rehearsal\"")]
    Space(&'static str),
    #[error("the study's recipe `{recipe}` has {key} = {value}; {cure}")]
    Recipe { recipe: &'static str, key: &'static str, value: f64, cure: &'static str },
    #[error(
        "device {0} is not available to libtorch; choose `auto` or `cpu`, or install libtorch with CUDA by scripts/setup-libtorch --cuda"
    )]
    NoDevice(String),
}
