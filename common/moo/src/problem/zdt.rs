//! ZDT1 (convex front) and ZDT2 (concave front): Zitzler, Deb, Thiele, Evolutionary Computation 8(2), 2000.
//!
//! With `g = 1 + 9 mean(x_2..x_d)` both have their front at `g = 1`, that is `x_2 = … = x_d = 0`.

use super::Problem;

/// `f1 = x1`, `f2 = g (1 - sqrt(f1 / g))`; front `f2 = 1 - sqrt(f1)`.
#[derive(Debug, Clone, Copy)]
pub struct Zdt1 {
    pub decisions: usize,
}

impl Problem for Zdt1 {
    fn name(&self) -> &'static str {
        "ZDT1"
    }

    fn decisions(&self) -> usize {
        self.decisions
    }

    fn objectives(&self) -> usize {
        2
    }

    fn evaluate(&self, decisions: &[f64]) -> Vec<f64> {
        let g = distance(decisions);
        vec![decisions[0], g * (1.0 - (decisions[0] / g).sqrt())]
    }

    fn reference(&self) -> Vec<f64> {
        vec![1.1, 1.1]
    }

    /// `∫₀¹ (0.1 + sqrt(t)) dt + 0.1 · 1.1`.
    fn maximum_hypervolume(&self) -> f64 {
        0.1 + 2.0 / 3.0 + 0.11
    }
}

/// `f1 = x1`, `f2 = g (1 - (f1 / g)²)`; front `f2 = 1 - f1²`.
#[derive(Debug, Clone, Copy)]
pub struct Zdt2 {
    pub decisions: usize,
}

impl Problem for Zdt2 {
    fn name(&self) -> &'static str {
        "ZDT2"
    }

    fn decisions(&self) -> usize {
        self.decisions
    }

    fn objectives(&self) -> usize {
        2
    }

    fn evaluate(&self, decisions: &[f64]) -> Vec<f64> {
        let g = distance(decisions);
        vec![decisions[0], g * (1.0 - (decisions[0] / g).powi(2))]
    }

    fn reference(&self) -> Vec<f64> {
        vec![1.1, 1.1]
    }

    /// `∫₀¹ (0.1 + t²) dt + 0.1 · 1.1`.
    fn maximum_hypervolume(&self) -> f64 {
        0.1 + 1.0 / 3.0 + 0.11
    }
}

/// `g(x) = 1 + 9 mean(x_2..x_d)`.
fn distance(decisions: &[f64]) -> f64 {
    let rest = &decisions[1..];
    if rest.is_empty() { 1.0 } else { 1.0 + 9.0 * rest.iter().sum::<f64>() / rest.len() as f64 }
}
