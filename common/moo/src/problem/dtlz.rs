//! DTLZ2, a sphere in any number of objectives: Deb, Thiele, Laumanns, Zitzler, CEC 2002.

use std::f64::consts::{FRAC_PI_2, PI};

use super::Problem;

/// The front is the part of the unit sphere where no objective is negative, reached where all decisions after the
/// first `m - 1` are 0.5.
#[derive(Debug, Clone, Copy)]
pub struct Dtlz2 {
    pub decisions: usize,
    pub objectives: usize,
}

impl Problem for Dtlz2 {
    fn name(&self) -> &'static str {
        "DTLZ2"
    }

    fn decisions(&self) -> usize {
        self.decisions
    }

    fn objectives(&self) -> usize {
        self.objectives
    }

    /// `f_i = (1 + g) Π_{j < m-i} cos(x_j π/2) · sin(x_{m-i} π/2)` with `g = Σ (x_j - 0.5)²` over the last decisions.
    fn evaluate(&self, decisions: &[f64]) -> Vec<f64> {
        let (angles, rest) = decisions.split_at(self.objectives - 1);
        let g: f64 = rest.iter().map(|x| (x - 0.5).powi(2)).sum();
        (0..self.objectives)
            .map(|i| {
                let cosines = angles.len() - i;
                let product: f64 = angles[..cosines].iter().map(|x| (x * FRAC_PI_2).cos()).product();
                let sine = angles.get(cosines).map_or(1.0, |x| (x * FRAC_PI_2).sin());
                (1.0 + g) * product * sine
            })
            .collect()
    }

    fn reference(&self) -> Vec<f64> {
        vec![1.1; self.objectives]
    }

    /// The cube `[0, 1.1]^m` less the part of the unit ball in the positive orthant.
    fn maximum_hypervolume(&self) -> f64 {
        let m = self.objectives;
        1.1_f64.powi(m as i32) - unit_ball(m) / 2.0_f64.powi(m as i32)
    }
}

/// `V_0 = 1`, `V_1 = 2`, `V_m = V_{m-2} · 2π / m`.
fn unit_ball(dimensions: usize) -> f64 {
    match dimensions {
        0 => 1.0,
        1 => 2.0,
        m => unit_ball(m - 2) * 2.0 * PI / m as f64,
    }
}
