//! The normal equations of all sliding windows of a series, without visiting each window's products.
//!
//! Windows overlap, so their second moments follow from one another: with `M[i][j] = Σ_t s[t+i] s[t+j]` over windows t = 0…n−1,
//! `M[i+1][j+1] = M[i][j] − s[i] s[j] + s[n+i] s[n+j]`. One row costs O(n·L), all others O(L²) together:
//! two years fit in milliseconds instead of a billion products.

use common::time::GridHour;

use super::calendar::{self, FEATURES};
use super::{INPUT_HOURS, Weights, cholesky};

/// The intercept may not be pulled to 0, only kept off singularity.
const INTERCEPT_RIDGE: f64 = 1e-9;

pub struct Moments {
    windows: usize,
    leads: usize,
    /// `[inputs + leads]²`, row-major: products of window hours.
    hours: Vec<f64>,
    /// `[calendar features][inputs + leads]`.
    calendar_hours: Vec<f64>,
    /// `[calendar features]²`.
    calendar: Vec<f64>,
}

impl Moments {
    /// Of all windows of 336 input and `leads` target hours inside `series`, whose first hour is `first`.
    pub fn of(series: &[f64], first: GridHour, leads: usize) -> Self {
        let length = INPUT_HOURS + leads;
        let windows = (series.len() + 1).saturating_sub(length);
        let mut moments = Self {
            windows,
            leads,
            hours: vec![0.0; length * length],
            calendar_hours: vec![0.0; FEATURES * length],
            calendar: vec![0.0; FEATURES * FEATURES],
        };
        if windows > 0 {
            moments.fill_hours(series, length);
            moments.fill_calendar(series, first, length);
        }
        moments
    }

    /// `[336 + 15][leads]` weights of the ridge regression, None when the equations are singular.
    pub fn solve(&self, ridge: f64) -> Option<Weights> {
        let length = INPUT_HOURS + self.leads;
        let size = INPUT_HOURS + FEATURES;
        let mut gram = vec![0.0; size * size];
        let mut targets = vec![0.0; size * self.leads];
        for row in 0..size {
            // Only the lower triangle is read by the decomposition.
            let (inputs, rest): (&[f64], &[f64]) = match row.checked_sub(INPUT_HOURS) {
                None => (&self.hours[row * length..(row + 1) * length], &[]),
                Some(feature) => (
                    &self.calendar_hours[feature * length..(feature + 1) * length],
                    &self.calendar[feature * FEATURES..(feature + 1) * FEATURES],
                ),
            };
            gram[row * size..row * size + INPUT_HOURS].copy_from_slice(&inputs[..INPUT_HOURS]);
            gram[row * size + INPUT_HOURS..][..rest.len()].copy_from_slice(rest);
            targets[row * self.leads..(row + 1) * self.leads].copy_from_slice(&inputs[INPUT_HOURS..]);
        }
        let windows = self.windows as f64;
        for row in 0..size {
            let ridge = if row + 1 == size { INTERCEPT_RIDGE } else { ridge };
            gram[row * size + row] += ridge * windows;
        }
        cholesky::solve(&mut gram, size, &mut targets, self.leads)?;
        Some(Weights { leads: self.leads, values: targets })
    }

    fn fill_hours(&mut self, series: &[f64], length: usize) {
        let windows = self.windows;
        for j in 0..length {
            let product = dot(&series[..windows], &series[j..j + windows]);
            self.hours[j] = product;
            self.hours[j * length] = product;
        }
        for i in 0..length - 1 {
            for j in i..length - 1 {
                let next = self.hours[i * length + j] - series[i] * series[j]
                    + series[windows + i] * series[windows + j];
                self.hours[(i + 1) * length + j + 1] = next;
                self.hours[(j + 1) * length + i + 1] = next;
            }
        }
    }

    fn fill_calendar(&mut self, series: &[f64], first: GridHour, length: usize) {
        for window in 0..self.windows {
            let features = calendar::features(first.plus((window + INPUT_HOURS - 1) as i64));
            for (a, feature) in features.iter().enumerate() {
                let row = &mut self.calendar_hours[a * length..(a + 1) * length];
                for (sum, hour) in row.iter_mut().zip(&series[window..window + length]) {
                    *sum += feature * hour;
                }
                for (b, other) in features.iter().enumerate() {
                    self.calendar[a * FEATURES + b] += feature * other;
                }
            }
        }
    }
}

/// Four partial sums, so that the processor adds side by side; the order is fixed, so is the result.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (a_chunks, b_chunks) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a_chunks.zip(b_chunks) {
        for lane in 0..4 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recursion_equals_the_sum_over_windows() {
        let leads = 5;
        let series: Vec<f64> =
            (0..400).map(|t| ((t * t) as f64 * 0.37).sin() + (t as f64 * 0.26).cos()).collect();
        let moments = Moments::of(&series, GridHour(17), leads);
        let length = INPUT_HOURS + leads;
        assert_eq!(moments.windows, 400 - length + 1);
        for (i, j) in [(0, 0), (0, length - 1), (13, 200), (200, 13), (length - 1, length - 1), (335, 336)] {
            let direct: f64 = (0..moments.windows).map(|t| series[t + i] * series[t + j]).sum();
            assert!((moments.hours[i * length + j] - direct).abs() < 1e-9, "{i} {j}");
        }
    }
}
