//! Rules that are blind to carbon: fixed shares, and all slots training.

use common::allocation::{Allocation, Shares};

use crate::policy::{A_SHARE, check};
use crate::{Error, Policy, Situation, split};

/// The same shares in every hour and zone, whatever work there is.
#[derive(Debug, Clone, Copy)]
pub struct Fixed {
    train: f64,
    sample: f64,
}

impl Fixed {
    /// Shares of the slots, each in [0, 1], together at most 1.
    pub fn new(train: f64, sample: f64) -> Result<Self, Error> {
        check("fixed_train", train, 1.0, A_SHARE)?;
        check("fixed_sample", sample, 1.0, A_SHARE)?;
        let reason = "with allocation.fixed_train it is more than the whole fleet: lower one of them";
        check("fixed_sample", train + sample, 1.0 + 1e-9, reason)?;
        Ok(Self { train, sample })
    }
}

impl Policy for Fixed {
    fn name(&self) -> &str {
        "fixed"
    }

    fn decide(&mut self, situation: &Situation) -> Allocation {
        let shares = |slots: u32| {
            let train = split::of(slots, self.train);
            let sample = split::of(slots, self.sample).min(slots - train);
            Shares { train, sample, rest: slots - train - sample }
        };
        let zones = situation.zones.iter().map(|(name, zone)| (name.clone(), shares(zone.slots))).collect();
        let (train, sample) = (100.0 * self.train, 100.0 * self.sample);
        let reason = format!("always {train:.0} % of the slots train and {sample:.0} % sample");
        split::allocation(zones, self.name(), reason)
    }

    fn copy(&self) -> Box<dyn Policy> {
        Box::new(*self)
    }
}

/// Every slot trains in every hour; one that finds nothing to train samples.
#[derive(Debug, Clone, Copy)]
pub struct Greedy;

impl Policy for Greedy {
    fn name(&self) -> &str {
        "greedy"
    }

    fn decide(&mut self, situation: &Situation) -> Allocation {
        let train = situation.zones.iter().map(|(name, zone)| (name.clone(), zone.slots)).collect();
        let zones = split::fill(situation, &train, |_| true);
        split::allocation(zones, self.name(), "all slots train in every hour".into())
    }

    fn copy(&self) -> Box<dyn Policy> {
        Box::new(*self)
    }
}
