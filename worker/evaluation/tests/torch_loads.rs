//! libtorch is found, loaded and computes, without any exported variable. Nothing about networks: that is tested elsewhere.
#![cfg(feature = "torch")]

use tch::{Device, Kind, Tensor};

#[test]
fn a_product_of_two_by_two_matrices_is_right() {
    let a = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0]).view([2, 2]);
    let b = Tensor::from_slice(&[0.0f32, 1.0, 1.0, 0.0]).view([2, 2]);
    let product = a.matmul(&b);
    assert_eq!(product.kind(), Kind::Float);
    assert_eq!(Vec::<f32>::try_from(product.view([4])).unwrap(), [2.0, 1.0, 4.0, 3.0]);
}

#[test]
fn asking_for_cuda_is_safe_on_any_machine() {
    let device = Device::cuda_if_available();
    assert_eq!(device.is_cuda(), tch::Cuda::is_available());
    let total = Tensor::ones([3], (Kind::Float, device)).sum(Kind::Float);
    assert_eq!(total.double_value(&[]), 3.0);
}
