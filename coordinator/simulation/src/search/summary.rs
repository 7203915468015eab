//! What a person reads of many searches: how much of the maximum they reach with how many trainings, and how surely.

use super::run::Run;

/// Trainings after which every summary looks.
const MARKS: [usize; 8] = [5, 10, 25, 50, 100, 200, 400, 800];
/// Shares of the maximum that a search is timed to.
const GOALS: [f64; 2] = [0.99, 0.995];

#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    pub marks: Vec<Mark>,
    pub goals: Vec<Goal>,
    /// Seeds whose search ended early because nothing was left.
    pub exhausted: usize,
}

/// All seeds after the same number of trainings, or at the same cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mark {
    pub trainings: usize,
    /// Of the maximum, in percent.
    pub mean_percent: f64,
    /// Of that mean, in percentage points; none for one seed.
    pub error_percent: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Goal {
    /// Of the maximum.
    pub share: f64,
    /// Cost to it in full trainings, over all seeds; none where half of them never got there.
    pub median: Option<f64>,
    pub reached: usize,
    pub seeds: usize,
}

impl Summary {
    /// Of searches for as many trainings as were planned; `maximum` is what all architectures reach together.
    pub fn of(runs: &[Run], maximum: f64, evaluations: usize) -> Self {
        let mut marks: Vec<usize> = MARKS.into_iter().filter(|&mark| mark < evaluations).collect();
        marks.push(evaluations);
        Self {
            marks: marks.into_iter().map(|mark| Mark::of(runs, maximum, mark)).collect(),
            goals: GOALS.into_iter().map(|share| Goal::of(runs, maximum, share)).collect(),
            exhausted: runs.iter().filter(|run| run.exhausted).count(),
        }
    }
}

impl Mark {
    fn of(runs: &[Run], maximum: f64, trainings: usize) -> Self {
        let percents: Vec<f64> = runs.iter().map(|run| 100.0 * reached(run, trainings) / maximum).collect();
        let count = percents.len() as f64;
        let mean = percents.iter().sum::<f64>() / count;
        let squares: f64 = percents.iter().map(|percent| (percent - mean).powi(2)).sum();
        let error = (percents.len() > 1).then(|| (squares / (count - 1.0) / count).sqrt());
        Self { trainings, mean_percent: mean, error_percent: error }
    }
}

/// The hypervolume when so many full trainings are paid for, or what came last.
fn reached(run: &Run, trainings: usize) -> f64 {
    // Sums of shares are off by their rounding.
    let limit = trainings as f64 * (1.0 + 1e-9);
    let paid = run.steps.iter().take_while(|step| step.cost <= limit);
    paid.last().map_or(0.0, |step| step.hypervolume)
}

impl Goal {
    fn of(runs: &[Run], maximum: f64, share: f64) -> Self {
        let cost = |run: &Run| {
            let first = run.steps.iter().find(|step| step.hypervolume >= share * maximum);
            first.map_or(f64::INFINITY, |step| step.cost)
        };
        let mut costs: Vec<f64> = runs.iter().map(cost).collect();
        costs.sort_by(f64::total_cmp);
        let middle = match costs.len() {
            0 => f64::INFINITY,
            even if even % 2 == 0 => (costs[even / 2 - 1] + costs[even / 2]) / 2.0,
            odd => costs[odd / 2],
        };
        Self {
            share,
            median: Some(middle).filter(|median| median.is_finite()),
            reached: costs.iter().filter(|cost| cost.is_finite()).count(),
            seeds: runs.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use common::fidelity::Fidelity;

    use super::*;
    use crate::search::{Place, Step};

    fn run(hypervolumes: &[f64]) -> Run {
        let step = |(index, &hypervolume): (usize, &f64)| Step {
            place: Place::Row(index),
            fidelity: Fidelity::Full,
            cost: (index + 1) as f64,
            hypervolume,
        };
        Run { seed: 0, steps: hypervolumes.iter().enumerate().map(step).collect(), exhausted: false }
    }

    #[test]
    fn means_errors_and_medians() {
        let runs = [run(&[5.0, 8.0, 9.95]), run(&[7.0, 9.9, 9.9])];
        let summary = Summary::of(&runs, 10.0, 3);
        let [mark] = summary.marks[..] else { panic!("one mark: {summary:?}") };
        assert!((mark.mean_percent - 99.25).abs() < 1e-9);
        assert!((mark.error_percent.unwrap() - 0.25).abs() < 1e-9);
        let [first, second] = summary.goals[..] else { panic!("two goals") };
        assert_eq!((first.median, first.reached), (Some(2.5), 2));
        assert_eq!((second.median, second.reached), (None, 1), "half of the seeds never get there");
        assert_eq!(Summary::of(&runs[..1], 10.0, 7).marks[0].trainings, 5);
        assert_eq!(Summary::of(&runs[..1], 10.0, 2).marks[0].error_percent, None);
    }
}
