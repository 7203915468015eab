//! A trained supernet as a blob: a safetensors file of all its weights, the skeleton in the metadata.

use std::collections::HashMap;

use common::seed::Seed;
use common::trial::Failure;
use safetensors::SafeTensors;

use crate::export::serialize;
use crate::network::{Family, Form, Network};

const KEY: &str = "cenas_supernet";

pub fn to_bytes(network: &Network, family: &Family) -> Vec<u8> {
    serialize(&network.weights, HashMap::from([(KEY.to_owned(), family.skeleton().to_string())]))
}

pub fn from_bytes(bytes: &[u8], family: &Family, form: Form) -> Result<Network, Failure> {
    let refused = |why: String| Failure::Refused(format!("the supernet can't be inherited from: {why}"));
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| refused(error.to_string()))?;
    // Its initial weights are overwritten.
    let mut network = family.shared(Seed(0), form);
    network.weights.load(&tensors).map_err(|error| refused(error.to_string()))?;
    network.weights.freeze();
    Ok(network)
}
