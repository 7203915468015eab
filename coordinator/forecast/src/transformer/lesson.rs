//! Examples to learn from: windows of each zone, drawn by named dice, some of them blended.
//!
//! A history holds a few hundred days, and their weather is all there is to learn weather from. Two windows of one zone, hour and
//! season are therefore blended as `cos θ · a ± sin θ · b`, their forecasts and outcomes alike: of a Gaussian process that gives
//! windows as likely as the true ones, and it keeps the network from learning days by heart.

use std::f64::consts::FRAC_PI_2;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tch::{Kind, Tensor};

use super::inputs::{FIGURES, SEASON, WAVES, calendar};
use super::network::Examples;
use super::options::{INPUT_HOURS, Options};
use super::skip::Hours;

/// Days to either side that count as one season.
const SEASON_DAYS: i64 = 45;
const YEAR_DAYS: i64 = 365;
/// The newest so much of each zone is never learnt from: it tells when to stop.
const HELD_OUT_SHARE: usize = 8;
/// Between two held-out examples: coprime to 24, so that all hours of the day are visited.
const HELD_OUT_STRIDE: usize = 7;

/// One zone's hours and what the skip says of each window. Plain numbers, for tensors may not be shared between threads.
#[derive(Debug)]
pub struct Lesson {
    pub hours: Hours,
    /// `[windows × horizon]`, honest: by maps that have not seen the window.
    pub skip: Vec<f32>,
    pub horizon: usize,
    /// How far a standardised unit is in logarithms.
    pub deviation: f64,
}

/// The same as tensors of one thread.
#[derive(Debug)]
pub struct Zone {
    number: i64,
    /// `[hours, 4]`.
    figures: Tensor,
    /// `[windows, 16]`.
    calendar: Tensor,
    /// `[windows, horizon]`.
    skip: Tensor,
    targets: Tensor,
    /// Windows before this one are learnt from; those from `held_from` on are held out; the ones between touch both.
    learnt_to: usize,
    held_from: usize,
    deviation: f64,
}

/// Examples with what became of them.
#[derive(Debug)]
pub struct Batch {
    pub examples: Examples,
    /// `[b, h]`.
    pub targets: Tensor,
    /// `[b, 1, 1]`: how much an error of one unit weighs, so that zones are alike in relative errors.
    pub weight: Tensor,
}

impl Lesson {
    pub fn windows(&self) -> usize {
        self.skip.len() / self.horizon
    }

    /// The first held-out window.
    pub fn held_from(&self) -> usize {
        self.windows() - (self.windows() / HELD_OUT_SHARE).max(1)
    }
}

impl Zone {
    pub fn new(lesson: &Lesson, number: usize, mean_deviation: f64) -> Self {
        let (windows, horizon) = (lesson.windows(), lesson.horizon);
        let waves = (0..windows).flat_map(|window| {
            calendar(lesson.hours.first.plus((window + INPUT_HOURS) as i64 - 1)).map(|wave| wave as f32)
        });
        let waves: Vec<f32> = waves.collect();
        let held_from = lesson.held_from();
        Self {
            number: number as i64,
            figures: Tensor::from_slice(&lesson.hours.figures).view([-1, FIGURES as i64]),
            calendar: Tensor::from_slice(&waves).view([-1, (WAVES + SEASON) as i64]),
            skip: Tensor::from_slice(&lesson.skip).view([-1, horizon as i64]),
            targets: lesson.hours.targets(INPUT_HOURS..INPUT_HOURS + windows, horizon),
            learnt_to: held_from.saturating_sub(horizon).max(1),
            held_from,
            deviation: if mean_deviation > 0.0 { lesson.deviation / mean_deviation } else { 1.0 },
        }
    }

    /// Windows that are learnt from.
    pub fn learnt(&self) -> usize {
        self.learnt_to
    }

