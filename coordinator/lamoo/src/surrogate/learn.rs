//! The parameters of a kernel: the most probable ones given the observations and mild beliefs beforehand (maximum a
//! posteriori), by gradient.

use super::descent::minimise;
use super::factor::Factor;
use super::kernel::{LevelParameters, Parameters};
use super::view::Layout;
use crate::vector::{add_scaled, dot};

/// Steps at most.
const STEPS: usize = 60;
/// Gain of the logarithm of the posterior below which it is settled.
const TOLERANCE: f64 = 1e-2;

/// What the parameters are learnt from.
#[derive(Debug)]
pub(crate) struct Lesson<'a> {
    pub(crate) layout: &'a Layout,
    /// `[n]`
    pub(crate) views: Vec<&'a [f64]>,
    /// `[n]`; 0 is the full fidelity.
    pub(crate) levels: Vec<usize>,
    /// `[n]`, about standardised.
    pub(crate) values: Vec<f64>,
    pub(crate) level_count: usize,
}

/// A parameter's logarithm is believed to be normal.
#[derive(Debug, Clone, Copy)]
struct Belief {
    mean: f64,
    deviation: f64,
}

impl Belief {
    fn about(median: f64, deviation: f64) -> Self {
        Self { mean: libm::log(median), deviation }
    }
}

impl Lesson<'_> {
    /// The most probable parameters from `start` on, and the logarithm of their posterior.
    pub(crate) fn learn(&self, start: Option<&Parameters>) -> (Parameters, f64) {
        let beliefs = self.beliefs();
        let origin = match start {
            Some(parameters) if parameters.levels.len() == self.level_count => flatten(parameters),
            _ => beliefs.iter().map(|belief| belief.mean).collect(),
        };
        let distances = self.distances();
        let function = |point: &[f64]| self.loss(point, &beliefs, &distances);
        let (point, loss) = minimise(origin, STEPS, TOLERANCE, function);
        (self.unflatten(&point), -loss)
    }

    fn beliefs(&self) -> Vec<Belief> {
        let layout = self.layout;
        let mut beliefs: Vec<Belief> =
            layout.groups.iter().map(|_| Belief::about(1.0 / layout.groups.len() as f64, 2.0)).collect();
        beliefs.extend(layout.features.iter().map(|feature| Belief::about(feature.rate, 1.0)));
        for level in 0..self.level_count {
            beliefs.push(match layout.is_noisy {
                true => Belief::about(0.02, 1.0),
                false => Belief::about(1e-4, 2.0),
            });
            if level > 0 {
                beliefs.extend([Belief::about(1.0, 0.6), Belief::about(0.2, 1.0)]);
            }
        }
        beliefs
    }

    /// Each feature's distances between all pairs, `[d]` of packed rows up to the diagonal.
    fn distances(&self) -> Vec<Vec<f64>> {
        let all = |(index, feature): (usize, &super::view::Feature)| {
            let mut packed = Vec::with_capacity(self.views.len() * (self.views.len() + 1) / 2);
            for (row, a) in self.views.iter().enumerate() {
                packed.extend(self.views[..=row].iter().map(|b| feature.measure.between(a[index], b[index])));
            }
            packed
        };
        self.layout.features.iter().enumerate().map(all).collect()
    }

    fn unflatten(&self, point: &[f64]) -> Parameters {
        let exponentials: Vec<f64> = point.iter().map(|entry| libm::exp(*entry)).collect();
        let (groups, features) = (self.layout.groups.len(), self.layout.features.len());
        let mut rest = exponentials[groups + features..].iter().copied();
        let mut next = || rest.next().expect("two or three numbers a level");
        let levels = (0..self.level_count)
            .map(|level| {
                let noise = next();
                match level {
                    0 => LevelParameters { slope: 1.0, gap: 0.0, noise },
                    _ => LevelParameters { noise, slope: next(), gap: next() },
                }
            })
            .collect();
        Parameters {
            amplitudes: exponentials[..groups].to_vec(),
            rates: exponentials[groups..groups + features].to_vec(),
            levels,
        }
    }

    /// Minus the logarithm of the posterior (up to a constant) and its gradient, by the parameters' logarithms.
    fn loss(&self, point: &[f64], beliefs: &[Belief], distances: &[Vec<f64>]) -> (f64, Vec<f64>) {
        let parameters = self.unflatten(point);
        let count = self.values.len();
        let pairs = count * (count + 1) / 2;
        let (layout, levels) = (self.layout, &self.levels);
        let mut parts: Vec<Vec<f64>> = Vec::with_capacity(layout.groups.len());
        for (group, amplitude) in layout.groups.iter().zip(&parameters.amplitudes) {
            let mut exponent = vec![0.0; pairs];
            for feature in group.clone() {
                add_scaled(&mut exponent, &distances[feature], -parameters.rates[feature]);
            }
            exponent.iter_mut().for_each(|entry| *entry = amplitude * libm::exp(*entry));
            parts.push(exponent);
        }
        let likeness = |pair: usize| parts.iter().map(|part| part[pair]).sum::<f64>();
        let place = |row: usize, column: usize| row * (row + 1) / 2 + column;
        let factor = Factor::of(count, |row, column| {
            let (a, b) = (levels[row], levels[column]);
            let noise = if row == column { parameters.levels[levels[row]].noise } else { 0.0 };
            parameters.coupling(a, b) * likeness(place(row, column)) + parameters.offset(a, b) + noise
        });
        let white = factor.solve(&self.values);
        let weights = factor.solve_transposed(&white);
        let mut loss = 0.5 * dot(&white, &white) + factor.half_log_determinant();

        // dL/dK = (K⁻¹ - α αᵀ) / 2; a pair off the diagonal counts twice.
        let mut slopes = factor.inverse();
        for row in 0..count {
            for column in 0..=row {
                let entry = &mut slopes[place(row, column)];
                let twice = if row == column { 0.5 } else { 1.0 };
                *entry = twice * (*entry - weights[row] * weights[column]);
            }
        }
        let mut gradient = Vec::with_capacity(point.len());
        let mut coupled = slopes.clone();
        if self.level_count > 1 {
            for row in 0..count {
                for column in 0..=row {
                    coupled[place(row, column)] *= parameters.coupling(levels[row], levels[column]);
                }
            }
        }
        let mut weighted: Vec<Vec<f64>> = Vec::with_capacity(parts.len());
        for part in &parts {
            let product: Vec<f64> = part.iter().zip(&coupled).map(|(k, slope)| k * slope).collect();
            gradient.push(product.iter().sum());
            weighted.push(product);
        }
        for (group, product) in layout.groups.iter().zip(&weighted) {
            for feature in group.clone() {
                gradient.push(-parameters.rates[feature] * dot(product, &distances[feature]));
            }
        }
        for level in 0..self.level_count {
            let own = |row: &usize| levels[*row] == level;
            let noise = parameters.levels[level].noise;
            gradient.push(noise * (0..count).filter(own).map(|row| slopes[place(row, row)]).sum::<f64>());
            if level > 0 {
                let (mut by_slope, mut by_gap) = (0.0, 0.0);
                for row in 0..count {
                    for column in 0..=row {
                        let pair = place(row, column);
                        let here = [levels[row] == level, levels[column] == level];
                        if here == [false, false] {
                            continue;
                        }
                        let value = slopes[pair] * Parameters::sloped(likeness(pair));
                        let slope = |index: usize| parameters.levels[levels[index]].slope;
                        by_slope += value
                            * (f64::from(u8::from(here[0])) * slope(column)
                                + f64::from(u8::from(here[1])) * slope(row));
                        if here == [true, true] {
                            by_gap += slopes[pair] * likeness(pair);
                        }
                    }
                }
                gradient.push(by_slope * parameters.levels[level].slope);
                gradient.push(by_gap * parameters.levels[level].gap);
            }
        }
        for ((entry, belief), slope) in point.iter().zip(beliefs).zip(&mut gradient) {
            let off = (entry - belief.mean) / belief.deviation;
            loss += 0.5 * off * off;
            *slope += off / belief.deviation;
        }
        (if loss.is_finite() { loss } else { f64::MAX }, gradient)
    }
}

