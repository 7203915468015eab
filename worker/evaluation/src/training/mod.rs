//! Gradient descent on one network or on a supernet, stoppable between any two steps.
//!
//! Everything random of step `s` comes from streams named by `s` or its epoch, and everything that changes stands in
//! `State` and three flat tensors, so that a run resumed from a checkpoint does what an uninterrupted one does.
//!
//! A step runs one batch along each of its paths and descends once along the summed gradient. A network has one path. A
//! supernet's step has several (`paths`), of cells as many as there are operations; each path takes a batch of its own, and
//! weights that all of them share (stem, reductions, classifier; of blocks all) take the mean of their gradients instead of
//! the sum, so that one learning rate suits both. Measured at equal time on Fashion-MNIST (8 channels,
//! 8 epochs, batches of 32), five paths drawn at random then have an accuracy of 70 %; 62 % with the sum for all weights,
//! and 55 % where each path descends at once.

mod checkpoint;
mod paths;
mod schedule;
mod scoring;
mod sgd;

pub use checkpoint::State;
pub use paths::Paths;
pub use schedule::cosine;
pub use scoring::{recalibrate, score};

use common::seed::Seed;
use common::study::{Augmentation, Recipe};
use common::trial::{CurvePoint, Failure};
use common::unit::Seconds;
use tch::{Kind, Tensor};

use crate::data::{Draws, Loaded, Placement, order, placements};
use crate::evaluator::{Control, Kept, Step, Wish};
use crate::network::Network;
use sgd::Sgd;

/// Steps between looks at the loss.
const STEPS_PER_REPORT: u64 = 8;
/// The same on a GPU, which runs dry at each look: it computes steps behind the processor that orders them.
const STEPS_PER_REPORT_ON_GPU: u64 = 64;
/// Validation images of the learning curve's points before the last, which has all of them.
const CURVE_IMAGES: usize = 1000;

/// What is trained, on what, how.
#[derive(Debug, Clone, Copy)]
pub struct Course<'a> {
    pub network: &'a Network,
    pub data: &'a Loaded,
    pub recipe: Recipe,
    pub augmentation: Augmentation,
    pub paths: Paths<'a>,
    pub seed: Seed,
    /// Names the job; a checkpoint of another is refused.
    pub identity: &'a str,
}

/// A course under way.
#[derive(Debug)]
pub struct Training<'a> {
    course: Course<'a>,
    sgd: Sgd,
    state: State,
    /// The sum of the epoch's losses so far, on the device.
    loss_sum: Tensor,
    /// `[parameters]`, of a supernet: what of its gradient each parameter takes.
    shares: Option<Tensor>,
    /// What an epoch's batches take, kept with its number.
    draws: Option<(u64, Draws)>,
}

