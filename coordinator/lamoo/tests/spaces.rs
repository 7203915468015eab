//! Every sampler keeps its promises in every space that ships.

use common::space::darts::{self, Darts};
use common::space::free_form::{Description, FreeForm};
use common::space::mobile::{Design, Mobile, SqueezeExcite};
use common::space::nas_bench_201::{Nodes, Skeleton};
use common::space::{NasBench201, SearchSpace};
use lamoo::SamplerKind;
use lamoo::sampler::conformance::check_kind;

fn check(space: &dyn SearchSpace) {
    for kind in SamplerKind::ALL {
        check_kind(kind, space);
    }
}

#[test]
fn nas_bench_201() {
    check(&NasBench201::new(Skeleton {
        channels: 8,
        cells_per_stage: 1,
        input: [1, 28, 28],
        classes: 10,
        nodes: Nodes::Four,
    }));
}

#[test]
fn darts_cells() {
    let stem = darts::Stem::Cifar;
    check(&Darts::new(darts::Skeleton { channels: 16, layers: 8, input: [3, 32, 32], classes: 10, stem }));
}

#[test]
fn mobile_blocks() {
    check(&Mobile::new(Design {
        widths: vec![0.5, 1.0],
        depths: vec![2, 3, 4],
        kernels: vec![3, 5, 7],
        expansions: vec![3, 4, 6],
        squeeze_excite: SqueezeExcite::Free,
        resolutions: vec![64, 96],
        planes: 3,
        classes: 10,
    }));
}

#[test]
fn numbers_choices_and_conditions_of_the_users_own() {
    let text = include_str!("../../../configs/free-form.toml");
    let description = Description::from_toml(text).unwrap_or_else(|fault| panic!("{fault}"));
    check(&FreeForm::new(description));
}
