//! The network, forward only: a few thousand numbers, no library, the same answer on every machine.
//!
//! A set encoder: each zone's numbers pass the same two layers; mean and maximum over the zones say what they have in common; a head
//! sees a zone's own code beside it. So one network serves any number of zones, and their order does not matter.

use super::observation::{Observation, STUDY_FEATURES, ZONE_FEATURES};

pub const INPUTS: usize = ZONE_FEATURES + STUDY_FEATURES;
const WIDE: usize = 48;
const CODE: usize = 32;
/// What is said of each zone: the logarithm of the factor on its level, and how willing it is to sample.
pub const OUTPUTS: usize = 2;

/// Layers in the order of a file: name, inputs, outputs. Weights are `[outputs, inputs]`.
pub const LAYERS: [(&str, usize, usize); 4] = [
    ("encoder.0", INPUTS, WIDE),
    ("encoder.1", WIDE, CODE),
    ("head.0", 3 * CODE, WIDE),
    ("head.1", WIDE, OUTPUTS),
];

/// One layer: `weight[outputs][inputs]` row by row, and `bias[outputs]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// In the order of [`LAYERS`], each of its size.
    layers: Vec<Layer>,
}

impl Network {
    /// None where a layer has another size or holds what is not a number.
    pub fn new(layers: Vec<Layer>) -> Option<Self> {
        let fits = layers.len() == LAYERS.len()
            && layers.iter().zip(LAYERS).all(|(layer, (_, inputs, outputs))| {
                let numbers = layer.weight.iter().chain(&layer.bias);
                layer.weight.len() == inputs * outputs
                    && layer.bias.len() == outputs
                    && numbers.into_iter().all(|number| number.is_finite())
            });
        fits.then_some(Self { layers })
    }

    /// Says nothing: what is known without learning stands.
    pub fn silent() -> Self {
        let zeros = |(_, inputs, outputs): (&str, usize, usize)| Layer {
            weight: vec![0.0; inputs * outputs],
            bias: vec![0.0; outputs],
        };
        Self { layers: LAYERS.map(zeros).to_vec() }
    }

    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// `[zones][OUTPUTS]`.
    pub fn forward(&self, observation: &Observation) -> Vec<[f64; OUTPUTS]> {
        let [first, second, head, last] = &self.layers[..] else { unreachable!("checked when made") };
        let code = |row: &Vec<f64>| bent(second.apply(&bent(first.apply(row))));
        let codes: Vec<Vec<f64>> = observation.rows.iter().map(code).collect();
        let column = |unit: usize| codes.iter().map(move |code| code[unit]);
        let mean = (0..CODE).map(|unit| column(unit).sum::<f64>() / codes.len() as f64);
        let most = (0..CODE).map(|unit| column(unit).fold(f64::NEG_INFINITY, f64::max));
        let shared: Vec<f64> = mean.chain(most).collect();
        let said = |code: &Vec<f64>| {
            let input: Vec<f64> = code.iter().chain(&shared).copied().collect();
            let said = last.apply(&bent(head.apply(&input)));
            [said[0], said[1]]
        };
        codes.iter().map(said).collect()
    }
}

impl Layer {
    fn apply(&self, input: &[f64]) -> Vec<f64> {
        let rows = self.weight.chunks_exact(input.len());
        rows.zip(&self.bias)
            .map(|(row, bias)| {
                row.iter().zip(input).fold(f64::from(*bias), |sum, (w, x)| sum + f64::from(*w) * x)
            })
            .collect()
    }
}

fn bent(mut values: Vec<f64>) -> Vec<f64> {
    values.iter_mut().for_each(|value| *value = libm::tanh(*value));
    values
}
