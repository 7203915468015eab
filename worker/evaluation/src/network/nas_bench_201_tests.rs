//! Networks against the space's own counts, a second way of computing cells, and themselves.

use common::seed::Seed;
use common::space::SearchSpace;
use common::space::nas_bench_201::Nodes;
use tch::{Device, Kind};

use super::*;
use crate::network::pass::tally;
use crate::network::{Family, Form, LoadError, Network, Statistics};

const SKELETON: Skeleton =
    Skeleton { channels: 4, cells_per_stage: 2, input: [3, 8, 12], classes: 7, nodes: Nodes::Four };
const SMALL: Skeleton = Skeleton { nodes: Nodes::Three, ..SKELETON };

fn space() -> NasBench201 {
    NasBench201::new(SKELETON)
}

fn cell(text: &str) -> Architecture {
    space().decode(text).unwrap()
}

fn alone(skeleton: &Skeleton, architecture: &Architecture, seed: Seed, form: impl Into<Form>) -> Network {
    Family::NasBench201(NasBench201::new(*skeleton)).alone(architecture, seed, form)
}

fn shared(skeleton: &Skeleton, seed: Seed, form: impl Into<Form>) -> Network {
    Family::NasBench201(NasBench201::new(*skeleton)).shared(seed, form)
}

fn images(count: i64) -> Tensor {
    tch::set_num_threads(1);
    tch::manual_seed(4);
    Tensor::randn([count, 3, 8, 12], (Kind::Float, Device::Cpu))
}

#[test]
fn a_built_network_has_as_many_parameters_as_the_space_counts() {
    for (index, skeleton) in (0..40).zip([SKELETON, SMALL].into_iter().cycle()) {
        let space = NasBench201::new(skeleton);
        let architecture = space.random(&mut Seed(2).stream("cells", index));
        let network = alone(&skeleton, &architecture, Seed(1), Device::Cpu);
        let counted = space.network_cost(&architecture).parameters;
        assert_eq!(network.weights.count(), counted, "{architecture:?}");
    }
    let published =
        Skeleton { channels: 16, cells_per_stage: 5, input: [3, 32, 32], classes: 10, nodes: Nodes::Four };
    let all_3x3 = Architecture::new(vec![3; 6]);
    let network = alone(&published, &all_3x3, Seed(1), Device::Cpu);
    assert_eq!(network.weights.count(), NasBench201::new(published).network_cost(&all_3x3).parameters);
}

/// The table counts a cell as it is written, where dead edges are never computed, and the classifier's biases as products.
#[test]
fn products_are_as_many_as_the_space_counts() {
    let mut seen = 0;
    for (index, skeleton) in (0..60).zip([SKELETON, SMALL].into_iter().cycle()) {
        let space = NasBench201::new(skeleton);
        let cell = space.random(&mut Seed(2).stream("products", index));
        let path = NasBench201::operations(&cell);
        let written = path.map(|operation| operation != Operation::None);
        if live_edges(&path) != written {
            continue;
        }
        seen += 1;
        let network = alone(&skeleton, &cell, Seed(1), Device::Cpu);
        let found = tally::of(|| drop(network.forward(&images(1), &cell, Statistics::Running)));
        assert_eq!(found + 7, space.network_cost(&cell).flops, "{cell:?}");
    }
    assert!(seen > 10, "{seen} cells without dead edges");
}

#[test]
fn logits_have_a_row_an_image_and_a_column_a_class() {
    let architecture =
        cell("|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|");
    let network = alone(&SKELETON, &architecture, Seed(1), Device::Cpu);
    let logits = network.forward(&images(5), &architecture, Statistics::TRAINING);
    assert_eq!(logits.size(), [5, 7]);
    let gradient = network.weights.gradient(&logits.sum(Kind::Float)).flat;
    assert_eq!(gradient.size(), [network.weights.count() as i64]);
    assert!(gradient.abs().sum(Kind::Float).double_value(&[]) > 0.0);
}

#[test]
fn initial_weights_depend_on_the_seed_alone() {
    let flat = |seed| {
        let network = shared(&SKELETON, seed, Device::Cpu);
        Vec::<f32>::try_from(network.weights.flat()).unwrap()
    };
    let first = flat(Seed(1));
    tch::manual_seed(99);
    assert_eq!(flat(Seed(1)), first);
    assert_ne!(flat(Seed(2)), first);
}

/// A supernet's path computes what the network alone computes with the same numbers.
#[test]
fn a_path_of_the_supernet_is_the_network_with_its_weights() {
    [SKELETON, SMALL].into_iter().for_each(inherits);
}

fn inherits(skeleton: Skeleton) {
    let shared = shared(&skeleton, Seed(3), Device::Cpu);
    for index in 0..6 {
        let architecture = NasBench201::new(skeleton).random(&mut Seed(5).stream("cells", index));
        let mut alone = alone(&skeleton, &architecture, Seed(8), Device::Cpu);
        crate::network::tests::inherit(&mut alone, &shared);
        let logits = |network: &Network| network.forward(&images(3), &architecture, Statistics::Running);
        assert!(logits(&alone).allclose(&logits(&shared), 1e-5, 1e-6, false), "{architecture:?}");
    }
}

