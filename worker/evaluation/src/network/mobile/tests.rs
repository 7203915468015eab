//! Networks of MobileNetV3's blocks against the space's own counts and themselves.

use common::seed::Seed;
use common::space::mobile::{Design, SqueezeExcite};
use tch::{Device, Kind};

use super::*;
use crate::network::pass::tally;
use crate::network::{DropPath, Family, Form, Network, Statistics};

fn small() -> Design {
    Design {
        widths: vec![0.25, 0.5],
        depths: vec![1, 2],
        kernels: vec![3, 5],
        expansions: vec![1, 3],
        squeeze_excite: SqueezeExcite::Free,
        resolutions: vec![24, 32],
        planes: 1,
        classes: 5,
    }
}

fn as_published() -> Design {
    Design {
        widths: vec![0.5, 0.6],
        depths: vec![2, 3, 4],
        kernels: vec![3, 5, 7],
        expansions: vec![3, 4, 6],
        squeeze_excite: SqueezeExcite::Published,
        resolutions: vec![33, 40],
        planes: 3,
        classes: 10,
    }
}

fn family(design: &Design) -> Family {
    Family::Mobile(Mobile::new(design.clone()))
}

fn some(design: &Design, index: u64) -> Architecture {
    Mobile::new(design.clone()).random(&mut Seed(2).stream("mobile", index))
}

fn images(design: &Design, count: i64) -> Tensor {
    tch::set_num_threads(1);
    tch::manual_seed(4);
    Tensor::randn([count, i64::from(design.planes), 28, 30], (Kind::Float, Device::Cpu))
}

#[test]
fn parameters_and_products_are_those_that_the_space_counts() {
    for (index, design) in (0..12).zip([small(), as_published()].iter().cycle()) {
        let architecture = some(design, index);
        let network = family(design).alone(&architecture, Seed(1), Device::Cpu);
        let cost = Mobile::new(design.clone()).cost(&architecture).unwrap();
        assert_eq!(network.weights.count(), cost.parameters, "{architecture:?}");
        let mut logits = None;
        let one = images(design, 1);
        let products = tally::of(|| logits = Some(network.forward(&one, &architecture, Statistics::Running)));
        assert_eq!(products, cost.flops, "{architecture:?}");
        assert_eq!(logits.unwrap().size(), [1, i64::from(design.classes)]);
    }
}

/// The largest and random paths of a supernet against networks that hold its numbers cut to size.
#[test]
fn a_path_of_the_supernet_is_the_network_with_part_of_its_weights() {
    let design = small();
    let largest = Mobile::new(design.clone()).largest().unwrap();
    for architecture in [largest, some(&design, 1), some(&design, 2), some(&design, 3)] {
        let shared = family(&design).shared(Seed(3), Device::Cpu);
        let mut alone = family(&design).alone(&architecture, Seed(8), Device::Cpu);
        crate::network::tests::inherit(&mut alone, &shared);
        let x = images(&design, 6);
        let logits = |network: &Network| network.forward(&x, &architecture, Statistics::TRAINING);
        assert!(logits(&alone).allclose(&logits(&shared), 1e-4, 1e-5, false), "{architecture:?}");
        let running = |network: &Network| network.forward(&x, &architecture, Statistics::Running);
        assert!(running(&alone).allclose(&running(&shared), 1e-4, 1e-5, false), "{architecture:?}");
    }
}

#[test]
fn images_are_scaled_only_where_their_size_is_another() {
    let x = Tensor::arange(16, (Kind::Float, Device::Cpu)).view([1, 1, 4, 4]);
    assert!(scaled(&x, 4).equal(&x));
    assert_eq!(scaled(&x, 7).size(), [1, 1, 7, 7]);
    let mean = |x: &Tensor| x.mean(Kind::Float).double_value(&[]);
    assert!((mean(&scaled(&x, 2)) - mean(&x)).abs() < 1e-5, "every pixel counts");
}

#[test]
fn dropped_blocks_leave_what_they_were_given() {
    let design = small();
    let deepest = Mobile::new(design.clone()).largest().unwrap();
    let network = family(&design).alone(&deepest, Seed(1), Device::Cpu);
    let x = images(&design, 4);
    let with = |numbers: f64, keep: f64| {
        let numbers = Tensor::full([4, network.branches() as i64], numbers, (Kind::Float, Device::Cpu));
        network.forward_training(&x, &deepest, Some(DropPath { numbers, keep })).main
    };
    let whole = network.forward_training(&x, &deepest, None).main;
    assert!(with(0.4, 1.0).equal(&whole), "none is dropped");
    assert!(!with(0.6, 0.5).equal(&whole), "all are dropped");
}

#[test]
fn forms_agree() {
    let design = Design { resolutions: vec![64], ..small() };
    let architecture = some(&design, 5);
    let [plain, ordered, half] = crate::network::tests::forms().map(|form: Form| {
        let network = family(&design).alone(&architecture, Seed(1), form);
        let logits = network.forward(&images(&design, 16), &architecture, Statistics::TRAINING);
        let gradient = network.weights.gradient(&logits.square().sum(Kind::Float)).flat;
        (logits.detach(), gradient)
    });
    crate::network::tests::agree(&plain, &ordered, &half);
}
