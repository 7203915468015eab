//! The tree's laws, over any samples.

mod support;

use common::architecture::Architecture;
use common::fidelity::Fidelity;
use common::space::SearchSpace;
use lamoo::{Error, Observation, Options, RegionId, Scope, SearchTree, Selection, svm};
use proptest::prelude::*;
use support::product::Product;

const REFERENCE: [f64; 2] = [10.0, 10.0];

/// Architectures of 6 decisions with 4 options, objectives on a coarse grid so that ties abound.
fn observations() -> impl Strategy<Value = Vec<Observation>> {
    let genes = prop::collection::vec(0..4_u32, 6);
    let one = (genes, 0..6_u8, 0..6_u8).prop_map(|(genes, noise, other)| {
        let sum: f64 = genes.iter().map(|&gene| f64::from(gene)).sum();
        let objectives = vec![
            (sum / 4.0).floor() + f64::from(noise % 2),
            8.0 - (sum / 3.0).floor() + f64::from(other % 3),
        ];
        Observation {
            architecture: Architecture::new(genes),
            fidelity: Fidelity::Full,
            objectives,
            effort: None,
        }
    });
    prop::collection::vec(one, 0..120)
}

fn build(observations: &[Observation], options: &Options) -> SearchTree {
    SearchTree::build(
        &Scope::functions(&Product::new(6, 4)),
        observations,
        Fidelity::Full,
        &REFERENCE,
        options,
    )
    .expect("finite objectives")
}

