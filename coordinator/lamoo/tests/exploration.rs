//! What a model can't ask for by itself: a first look at every option, and a second one where it expects nothing.

mod support;

use std::collections::BTreeSet;

use common::architecture::Architecture;
use common::fidelity::Fidelity;
use common::seed::Seed;
use common::space::SearchSpace;
use lamoo::{Memory, Nothing, Observation, Options, ProposalRequest, Scope, propose};
use support::product::Product;

fn ask(space: &dyn SearchSpace, observations: &[Observation], count: usize, seed: u64) -> Vec<Architecture> {
    let nothing = BTreeSet::new();
    let request = ProposalRequest {
        scope: Scope::functions(space),
        observations,
        fidelity: Fidelity::Full,
        pending: &nothing,
        exclude: &nothing,
        promotable: &[],
        knowledge: &Nothing,
        // So far away that whatever a model expects is next to nothing of what is dominated.
        reference: &[1e6, 1e6],
        affordable: None,
        count,
        seed: Seed(seed),
        options: &Options::named("surrogate").expect("a searcher"),
    };
    let proposals = propose(&request, &mut Memory::default()).expect("finite objectives");
    proposals.candidates.into_iter().map(|candidate| candidate.architecture).collect()
}

#[test]
fn the_first_ten_show_no_option_much_more_often_than_another() {
    let space = Product::new(12, 5);
    for seed in 0..20 {
        let first = ask(&space, &[], 10, seed);
        for decision in 0..12 {
            for option in 0..5 {
                let shown = first.iter().filter(|own| own.genes()[decision] == option).count();
                assert!(shown <= 4, "seed {seed}: {option} of {decision} is shown {shown} times");
            }
        }
    }
}

/// One architecture that is a little better than many others, whose values follow nothing.
fn told(space: &dyn SearchSpace, count: usize, seed: u64) -> Vec<Observation> {
    let mut rng = Seed(seed).stream("told", 0);
    let mut drawn = BTreeSet::new();
    while drawn.len() < count {
        let own = space.canonical(&space.random(&mut rng));
        if space.trainable(&own) {
            drawn.insert(own);
        }
    }
    let told = drawn.into_iter().enumerate().map(|(place, architecture)| {
        let value = if place == 0 { 0.9 } else { 1.0 + 1e-3 * ((7 * place) % 20) as f64 };
        Observation { architecture, fidelity: Fidelity::Full, objectives: vec![value, value], effort: None }
    });
    told.collect()
}

#[test]
fn on_its_turn_hope_takes_a_neighbour_of_the_front() {
    // One that is listed, one that is not.
    let spaces = [Product::new(5, 4), Product::new(30, 5)];
    for space in &spaces {
        for seed in 0..5 {
            let observations = told(space, 20, seed);
            let best = &observations[0].architecture;
            let near: BTreeSet<Architecture> =
                space.neighbours(best).iter().map(|neighbour| space.canonical(neighbour)).collect();
            let chosen = ask(space, &observations, 1, seed);
            assert!(near.contains(&chosen[0]), "seed {seed}: {chosen:?} is far from {best:?}");
        }
    }
}
