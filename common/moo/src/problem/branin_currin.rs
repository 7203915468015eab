//! Branin–Currin: two smooth, conflicting functions of two decisions, the usual first test of a multi-objective
//! Bayesian optimiser (Belakaria et al., NeurIPS 2019).

use std::f64::consts::PI;

use super::Problem;

/// The minimised pair (Branin, Currin), Branin's domain scaled to the unit square.
#[derive(Debug, Clone, Copy)]
pub struct BraninCurrin;

impl Problem for BraninCurrin {
    fn name(&self) -> &'static str {
        "Branin-Currin"
    }

    fn decisions(&self) -> usize {
        2
    }

    fn objectives(&self) -> usize {
        2
    }

    fn evaluate(&self, decisions: &[f64]) -> Vec<f64> {
        let (x, y) = (decisions[0], decisions[1]);
        vec![branin(15.0 * x - 5.0, 15.0 * y), currin(x, y)]
    }

    fn reference(&self) -> Vec<f64> {
        vec![18.0, 6.0]
    }

    /// The figure everyone divides by, found by a long NSGA-II run: no closed form is known. Refining a grid reaches
    /// 59.40, so an optimiser may end 0.1 % above it.
    fn maximum_hypervolume(&self) -> f64 {
        59.360_118_748_676_74
    }
}

fn branin(u: f64, v: f64) -> f64 {
    let valley = v - 5.1 / (4.0 * PI * PI) * u * u + 5.0 / PI * u - 6.0;
    valley * valley + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * u.cos() + 10.0
}

/// At `y = 0` the exponential has vanished: its limit, 1, is taken.
fn currin(x: f64, y: f64) -> f64 {
    let damping = if y > 0.0 { 1.0 - (-1.0 / (2.0 * y)).exp() } else { 1.0 };
    let above = 2300.0 * x.powi(3) + 1900.0 * x * x + 2092.0 * x + 60.0;
    let below = 100.0 * x.powi(3) + 500.0 * x * x + 4.0 * x + 20.0;
    damping * above / below
}
