//! Evaluators: from an architecture to its error and its cost.
//!
//! No async, no wire, and no clock but through `Control`. What holds tensors stands behind the feature `torch`; the rest
//! (the interface, its conformance suite, the rehearsal, programs of the user's own, reading and dividing images) builds
//! without it in seconds.

mod apart;
mod command;
pub mod conformance;
pub mod data;
mod error;
mod evaluator;
mod invention;
mod options;
mod rehearsal;

#[cfg(feature = "torch")]
mod cost;
#[cfg(feature = "torch")]
pub mod export;
#[cfg(feature = "torch")]
pub mod network;
#[cfg(feature = "torch")]
mod supernet;
#[cfg(feature = "torch")]
mod torch;
#[cfg(feature = "torch")]
pub mod training;

pub use apart::{Apart, serve};
pub use command::Command;
pub use error::Error;
pub use evaluator::{Control, Evaluator, Finding, Job, Kept, Outcome, Step, Wish};
pub use options::{ApartOptions, DeviceChoice, Options, Patience, Program};
pub use rehearsal::Rehearsal;
#[cfg(feature = "torch")]
pub use torch::TorchEvaluator;

use common::study::{EvaluatorSpec, StudySpec};

/// The evaluator that `spec` asks for, ready to work: its data is read and validated.
pub fn build(spec: &StudySpec, options: &Options) -> Result<Box<dyn Evaluator>, Error> {
    match &spec.evaluator {
        EvaluatorSpec::Rehearsal { seconds_per_epoch } => {
            Ok(Box::new(Rehearsal::new(spec.clone(), *seconds_per_epoch)))
        }
        EvaluatorSpec::Torch => match &options.apart {
            Some(ApartOptions { words, patience }) => {
                Ok(Box::new(Apart::new(spec.clone(), words.clone(), *patience, options)?))
            }
            None => build_torch(spec, options),
        },
        EvaluatorSpec::Command(command) => Ok(Box::new(Command::new(spec.clone(), command, options)?)),
    }
}

#[cfg(feature = "torch")]
fn build_torch(spec: &StudySpec, options: &Options) -> Result<Box<dyn Evaluator>, Error> {
    Ok(Box::new(TorchEvaluator::new(spec.clone(), options)?))
}

#[cfg(not(feature = "torch"))]
fn build_torch(_: &StudySpec, _: &Options) -> Result<Box<dyn Evaluator>, Error> {
    Err(Error::WithoutTorch)
}

/// The libtorch this worker was built against; none without the feature `torch`.
pub fn libtorch_version() -> Option<&'static str> {
    // tch 0.24 speaks to this one exactly; its build refuses any other.
    cfg!(feature = "torch").then_some("2.11.0")
}

/// CUDA devices that libtorch can compute on; none in a build without it.
pub fn cuda_devices() -> usize {
    #[cfg(feature = "torch")]
    {
        usize::try_from(tch::Cuda::device_count()).unwrap_or_default()
    }
    #[cfg(not(feature = "torch"))]
    {
        0
    }
}
