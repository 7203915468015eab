//! Waves of the day and the week at the hour of issue, and the constant 1.

use std::f64::consts::TAU;

use common::time::GridHour;

/// Four waves of the day, three of the week, each a sine and a cosine, and the intercept.
pub const FEATURES: usize = 15;
const DAILY: usize = 4;
const WEEKLY: usize = 3;

pub fn features(hour: GridHour) -> [f64; FEATURES] {
    let day = TAU * hour.of_day() as f64 / 24.0;
    let week = TAU * (hour.of_week() * 24 + hour.of_day()) as f64 / 168.0;
    let waves = (1..=DAILY).map(|k| day * k as f64).chain((1..=WEEKLY).map(|k| week * k as f64));
    let mut features = [1.0; FEATURES];
    for (wave, pair) in waves.zip(features.chunks_exact_mut(2)) {
        (pair[0], pair[1]) = wave.sin_cos();
    }
    features
}
