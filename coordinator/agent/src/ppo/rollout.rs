//! Many studies at once, each an hour further, and what was seen, done and won on the way.

use std::ops::Range;

use allocation::agent::{INPUTS, OUTPUTS, Observation, Wish, price};
use common::allocation::Shares;
use common::time::GridHour;
use rand_chacha::ChaCha8Rng;
use tch::{Tensor, no_grad};

use super::network::{Actor, Critic, SECRETS, Sets, flat};
use crate::foresight;
use crate::grid::Grid;
use crate::nature::normal;
use crate::scenario::{MAX_ZONES, Scenario};
use crate::study::Study;
use crate::worth::Worth;

/// One study underway.
#[derive(Debug)]
struct World<'a> {
    study: Study<'a>,
    worth: Worth,
    so_far: f64,
    /// What hindsight's rough plan came to.
    plan: f64,
}

impl<'a> World<'a> {
    fn new(grids: &'a [Grid], span: &Range<GridHour>, dice: &mut ChaCha8Rng) -> Self {
        let scenario = Scenario::draw(grids, span, dice);
        let worth = Worth::of(grids, &scenario);
        let plan = foresight::rough(grids, &scenario);
        Self { study: Study::new(grids, scenario), worth, so_far: 0.0, plan }
    }

    fn secrets(&self) -> [f32; SECRETS] {
        let (nature, study) = (&self.study.scenario.nature, &self.study);
        let hours = self.study.scenario.hours as f64;
        [
            nature.startup / 3.0,
            nature.knee / 2.0,
            nature.steepness,
            nature.parallel,
            study.decades(),
            self.plan - self.so_far,
            1.0 - study.hours() as f64 / hours,
        ]
        .map(|value| value as f32)
    }
}

/// `steps × worlds` hours, step by step, flattened with the world fastest.
#[derive(Debug)]
pub struct Batch {
    pub sets: Sets,
    pub secrets: Tensor,
    /// `[n, zones, OUTPUTS]`
    pub actions: Tensor,
    /// `[n]`: logarithms of the actions' densities when they were drawn.
    pub chances: Tensor,
    /// `[n]`
    pub advantages: Tensor,
    pub returns: Tensor,
    /// Mean worth of the studies that ended meanwhile, above that of the rough plan.
    pub above_plan: f64,
}

#[derive(Debug)]
pub struct Worlds<'a> {
    grids: &'a [Grid],
    span: Range<GridHour>,
    dice: ChaCha8Rng,
    worlds: Vec<World<'a>>,
}

/// Of generalised advantages (Schulman et al. 2016); a study's end is in sight, so that nothing is discounted.
const LAMBDA: f64 = 0.95;

impl<'a> Worlds<'a> {
    pub fn new(grids: &'a [Grid], span: Range<GridHour>, count: usize, mut dice: ChaCha8Rng) -> Self {
        let worlds = (0..count).map(|_| World::new(grids, &span, &mut dice)).collect();
        Self { grids, span, dice, worlds }
    }

    pub fn play(&mut self, actor: &Actor, critic: &Critic, steps: usize) -> Batch {
        let count = self.worlds.len();
        let (mut rows, mut masks, mut secrets, mut actions, mut chances) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut values, mut rewards, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        let mut ended = Vec::new();
        for step in 0..=steps {
            let seen = self.see();
            let (sets, told) = (seen.sets(), seen.secrets());
            let (mean, value) = no_grad(|| (actor.forward(&sets), critic.forward(&sets, &told)));
            values.extend(flat(&value).into_iter().map(f64::from));
            if step == steps {
                break;
            }
            let spread = flat(&actor.spread).iter().map(|log| f64::from(*log)).collect::<Vec<f64>>();
            let means = flat(&mean);
            for place in 0..count {
                let of = &means[place * MAX_ZONES * OUTPUTS..(place + 1) * MAX_ZONES * OUTPUTS];
                let (action, chance) = draw(of, &seen.masks[place * MAX_ZONES..], &spread, &mut self.dice);
                let world = &mut self.worlds[place];
                let reward = act(world, &seen.observations[place], &action);
                rewards.push(reward);
                actions.extend(action.iter().flatten().map(|value| *value as f32));
                chances.push(chance as f32);
                ends.push(world.study.is_over());
                if world.study.is_over() {
                    ended.push(world.so_far - world.plan);
                    *world = World::new(self.grids, &self.span, &mut self.dice);
                }
            }
            rows.push(seen.rows);
            masks.push(seen.masks);
            secrets.push(seen.secrets);
        }
        let (advantages, returns) = advantages(&values, &rewards, &ends, count);
        let n = (steps * count) as i64;
        Batch {
            sets: sets(&rows.concat(), &masks.concat()),
            secrets: Tensor::from_slice(&secrets.concat()).view([n, SECRETS as i64]),
            actions: Tensor::from_slice(&actions).view([n, MAX_ZONES as i64, OUTPUTS as i64]),
            chances: Tensor::from_slice(&chances),
            advantages: Tensor::from_slice(&advantages),
            returns: Tensor::from_slice(&returns),
            above_plan: ended.iter().sum::<f64>() / ended.len().max(1) as f64,
        }
    }