    /// `size` windows at random.
    pub fn draw(&self, size: usize, options: &Options, dice: &mut ChaCha8Rng) -> Batch {
        let ones: Vec<i64> = (0..size).map(|_| dice.random_range(0..self.learnt_to as i64)).collect();
        let others: Vec<i64> = ones.iter().map(|&one| self.akin(one, dice)).collect();
        let mut shares = Vec::with_capacity(2 * size);
        for _ in 0..size {
            let angle = match dice.random::<f64>() < options.blended {
                true => FRAC_PI_2 * dice.random::<f64>(),
                false => 0.0,
            };
            let sign = if dice.random::<bool>() { 1.0 } else { -1.0 };
            shares.extend([angle.cos() as f32, (sign * angle.sin()) as f32]);
        }
        let shares = Tensor::from_slice(&shares).view([size as i64, 2]);
        let (one, other) = (self.take(&ones), self.take(&others));
        let blend = |one: &Tensor, other: &Tensor| {
            let shape: Vec<i64> =
                one.size().iter().enumerate().map(|(i, &n)| if i == 0 { n } else { 1 }).collect();
            one * shares.select(1, 0).view(shape.as_slice())
                + other * shares.select(1, 1).view(shape.as_slice())
        };
        Batch {
            examples: Examples {
                hours: blend(&one.examples.hours, &other.examples.hours),
                skip: blend(&one.examples.skip, &other.examples.skip),
                ..one.examples
            },
            targets: blend(&one.targets, &other.targets),
            weight: one.weight,
        }
    }

    /// The windows of [`Zone::held_out`], oldest first.
    pub fn held_out_windows(lesson: &Lesson) -> impl Iterator<Item = usize> {
        (lesson.held_from()..lesson.windows()).step_by(HELD_OUT_STRIDE)
    }

    pub fn held_out(&self) -> Batch {
        let windows = self.held_from..self.targets.size()[0] as usize;
        self.take(&windows.step_by(HELD_OUT_STRIDE).map(|window| window as i64).collect::<Vec<_>>())
    }

    /// Another learnt window at the same hour of the day, of the same season in any year; the same one where there is none.
    fn akin(&self, window: i64, dice: &mut ChaCha8Rng) -> i64 {
        let years = self.learnt_to as i64 / (24 * YEAR_DAYS) + 1;
        let days =
            dice.random_range(-SEASON_DAYS..=SEASON_DAYS) + YEAR_DAYS * dice.random_range(-years..=years);
        let other = window + 24 * days;
        if (0..self.learnt_to as i64).contains(&other) { other } else { window }
    }

    fn take(&self, windows: &[i64]) -> Batch {
        let size = windows.len() as i64;
        let windows = Tensor::from_slice(windows);
        let hours = Tensor::arange(INPUT_HOURS as i64, (Kind::Int64, windows.device()));
        let hours = (windows.unsqueeze(1) + hours).view([-1]);
        let examples = Examples {
            hours: self.figures.index_select(0, &hours).view([size, INPUT_HOURS as i64, FIGURES as i64]),
            calendar: self.calendar.index_select(0, &windows),
            zones: Tensor::full([size], self.number, (Kind::Int64, windows.device())),
            skip: self.skip.index_select(0, &windows),
        };
        Batch {
            examples,
            targets: self.targets.index_select(0, &windows),
            weight: Tensor::full([size, 1, 1], self.deviation, (Kind::Float, windows.device())),
        }
    }
}

impl Batch {
    pub fn concat(batches: &[Self]) -> Self {
        let all = |part: fn(&Self) -> &Tensor| Tensor::cat(&batches.iter().map(part).collect::<Vec<_>>(), 0);
        Self {
            examples: Examples {
                hours: all(|batch| &batch.examples.hours),
                calendar: all(|batch| &batch.examples.calendar),
                zones: all(|batch| &batch.examples.zones),
                skip: all(|batch| &batch.examples.skip),
            },
            targets: all(|batch| &batch.targets),
            weight: all(|batch| &batch.weight),
        }
    }
}
