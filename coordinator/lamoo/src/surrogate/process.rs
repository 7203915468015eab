//! A Gaussian process given its observations (Rasmussen and Williams, 2006, algorithm 2.1), grown one at a time.

use super::factor::Factor;
use super::kernel::Parameters;
use super::listing::Listing;
use super::view::Layout;
use crate::vector::{add_scaled, dot};

/// Places of a list that are predicted together: what all observations say of them stays in a processor's cache.
const TOGETHER: usize = 256;

/// A zero-mean process with known parameters. It predicts the full fidelity, level 0.
#[derive(Debug, Clone)]
pub(crate) struct Process {
    parameters: Parameters,
    factor: Factor,
    /// `L⁻¹ y`.
    white: Vec<f64>,
    points: Vec<(Box<[f64]>, usize)>,
    /// `[listed]`; empty where nothing is listed.
    field: Field,
}

/// Predictions kept for a whole list: each new observation costs a pass, not a new solution.
#[derive(Debug, Clone, Default)]
struct Field {
    /// `L⁻¹ k(X, list)`, a row for each observation.
    rows: Vec<Vec<f64>>,
    means: Vec<f64>,
    /// Variance explained by the observations.
    explained: Vec<f64>,
}

impl Process {
    /// Without observations. `listed` is the number of views for which predictions are kept.
    pub(crate) fn new(parameters: Parameters, listed: usize) -> Self {
        let field = Field { rows: Vec::new(), means: vec![0.0; listed], explained: vec![0.0; listed] };
        Self { parameters, factor: Factor::default(), white: Vec::new(), points: Vec::new(), field }
    }

    pub(crate) fn len(&self) -> usize {
        self.points.len()
    }

    /// Takes in that each view showed its value at its level; `list` holds the views of which predictions are kept.
    pub(crate) fn observe(&mut self, layout: &Layout, list: &Listing, observations: &[(&[f64], usize, f64)]) {
        let first = self.points.len();
        for &(view, level, value) in observations {
            self.learn(layout, view, level, value);
        }
        for (view, level) in &self.points[first..] {
            let mut row = vec![0.0; list.len()];
            self.parameters.covariances(layout, list, (view, *level), &mut row);
            self.field.rows.push(row);
        }
        for begin in (0..self.field.means.len()).step_by(TOGETHER) {
            let places = begin..(begin + TOGETHER).min(self.field.means.len());
            for count in first..self.points.len() {
                let (before, rows) = self.field.rows.split_at_mut(count);
                let products = &mut rows[0][places.clone()];
                let last = self.factor.row(count);
                for (row, entry) in before.iter().zip(last) {
                    add_scaled(products, &row[places.clone()], -entry);
                }
                products.iter_mut().for_each(|product| *product /= last[count]);
            }
        }
        for count in first..self.points.len() {
            let row = std::mem::take(&mut self.field.rows[count]);
            self.field.add(&row, self.white[count], 1.0);
            self.field.rows[count] = row;
        }
    }

    fn learn(&mut self, layout: &Layout, view: &[f64], level: usize, value: f64) {
        let parameters = &self.parameters;
        let against = |(other, other_level): &(Box<[f64]>, usize)| {
            parameters.covariance(layout, (view, level), (other, *other_level))
        };
        let mut row: Vec<f64> = self.points.iter().map(against).collect();
        row.push(parameters.variance(level) + parameters.levels[level].noise);
        self.factor.grow(&row);
        let last = self.factor.row(self.points.len());
        let (above, pivot) = (&last[..self.points.len()], last[self.points.len()]);
        self.white.push((value - dot(above, &self.white)) / pivot);
        self.points.push((view.into(), level));
    }

    /// Forgets all but the first `count` observations.
    pub(crate) fn truncate(&mut self, count: usize) {
        while self.points.len() > count {
            self.points.pop();
            let white = self.white.pop().unwrap_or_default();
            if let Some(row) = self.field.rows.pop() {
                self.field.add(&row, white, -1.0);
            }
        }
        self.factor.truncate(count);
    }

    /// Mean and variance of the function at the full fidelity, without noise.
    pub(crate) fn predict(&self, layout: &Layout, view: &[f64]) -> (f64, f64) {
        let parameters = &self.parameters;
        let against =
            |(other, level): &(Box<[f64]>, usize)| parameters.covariance(layout, (view, 0), (other, *level));
        let products: Vec<f64> = self.points.iter().map(against).collect();
        let solved = self.factor.solve(&products);
        (dot(&solved, &self.white), self.left(dot(&solved, &solved)))
    }

