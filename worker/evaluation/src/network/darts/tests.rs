//! Networks of DARTS cells against the space's own counts, the published networks and themselves.

use common::seed::Seed;
use common::space::SearchSpace;
use tch::{Device, Kind};

use super::*;
use crate::network::pass::tally;
use crate::network::{DropPath, Family, Form, Network, Statistics};

const CIFAR: Skeleton = Skeleton { channels: 4, layers: 5, input: [2, 12, 8], classes: 7, stem: Stem::Cifar };
const IMAGENET: Skeleton =
    Skeleton { channels: 6, layers: 4, input: [3, 64, 32], classes: 4, stem: Stem::Imagenet };
const SHALLOW: Skeleton = Skeleton { layers: 3, channels: 2, ..CIFAR };

fn family(skeleton: Skeleton) -> Family {
    Family::Darts(Darts::new(skeleton))
}

fn some(skeleton: Skeleton, index: u64) -> Architecture {
    Darts::new(skeleton).random(&mut Seed(2).stream("darts", index))
}

fn images(skeleton: Skeleton, count: i64) -> Tensor {
    tch::set_num_threads(1);
    tch::manual_seed(4);
    let [planes, height, width] = skeleton.input.map(i64::from);
    Tensor::randn([count, planes, height, width], (Kind::Float, Device::Cpu))
}

#[test]
fn parameters_and_products_are_those_that_the_space_counts() {
    for (index, skeleton) in (0..18).zip([CIFAR, IMAGENET, SHALLOW].into_iter().cycle()) {
        let architecture = some(skeleton, index);
        let network = family(skeleton).alone(&architecture, Seed(1), Device::Cpu);
        let cost = Darts::new(skeleton).cost(&architecture).unwrap();
        assert_eq!(network.weights.count(), cost.parameters, "{architecture:?}");
        let mut logits = None;
        let one = images(skeleton, 1);
        let products = tally::of(|| logits = Some(network.forward(&one, &architecture, Statistics::Running)));
        assert_eq!(products, cost.flops, "{architecture:?}");
        assert_eq!(logits.unwrap().size(), [1, i64::from(skeleton.classes)]);
    }
}

/// "DARTS, second order" with 36 channels and 20 cells: 3,349,342 weights.
#[test]
fn the_published_network_is_built() {
    let skeleton = Skeleton { channels: 36, layers: 20, input: [3, 32, 32], classes: 10, stem: Stem::Cifar };
    let text = "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), \
                ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], \
                reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), \
                ('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=[2, 3, 4, 5])";
    let architecture = Darts::new(skeleton).decode(text).unwrap();
    let count = |network: Network| network.weights.count();
    let plain = count(family(skeleton).alone(&architecture, Seed(1), Device::Cpu));
    assert_eq!(plain, 3_349_342);
    // 1×1 from 576 channels to 128, 2×2 to 768, two norms, a classifier.
    let head = 576 * 128 + 4 * 128 * 768 + 2 * (128 + 768) + 768 * 10 + 10;
    let auxiliary = count(family(skeleton).with_auxiliary_head(&architecture, Seed(1), Device::Cpu));
    assert_eq!(auxiliary, plain + head);
}

#[test]
fn the_auxiliary_head_adds_logits_and_changes_nothing_else() {
    for skeleton in [CIFAR, IMAGENET, Skeleton { input: [2, 4, 4], ..CIFAR }] {
        let architecture = some(skeleton, 1);
        let plain = family(skeleton).alone(&architecture, Seed(1), Device::Cpu);
        let double = family(skeleton).with_auxiliary_head(&architecture, Seed(1), Device::Cpu);
        let of = |network: &Network| network.forward_training(&images(skeleton, 3), &architecture, None);
        let (one, two) = (of(&plain), of(&double));
        assert!(one.main.equal(&two.main) && one.auxiliary.is_none());
        assert_eq!(two.auxiliary.unwrap().size(), [3, i64::from(skeleton.classes)]);
        let mut copy = family(skeleton).alone(&architecture, Seed(9), Device::Cpu);
        copy.weights.copy(&double.weights);
        assert!(copy.weights.flat().equal(plain.weights.flat()), "what is handed on has no such head");
    }
}

/// A supernet's path computes what the network alone computes with the same numbers.
#[test]
fn a_path_of_the_supernet_is_the_network_with_its_weights() {
    for (index, skeleton) in (0..2).zip([SHALLOW, IMAGENET].into_iter().cycle()) {
        let architecture = some(skeleton, index);
        let shared = family(skeleton).shared(Seed(3), Device::Cpu);
        let mut alone = family(skeleton).alone(&architecture, Seed(8), Device::Cpu);
        crate::network::tests::inherit(&mut alone, &shared);
        let x = images(skeleton, 3);
        let logits = |network: &Network| network.forward(&x, &architecture, Statistics::TRAINING);
        assert!(logits(&alone).allclose(&logits(&shared), 1e-4, 1e-5, false), "{architecture:?}");
    }
}

#[test]
fn dropped_paths_leave_identities_and_keep_the_mean() {
    let skeleton = SHALLOW;
    let architecture = some(skeleton, 3);
    let network = family(skeleton).alone(&architecture, Seed(1), Device::Cpu);
    let x = images(skeleton, 4);
    let with = |numbers: f64, keep: f64| {
        let numbers = Tensor::full([4, network.branches() as i64], numbers, (Kind::Float, Device::Cpu));
        network.forward_training(&x, &architecture, Some(DropPath { numbers, keep })).main
    };
    let whole = network.forward_training(&x, &architecture, None).main;
    assert!(with(0.4, 1.0).equal(&whole), "none is dropped");
    assert!(!with(0.4, 0.5).allclose(&whole, 1e-3, 1e-3, false), "all are doubled");
    let dropped = with(0.6, 0.5);
    assert!(dropped.isfinite().all().int64_value(&[]) == 1 && !dropped.equal(&whole));
}

/// Kernels in another order and activations of half precision: nearly the same.
#[test]
fn forms_agree() {
    for skeleton in [SHALLOW, IMAGENET] {
        let architecture = some(skeleton, 5);
        let [plain, ordered, half] = crate::network::tests::forms().map(|form: Form| {
            let network = family(skeleton).alone(&architecture, Seed(1), form);
            let logits = network.forward(&images(skeleton, 16), &architecture, Statistics::TRAINING);
            let gradient = network.weights.gradient(&logits.square().sum(Kind::Float)).flat;
            (logits.detach(), gradient)
        });
        crate::network::tests::agree(&plain, &ordered, &half);
    }
}
