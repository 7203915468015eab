//! What every search space owes its users, checked on samples: used by each space's own tests.

use super::{Decision, SearchSpace};
use crate::seed::Seed;

/// Panics with the offending architecture where `space` breaks a promise of the trait.
pub fn check_space(space: &dyn SearchSpace, samples: u64) {
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