    /// [`Process::predict`] of the view at `place` in the list.
    pub(crate) fn listed(&self, place: usize) -> (f64, f64) {
        (self.field.means[place], self.left(self.field.explained[place]))
    }

    pub(crate) fn noise(&self) -> f64 {
        self.parameters.levels[0].noise
    }

    pub(crate) fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn left(&self, explained: f64) -> f64 {
        (self.parameters.variance(0) - explained).max(0.0)
    }
}

impl Field {
    fn add(&mut self, row: &[f64], white: f64, sign: f64) {
        add_scaled(&mut self.means, row, sign * white);
        for (explained, entry) in self.explained.iter_mut().zip(row) {
            *explained += sign * entry * entry;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::kernel::LevelParameters;
    use super::super::view::{Feature, Layout, Measure};
    use super::*;

    fn parameters() -> Parameters {
        let level = |slope, gap| LevelParameters { slope, gap, noise: 0.01 };
        Parameters { amplitudes: vec![0.8], rates: vec![0.7], levels: vec![level(1.0, 0.0), level(0.9, 0.2)] }
    }

    fn layout() -> Layout {
        let features = vec![Feature { measure: Measure::Apart, rate: 1.0 }];
        Layout::plain(features, vec![std::ops::Range { start: 0, end: 1 }])
    }

    /// Gauss-Jordan, as an oracle.
    fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
        let size = right.len();
        for column in 0..size {
            let pivot = (column..size)
                .max_by(|a, b| matrix[*a][column].abs().total_cmp(&matrix[*b][column].abs()))
                .unwrap();
            matrix.swap(column, pivot);
            right.swap(column, pivot);
            for row in (0..size).filter(|row| *row != column) {
                let share = matrix[row][column] / matrix[column][column];
                let above = matrix[column].clone();
                add_scaled(&mut matrix[row], &above, -share);
                right[row] -= share * right[column];
            }
        }
        (0..size).map(|row| right[row] / matrix[row][row]).collect()
    }

    #[test]
    fn predictions_are_those_of_the_normal_equations() {
        let (layout, parameters) = (layout(), parameters());
        let view = |place: usize| vec![0.37 * place as f64].into_boxed_slice();
        let list = Listing::new(&layout, (0..9).map(view).collect());
        let observed: Vec<(usize, usize, f64)> =
            (0..6).map(|i| (i + i % 2, i % 2, libm::sin(i as f64))).collect();
        let mut process = Process::new(parameters.clone(), list.len());
        for &(place, level, value) in &observed {
            process.observe(&layout, &list, &[(&view(place), level, value)]);
        }
        let covariance = |a: (usize, usize), b: (usize, usize)| {
            parameters.covariance(&layout, (&view(a.0), a.1), (&view(b.0), b.1))
        };
        let matrix: Vec<Vec<f64>> = observed
            .iter()
            .enumerate()
            .map(|(i, &(p, l, _))| {
                let row = observed.iter().enumerate();
                row.map(|(j, &(q, k, _))| covariance((p, l), (q, k)) + if i == j { 0.01 } else { 0.0 })
                    .collect()
            })
            .collect();
        let values: Vec<f64> = observed.iter().map(|(_, _, value)| *value).collect();
        let weights = solve(matrix.clone(), values);
        for place in 0..list.len() {
            let products: Vec<f64> =
                observed.iter().map(|&(p, l, _)| covariance((p, l), (place, 0))).collect();
            let mean = dot(&products, &weights);
            let variance = parameters.variance(0) - dot(&products, &solve(matrix.clone(), products.clone()));
            for (found_mean, found_variance) in
                [process.listed(place), process.predict(&layout, &view(place))]
            {
                assert!((found_mean - mean).abs() < 1e-9 && (found_variance - variance).abs() < 1e-9);
            }
        }

        let before: Vec<_> = (0..list.len()).map(|place| process.listed(place)).collect();
        process.observe(&layout, &list, &[(&view(7), 0, 2.0)]);
        assert_ne!(before[7], process.listed(7));
        process.truncate(6);
        for (place, (mean, variance)) in before.into_iter().enumerate() {
            let (now, left) = process.listed(place);
            assert!((now - mean).abs() < 1e-12 && (left - variance).abs() < 1e-12);
        }
    }
}
