//! What every search space owes its users, checked on samples: used by each space's own tests. Not that networks which
//! compute the same have one canonical form: that takes knowledge of the space.

use super::{Cost, Decision, SearchSpace};
use crate::architecture::Architecture;
use crate::seed::Seed;

/// Panics with the offending architecture where `space` breaks a promise of the trait.
pub fn check_space(space: &dyn SearchSpace, samples: u64) {
    let largest = largest(space);
    for index in 0..samples {
        let mut rng = Seed(7).stream("conformance", index);
        let architecture = space.random(&mut rng);
        space.check(&architecture).expect("a random architecture belongs to its space");

        let text = space.encode(&architecture);
        assert_eq!(space.decode(&text).as_ref(), Ok(&architecture), "decode undoes encode: {text}");

        let canonical = space.canonical(&architecture);
        space.check(&canonical).expect("a canonical form belongs to its space");
        assert_eq!(space.canonical(&canonical), canonical, "canonical is idempotent: {text}");
        assert_eq!(space.trainable(&canonical), space.trainable(&architecture), "{text}");
        if let (Some(cheap), Some(dear)) = (space.cost(&canonical), space.cost(&architecture)) {
            assert!(cheap.flops <= dear.flops && cheap.parameters <= dear.parameters, "{text}");
        }
        let executed = space.executed(&architecture);
        space.check(&executed).expect("an executed form belongs to its space");
        assert_eq!(space.executed(&executed), executed, "what is skipped is skipped: {text}");
        assert_eq!(space.canonical(&executed), canonical, "what is skipped changes nothing: {text}");
        let structure = space.structure(&architecture);
        assert_eq!(structure.len(), space.structure(&canonical).len(), "{text}");
        assert!(structure.iter().all(|figure| figure.is_finite()), "{text}");

        if let (Some(cost), Some(most)) = (space.cost(&architecture), largest) {
            assert!(cost.flops <= most.flops && cost.parameters <= most.parameters, "{text}");
        }
        inactive(space, &architecture);

        let neighbours = space.neighbours(&architecture);
        let steps = |(decision, &gene): (&Decision, &u32)| decision.steps(gene).len();
        let expected: usize = space.decisions().iter().zip(architecture.genes()).map(steps).sum();
        assert_eq!(neighbours.len(), expected);
        for neighbour in &neighbours {
            space.check(neighbour).expect("a neighbour belongs to its space");
            let changed = neighbour.genes().iter().zip(architecture.genes()).filter(|(a, b)| a != b).count();
            assert_eq!(changed, 1, "a neighbour differs in one decision");
        }
        let features = space.features(&architecture);
        assert_eq!(features.len(), space.decisions().iter().map(Decision::width).sum::<usize>());
        assert!(features.iter().all(|code| (0.0..=1.0).contains(code)), "{text}");
    }
    assert!(space.decode("nonsense").is_err());
    assert!(space.decode("").is_err());
}

/// What the largest network costs; there is one exactly where costs are known.
fn largest(space: &dyn SearchSpace) -> Option<Cost> {
    let some = space.random(&mut Seed(7).stream("conformance", 0));
    let largest = space.largest();
    assert_eq!(largest.is_some(), space.cost(&some).is_some(), "a largest network where costs are known");
    largest.map(|largest| {
        space.check(&largest).expect("the largest network belongs to its space");
        assert!(space.trainable(&largest), "the largest network is worth evaluating");
        space.cost(&largest).expect("costs are known for all networks or for none")
    })
}

/// A decision that does not matter changes neither the network nor which decisions matter.
fn inactive(space: &dyn SearchSpace, architecture: &Architecture) {
    let active = space.active(architecture);
    assert_eq!(active.len(), space.decisions().len());
    for neighbour in space.neighbours(architecture) {
        let differs = |position: &usize| neighbour.genes()[*position] != architecture.genes()[*position];
        let position = (0..active.len()).find(differs).expect("a neighbour differs");
        if !active[position] {
            let text = space.encode(&neighbour);
            assert_eq!(space.canonical(&neighbour), space.canonical(architecture), "{text}");
            assert_eq!(space.active(&neighbour), active, "{text}");
            assert_eq!(space.cost(&neighbour), space.cost(architecture), "{text}");
            assert_eq!(space.structure(&neighbour), space.structure(architecture), "{text}");
        }
    }
}
