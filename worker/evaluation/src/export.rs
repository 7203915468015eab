//! What a full training leaves to its user: weights as safetensors, and the network as TorchScript.
//!
//! The TorchScript module takes pixels scaled to [0, 1], `[n, c, h, w]`, any `n`, and returns logits `[n, classes]`: the
//! normalisation is inside. The safetensors file's metadata names the architecture, the skeleton and the normalisation.

use std::collections::HashMap;
use std::{fs, io};

use common::architecture::Architecture;
use common::seed::Seed;
use common::trial::{ArtifactKind, Failure};
use safetensors::tensor::{Dtype, TensorView};
use tch::{CModule, Device, Kind, Tensor};

use crate::data::{Loaded, Normalisation};
use crate::network::{Family, Network, Statistics, Weights};

const KEY: &str = "cenas_network";
/// Of the images that a trace runs on; the module does not remember it.
const TRACED_BATCH: i64 = 2;

/// Both files of `network`, which `architecture` of `family` encodes and `data`'s images have trained.
pub fn artifacts(
    network: &Network,
    architecture: &Architecture,
    family: &Family,
    data: &Loaded,
) -> Result<Vec<(ArtifactKind, Vec<u8>)>, Failure> {
    let script = torchscript(network, architecture, family, data)
        .map_err(|error| Failure::Crashed(format!("TorchScript export failed: {error}")))?;
    let weights = weights_file(network, architecture, family, &data.normalisation);
    Ok(vec![(ArtifactKind::Weights, weights), (ArtifactKind::TorchScript, script)])
}

/// A safetensors file of named tensors. One metadata entry, `cenas_network`, holds everything else as JSON: several entries
/// would be written in no fixed order, and equal networks are to be equal blobs.
fn weights_file(
    network: &Network,
    architecture: &Architecture,
    family: &Family,
    normalisation: &Normalisation,
) -> Vec<u8> {
    let space = family.space();
    let about = serde_json::json!({
        "version": 1,
        "space": space.name(),
        "architecture": space.encode(architecture),
        "genes": architecture.genes(),
        "skeleton": family.skeleton(),
        "normalisation": { "mean": normalisation.mean, "deviation": normalisation.deviation },
    });
    serialize(&network.weights, HashMap::from([(KEY.to_owned(), about.to_string())]))
}

pub(crate) fn serialize(weights: &Weights, metadata: HashMap<String, String>) -> Vec<u8> {
    let named = weights.named();
    let views = named.iter().map(|(name, shape, bytes)| {
        (name, TensorView::new(Dtype::F32, shape.clone(), bytes).expect("four bytes a float"))
    });
    safetensors::serialize(views, Some(metadata)).expect("distinct names of matching sizes")
}

fn torchscript(
    network: &Network,
    architecture: &Architecture,
    family: &Family,
    data: &Loaded,
) -> Result<Vec<u8>, ExportError> {
    // A copy on the processor, so that any machine opens the file.
    let mut copy = family.alone(architecture, Seed(0), Device::Cpu);
    copy.weights.copy(&network.weights);
    copy.weights.freeze();
    let channels = |values: Vec<f64>| Tensor::from_slice(&values).to_kind(Kind::Float).view([1, -1, 1, 1]);
    let scale = channels(data.normalisation.deviation.iter().map(|deviation| 1.0 / deviation).collect());
    let Normalisation { mean, deviation } = &data.normalisation;
    let shift = channels(mean.iter().zip(deviation).map(|(mean, deviation)| -mean / deviation).collect());
    let mut forward = |inputs: &[Tensor]| {
        let images = &inputs[0] * &scale + &shift;
        vec![copy.forward(&images, architecture, Statistics::Running)]
    };
    let [planes, height, width] = data.shape();
    let example = Tensor::zeros([TRACED_BATCH, planes, height, width], (Kind::Float, Device::Cpu));
    let _guard = tch::no_grad_guard();
    let module = CModule::create_by_tracing("Network", "forward", &[example], &mut forward)?;

    // libtorch writes to a path only, and the file's name goes into the file.
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("network.pt");
    module.save(&file)?;
    Ok(fs::read(&file)?)
}

#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error(transparent)]
    Torch(#[from] tch::TchError),
    #[error(transparent)]
    Io(#[from] io::Error),
}
