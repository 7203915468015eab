//! What the last weeks' errors teach: where a model was lately too high at an hour ahead, it is brought down, by part of that.
//!
//! `ln(1+ŷ') = ln(1+ŷ) + d · mean(ln(1+y) − ln(1+ŷ))` over the issues of the last four weeks at the same hour of the day, at the lead and
//! its two neighbours. Power plants are built and fuels change their prices; a map fitted once does not know. The damping d is chosen on the
//! zone's own held-out hours, 0 among the choices: where errors do not last, nothing is corrected.

/// Four weeks: each hour of the week four times.
pub const WINDOW_HOURS: usize = 28 * 24;
const DAMPINGS: [f64; 5] = [0.0, 0.2, 0.4, 0.6, 0.8];
/// Fewer issues than this teach nothing.
const MIN_ISSUES: usize = 7;
/// A damping must better the next smaller one's error by this share: the past is never quite repeated.
const MARGIN: f64 = 0.002;

/// Issues at one hour of the day: numbers of known hours, oldest first, with the points said.
#[derive(Debug)]
pub struct Issues<'a> {
    said: &'a [(usize, Vec<f64>)],
    /// `[issue][lead]`, in logarithms, as far as the hours are known.
    errors: Vec<Vec<f64>>,
}

impl<'a> Issues<'a> {
    /// `values` are all hours known, from the first.
    pub fn new(values: &[f64], said: &'a [(usize, Vec<f64>)]) -> Self {
        let errors = |(known, points): &(usize, Vec<f64>)| -> Vec<f64> {
            let actual = values.get(*known..).unwrap_or_default();
            points.iter().zip(actual).map(|(point, actual)| actual.ln_1p() - point.ln_1p()).collect()
        };
        Self { errors: said.iter().map(errors).collect(), said }
    }

    /// What `points` become at an issue with `now` known hours: only what was known by then teaches.
    pub fn corrected(&self, damping: f64, now: usize, points: &[f64]) -> Vec<f64> {
        let place = |known: usize| self.said.partition_point(|(at, _)| *at < known);
        let window = place(now.saturating_sub(WINDOW_HOURS))..place(now);
        if damping == 0.0 || window.len() < MIN_ISSUES {
            return points.to_vec();
        }
        let correct = |(lead, point): (usize, &f64)| {
            let near = lead.saturating_sub(1)..=lead + 1;
            let (mut sum, mut count) = (0.0, 0.0);
            for (errors, (known, _)) in self.errors[window.clone()].iter().zip(&self.said[window.clone()]) {
                for error in
                    near.clone().filter(|near| known + near < now).filter_map(|near| errors.get(near))
                {
                    sum += error;
                    count += 1.0;
                }
            }
            let learnt = if count > 0.0 { damping * sum / count } else { 0.0 };
            (point.ln_1p() + learnt).exp_m1().max(0.0)
        };
        points.iter().enumerate().map(correct).collect()
    }

    /// Sum of the absolute errors in logarithms with each of the dampings, over issues with a window before them.
    fn losses(&self, values: &[f64]) -> [f64; DAMPINGS.len()] {
        DAMPINGS.map(|damping| {
            let mut loss = 0.0;
            for (known, points) in
                self.said.iter().filter(|(known, _)| *known >= self.said[0].0 + WINDOW_HOURS)
            {
                let actual = values.get(*known..).unwrap_or_default();
                let corrected = self.corrected(damping, *known, points);
                loss += corrected.iter().zip(actual).map(|(p, a)| (a.ln_1p() - p.ln_1p()).abs()).sum::<f64>();
            }
            loss
        })
    }
}

/// The damping that would have served best; each element of `said` is of another hour of the day.
pub fn damping(values: &[f64], said: &[Vec<(usize, Vec<f64>)>]) -> f64 {
    let mut losses = [0.0; DAMPINGS.len()];
    for said in said.iter().filter(|said| !said.is_empty()) {
        let of_hour = Issues::new(values, said).losses(values);
        losses.iter_mut().zip(of_hour).for_each(|(sum, loss)| *sum += loss);
    }
    let mut best = 0;
    for next in 1..DAMPINGS.len() {
        if losses[next] < losses[best] * (1.0 - MARGIN) {
            best = next;
        }
    }
    DAMPINGS[best]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sixty days around 100; the model says `bias` times as much, at two in the afternoon.
    fn world(bias: impl Fn(usize) -> f64) -> (Vec<f64>, Vec<(usize, Vec<f64>)>) {
        let values = vec![99.0; 60 * 24];
        let said = (0..59).map(|day| (day * 24 + 14, vec![100.0 * bias(day) - 1.0; 24])).collect();
        (values, said)
    }

    #[test]
    fn a_lasting_bias_is_corrected_by_its_part() {
        let (values, said) = world(|_| 1.21);
        let issues = Issues::new(&values, &said);
        let corrected = issues.corrected(0.5, 59 * 24 + 14, &[120.0; 24]);
        assert!(corrected.iter().all(|value| (value - (121.0 / 1.1 - 1.0)).abs() < 1e-9), "{corrected:?}");
        assert_eq!(issues.corrected(0.0, 59 * 24 + 14, &[120.0; 24]), [120.0; 24]);
        assert_eq!(issues.corrected(0.5, 6 * 24, &[120.0; 24]), [120.0; 24], "six days teach nothing yet");
        assert_eq!(damping(&values, &[said]), 0.8);
    }

    #[test]
    fn a_bias_that_turns_with_every_window_is_left_alone() {
        let (values, said) = world(|day| if day / 28 % 2 == 0 { 1.2 } else { 1.0 / 1.2 });
        assert_eq!(damping(&values, &[said]), 0.0);
    }

    #[test]
    fn only_what_was_known_teaches() {
        let (mut values, said) = world(|_| 1.1);
        let now = 40 * 24 + 14;
        let before = Issues::new(&values, &said).corrected(0.4, now, &[100.0; 24]);
        values[now..].fill(5_000.0);
        assert_eq!(Issues::new(&values, &said).corrected(0.4, now, &[100.0; 24]), before);
    }
}
