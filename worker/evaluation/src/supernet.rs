//! A trained supernet as a blob: a safetensors file of all its weights, the skeleton in the metadata, and the part of the space that
//! it was trained for, if it was.

use std::collections::HashMap;

use common::seed::Seed;
use common::trial::{Failure, Part};
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};

use crate::export::serialize;
use crate::network::{Family, Form, Network};

const KEY: &str = "cenas_supernet";
/// In place of it where there is a part: with two entries the bytes would depend on the order of a hash map.
const PART_KEY: &str = "cenas_sub_supernet";

/// What was learnt, and for whom.
#[derive(Debug)]
pub struct Supernet {
    pub network: Network,
    /// None for the whole space.
    pub part: Option<Part>,
}

#[derive(Serialize, Deserialize)]
struct About {
    part: Part,
    skeleton: serde_json::Value,
}

pub fn to_bytes(network: &Network, part: Option<Part>, family: &Family) -> Vec<u8> {
    let (key, text) = match part {
        None => (KEY, family.skeleton().to_string()),
        Some(part) => {
            let about = About { part, skeleton: family.skeleton() };
            (PART_KEY, serde_json::to_string(&about).expect("plain data"))
        }
    };
    serialize(&network.weights, HashMap::from([(key.to_owned(), text)]))
}

/// Ready to learn on.
pub fn from_bytes(bytes: &[u8], family: &Family, form: Form) -> Result<Supernet, Failure> {
    let refused = |why: String| Failure::Refused(format!("the supernet can't be inherited from: {why}"));
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| refused(error.to_string()))?;
    let part = header.metadata().as_ref().and_then(|metadata| metadata.get(PART_KEY));
    let about = part.map(|text| serde_json::from_str::<About>(text)).transpose();
    let part = about.map_err(|error| refused(error.to_string()))?.map(|about| about.part);
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| refused(error.to_string()))?;
    // Its initial weights are overwritten.
    let mut network = family.shared(Seed(0), form);
    network.weights.load(&tensors).map_err(|error| refused(error.to_string()))?;
    Ok(Supernet { network, part })
}