/// Equivalent cells are equal functions: here with no weights in the cell at all.
#[test]
fn cells_without_weights_compute_their_closed_form() {
    let network = |text: &str| (shared(&SKELETON, Seed(3), Device::Cpu), cell(text));
    let logits = |text: &str| {
        let (network, path) = network(text);
        network.forward(&images(3), &path, Statistics::Running)
    };
    let skip = "|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|";
    // 0→1→2→3 by skips, with a dead convolution at the side.
    let round = "|skip_connect~0|+|none~0|skip_connect~1|+|none~0|none~1|skip_connect~2|";
    let dangling = "|nor_conv_3x3~0|+|nor_conv_1x1~0|none~1|+|skip_connect~0|none~1|none~2|";
    assert!(logits(skip).equal(&logits(round)));
    assert!(logits(skip).equal(&logits(dangling)));
    // Nothing arrives: the same guess for every image.
    let nothing = logits("|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|");
    assert!(nothing.get(0).allclose(&nothing.get(2), 1e-6, 1e-7, false));
}

#[test]
fn dead_edges_are_never_computed() {
    let live = |genes: [usize; 6]| live_edges(&genes.map(|gene| Operation::ALL[gene]));
    assert_eq!(live([3; 6]), [true; 6]);
    assert_eq!(live([3, 0, 0, 1, 0, 0]), [false, false, false, true, false, false]);
    assert_eq!(live([0, 3, 3, 0, 3, 3]), [false, true, false, false, false, true]);
    assert_eq!(live([3, 3, 3, 0, 0, 0]), [false; 6]);
}

#[test]
fn recorded_weights_are_refused_when_they_do_not_fit() {
    let network = alone(&SKELETON, &Architecture::new(vec![3; 6]), Seed(1), Device::Cpu);
    let file = crate::export::serialize(&network.weights, Default::default());
    let tensors = safetensors::SafeTensors::deserialize(&file).unwrap();
    let mut narrow = alone(&SKELETON, &Architecture::new(vec![2; 6]), Seed(1), Device::Cpu);
    assert!(matches!(narrow.weights.load(&tensors), Err(LoadError::Missing(_))));
    let mut wide = shared(&SKELETON, Seed(1), Device::Cpu);
    assert!(matches!(wide.weights.load(&tensors), Err(LoadError::Surplus { .. })));
    let skeleton = Skeleton { channels: 8, ..SKELETON };
    let mut thick = alone(&skeleton, &Architecture::new(vec![3; 6]), Seed(1), Device::Cpu);
    assert!(matches!(thick.weights.load(&tensors), Err(LoadError::Shape { .. })));
}

/// A cell of three nodes is one of four whose last node is handed on; its supernet holds no weights for what is not there.
#[test]
fn a_cell_of_three_nodes_computes_what_its_cell_of_four_computes() {
    let small = NasBench201::new(SMALL).decode("|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|").unwrap();
    let large = Architecture::new([small.genes(), &[0, 0, 1]].concat());
    let logits = |skeleton: &Skeleton, architecture: &Architecture| {
        let network = alone(skeleton, architecture, Seed(8), Device::Cpu);
        network.forward(&images(3), architecture, Statistics::TRAINING)
    };
    assert!(logits(&SMALL, &small).equal(&logits(&SKELETON, &large)));
    let [three, four] = [SMALL, SKELETON].map(|s| shared(&s, Seed(3), Device::Cpu).weights.count());
    assert!(three < four, "{three} weights beside {four}");
}

/// The order of a kernel's numbers changes neither logits nor gradients, which are told in the order that is stored.
#[test]
fn channels_last_kernels_compute_the_same() {
    let plain = Form::from(Device::Cpu);
    let [(logits, gradient), (same_logits, same_gradient)] =
        [plain, Form { channels_last: true, ..plain }].map(logits_and_gradient);
    assert!(same_logits.allclose(&logits, 1e-4, 1e-5, false));
    assert!(same_gradient.allclose(&gradient, 1e-3, 1e-4, false));
}

/// Eight bits: within a few per cent of 32, from 32-bit weights to 32-bit logits and gradients.
#[test]
fn half_precision_computes_nearly_the_same() {
    let [(logits, gradient), (near_logits, near_gradient)] =
        [Kind::Float, Kind::BFloat16].map(|kind| logits_and_gradient(Form::new(Device::Cpu, kind)));
    assert_eq!((near_logits.kind(), near_gradient.kind()), (Kind::Float, Kind::Float));
    let off = |near: &Tensor, exact: &Tensor| {
        (near - exact).norm().double_value(&[]) / exact.norm().double_value(&[])
    };
    let (logits_off, gradient_off) = (off(&near_logits, &logits), off(&near_gradient, &gradient));
    assert!(0.0 < logits_off && logits_off < 0.03, "{logits_off}");
    assert!(0.0 < gradient_off && gradient_off < 0.2, "{gradient_off}");
}

/// Of a path in a supernet, so that most parameters have no gradient.
fn logits_and_gradient(form: Form) -> (Tensor, Tensor) {
    let network = shared(&SKELETON, Seed(3), form);
    let path = Architecture::new(vec![3, 2, 4, 1, 3, 2]);
    let logits = network.forward(&images(16), &path, Statistics::TRAINING);
    let gradient = network.weights.gradient(&logits.square().sum(Kind::Float)).flat;
    assert_eq!(gradient.size(), [network.weights.count() as i64]);
    (logits.detach(), gradient)
}
