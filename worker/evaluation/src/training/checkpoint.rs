//! A training's state as one blob: a safetensors file of flat tensors, the rest as JSON in its metadata.

use std::collections::HashMap;

use common::trial::{CurvePoint, Failure};
use common::unit::Seconds;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::Course;
use crate::network::{bytes_of, floats};

/// A change of layout or meaning takes the next number; a file of another number is refused.
const VERSION: u32 = 1;
const KEY: &str = "cenas_checkpoint";

/// All that a training knows beside its tensors.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct State {
    /// Steps done.
    pub step: u64,
    /// Sum of the losses of the epoch under way.
    pub loss_sum: f64,
    /// One point a finished epoch.
    pub curve: Vec<CurvePoint>,
    /// Time at work before this attempt.
    pub seconds: Seconds,
    /// Parts that each batch is taken in, because the device's memory is too small for the whole; 0 means one, as in checkpoints from
    /// before there were any.
    #[serde(default, skip_serializing_if = "is_whole")]
    pub parts: usize,
}

// By reference, as serde asks.
fn is_whole(parts: &usize) -> bool {
    *parts == 0
}

#[derive(Serialize, Deserialize)]
struct Header {
    version: u32,
    identity: String,
    state: State,
}

/// `tensors` are all that a training changes, flat, by name.
pub fn save<'a>(
    state: &State,
    course: &Course,
    tensors: impl Iterator<Item = (&'static str, &'a Tensor)>,
) -> Vec<u8> {
    let header = Header { version: VERSION, identity: course.identity.to_owned(), state: state.clone() };
    let header = serde_json::to_string(&header).expect("a header is plain data");
    let bytes: Vec<_> = tensors.map(|(name, tensor)| (name, bytes_of(tensor))).collect();
    let views = bytes.iter().map(|(name, bytes)| {
        let view = TensorView::new(Dtype::F32, vec![bytes.len() / 4], bytes).expect("four bytes a float");
        (*name, view)
    });
    safetensors::serialize(views, Some(HashMap::from([(KEY.to_owned(), header)])))
        .expect("distinct names of matching sizes")
}

/// Overwrites `tensors` by those of `bytes` and returns the rest of the state.
pub fn restore<'a>(
    bytes: &[u8],
    course: &Course,
    tensors: impl Iterator<Item = (&'static str, &'a Tensor)>,
) -> Result<State, Failure> {
    let refused = |why: String| Failure::Refused(format!("the checkpoint can't be resumed from: {why}"));
    let header = header(bytes).map_err(&refused)?;
    if header.identity != course.identity {
        return Err(refused("it is of another architecture, recipe or seed".into()));
    }
    if header.state.curve.len() > course.recipe.epochs as usize || !header.state.loss_sum.is_finite() {
        return Err(refused("its figures make no sense".into()));
    }
    let file = SafeTensors::deserialize(bytes).map_err(|error| refused(error.to_string()))?;
    let _guard = tch::no_grad_guard();
    for (name, target) in tensors {
        let values = floats(&file, name, &target.size()).map_err(|error| refused(error.to_string()))?;
        target.shallow_clone().copy_(&values);
    }
    Ok(header.state)
}

fn header(bytes: &[u8]) -> Result<Header, String> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| error.to_string())?;
    let text =
        metadata.metadata().as_ref().and_then(|entries| entries.get(KEY)).ok_or("it is not a checkpoint")?;
    let value: serde_json::Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let version = value["version"].as_u64().ok_or("it does not say its version")?;
    if version != u64::from(VERSION) {
        return Err(format!(
            "it has version {version}, this worker reads {VERSION}; use one release throughout"
        ));
    }
    serde_json::from_value(value).map_err(|error| error.to_string())
}
