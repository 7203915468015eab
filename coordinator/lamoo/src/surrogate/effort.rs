//! What a training takes, learnt from those that have ended: the logarithm of the effort is about linear in what the network is
//! made of. Bayesian linear regression with a normal prior about the mean of all.

use common::architecture::Architecture;

use super::factor::Factor;
use super::view::standards;
use crate::scope::Scope;
use crate::vector::{add_scaled, dot};

/// Observations from which an estimate is worth more than none.
const FEWEST: usize = 5;
/// Observations that teach, the latest: who learns from more learns no better, and a long study is asked after each result.
pub(crate) const MOST: usize = 400;
/// Variance of what the network does not explain, where a coefficient's is 1.
const NOISE: f64 = 0.3;
/// Weight of single decisions beside the figures of the structure, which tell most.
const OF_DECISIONS: f64 = 0.3;
/// How far beyond what was seen an estimate may go.
const BEYOND: f64 = 2.0;

/// How an architecture looks to the model.
#[derive(Debug, Clone)]
pub(crate) struct Makeup {
    scales: Vec<(f64, f64)>,
}

impl Makeup {
    pub(crate) fn of(scope: &Scope<'_>) -> Self {
        Self { scales: standards(scope, |own| scope.space.structure(own)) }
    }

    pub(crate) fn features(&self, scope: &Scope<'_>, own: &Architecture) -> Vec<f64> {
        let structure = scope.space.structure(own);
        let figures =
            structure.iter().zip(&self.scales).map(|(figure, (mean, scale))| (figure - mean) * scale);
        figures.chain(scope.space.features(own).iter().map(|code| OF_DECISIONS * code)).collect()
    }
}

/// Efforts of full trainings, as multiples of the mean of those that teach.
#[derive(Debug, Clone, Default)]
pub(crate) struct Effort {
    known: Option<Line>,
}

#[derive(Debug, Clone)]
struct Line {
    weights: Vec<f64>,
    constant: f64,
    least: f64,
    most: f64,
}

impl Effort {
    /// `lessons`: features and efforts, positive, in any unit; [`MOST`] at most.
    pub(crate) fn learn(lessons: &[(Vec<f64>, f64)]) -> Self {
        if lessons.len() < FEWEST {
            return Self::default();
        }
        let count = lessons.len();
        let total: f64 = lessons.iter().map(|(_, effort)| effort).sum();
        let values: Vec<f64> =
            lessons.iter().map(|(_, effort)| libm::log(effort * count as f64 / total)).collect();
        let mean = values.iter().sum::<f64>() / count as f64;
        let factor = Factor::of(count, |row, column| {
            let noise = if row == column { NOISE } else { 0.0 };
            1.0 + dot(&lessons[row].0, &lessons[column].0) + noise
        });
        let centred: Vec<f64> = values.iter().map(|value| value - mean).collect();
        let shares = factor.solve_transposed(&factor.solve(&centred));
        let mut weights = vec![0.0; lessons[0].0.len()];
        for ((features, _), share) in lessons.iter().zip(&shares) {
            add_scaled(&mut weights, features, *share);
        }
        let least = values.iter().copied().fold(f64::INFINITY, f64::min) - libm::log(BEYOND);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max) + libm::log(BEYOND);
        let constant = mean + shares.iter().sum::<f64>();
        Self { known: Some(Line { weights, constant, least, most }) }
    }

    pub(crate) fn is_known(&self) -> bool {
        self.known.is_some()
    }

    /// What no estimate is below.
    pub(crate) fn least(&self) -> f64 {
        self.known.as_ref().map_or(1.0, |line| libm::exp(line.least))
    }

    /// 1 where too little is known.
    pub(crate) fn of(&self, features: &[f64]) -> f64 {
        let of = |line: &Line| (line.constant + dot(&line.weights, features)).clamp(line.least, line.most);
        self.known.as_ref().map_or(1.0, |line| libm::exp(of(line)))
    }
}

#[cfg(test)]
mod tests {
    use common::seed::Seed;
    use common::space::SearchSpace;
    use common::space::nas_bench_201::{NasBench201, Nodes, Skeleton};

    use super::*;

    /// Seconds as networks take them: something for all, and more for what computes more.
    fn seconds(space: &dyn SearchSpace, architecture: &Architecture) -> f64 {
        let of = |gene: &u32| [0.1, 0.2, 1.5, 3.0, 0.6][*gene as usize];
        4.0 + architecture.genes().iter().take(space.decisions().len()).map(of).sum::<f64>()
    }

    #[test]
    fn a_dozen_trainings_tell_what_others_take() {
        let (channels, cells_per_stage, input, classes, nodes) = (16, 5, [3, 32, 32], 10, Nodes::Four);
        let space = NasBench201::new(Skeleton { channels, cells_per_stage, input, classes, nodes });
        let scope = Scope::functions(&space);
        let makeup = Makeup::of(&scope);
        let mut rng = Seed(5).stream("effort", 0);
        let mut drawn = |count: usize| -> Vec<(Vec<f64>, f64)> {
            let own = (0..count).map(|_| scope.own(&space.random(&mut rng)));
            own.map(|own| (makeup.features(&scope, &own), seconds(&space, &own))).collect()
        };
        let lessons = drawn(12);
        let effort = Effort::learn(&lessons);
        let mean = lessons.iter().map(|(_, seconds)| seconds).sum::<f64>() / lessons.len() as f64;
        let others = drawn(200);
        let off =
            |(features, seconds): &(Vec<f64>, f64)| libm::log(effort.of(features) * mean / seconds).powi(2);
        let blind = |(_, seconds): &(Vec<f64>, f64)| libm::log(mean / seconds).powi(2);
        let root = |sum: f64| (sum / others.len() as f64).sqrt();
        let (learnt, guessed) = (root(others.iter().map(off).sum()), root(others.iter().map(blind).sum()));
        assert!(learnt < 0.5 * guessed, "{learnt} where the mean alone is off by {guessed}");
    }

    #[test]
    fn who_knows_little_says_as_usual() {
        let lessons = vec![(vec![1.0, 2.0], 7.0); FEWEST - 1];
        assert_eq!(Effort::learn(&lessons).of(&[5.0, 5.0]), 1.0);
    }

    #[test]
    fn equals_take_the_usual_and_nobody_is_thought_beyond_all_measure() {
        let same = vec![(vec![1.0, 0.0], 7.0); FEWEST];
        assert!((Effort::learn(&same).of(&[1.0, 0.0]) - 1.0).abs() < 1e-9);
        let rising: Vec<(Vec<f64>, f64)> =
            (0..8).map(|step| (vec![f64::from(step)], libm::exp(f64::from(step)))).collect();
        let learnt = Effort::learn(&rising);
        assert!(learnt.of(&[100.0]) <= learnt.of(&[50.0]) && learnt.of(&[50.0]) < 8.0 * BEYOND);
        assert!(learnt.of(&[-100.0]) == learnt.least() && learnt.least() < learnt.of(&[0.0]));
    }
}
