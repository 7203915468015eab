//! A trained supernet as a blob: a safetensors file of every operation's weights, its skeleton in the metadata.

use std::collections::HashMap;

use common::seed::Seed;
use common::space::nas_bench_201::Skeleton;
use common::trial::Failure;
use safetensors::SafeTensors;

use crate::export::serialize;
use crate::network::{CellNetwork, Form};

const KEY: &str = "cenas_supernet";

pub fn to_bytes(network: &CellNetwork, skeleton: &Skeleton) -> Vec<u8> {
    let skeleton = serde_json::to_string(skeleton).expect("plain data");
    serialize(&network.weights, HashMap::from([(KEY.to_owned(), skeleton)]))
}

pub fn from_bytes(bytes: &[u8], skeleton: &Skeleton, form: Form) -> Result<CellNetwork, Failure> {
    let refused = |why: String| Failure::Refused(format!("the supernet can't be inherited from: {why}"));
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| refused(error.to_string()))?;
    // Its initial weights are overwritten.
    let mut network = CellNetwork::shared(skeleton, Seed(0), form);
    network.weights.load(&tensors).map_err(|error| refused(error.to_string()))?;
    network.weights.freeze();
    Ok(network)
}
