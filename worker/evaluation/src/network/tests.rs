//! What the tests of all families share.

use std::collections::BTreeMap;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use tch::{Device, Kind, Tensor};

use super::{Form, Network, bytes_of};

/// Gives `alone` the weights and statistics that `shared` holds under the same names: of larger ones the first channels and the
/// middle of the kernel.
pub fn inherit(alone: &mut Network, shared: &Network) {
    let all: BTreeMap<_, _> =
        shared.weights.named().into_iter().map(|(name, shape, bytes)| (name, (shape, bytes))).collect();
    let part = |(name, wanted, _): (String, Vec<usize>, Vec<u8>)| {
        let (shape, bytes) = &all[&name];
        let values: Vec<f32> =
            bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let sides: Vec<i64> = shape.iter().map(|&side| side as i64).collect();
        let mut values = Tensor::from_slice(&values).view(sides.as_slice());
        for (dimension, (&has, &wants)) in shape.iter().zip(&wanted).enumerate() {
            let start = if dimension < 2 { 0 } else { (has - wants) / 2 };
            values = values.narrow(dimension as i64, start as i64, wants as i64);
        }
        (name, wanted, bytes_of(&values))
    };
    let parts: Vec<_> = alone.weights.named().into_iter().map(part).collect();
    let views = parts
        .iter()
        .map(|(name, shape, bytes)| (name, TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()));
    let file = safetensors::serialize(views, None).unwrap();
    alone.weights.load(&SafeTensors::deserialize(&file).unwrap()).unwrap();
}

/// As stored; a GPU's order of a kernel's numbers; half precision.
pub fn forms() -> [Form; 3] {
    let plain = Form::from(Device::Cpu);
    [plain, Form { channels_last: true, ..plain }, Form::new(Device::Cpu, Kind::BFloat16)]
}

/// Logits and gradients: nearly equal in 32 bits, alike in eight.
pub fn agree(plain: &(Tensor, Tensor), ordered: &(Tensor, Tensor), half: &(Tensor, Tensor)) {
    let off = |near: &Tensor, exact: &Tensor| {
        (near - exact).norm().double_value(&[]) / exact.norm().double_value(&[])
    };
    let (logits, gradient) = (off(&ordered.0, &plain.0), off(&ordered.1, &plain.1));
    assert!(logits < 1e-4 && gradient < 1e-3, "{logits} {gradient}");
    assert_eq!((half.0.kind(), half.1.kind()), (Kind::Float, Kind::Float));
    let (logits, gradient) = (off(&half.0, &plain.0), off(&half.1, &plain.1));
    assert!(0.0 < logits && logits < 0.1 && gradient < 0.6, "{logits} {gradient}");
}
