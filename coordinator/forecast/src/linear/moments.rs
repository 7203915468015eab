//! The normal equations of all sliding windows of several aligned series, without visiting each window's products.
//!
//! Windows overlap, so their second moments follow from one another: with `M[i][j] = Σ_t a[t+i] b[t+j]` over windows t = 0…n−1,
//! `M[i+1][j+1] = M[i][j] − a[i] b[j] + a[n+i] b[n+j]`. A row and a column of each pair of series cost O(n·L), the rest O(L²):
//! two years fit in milliseconds instead of a billion products.

use common::time::GridHour;

use super::calendar::{self, FEATURES};
use super::{Weights, cholesky};

/// The intercept may not be pulled to 0, only kept off singularity.
const INTERCEPT_RIDGE: f64 = 1e-9;

/// A series and which hours of each window enter from it.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    pub values: &'a [f64],
    /// The last so many hours before the issue.
    pub hours: usize,
}

/// Where the columns of one input begin, and at which offset of the window its first hour lies.
#[derive(Debug, Clone, Copy)]
struct Block<'a> {
    values: &'a [f64],
    column: usize,
    offset: usize,
    hours: usize,
}

pub struct Moments {
    windows: usize,
    leads: usize,
    /// Columns of the inputs without the calendar.
    inputs: usize,
    /// `[inputs + leads]²`, row-major: products of window hours. The targets are the last columns.
    hours: Vec<f64>,
    /// `[calendar features][inputs + leads]`.
    calendar_hours: Vec<f64>,
    /// `[calendar features]²`.
    calendar: Vec<f64>,
}