/// Why work ends early.
#[derive(Debug)]
pub enum Stop {
    /// By wish; without a checkpoint where there was nothing worth keeping.
    Suspended(Option<Kept>),
    /// By wish.
    Cancelled,
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl<'a> Training<'a> {
    /// From the beginning, or from the checkpoint in `resume`.
    pub fn new(course: Course<'a>, resume: Option<&[u8]>) -> Result<Self, Failure> {
        let mut sgd = Sgd::new(&course.network.weights);
        let state = match resume {
            Some(bytes) => checkpoint::restore(bytes, &course, &mut sgd)?,
            None => State::default(),
        };
        let loss_sum = Tensor::from(state.loss_sum).to_kind(Kind::Double).to_device(sgd.device());
        let per_step = course.paths.per_step();
        let shares = (per_step > 1).then(|| course.network.weights.shares(1.0 / per_step as f64));
        Ok(Self { course, sgd, state, loss_sum, shares, draws: None })
    }

    /// Trains to the end of the recipe. The last point of the curve then has the error on the whole validation part, unless
    /// this is a supernet.
    pub fn run(&mut self, control: &mut dyn Control) -> Result<(), Stop> {
        let steps_per_report =
            if self.sgd.device().is_cuda() { STEPS_PER_REPORT_ON_GPU } else { STEPS_PER_REPORT };
        while self.epoch() < self.course.recipe.epochs {
            let end = u64::from(self.epoch() + 1) * self.steps_per_epoch();
            while self.state.step < end {
                self.attend(control)?;
                self.step();
                if self.state.step.is_multiple_of(steps_per_report) {
                    let loss = self.mean_loss()?;
                    self.report(control, Some(loss));
                }
            }
            let training_loss = self.mean_loss()?;
            let validation_error = self.validate(control)?;
            self.state.curve.push(CurvePoint { epoch: self.epoch() + 1, training_loss, validation_error });
            self.loss_sum = self.loss_sum.zeros_like();
            self.report(control, Some(training_loss));
        }
        Ok(())
    }

    pub fn curve(&self) -> &[CurvePoint] {
        &self.state.curve
    }

    /// Time at work over all attempts, this one included.
    pub fn seconds(&self, control: &mut dyn Control) -> Seconds {
        self.state.seconds + control.elapsed()
    }

    /// Answers the executor's wish; to be called between any two batches.
    pub fn attend(&self, control: &mut dyn Control) -> Result<(), Stop> {
        match control.wish() {
            Wish::GoOn => Ok(()),
            Wish::Checkpoint => {
                let kept = self.checkpoint(control);
                control.keep(kept);
                Ok(())
            }
            Wish::Suspend => Err(Stop::Suspended(Some(self.checkpoint(control)))),
            Wish::Cancel => Err(Stop::Cancelled),
        }
    }

    fn step(&mut self) {
        let Course { network, data, recipe, paths, seed, .. } = self.course;
        let paths = paths.of_step(seed, self.state.step);
        let rate = cosine(&recipe, self.state.step, self.total_steps());
        let (batch_size, of_epoch) = (self.batch_size(), self.state.step % self.steps_per_epoch());
        let mut gradient: Option<Tensor> = None;
        for (turn, path) in paths.iter().enumerate() {
            let batch = of_epoch as usize * paths.len() + turn;
            let (images, labels) = data.training_batch(self.draws(), batch * batch_size, batch_size);
            let logits = network.forward_training(&images, path, None);
            let loss = logits.main.cross_entropy_for_logits(&labels);
            let of_path = network.weights.gradient(&loss);
            gradient = Some(match gradient {
                Some(sum) => sum + of_path,
                None => of_path,
            });
            self.loss_sum += loss.detach().to_kind(Kind::Double) / paths.len() as f64;
        }
        let mut gradient = gradient.expect("a step has at least one path");
        if let Some(shares) = &self.shares {
            gradient *= shares;
        }
        self.sgd.descend(&network.weights, gradient, &recipe, rate);
        self.state.step += 1;
    }

    /// The error on part of the validation images, or on all of them after the last epoch; none for a supernet.
    fn validate(&self, control: &mut dyn Control) -> Result<Option<f64>, Stop> {
        let Course { network, data, recipe, paths, .. } = self.course;
        let Paths::Alone(architecture) = paths else { return Ok(None) };
        let last = self.epoch() + 1 == recipe.epochs;
        let images = if last { data.validation.len() } else { data.validation.len().min(CURVE_IMAGES) };
        score(network, architecture, data, &data.validation, images, || self.attend(control)).map(Some)
    }

    fn mean_loss(&self) -> Result<f64, Failure> {
        let steps = self.state.step - u64::from(self.epoch()) * self.steps_per_epoch();
        let mean = self.loss_sum.double_value(&[]) / steps as f64;
        if mean.is_finite() { Ok(mean) } else { Err(Failure::Diverged) }
    }

    fn report(&self, control: &mut dyn Control, training_loss: Option<f64>) {
        control.progress(Step {
            done: self.done(),
            epoch: (self.epoch() + 1).min(self.course.recipe.epochs),
            training_loss,
            validation_error: self.state.curve.last().and_then(|point| point.validation_error),
        });
    }

    fn checkpoint(&self, control: &mut dyn Control) -> Kept {
        let mut state = self.state.clone();
        state.loss_sum = self.loss_sum.double_value(&[]);
        state.seconds += control.elapsed();
        Kept { bytes: checkpoint::save(&state, &self.course, &self.sgd), progress: self.done() }
    }

    fn done(&self) -> f64 {
        self.state.step as f64 / self.total_steps() as f64
    }

    /// Epochs finished, their point of the curve included.
    fn epoch(&self) -> u32 {
        self.state.curve.len() as u32
    }

    /// Of the epoch under way, batch after batch.
    fn draws(&mut self) -> &Draws {
        let epoch = self.state.step / self.steps_per_epoch();
        if self.draws.as_ref().is_none_or(|(of, _)| *of != epoch) {
            self.draws = Some((epoch, self.draw(epoch)));
        }
        &self.draws.as_ref().expect("just set").1
    }

    fn draw(&self, epoch: u64) -> Draws {
        let Course { data, augmentation, seed, .. } = self.course;
        let batch_size = self.batch_size();
        let order = order(data.training.len(), seed, epoch as u32);
        let batches = self.steps_per_epoch() * self.course.paths.per_step();
        // A supernet whose images are fewer than its paths' batches takes some of them again.
        let rows = order.chunks_exact(batch_size).cycle().take(batches as usize);
        let indices: Vec<i64> = rows.flatten().copied().collect();
        let moved = |batch| {
            let mut stream = seed.stream("augmentation", epoch * batches + batch);
            placements(augmentation, batch_size, &mut stream)
        };
        let placements: Option<Vec<Vec<Placement>>> = (0..batches).map(moved).collect();
        data.draws(&indices, placements.map(|batches| batches.concat()).as_deref())
    }

    fn total_steps(&self) -> u64 {
        self.steps_per_epoch() * u64::from(self.course.recipe.epochs)
    }

    fn steps_per_epoch(&self) -> u64 {
        (self.batches_per_epoch() / self.course.paths.per_step()).max(1)
    }

    /// Whole ones: what is left over at the end of an order waits for an epoch with another order.
    fn batches_per_epoch(&self) -> u64 {
        (self.course.data.training.len() / self.batch_size()) as u64
    }

    fn batch_size(&self) -> usize {
        (self.course.recipe.batch_size as usize).min(self.course.data.training.len())
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
