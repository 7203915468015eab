//! Learning: pinball loss of all levels, AdamW, a running mean of the weights, an end when the held-out hours no longer gain.

use std::cell::RefCell;

use common::seed::Seed;
use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::lesson::{Batch, Lesson, Zone};
use super::network::{Answer, Member};
use super::options::Options;
use crate::LEVELS;

/// Windows overlap: an epoch that draws this share of them sees nearly all hours.
const EPOCH_SHARE: f64 = 0.7;
const MIN_EPOCH_STEPS: usize = 4;
/// Epochs without gain before training ends.
const PATIENCE: usize = 3;
/// Steps in which the learning rate rises to its full size.
const WARM_UP_STEPS: f64 = 50.0;
const GRADIENT_LIMIT: f64 = 1.0;
/// Of the running mean of weights (Polyak & Juditsky 1992), once it has seen enough steps.
const MEMORY: f64 = 0.998;

/// How a training went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// Parameters of one network.
    pub parameters: usize,
    /// Mean pinball loss of the held-out hours after each epoch, of the first network, in units of ln gCO2eq/kWh.
    pub held_out: Vec<f64>,
}

/// Adam with decoupled weight decay (Loshchilov & Hutter 2019), over one flat tensor.
#[derive(Debug)]
struct AdamW {
    mean: Tensor,
    square: Tensor,
    step: i32,
}

/// Trains one network over all lessons. `stop` is asked before every epoch but the first; what was learnt until then stands.
pub fn train(lessons: &[Lesson], options: &Options, seed: Seed, stop: &dyn Fn() -> bool) -> (Member, Course) {
    let horizon = lessons[0].horizon;
    let mean_deviation = lessons.iter().map(|lesson| lesson.deviation).sum::<f64>() / lessons.len() as f64;
    let zones: Vec<Zone> = lessons
        .iter()
        .enumerate()
        .map(|(number, lesson)| Zone::new(lesson, number, mean_deviation))
        .collect();
    let member = Member::new(options, zones.len(), horizon, seed);
    let mut course = Course { parameters: member.weights.flat().numel(), held_out: Vec::new() };
    let averaged = Member { network: member.network.clone(), weights: member.weights.copy() };
    let mut best = member.weights.copy();
    let mut dice = seed.stream("examples", 0);
    let dropout = RefCell::new(seed.stream("dropout", 0));
    let held_out: Vec<Batch> = zones.iter().map(Zone::held_out).collect();

    let steps = epoch_steps(&zones, options);
    let mut adam = AdamW::new(member.weights.flat());
    for epoch in 0..options.epochs {
        if epoch > 0 && stop() {
            break;
        }
        for step in epoch * steps..(epoch + 1) * steps {
            let batch = draw(&zones, options, &mut dice);
            let answer = member.network.forward(&member.weights, &batch.examples, Some(&dropout));
            let gradient = member.weights.gradient(&loss(&answer, &batch));
            let rate = learning_rate(options, step, steps * options.epochs);
            adam.step(member.weights.flat(), &gradient, rate, options.weight_decay);
            average(averaged.weights.flat(), member.weights.flat(), step);
        }
        course.held_out.push(score(&averaged, &held_out, mean_deviation));
        let least = course.held_out.iter().copied().fold(f64::INFINITY, f64::min);
        match course.held_out[epoch] <= least {
            true => best = averaged.weights.copy(),
            false if epoch - best_epoch(&course.held_out) >= PATIENCE => break,
            false => {}
        }
    }
    (Member { network: member.network, weights: best }, course)
}

fn epoch_steps(zones: &[Zone], options: &Options) -> usize {
    let windows: usize = zones.iter().map(Zone::learnt).sum();
    let steps = (windows as f64 * EPOCH_SHARE / options.batch as f64).ceil() as usize;
    steps.clamp(MIN_EPOCH_STEPS, options.steps_per_epoch)
}

fn best_epoch(losses: &[f64]) -> usize {
    let least = losses.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1));
    least.map_or(0, |(epoch, _)| epoch)
}

/// A batch over all zones, by their windows, each zone at least once.
fn draw(zones: &[Zone], options: &Options, dice: &mut rand_chacha::ChaCha8Rng) -> Batch {
    let all: usize = zones.iter().map(Zone::learnt).sum();
    let batches: Vec<Batch> = zones
        .iter()
        .map(|zone| zone.draw((options.batch * zone.learnt() / all).max(1), options, dice))
        .collect();
    Batch::concat(&batches)
}

/// Mean over examples, hours and levels p of `max(p·e, (p − 1)·e)`, e = truth − quantile (Koenker & Bassett 1978).
fn loss(answer: &Answer, batch: &Batch) -> Tensor {
    let middle = (&batch.examples.skip + &answer.correction).unsqueeze(2);
    let errors = (batch.targets.unsqueeze(2) - (middle + &answer.offsets)) * &batch.weight;
    let levels = Tensor::from_slice(&LEVELS).to_kind(Kind::Float);
    let below = &errors * (&levels - 1.0);
    (errors * levels).maximum(&below).mean(Kind::Float)
}

fn score(member: &Member, held_out: &[Batch], mean_deviation: f64) -> f64 {
    let of_zone = |batch: &Batch| loss(&member.answer(&batch.examples), batch).double_value(&[]);
    held_out.iter().map(of_zone).sum::<f64>() / held_out.len() as f64 * mean_deviation
}

/// A rise, then half a cosine to 0 (Loshchilov & Hutter 2017).
fn learning_rate(options: &Options, step: usize, steps: usize) -> f64 {
    let rise = ((step + 1) as f64 / WARM_UP_STEPS).min(1.0);
    let fall = 0.5 * (1.0 + (std::f64::consts::PI * step as f64 / steps as f64).cos());
    options.learning_rate * rise * fall
}

fn average(averaged: &Tensor, weights: &Tensor, step: usize) {
    let _guard = tch::no_grad_guard();
    let step = (step + 1) as f64;
    let memory = MEMORY.min((1.0 + step) / (10.0 + step));
    let _ = averaged.shallow_clone().lerp_(weights, 1.0 - memory);
}

impl AdamW {
    const FIRST: f64 = 0.9;
    const SECOND: f64 = 0.999;

    fn new(weights: &Tensor) -> Self {
        Self { mean: weights.zeros_like(), square: weights.zeros_like(), step: 0 }
    }

    fn step(&mut self, weights: &Tensor, gradient: &Tensor, rate: f64, decay: f64) {
        let _guard = tch::no_grad_guard();
        let norm = gradient.norm().double_value(&[]);
        // A gradient that is not finite teaches nothing.
        if !norm.is_finite() {
            return;
        }
        let gradient = gradient * (GRADIENT_LIMIT / norm.max(GRADIENT_LIMIT));
        self.step += 1;
        let _ = self.mean.lerp_(&gradient, 1.0 - Self::FIRST);
        let _ = self.square.lerp_(&gradient.square(), 1.0 - Self::SECOND);
        let mean = &self.mean / (1.0 - Self::FIRST.powi(self.step));
        let root = (&self.square / (1.0 - Self::SECOND.powi(self.step))).sqrt() + 1e-8;
        let mut weights = weights.shallow_clone();
        weights *= 1.0 - rate * decay;
        weights -= mean / root * rate;
    }
}