fn flatten(parameters: &Parameters) -> Vec<f64> {
    let mut point: Vec<f64> = parameters.amplitudes.iter().chain(&parameters.rates).copied().collect();
    for (level, of_level) in parameters.levels.iter().enumerate() {
        point.push(of_level.noise);
        if level > 0 {
            point.extend([of_level.slope, of_level.gap]);
        }
    }
    point.iter().map(|entry| libm::log(*entry)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::view::{Feature, Measure};
    use super::*;

    fn layout() -> Layout {
        let features = vec![
            Feature { measure: Measure::Differs, rate: 0.5 },
            Feature { measure: Measure::Apart, rate: 1.0 },
            Feature { measure: Measure::Apart, rate: 0.2 },
        ];
        Layout::plain(features, vec![0..1, 1..3])
    }

    #[test]
    fn the_gradient_is_the_losss() {
        let layout = layout();
        let views: Vec<Vec<f64>> =
            (0..12).map(|i| vec![f64::from(i % 3), libm::sin(f64::from(i)), f64::from(i) / 6.0]).collect();
        let lesson = Lesson {
            layout: &layout,
            views: views.iter().map(Vec::as_slice).collect(),
            levels: (0..12).map(|i| i % 3).collect(),
            values: (0..12).map(|i| libm::cos(1.3 * f64::from(i))).collect(),
            level_count: 3,
        };
        let (beliefs, distances) = (lesson.beliefs(), lesson.distances());
        let point: Vec<f64> =
            (0..beliefs.len()).map(|i| beliefs[i].mean + 0.3 * libm::sin(i as f64)).collect();
        let (_, gradient) = lesson.loss(&point, &beliefs, &distances);
        for index in 0..point.len() {
            let at = |change: f64| {
                let mut moved = point.clone();
                moved[index] += change;
                lesson.loss(&moved, &beliefs, &distances).0
            };
            let numeric = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!(
                (numeric - gradient[index]).abs() < 1e-5 * (1.0 + numeric.abs()),
                "{index}: {numeric} {}",
                gradient[index]
            );
        }
    }
}
