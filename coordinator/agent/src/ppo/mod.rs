//! Proximal policy optimisation (Schulman et al. 2017) over many studies at once.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `network` | actor and critic as tensors |
//! | `rollout` | studies side by side, and advantages |
//! | `adam` | the step |
//!
//! It begins with what is known without learning (`allocation::agent`), for the actor's last layer begins near zero. The critic knows the
//! nature of each study and what a rough plan in hindsight came to: it only has to tell luck from skill, and acts nowhere.

mod adam;
mod network;
mod rollout;

use std::ops::Range;

use allocation::agent::{Network, OUTPUTS};
use allocation::{Agent, Planner, Policy};
use common::seed::Seed;
use common::time::GridHour;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tch::{Kind, Tensor};

pub use network::{Actor, Sets};
pub use rollout::sets;

use crate::episode::play;
use crate::foresight;
use crate::grid::Grid;
use crate::scenario::Scenario;
use adam::Adam;
use network::Critic;
use rollout::{Batch, Worlds};

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    pub seed: Seed,
    /// Updates in all: the step shrinks to nothing by then.
    pub updates: usize,
    /// Studies side by side, and hours of each between two updates.
    pub worlds: usize,
    pub steps: usize,
    pub rate: f64,
    /// Studies that training is judged by, on hours that it never sees.
    pub judges: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: Seed(1), updates: 400, worlds: 128, steps: 64, rate: 3e-4, judges: 400 }
    }
}

/// How far a probability may move in one update before it stops counting.
const CLIP: f64 = 0.2;
const PASSES: usize = 4;
const MINIBATCH: usize = 2_048;
/// Spread is worth a little, or exploring would end early.
const ENTROPY: f64 = 5e-4;
/// The critic learns faster: it is only a yardstick.
const CRITIC_RATE: f64 = 3.0;

/// One update, for a learning curve.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Lesson {
    pub update: usize,
    /// Hours of studies lived through, all updates.
    pub hours: u64,
    /// Worth of studies that ended, above that of a rough plan in hindsight.
    pub above_plan: f64,
    pub critic_loss: f64,
    /// The factor's and the sampling's deviations.
    pub spread: [f64; OUTPUTS],
}

/// What is left to hindsight on held-out hours, in decades of worth.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Verdict {
    pub agent: f64,
    pub unlearnt: f64,
    pub planner: f64,
}

#[derive(Debug)]
pub struct Trainer<'a> {
    options: Options,
    worlds: Worlds<'a>,
    actor: Actor,
    critic: Critic,
    steps: (Adam, Adam),
    dice: ChaCha8Rng,
    update: usize,
}

impl<'a> Trainer<'a> {
    /// From the beginning, or going on from an actor after so many updates; the moments of its steps are gathered anew then.
    pub fn new(
        grids: &'a [Grid],
        span: Range<GridHour>,
        options: Options,
        from: Option<(Network, [f32; OUTPUTS], usize)>,
    ) -> Self {
        tch::set_num_threads(1);
        let update = from.as_ref().map_or(0, |(_, _, update)| *update);
        let actor = from
            .map_or_else(|| Actor::new(options.seed), |(network, spread, _)| Actor::of(&network, &spread));
        let critic = Critic::new(options.seed);
        let steps = (Adam::new(&actor.parameters()), Adam::new(&critic.parameters()));
        let dice = |name| options.seed.stream(name, update as u64);
        let worlds = Worlds::new(grids, span, options.worlds, dice("worlds"));
        Self { worlds, actor, critic, steps, dice: dice("batches"), update, options }
    }

    pub fn updates(&self) -> usize {
        self.update
    }

    pub fn network(&self) -> Network {
        self.actor.network()
    }

    pub fn spread(&self) -> [f32; OUTPUTS] {
        network::flat(&self.actor.spread).try_into().expect("one for each output")
    }