fn check_laws(tree: &SearchTree, options: &Options) {
    assert_eq!(tree.root().samples, (0..tree.samples().len()).collect::<Vec<_>>());
    for region in tree.regions() {
        let objectives: Vec<&Vec<f64>> =
            region.samples.iter().map(|&index| &tree.samples()[index].objectives).collect();
        assert_eq!(region.hypervolume, moo::hypervolume(&objectives, &REFERENCE).unwrap());
        for &index in &region.samples {
            assert!(tree.contains(region.id, &tree.samples()[index].features), "a region holds its samples");
        }
        let Some([good, bad]) = region.children else { continue };
        let mut union = [tree.region(good).samples.clone(), tree.region(bad).samples.clone()].concat();
        union.sort_unstable();
        assert_eq!(union, region.samples, "law M-3");
        assert!(region.samples.len() >= options.min_samples && region.depth < options.max_depth);
        for child in [good, bad].map(|child| tree.region(child)) {
            assert_eq!((child.parent, child.depth), (Some(region.id), region.depth + 1));
            assert!(!child.samples.is_empty(), "both classes are predicted");
            let (visits, parent) = (child.samples.len() as f64, region.samples.len() as f64);
            let wanted =
                child.hypervolume + 2.0 * 0.1 * tree.root().hypervolume * (2.0 * parent.ln() / visits).sqrt();
            assert!((tree.ucb(child.id, 0.1).unwrap() - wanted).abs() < 1e-9);
        }
    }
    for sample in tree.samples() {
        let homes: Vec<RegionId> = tree
            .leaves()
            .filter(|leaf| tree.contains(leaf.id, &sample.features))
            .map(|leaf| leaf.id)
            .collect();
        assert_eq!(homes, [tree.leaf_of(&sample.features)], "exactly one leaf");
    }
    for selection in [Selection::Leaf, Selection::Path] {
        assert!(tree.region(tree.select(selection, 0.1)).is_leaf());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn laws_hold_for_any_samples(observations in observations(), poly in any::<bool>(), min_samples in 2..20_usize) {
        let kernel = if poly { svm::Kernel::Polynomial { degree: 2 } } else { svm::Kernel::Rbf };
        let svm = svm::Options { kernel, ..svm::Options::default() };
        let options = Options { min_samples, max_depth: 5, svm, ..Options::default() };
        let tree = build(&observations, &options);
        check_laws(&tree, &options);
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(mut observations in observations()) {
        let space = Product::new(6, 4);
        let mut seen = std::collections::BTreeSet::new();
        observations.retain(|observation| seen.insert(space.canonical(&observation.architecture)));
        let one = build(&observations, &Options::default());
        observations.reverse();
        let other = build(&observations, &Options::default());
        prop_assert_eq!(one.summary(RegionId(0), 0.1), other.summary(RegionId(0), 0.1));
        prop_assert_eq!(one.samples(), other.samples());
    }
}

fn line(index: u32, objectives: [f64; 2]) -> Observation {
    let genes = (0..6).map(|digit| index >> digit & 1).collect();
    Observation {
        architecture: Architecture::new(genes),
        fidelity: Fidelity::Full,
        objectives: objectives.to_vec(),
        effort: None,
    }
}

#[test]
fn a_region_of_equals_stays_whole() {
    let equal: Vec<Observation> = (0..60).map(|index| line(index, [1.0, 1.0])).collect();
    assert_eq!(build(&equal, &Options::default()).regions().len(), 1);
    let front: Vec<Observation> = (0..60).map(|i| line(i, [f64::from(i), 60.0 - f64::from(i)])).collect();
    assert_eq!(build(&front, &Options::default()).regions().len(), 1, "nobody dominates anybody");
    assert_eq!(build(&[], &Options::default()).regions().len(), 1);
}

#[test]
fn the_good_child_has_the_better_half() {
    // The last gene decides: 1 is better in both.
    let mixed: Vec<Observation> = (0..64)
        .map(|index| {
            let better = f64::from(u32::from(index >= 32));
            line(index, [5.0 - 3.0 * better + 0.01 * f64::from(index % 5), 5.0 - 3.0 * better])
        })
        .collect();
    let space = Product::new(7, 2);
    let mixed: Vec<Observation> = mixed
        .into_iter()
        .map(|o| Observation {
            architecture: Architecture::new([&[0], o.architecture.genes()].concat()),
            ..o
        })
        .collect();
    let scope = Scope::functions(&space);
    let tree = SearchTree::build(&scope, &mixed, Fidelity::Full, &REFERENCE, &Options::default()).unwrap();
    let [good, bad] = tree.root().children.expect("it divides");
    let mean = |id| {
        let region = tree.region(id);
        region.samples.iter().map(|&i| tree.samples()[i].objectives[1]).sum::<f64>()
            / region.samples.len() as f64
    };
    assert!(mean(good) < mean(bad), "{} {}", mean(good), mean(bad));
    assert!(tree.region(good).hypervolume >= tree.region(bad).hypervolume);
}

#[test]
fn the_last_of_several_evaluations_counts() {
    let twice = [line(1, [1.0, 1.0]), line(1, [2.0, 3.0])];
    let tree = build(&twice, &Options::default());
    assert_eq!(tree.samples().len(), 1);
    assert_eq!(tree.samples()[0].objectives, [2.0, 3.0]);
}

#[test]
fn fidelities_are_not_compared_and_pending_trials_are_visits() {
    let space = Product::new(6, 4);
    let scope = Scope::functions(&space);
    let full: Vec<Observation> =
        (0..64).map(|i| line(i, [f64::from(i % 8), f64::from(i % 8 + i / 32)])).collect();
    let mut mixed = full.clone();
    mixed.extend(full.iter().map(|o| Observation {
        fidelity: Fidelity::Rung(3),
        objectives: vec![9.0, 9.0],
        ..o.clone()
    }));
    let build = |seen: &[Observation]| {
        SearchTree::build(&scope, seen, Fidelity::Full, &REFERENCE, &Options::default()).unwrap()
    };
    let tree = build(&mixed);
    assert_eq!(tree.summary(RegionId(0), 0.1), build(&full).summary(RegionId(0), 0.1));

    let before = tree.select(Selection::Leaf, 0.1);
    let leaf = tree.region(before);
    let inside: Vec<Architecture> = space
        .enumerate()
        .filter(|a| space.canonical(a) == *a && tree.contains(leaf.id, &space.features(a)))
        .take(40)
        .collect();
    let (bound, visits) = (tree.ucb(before, 0.1).unwrap(), leaf.samples.len());
    let busy = tree.with_pending(&scope, inside.iter());
    assert_eq!(busy.region(before).pending, inside.len());
    assert_eq!(busy.root().pending, inside.len());
    assert_eq!(busy.region(before).samples.len(), visits);
    assert!(busy.ucb(before, 0.1).unwrap() < bound, "a crowded region is less attractive");
}

#[test]
fn what_can_not_be_ordered_is_refused() {
    let space = Product::new(6, 4);
    let scope = Scope::functions(&space);
    let build = |o: Observation, reference: &[f64]| {
        SearchTree::build(&scope, &[o], Fidelity::Full, reference, &Options::default())
    };
    assert!(matches!(build(line(1, [f64::NAN, 1.0]), &REFERENCE), Err(Error::Objectives(_))));
    assert!(matches!(build(line(1, [1.0, 1.0]), &[1.0]), Err(Error::Objectives(_))));
    assert!(matches!(build(line(1, [1.0, 1.0]), &[1.0, f64::INFINITY]), Err(Error::Objectives(_))));
    let foreign = Observation { architecture: Architecture::new(vec![9; 6]), ..line(1, [1.0, 1.0]) };
    assert!(matches!(build(foreign, &REFERENCE), Err(Error::Observed { index: 0, .. })));
    let options = Options { exploration: -1.0, ..Options::default() };
    assert!(matches!(
        SearchTree::build(&scope, &[], Fidelity::Full, &REFERENCE, &options),
        Err(Error::Option { .. })
    ));
}
