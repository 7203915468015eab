//! What one-shot scores are worth: held against the full trainings of the same networks, as the study goes on. Pure.

use serde::{Deserialize, Serialize};

/// Networks that must be known both ways before anything is made of it: with fewer, chance has its way.
const ENOUGH: usize = 10;

/// How well scores foretell full trainings. Of networks that were trained because they scored well, it says less than of all.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Networks known both ways.
    pub networks: usize,
    /// Kendall's τ-b between the two errors, in [-1, 1]; 0 says nothing.
    pub kendall_tau: f64,
    /// Of the tenth that trained best, the share that is in the tenth that scored best.
    pub recall_of_top_tenth: f64,
}

impl Quality {
    /// Of `(score's error, trained error)` of each network; none with fewer than two.
    pub fn of(errors: &[(f64, f64)]) -> Option<Self> {
        let mut agreement = Agreement::default();
        errors.iter().for_each(|pair| agreement.add(*pair));
        agreement.quality()
    }

    pub fn says_something(&self) -> bool {
        says_something(self.networks, self.kendall_tau)
    }
}

/// Kendall's τ, kept up as networks come to be known both ways: each is held against those before it, once.
#[derive(Debug, Clone, Default)]
pub struct Agreement {
    /// `(score's error, trained error)`.
    errors: Vec<(f64, f64)>,
    /// Pairs in the same order less those in opposite order.
    difference: i64,
    told_by_score: i64,
    told_by_training: i64,
}

impl Agreement {
    pub fn add(&mut self, a: (f64, f64)) {
        for b in &self.errors {
            let [score, training] = [a.0.total_cmp(&b.0) as i64, a.1.total_cmp(&b.1) as i64];
            self.difference += score * training;
            self.told_by_score += score.abs();
            self.told_by_training += training.abs();
        }
        self.errors.push(a);
    }

    /// τ-b: ties set aside; 0 where one side is all ties.
    pub fn kendall_tau(&self) -> f64 {
        let told = (self.told_by_score as f64 * self.told_by_training as f64).sqrt();
        if told > 0.0 { self.difference as f64 / told } else { 0.0 }
    }

    pub fn says_something(&self) -> bool {
        says_something(self.errors.len(), self.kendall_tau())
    }

    /// None with fewer than two networks.
    pub fn quality(&self) -> Option<Quality> {
        (self.errors.len() >= 2).then(|| Quality {
            networks: self.errors.len(),
            kendall_tau: self.kendall_tau(),
            recall_of_top_tenth: recall_of_top_tenth(&self.errors),
        })
    }

    /// All that follows from it, whatever the order in which networks came.
    pub fn tells(&self) -> (usize, [i64; 3]) {
        (self.errors.len(), [self.difference, self.told_by_score, self.told_by_training])
    }
}

/// Whether scores say anything, as far as can be told: where enough is known, τ lies above zero by more than the standard deviation that
/// it has among numbers drawn at random (Kendall 1938).
fn says_something(networks: usize, kendall_tau: f64) -> bool {
    let n = networks as f64;
    let deviation = (2.0 * (2.0 * n + 5.0) / (9.0 * n * (n - 1.0))).sqrt();
    networks < ENOUGH || kendall_tau > deviation
}

fn recall_of_top_tenth(errors: &[(f64, f64)]) -> f64 {
    let top = errors.len().div_ceil(10);
    // Of equals the first: a study knows no better.
    let best = |error: fn(&(f64, f64)) -> f64| {
        let mut order: Vec<usize> = (0..errors.len()).collect();
        order.sort_by(|&a, &b| error(&errors[a]).total_cmp(&error(&errors[b])));
        order.truncate(top);
        order
    };
    let (scored, trained) = (best(|pair| pair.0), best(|pair| pair.1));
    trained.iter().filter(|network| scored.contains(network)).count() as f64 / top as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quality(errors: &[(f64, f64)]) -> Quality {
        Quality::of(errors).unwrap()
    }

    #[test]
    fn it_counts_pairs_as_the_textbook_does() {
        let check = |errors: &[(f64, f64)], tau: f64| {
            let found = quality(errors).kendall_tau;
            assert!((found - tau).abs() < 1e-12, "{found} is not {tau}");
        };
        check(&[(1.0, 1.0), (2.0, 2.0), (3.0, 3.0)], 1.0);
        check(&[(1.0, 3.0), (2.0, 2.0), (3.0, 1.0)], -1.0);
        check(&[(1.0, 1.0), (2.0, 3.0), (3.0, 2.0)], 1.0 / 3.0);
        // scipy.stats.kendalltau([12, 2, 1, 12, 2], [1, 4, 7, 1, 0])
        check(&[(12.0, 1.0), (2.0, 4.0), (1.0, 7.0), (12.0, 1.0), (2.0, 0.0)], -0.471_404_520_791_031_7);
        check(&[(1.0, 1.0), (1.0, 2.0)], 0.0);
        assert_eq!(Quality::of(&[(1.0, 1.0)]), None);
    }

    #[test]
    fn recall_is_of_the_best_tenth() {
        let twenty: Vec<(f64, f64)> = (0..20).map(|n| (f64::from(n), f64::from(n))).collect();
        assert_eq!(quality(&twenty).recall_of_top_tenth, 1.0);
        let mut exchanged = twenty.clone();
        exchanged[1].0 = 15.5;
        assert_eq!(quality(&exchanged).recall_of_top_tenth, 0.5);
        assert_eq!(quality(&[(1.0, 2.0), (2.0, 1.0)]).recall_of_top_tenth, 0.0);
    }

    #[test]
    fn few_networks_prove_nothing_and_many_do() {
        let order = |count: u32, scored: fn(u32) -> u32| {
            let pair = |n| (f64::from(scored(n)), f64::from(n));
            quality(&(0..count).map(pair).collect::<Vec<_>>()).says_something()
        };
        assert!(order(9, |n| 9 - n), "nine could be chance");
        assert!(!order(10, |n| 10 - n));
        assert!(order(10, |n| n));
        // As good as drawn at random.
        assert!(!order(20, |n| (n * 7 + 3) % 20));
    }
}
