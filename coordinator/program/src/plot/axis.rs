//! Round numbers upwards from zero, and dates.

use common::time::GridHour;

const LEVELS: f64 = 4.0;
/// More dates than these would run into each other.
const MAX_DATES: i64 = 12;

/// The lowest round number that is not below `highest`.
pub fn ceiling(highest: f64) -> f64 {
    let step = step(highest.max(1.0));
    (highest.max(1.0) / step).ceil() * step
}

/// From 0 to the ceiling.
pub fn levels(ceiling: f64) -> Vec<f64> {
    let step = step(ceiling);
    (0..=(ceiling / step).round() as usize).map(|level| level as f64 * step).collect()
}

fn step(highest: f64) -> f64 {
    let rough = highest / LEVELS;
    let power = 10_f64.powf(rough.log10().floor());
    [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|digit| digit * power)
        .find(|step| *step >= rough)
        .unwrap_or(rough)
}

/// Midnights between two hours, evenly apart, as `2021-12-31`.
pub fn dates(first: i64, last: i64) -> Vec<(i64, String)> {
    let midnight = (first + 23).div_euclid(24);
    let days = last.div_euclid(24) - midnight;
    let every = (days / MAX_DATES + 1).max(1) as usize;
    (midnight..=last.div_euclid(24))
        .step_by(every)
        .map(|day| (24 * day, GridHour(24 * day).to_string()[..10].to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_round() {
        assert_eq!((ceiling(383.0), levels(400.0)), (400.0, vec![0.0, 100.0, 200.0, 300.0, 400.0]));
        assert_eq!(ceiling(401.0), 600.0);
        assert_eq!(ceiling(0.0), 1.0);
        let dates = dates(438_289, 438_289 + 24 * 30);
        assert_eq!(dates[0], (438_312, "2020-01-02".into()));
        assert!(dates.len() <= 13 && dates.windows(2).all(|pair| pair[1].0 - pair[0].0 == 72), "{dates:?}");
    }
}
