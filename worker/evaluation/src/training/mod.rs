//! Gradient descent on one network or on a supernet, stoppable between any two steps.
//!
//! Everything random of step `s` comes from streams named by `s` or its epoch, and everything that changes stands in
//! `State` and flat tensors (`Training::tensors`), so that a run resumed from a checkpoint does what an uninterrupted one does.
//!
//! A step runs one batch along each of its paths and descends once along the summed gradient. A network has one path. A
//! supernet's step has several (`paths`), of cells as many as there are operations; each path takes a batch of its own, and
//! weights that several of them use (stem, reductions, classifier; of blocks nearly all) take the mean of those paths'
//! gradients instead of the sum, so that one learning rate suits all. Measured at equal time on Fashion-MNIST (8 channels,
//! 8 epochs, batches of 32), five paths drawn at random then have an accuracy of 70 %; 62 % with the sum for all weights,
//! and 55 % where each path descends at once.

mod checkpoint;
mod descent;
mod epoch;
mod loss;
mod memory;
mod paths;
mod schedule;
mod scoring;

pub use checkpoint::State;
pub use paths::Paths;
pub use scoring::{recalibrate, score};

use common::architecture::Architecture;
use common::seed::Seed;
use common::study::{Augmentation, Recipe};
use common::trial::{CurvePoint, Failure};
use common::unit::Seconds;
use tch::{Kind, Tensor};

use crate::data::Loaded;
use crate::evaluator::{Control, Kept, Step, Wish};
use crate::network::{Gradient, Network};
use descent::Descent;
use epoch::Epoch;
use loss::{loss, mix};

/// Steps between looks at the loss.
const STEPS_PER_REPORT: u64 = 8;
/// The same on a GPU, which runs dry at each look: it computes steps behind the processor that orders them.
const STEPS_PER_REPORT_ON_GPU: u64 = 64;
/// Validation images of the learning curve's points before the last, which has all of them.
const CURVE_IMAGES: usize = 1000;
/// Fewer images at once would leave batch norms without a spread worth the name.
const SMALLEST_PART: usize = 2;
/// A moving average keeps `(1 + t) / (10 + t)` at step t, at most: else it would long remember the first weights.
const AVERAGE_RAMP: f64 = 10.0;

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
    descent: Descent,
    /// The moving average of weights and statistics, where the recipe keeps one.
    average: Option<Network>,
    state: State,
    /// The sum of the epoch's losses so far, on the device.
    loss_sum: Tensor,
    /// Of a supernet's latest step.
    shares: Option<Shares>,
    /// The one under way, once it has begun.
    chance: Option<Epoch>,
}

/// What of its gradient a parameter takes where several paths learn together: the mean over those that use it.
#[derive(Debug)]
struct Shares {
    /// Paths that use each layer's tensor.
    uses: Vec<u32>,
    /// `[parameters]`
    shares: Tensor,
}