impl Moments {
    /// Of all windows inside the inputs' first `known` hours. Targets are the `leads` hours of the first input after each issue; the
    /// hour at index 0 is `first`. The first input's hours are the most.
    pub fn of(inputs: &[Input<'_>], known: usize, first: GridHour, leads: usize) -> Self {
        let back = inputs[0].hours;
        let windows = (known + 1).saturating_sub(back + leads);
        let mut blocks = Vec::with_capacity(inputs.len() + 1);
        let mut columns = 0;
        for input in inputs {
            let (offset, hours) = (back - input.hours, input.hours);
            blocks.push(Block { values: input.values, column: columns, offset, hours });
            columns += hours;
        }
        blocks.push(Block { values: inputs[0].values, column: columns, offset: back, hours: leads });
        let width = columns + leads;
        let mut moments = Self {
            windows,
            leads,
            inputs: columns,
            hours: vec![0.0; width * width],
            calendar_hours: vec![0.0; FEATURES * width],
            calendar: vec![0.0; FEATURES * FEATURES],
        };
        if windows > 0 {
            for (index, &row) in blocks.iter().enumerate() {
                for &column in &blocks[..=index] {
                    moments.fill_hours(row, column);
                }
            }
            moments.fill_calendar(&blocks, first.plus(back as i64 - 1));
        }
        moments
    }

    /// `[inputs + calendar][leads]` weights of the ridge regression, None when the equations are singular.
    pub fn solve(&self, ridge: f64) -> Option<Weights> {
        let (width, size) = (self.inputs + self.leads, self.inputs + FEATURES);
        let mut gram = vec![0.0; size * size];
        let mut targets = vec![0.0; size * self.leads];
        for row in 0..size {
            // Only the lower triangle is read by the decomposition.
            let Some(of_row) = row.checked_sub(self.inputs) else {
                let known = row * width..row * width + row + 1;
                gram[row * size..=row * size + row].copy_from_slice(&self.hours[known]);
                continue;
            };
            let hours = &self.calendar_hours[of_row * width..(of_row + 1) * width];
            let calendar = &self.calendar[of_row * FEATURES..(of_row + 1) * FEATURES];
            gram[row * size..row * size + self.inputs].copy_from_slice(&hours[..self.inputs]);
            gram[row * size + self.inputs..(row + 1) * size].copy_from_slice(calendar);
            targets[row * self.leads..(row + 1) * self.leads].copy_from_slice(&hours[self.inputs..]);
        }
        for lead in 0..self.leads {
            let products = &self.hours[(self.inputs + lead) * width..][..self.inputs];
            for (row, product) in products.iter().enumerate() {
                targets[row * self.leads + lead] = *product;
            }
        }
        let windows = self.windows as f64;
        for row in 0..size {
            let ridge = if row + 1 == size { INTERCEPT_RIDGE } else { ridge };
            gram[row * size + row] += ridge * windows;
        }
        cholesky::solve(&mut gram, size, &mut targets, self.leads)?;
        Some(Weights { leads: self.leads, values: targets })
    }

    /// The products of two blocks, `row` at or below `column`; only the lower triangle is kept.
    fn fill_hours(&mut self, row: Block<'_>, column: Block<'_>) {
        let (n, width) = (self.windows, self.inputs + self.leads);
        let (a, b) = (&row.values[row.offset..], &column.values[column.offset..]);
        let mut set = |i: usize, j: usize, product: f64| {
            self.hours[(row.column + i) * width + column.column + j] = product;
        };
        // Along each diagonal from its first product.
        let starts = (0..row.hours).map(|i| (i, 0)).chain((1..column.hours).map(|j| (0, j)));
        for (i, j) in starts {
            let mut product = dot(&a[i..i + n], &b[j..j + n]);
            for step in 0..(row.hours - i).min(column.hours - j) {
                let (i, j) = (i + step, j + step);
                set(i, j, product);
                if i + n < a.len() && j + n < b.len() {
                    product += a[n + i] * b[n + j] - a[i] * b[j];
                }
            }
        }
    }

    fn fill_calendar(&mut self, blocks: &[Block<'_>], first_issue: GridHour) {
        let width = self.inputs + self.leads;
        for window in 0..self.windows {
            let features = calendar::features(first_issue.plus(window as i64));
            for (a, feature) in features.iter().enumerate() {
                for block in blocks {
                    let sums = &mut self.calendar_hours[a * width + block.column..][..block.hours];
                    let hours = &block.values[block.offset + window..][..block.hours];
                    for (sum, hour) in sums.iter_mut().zip(hours) {
                        *sum += feature * hour;
                    }
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
        let (leads, back, known) = (5, 30, 170);
        let wave = |phase: f64| -> Vec<f64> {
            (0..200).map(|t| ((t * t) as f64 * 0.37 + phase).sin() + (t as f64 * 0.26).cos()).collect()
        };
        let (main, other) = (wave(0.0), wave(1.0));
        let inputs = [Input { values: &main, hours: back }, Input { values: &other, hours: 7 }];
        let moments = Moments::of(&inputs, known, GridHour(17), leads);
        assert_eq!(moments.windows, known - back - leads + 1);
        // Column by column: which series at which offset of the window.
        let columns: Vec<(&[f64], usize)> = (0..back)
            .map(|i| (&main[..], i))
            .chain((back - 7..back).map(|i| (&other[..], i)))
            .chain((back..back + leads).map(|i| (&main[..], i)))
            .collect();
        let width = columns.len();
        for (row, &(a, i)) in columns.iter().enumerate() {
            for (column, &(b, j)) in columns[..=row].iter().enumerate() {
                let direct: f64 = (0..moments.windows).map(|t| a[t + i] * b[t + j]).sum();
                let found = moments.hours[row * width + column];
                assert!((found - direct).abs() < 1e-9, "{row} {column}: {found} {direct}");
            }
        }
        let issue = |t: usize| calendar::features(GridHour(17).plus((t + back - 1) as i64))[3];
        for (column, &(a, i)) in columns.iter().enumerate() {
            let direct: f64 = (0..moments.windows).map(|t| issue(t) * a[t + i]).sum();
            assert!((moments.calendar_hours[3 * width + column] - direct).abs() < 1e-9, "{column}");
        }
    }
}
