//! The agent: a small network trained in simulation before it is used, as a policy within guards.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `observation`, `view` | a situation as numbers without scale, or why it can't be one |
//! | `water` | what is known without learning: the level that the network corrects |
//! | `network` | the forward pass |
//! | `weights` | the file of its numbers |
//!
//! Its **action** says of each zone by which factor the level is too low or too high, and whether slots that don't train sample: from no
//! slot to all of them. Where the situation is not of a kind it was trained on, or its weights can't be read, the planner decides, and
//! the reason says so. It is trained elsewhere (package `agent`); nothing here learns, and nothing is drawn by lot.

mod network;
mod observation;
mod view;
mod water;
mod weights;

use std::collections::BTreeMap;

use common::allocation::{Allocation, Shares};
use common::id::Zone;
use common::time::GridHour;

pub use network::{INPUTS, LAYERS, Layer, Network, OUTPUTS};
pub use observation::{MAX_SLOTS, MAX_ZONES, Observation, STUDY_FEATURES, ZONE_FEATURES};
pub use weights::WeightsError;

use crate::intensity::sentence;
use crate::{Planner, Policy, Situation, split};

/// The weights that come with the program.
const SHIPPED: &[u8] = include_bytes!("../../weights/agent.safetensors");
/// e^±9 is from no slot to all, at any level.
const FARTHEST: f64 = 9.0;
/// Levels below are as good as none; a factor must be able to lift them.
const LOWEST: f64 = 0.02;

#[derive(Debug, Clone)]
pub struct Agent {
    network: Result<Network, WeightsError>,
    price: f64,
    planner: Planner,
    held: Option<Held>,
}

/// What was decided in an hour stands until it ends, so that a forecast's small change does not suspend what just began.
#[derive(Debug, Clone)]
struct Held {
    hour: GridHour,
    slots: Vec<(Zone, u32)>,
    wish: Wish,
}

/// How many slots of each zone shall train, and which zones sample, before work and slots are counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Wish {
    train: BTreeMap<Zone, u32>,
    samples: BTreeMap<Zone, bool>,
}

impl Wish {
    /// `action[zone]`: the logarithm of the factor on the zone's level, and a number above zero where it shall sample.
    pub fn of(situation: &Situation, observation: &Observation, action: &[[f64; OUTPUTS]]) -> Self {
        let zones = situation.zones.iter().zip(&observation.wanted).zip(action);
        let (mut train, mut samples) = (BTreeMap::new(), BTreeMap::new());
        for (((name, zone), wanted), [factor, sample]) in zones {
            let level = wanted.max(LOWEST) * libm::exp(factor.clamp(-FARTHEST, FARTHEST));
            train.insert(name.clone(), water::whole(level, f64::from(zone.slots)) as u32);
            samples.insert(name.clone(), *sample > 0.0);
        }
        Self { train, samples }
    }

    /// Cut to the work there is; what is left samples where it may, as far as that is of use, or rests.
    pub fn settle(&self, situation: &Situation) -> BTreeMap<Zone, Shares> {
        split::fill(situation, &self.train, |zone| self.samples.get(zone).copied().unwrap_or(false))
    }
}

/// How dear carbon is: decades of missing hypervolume that the carbon of one training must bring. `lean` 0 leans to speed, 1 to carbon.
pub fn price(lean: f64) -> f64 {
    libm::pow(10.0, -4.0 + 2.5 * lean)
}

impl Agent {
    /// With the weights that come with the program. `planner` decides where the agent can't.
    pub fn shipped(lean: f64, planner: Planner) -> Self {
        Self::of_bytes(SHIPPED, lean, planner)
    }

    /// With the weights of a file, or the planner where they can't be read.
    pub fn of_bytes(bytes: &[u8], lean: f64, planner: Planner) -> Self {
        Self { network: Network::from_bytes(bytes), price: price(lean), planner, held: None }
    }

    pub fn new(network: Network, lean: f64, planner: Planner) -> Self {
        Self { network: Ok(network), price: price(lean), planner, held: None }
    }

    /// For whoever asks why: the slots that each zone is wanted to train, before they are made whole, and the factor that the network put
    /// on what is known without learning; or why the planner would decide.
    pub fn levels(&self, situation: &Situation) -> Result<Vec<(f64, f64)>, String> {
        let network = self.network.as_ref().map_err(|error| format!("its weights can't be used: {error}"))?;
        let observation = Observation::of(situation, self.price)?;
        let level = |(wanted, [factor, _]): (&f64, [f64; OUTPUTS])| {
            let factor = libm::exp(factor.clamp(-FARTHEST, FARTHEST));
            (wanted.max(LOWEST) * factor, factor)
        };
        Ok(observation.wanted.iter().zip(network.forward(&observation)).map(level).collect())
    }

    fn wish(&mut self, situation: &Situation) -> Result<Wish, String> {
        let network = self.network.as_ref().map_err(|error| format!("its weights can't be used: {error}"))?;
        let slots: Vec<(Zone, u32)> =
            situation.zones.iter().map(|(name, zone)| (name.clone(), zone.slots)).collect();
        // Checked even where a wish is held: what has become senseless is not decided on.
        let observation = Observation::of(situation, self.price)?;
        if let Some(held) = &self.held
            && held.hour == situation.hour
            && held.slots == slots
        {
            return Ok(held.wish.clone());
        }
        let action = network.forward(&observation);
        let wish = Wish::of(situation, &observation, &action);
        self.held = Some(Held { hour: situation.hour, slots, wish: wish.clone() });
        Ok(wish)
    }
}

impl Policy for Agent {
    fn name(&self) -> &str {
        "agent"
    }

    fn decide(&mut self, situation: &Situation) -> Allocation {
        if situation.slots() == 0 {
            let zones = split::fill(situation, &BTreeMap::new(), |_| false);
            return split::allocation(zones, self.name(), "there are no slots".into());
        }
        match self.wish(situation) {
            Ok(wish) => {
                let zones = wish.settle(situation);
                let said: Vec<String> =
                    zones.iter().map(|(name, shares)| said(situation, name, *shares)).collect();
                split::allocation(zones, self.name(), sentence("", said.into_iter()))
            }
            Err(reason) => {
                let planned = self.planner.decide(situation);
                let reason = format!("by the planner, for {reason}: {}", planned.reason);
                split::allocation(planned.zones, self.name(), reason)
            }
        }
    }

    fn copy(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}

/// What a person can check: the shares, and how clean the present hour is.
fn said(situation: &Situation, name: &Zone, shares: Shares) -> String {
    let zone = &situation.zones[name];
    let doing = match shares {
        Shares { train: 0, sample: 0, .. } => "resting".to_string(),
        Shares { train: 0, sample, .. } => format!("sampling {sample}"),
        Shares { train, sample: 0, .. } => format!("training {train}"),
        Shares { train, sample, .. } => format!("training {train} and sampling {sample}"),
    };
    let now = zone.present().unwrap_or(0.0);
    let hours = situation.budget.hours.map_or(96, |hours| hours.ceil() as i64);
    let coming = (1..hours).map_while(|ahead| zone.forecast.as_ref()?.median(situation.hour.plus(ahead)));
    let coming: Vec<f64> = coming.map(|intensity| intensity.0).collect();
    let cleaner = coming.iter().filter(|value| **value < now).count();
    format!("{name} {doing}: {now:.0} g/kWh, {cleaner} of the {} hours to come are cleaner", coming.len())
}
