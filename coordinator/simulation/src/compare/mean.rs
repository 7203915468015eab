//! Means over seeds.

/// A mean over runs with its standard error, and how many of the runs had the figure at all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// Of those that had it; NaN where none did.
    pub mean: f64,
    /// NaN below two.
    pub error: f64,
    pub median: f64,
    pub of: usize,
    pub had: usize,
}

impl Mean {
    pub fn of(values: impl IntoIterator<Item = Option<f64>>) -> Self {
        let all: Vec<Option<f64>> = values.into_iter().collect();
        let mut had: Vec<f64> = all.iter().copied().flatten().collect();
        had.sort_by(f64::total_cmp);
        let count = had.len() as f64;
        let mean = had.iter().sum::<f64>() / count;
        let square = had.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        Self {
            mean,
            error: (square / (count - 1.0) / count).sqrt(),
            median: median(&had),
            of: all.len(),
            had: had.len(),
        }
    }

    /// Whether every run had it.
    pub fn is_whole(&self) -> bool {
        self.of > 0 && self.had == self.of
    }
}

/// Of sorted values.
fn median(sorted: &[f64]) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    (sorted[last / 2] + sorted[sorted.len() / 2]) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_say_how_many_runs_they_are_of() {
        let mean = Mean::of([Some(1.0), None, Some(3.0), Some(8.0)]);
        assert_eq!((mean.mean, mean.median, mean.had, mean.of), (4.0, 3.0, 3, 4));
        // Squares 9 + 1 + 16 over two, over three.
        assert!((mean.error - (26.0_f64 / 6.0).sqrt()).abs() < 1e-12 && !mean.is_whole());
        let none = Mean::of([None, None]);
        assert!(none.mean.is_nan() && none.median.is_nan() && none.had == 0);
        assert!(Mean::of([Some(2.0)]).error.is_nan());
    }
}