/// What a batch for each path says.
struct Said {
    /// `[parameters]`
    gradient: Tensor,
    /// The mean of their losses.
    loss: Tensor,
    /// Paths that use each layer's tensor.
    uses: Vec<u32>,
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
        let Course { network, recipe, .. } = course;
        let descent = Descent::new(&network.weights, recipe.optimiser);
        let average = (recipe.average_decay > 0.0).then(|| network.twin());
        let loss_sum = Tensor::from(0.0).to_kind(Kind::Double).to_device(descent.device());
        let state = State::default();
        let mut training = Self { course, descent, average, state, loss_sum, shares: None, chance: None };
        if let Some(bytes) = resume {
            training.state = checkpoint::restore(bytes, &course, training.tensors())?;
            network.weights.refresh();
            training.loss_sum += training.state.loss_sum;
        }
        Ok(training)
    }

    /// All that changes, flat, by name.
    fn tensors(&self) -> impl Iterator<Item = (&'static str, &Tensor)> {
        let weights = &self.course.network.weights;
        let own = [("weights", weights.flat()), ("statistics", weights.flat_statistics())];
        let average = self.average.iter().flat_map(|Network { weights, .. }| {
            [("average", weights.flat()), ("average_statistics", weights.flat_statistics())]
        });
        own.into_iter().chain(self.descent.memory()).chain(average)
    }

    /// What the training is for: the moving average where there is one, else the network itself.
    pub fn trained(&self) -> &Network {
        self.average.as_ref().unwrap_or(self.course.network)
    }

    /// Trains to the end of the recipe. The last point of the curve then has the error on the whole validation part, unless
    /// this is a supernet.
    pub fn run(&mut self, control: &mut dyn Control) -> Result<(), Stop> {
        let steps_per_report =
            if self.descent.device().is_cuda() { STEPS_PER_REPORT_ON_GPU } else { STEPS_PER_REPORT };
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
        let Course { network, recipe, paths, seed, .. } = self.course;
        let paths = paths.of_step(seed, self.state.step);
        let rate = schedule::rate(&recipe, self.state.step, self.total_steps());
        self.chance();
        let Said { mut gradient, loss, uses } = loop {
            let most = self.batch_size() / SMALLEST_PART;
            match memory::attempt(|| self.gradient(&paths)) {
                Ok(found) => break found,
                Err(memory::Short) if self.parts() < most => self.state.parts = (2 * self.parts()).min(most),
                Err(memory::Short) => {
                    panic!("the device has too little memory for {SMALLEST_PART} images at once")
                }
            }
            memory::note(self.batch_size(), self.parts());
        };
        self.loss_sum += loss;
        if paths.len() > 1 {
            gradient *= self.shares(uses);
        }
        self.descent.descend(&network.weights, gradient, &recipe, rate, self.state.step);
        self.state.step += 1;
        if let Some(average) = &self.average {
            let done = self.state.step as f64;
            let kept = recipe.average_decay.min((1.0 + done) / (AVERAGE_RAMP + done));
            average.weights.approach(&network.weights, 1.0 - kept);
        }
    }

    /// `[parameters]`; made anew only where other layers are used than in the step before.
    fn shares(&mut self, uses: Vec<u32>) -> &Tensor {
        if self.shares.as_ref().is_none_or(|held| held.uses != uses) {
            let numbers: Vec<f32> = uses.iter().map(|&uses| 1.0 / uses.max(1) as f32).collect();
            self.shares = Some(Shares { shares: self.course.network.weights.spread(&numbers), uses });
        }
        &self.shares.as_ref().expect("just set").shares
    }

    /// The summed gradient of one batch for each of `paths`. Batches in parts add up to the same but for batch norms, which see a part
    /// at a time.
    fn gradient(&self, paths: &[Architecture]) -> Said {
        let Course { network, data, recipe, .. } = self.course;
        let epoch = self.chance.as_ref().expect("the epoch has begun");
        let (batch_size, of_epoch) = (self.batch_size(), self.state.step % self.steps_per_epoch());
        let mut sum: Option<(Tensor, Tensor)> = None;
        let mut uses: Vec<u32> = Vec::new();
        for (turn, path) in paths.iter().enumerate() {
            let batch = of_epoch as usize * paths.len() + turn;
            for part in memory::parts(batch_size, self.parts()) {
                let (start, count) = (batch * batch_size + part.start, part.len());
                memory::ask(count);
                let (images, labels) = data.training_batch(&epoch.images, start, count);
                let (images, targets) = mix(images, labels, epoch.share(batch));
                let logits = network.forward_training(&images, path, epoch.drop_path(start, count));
                let loss = loss(&logits, &targets, &recipe);
                let loss = if count < batch_size { loss * (count as f64 / batch_size as f64) } else { loss };
                let Gradient { flat: gradient, reached } = network.weights.gradient(&loss);
                // Every part of a batch goes the same way.
                if part.start == 0 {
                    uses.resize(reached.len(), 0);
                    uses.iter_mut().zip(reached).for_each(|(uses, reached)| *uses += u32::from(reached));
                }
                let loss = loss.detach().to_kind(Kind::Double) / paths.len() as f64;
                sum = Some(match sum {
                    Some((gradients, losses)) => (gradients + gradient, losses + loss),
                    None => (gradient, loss),
                });
            }
        }
        let (gradient, loss) = sum.expect("a step has at least one path");
        Said { gradient, loss, uses }
    }

    /// That each batch is taken in.
    fn parts(&self) -> usize {
        self.state.parts.max(1)
    }

    /// The error on part of the validation images, or on all of them after the last epoch; none for a supernet.
    fn validate(&self, control: &mut dyn Control) -> Result<Option<f64>, Stop> {
        let Course { data, recipe, paths, .. } = self.course;
        let Paths::Alone(architecture) = paths else { return Ok(None) };
        let last = self.epoch() + 1 == recipe.epochs;
        let images = if last { data.validation.len() } else { data.validation.len().min(CURVE_IMAGES) };
        let network = self.trained();
        network.weights.refresh();
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
        Kept { bytes: checkpoint::save(&state, &self.course, self.tensors()), progress: self.done() }
    }

    fn done(&self) -> f64 {
        self.state.step as f64 / self.total_steps() as f64
    }

    /// Epochs finished, their point of the curve included.
    fn epoch(&self) -> u32 {
        self.state.curve.len() as u32
    }

    /// What chance has decided of the epoch under way.
    fn chance(&mut self) -> &Epoch {
        let number = self.state.step / self.steps_per_epoch();
        if self.chance.as_ref().is_none_or(|epoch| epoch.number != number) {
            let batches = self.steps_per_epoch() * self.course.paths.per_step();
            self.chance = Some(Epoch::new(&self.course, number, batches, self.batch_size()));
        }
        self.chance.as_ref().expect("just set")
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