    fn see(&self) -> Seen {
        let mut seen = Seen::default();
        for world in &self.worlds {
            let situation = world.study.situation();
            let observation = Observation::of(&situation, price(world.study.scenario.lean))
                .expect("what is drawn for training is of the kind that is trained on");
            for zone in 0..MAX_ZONES {
                let row = observation.rows.get(zone);
                seen.masks.push(if row.is_some() { 1.0 } else { 0.0 });
                match row {
                    Some(row) => seen.rows.extend(row.iter().map(|value| *value as f32)),
                    None => seen.rows.extend([0.0; INPUTS]),
                }
            }
            seen.secrets.extend(world.secrets());
            seen.observations.push((situation, observation));
        }
        seen
    }
}

#[derive(Default)]
struct Seen {
    rows: Vec<f32>,
    masks: Vec<f32>,
    secrets: Vec<f32>,
    observations: Vec<(allocation::Situation, Observation)>,
}

impl Seen {
    fn sets(&self) -> Sets {
        sets(&self.rows, &self.masks)
    }

    fn secrets(&self) -> Tensor {
        Tensor::from_slice(&self.secrets).view([-1, SECRETS as i64])
    }
}

/// `rows [n × MAX_ZONES × INPUTS]`, `masks [n × MAX_ZONES]`.
pub fn sets(rows: &[f32], masks: &[f32]) -> Sets {
    Sets {
        rows: Tensor::from_slice(rows).view([-1, MAX_ZONES as i64, INPUTS as i64]),
        mask: Tensor::from_slice(masks).view([-1, MAX_ZONES as i64]),
    }
}

/// An action about its means, zero where no zone is, and the logarithm of its density up to a constant.
fn draw(
    means: &[f32],
    mask: &[f32],
    spread: &[f64],
    dice: &mut ChaCha8Rng,
) -> ([[f64; OUTPUTS]; MAX_ZONES], f64) {
    let (mut action, mut chance) = ([[0.0; OUTPUTS]; MAX_ZONES], 0.0);
    for (zone, of) in action.iter_mut().enumerate().filter(|(zone, _)| mask[*zone] > 0.0) {
        for (output, value) in of.iter_mut().enumerate() {
            let off = normal(dice);
            *value = f64::from(means[zone * OUTPUTS + output]) + libm::exp(spread[output]) * off;
            chance -= off * off / 2.0 + spread[output];
        }
    }
    (action, chance)
}

fn act(
    world: &mut World<'_>,
    (situation, observation): &(allocation::Situation, Observation),
    action: &[[f64; OUTPUTS]; MAX_ZONES],
) -> f64 {
    // The situation's zones are sorted by name; the scenario's need not be.
    let zones = Wish::of(situation, observation, &action[..observation.rows.len()]).settle(situation);
    let shares: Vec<Shares> = world.study.names().iter().map(|name| zones[name]).collect();
    let reward = world.worth.of_hour(&world.study.step(&shares));
    world.so_far += reward;
    reward
}

/// `values [steps + 1, worlds]`, `rewards` and `ends [steps, worlds]`; gives advantages and returns, `[steps, worlds]`.
fn advantages(values: &[f64], rewards: &[f64], ends: &[bool], worlds: usize) -> (Vec<f32>, Vec<f32>) {
    let mut advantages = vec![0.0; rewards.len()];
    for world in 0..worlds {
        let mut later = 0.0;
        for place in (0..rewards.len() / worlds).rev().map(|step| step * worlds + world) {
            let next = if ends[place] { 0.0 } else { values[place + worlds] };
            let surprise = rewards[place] + next - values[place];
            later = surprise + if ends[place] { 0.0 } else { LAMBDA * later };
            advantages[place] = later;
        }
    }
    let returns = advantages.iter().zip(values).map(|(of, value)| (of + value) as f32).collect();
    (advantages.iter().map(|of| *of as f32).collect(), returns)
}
