//! Weights on the simplex: `min wᵀ C w + λ c ‖w − w₀‖²` with w ≥ 0, Σ w = 1, where `C [m, m]` holds the mean products of the members' errors,
//! c their mean square and w₀ what is thought of them beforehand. With Σ w = 1 the error of the mix is the mix of the errors, so that C is all one needs.

/// Enough for a handful of members: the objective is strongly convex, steps shrink the distance by a constant factor.
const STEPS: usize = 2_000;

/// Sums over cases of the products of the members' errors.
#[derive(Debug)]
pub struct Equations {
    members: usize,
    products: Vec<f64>,
    cases: f64,
    row: Vec<f64>,
}

impl Equations {
    pub fn new(members: usize) -> Self {
        Self { members, products: vec![0.0; members * members], cases: 0.0, row: Vec::new() }
    }

    /// One case: an error of each member, in order.
    pub fn add(&mut self, errors: impl Iterator<Item = f64>) {
        self.row.clear();
        self.row.extend(errors);
        for (a, sums) in self.row.iter().zip(self.products.chunks_exact_mut(self.members)) {
            for (b, sum) in self.row.iter().zip(sums) {
                *sum += a * b;
            }
        }
        self.cases += 1.0;
    }

    /// By projected gradients from `prior`, which is the answer where nothing was added or nobody erred.
    pub fn solve(&self, shrinkage: f64, prior: &[f64]) -> Vec<f64> {
        let m = self.members;
        let trace: f64 = (0..m).map(|i| self.products[i * m + i]).sum();
        let mean_square = trace / m as f64;
        let mut weights = prior.to_vec();
        if self.cases == 0.0 || !(mean_square > 0.0 && mean_square.is_finite()) {
            return weights;
        }
        // The largest eigenvalue is at most the trace.
        let pull = shrinkage * mean_square;
        let step = 1.0 / (trace + pull);
        for _ in 0..STEPS {
            let gradient = |i: usize| {
                let row = &self.products[i * m..(i + 1) * m];
                row.iter().zip(&weights).map(|(c, w)| c * w).sum::<f64>() + pull * (weights[i] - prior[i])
            };
            let moved: Vec<f64> = (0..m).map(|i| weights[i] - step * gradient(i)).collect();
            weights = projected(moved);
        }
        weights
    }
}

/// The nearest point of the simplex (Duchi et al., ICML 2008).
fn projected(point: Vec<f64>) -> Vec<f64> {
    let mut sorted = point.clone();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    let (mut sum, mut threshold) = (0.0, 0.0);
    for (index, value) in sorted.iter().enumerate() {
        sum += value;
        let candidate = (sum - 1.0) / (index + 1) as f64;
        if value - candidate > 0.0 {
            threshold = candidate;
        }
    }
    point.into_iter().map(|value| (value - threshold).max(0.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(cases: &[[f64; 2]], shrinkage: f64) -> Vec<f64> {
        let mut equations = Equations::new(2);
        cases.iter().for_each(|case| equations.add(case.iter().copied()));
        equations.solve(shrinkage, &[0.5, 0.5])
    }

    #[track_caller]
    fn check(cases: &[[f64; 2]], shrinkage: f64, first: f64) {
        let found = weights(cases, shrinkage);
        assert!((found[0] - first).abs() < 1e-6 && (found[0] + found[1] - 1.0).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn weights_by_hand() {
        // Independent errors of variances 1 and 4: inverse variances, 4/5 and 1/5.
        let independent = [[1.0, 2.0], [1.0, -2.0]];
        check(&independent, 0.0, 0.8);
        // wᵀCw + 2.5‖w − ½‖²: 1·w + 2.5(w − ½) = 4(1 − w) + 2.5(½ − w).
        check(&independent, 1.0, 6.5 / 10.0);
        check(&[[1.0, 2.0]], 0.0, 1.0);
        check(&[[1.0, 1.0]], 1.0, 0.5);
        check(&[], 1.0, 0.5);
        check(&[[0.0, 0.0]], 1.0, 0.5);
    }

    #[test]
    fn the_pull_is_to_what_was_thought_before() {
        let mut equations = Equations::new(2);
        assert_eq!(equations.solve(1.0, &[0.8, 0.2]), [0.8, 0.2]);
        equations.add([1.0, -1.0].into_iter());
        let weights = equations.solve(1e6, &[0.8, 0.2]);
        assert!((weights[0] - 0.8).abs() < 1e-3, "{weights:?}");
    }
}
