//! Weights as a safetensors file, readable by any framework, no code inside. A file from elsewhere is measured before it is believed.

use std::collections::HashMap;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

use super::network::{LAYERS, Layer, Network};

/// A change of layout, features or of what they mean takes the next number; a file of another number is refused.
const VERSION: &str = "1";
const KEY: &str = "cenas_agent";

/// Why weights were not taken in; the planner decides then.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WeightsError {
    #[error("not a safetensors file: {0}")]
    Foreign(String),
    #[error("not weights of this program's agent: they say `{found}`, it reads `{VERSION}`")]
    Version { found: String },
    #[error("damaged: {0}")]
    Damaged(String),
}

impl Network {
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WeightsError> {
        let foreign = |error: safetensors::SafeTensorError| WeightsError::Foreign(error.to_string());
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(foreign)?;
        let found = metadata.metadata().as_ref().and_then(|entries| entries.get(KEY));
        let found = found.cloned().unwrap_or_default();
        if found != VERSION {
            return Err(WeightsError::Version { found });
        }
        let tensors = SafeTensors::deserialize(bytes).map_err(foreign)?;
        let values = |name: String| {
            let view =
                tensors.tensor(&name).map_err(|_| WeightsError::Damaged(format!("it lacks {name}")))?;
            if view.dtype() != Dtype::F32 {
                return Err(WeightsError::Damaged(format!("{name} is not of 32-bit floats")));
            }
            let float = |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().expect("four bytes"));
            Ok(view.data().chunks_exact(4).map(float).collect())
        };
        let layer = |(name, ..): (&str, usize, usize)| {
            Ok(Layer { weight: values(format!("{name}.weight"))?, bias: values(format!("{name}.bias"))? })
        };
        let layers = LAYERS.into_iter().map(layer).collect::<Result<_, _>>()?;
        Self::new(layers).ok_or_else(|| {
            WeightsError::Damaged("a layer has another size, or holds what is not a number".into())
        })
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        let named: Vec<(String, Vec<usize>, Vec<u8>)> = self
            .layers()
            .iter()
            .zip(LAYERS)
            .flat_map(|(layer, (name, inputs, outputs))| {
                [
                    (format!("{name}.weight"), vec![outputs, inputs], bytes(&layer.weight)),
                    (format!("{name}.bias"), vec![outputs], bytes(&layer.bias)),
                ]
            })
            .collect();
        let views = named.iter().map(|(name, shape, bytes)| {
            (name, TensorView::new(Dtype::F32, shape.clone(), bytes).expect("four bytes a float"))
        });
        let about = HashMap::from([(KEY.to_owned(), VERSION.to_owned())]);
        safetensors::serialize(views, Some(about)).expect("distinct names")
    }
}