    pub fn update(&mut self) -> Lesson {
        let Options { updates, worlds, steps, rate, .. } = self.options;
        let batch = self.worlds.play(&self.actor, &self.critic, steps);
        let left = 1.0 - self.update as f64 / updates.max(1) as f64;
        let critic_loss = self.learn(&batch, rate * left.max(0.02));
        self.update += 1;
        let spread = self.spread().map(|log| f64::from(log).exp());
        let hours = (self.update * worlds * steps) as u64;
        Lesson { update: self.update, hours, above_plan: batch.above_plan, critic_loss, spread }
    }

    fn learn(&mut self, batch: &Batch, rate: f64) -> f64 {
        let count = batch.chances.size()[0] as usize;
        let (mut loss, mut steps) = (0.0, 0);
        for _ in 0..PASSES {
            let mut order: Vec<i64> = (0..count as i64).collect();
            for place in (1..count).rev() {
                order.swap(place, self.dice.random_range(0..=place));
            }
            for places in order.chunks(MINIBATCH) {
                loss += self.learn_from(batch, &Tensor::from_slice(places), rate);
                steps += 1;
            }
        }
        loss / f64::from(steps)
    }

    fn learn_from(&mut self, batch: &Batch, places: &Tensor, rate: f64) -> f64 {
        let of = |tensor: &Tensor| tensor.index_select(0, places);
        let (sets, actions) = (batch.sets.select(places), of(&batch.actions));
        let (secrets, advantages) = (of(&batch.secrets), of(&batch.advantages));
        let advantages = (&advantages - advantages.mean(Kind::Float)) / (advantages.std(true) + 1e-6);
        let off = (actions - self.actor.forward(&sets)) / self.actor.spread.exp();
        let each =
            (&off * &off * -0.5 - &self.actor.spread).sum_dim_intlist([-1i64].as_slice(), false, Kind::Float);
        let chances = (each * &sets.mask).sum_dim_intlist([-1i64].as_slice(), false, Kind::Float);
        let ratio = (chances - of(&batch.chances)).exp();
        let bounded = ratio.clamp(1.0 - CLIP, 1.0 + CLIP) * &advantages;
        let gain = (ratio * &advantages).minimum(&bounded).mean(Kind::Float);
        let loss = -gain - self.actor.spread.sum(Kind::Float) * ENTROPY;
        self.steps.0.step(&self.actor.parameters(), &loss, rate);
        let error = self.critic.forward(&sets, &secrets) - of(&batch.returns);
        let loss = (&error * &error).mean(Kind::Float);
        self.steps.1.step(&self.critic.parameters(), &loss, rate * CRITIC_RATE);
        loss.double_value(&[])
    }
}

/// Studies that judge: the same for every network.
#[derive(Debug)]
pub struct Jury<'a> {
    grids: &'a [Grid],
    scenarios: Vec<Scenario>,
    hindsight: Vec<f64>,
}

impl<'a> Jury<'a> {
    pub fn new(grids: &'a [Grid], span: &Range<GridHour>, options: &Options) -> Self {
        let mut dice = options.seed.stream("jury", 0);
        let scenarios: Vec<Scenario> =
            (0..options.judges).map(|_| Scenario::draw(grids, span, &mut dice)).collect();
        let hindsight = scenarios.iter().map(|scenario| foresight::best(grids, scenario).0).collect();
        Self { grids, scenarios, hindsight }
    }

    pub fn judge(&self, network: &Network) -> Verdict {
        let usual = allocation::Options::default();
        let planner = || Planner::new(usual.train_share, usual.rest_quantile).expect("its usual options");
        let agent = |network: &Network, lean| Box::new(Agent::new(network.clone(), lean, planner()));
        Verdict {
            agent: self.regret(&|lean| agent(network, lean)),
            unlearnt: self.regret(&|lean| agent(&Network::silent(), lean)),
            planner: self.regret(&|_| Box::new(planner())),
        }
    }

    fn regret(&self, policy: &dyn Fn(f64) -> Box<dyn Policy>) -> f64 {
        let each =
            self.scenarios.iter().zip(&self.hindsight).map(|(scenario, best)| {
                best - play(self.grids, scenario, policy(scenario.lean).as_mut()).worth
            });
        each.sum::<f64>() / self.scenarios.len() as f64
    }
}
