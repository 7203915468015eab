//! The trait behind which every policy stands, and the policies by name.

use std::fmt;

use common::allocation::Allocation;

use crate::{Agent, Error, Fixed, Greedy, LinearInIntensity, Planner, Situation, Threshold};

pub const POLICIES: [&str; 6] = ["planner", "agent", "fixed", "linear", "threshold", "greedy"];

/// Decides what the fleet does until the next decision.
///
/// Total: any situation gets an answer, NaN and missing figures included. Deterministic: the same situations in the same order get the
/// same answers, and one situation twice in a row the same answer twice. Every zone's shares sum to its slots.
pub trait Policy: Send + fmt::Debug {
    fn name(&self) -> &str;
    fn decide(&mut self, situation: &Situation) -> Allocation;
    /// The same with the same memory, for a question that shall leave no trace: what would be decided if.
    fn copy(&self) -> Box<dyn Policy>;
}

/// Settings of all policies; each reads its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Planner: share of the work that all slots could do in a day, when time is the only limit.
    pub train_share: f64,
    /// Planner: hours dirtier than this quantile of the coming day are rested in.
    pub rest_quantile: f64,
    /// Agent: 0 leans to speed, 1 to carbon.
    pub agent_lean: f64,
    /// Fixed: shares of the slots that train and that sample; the others rest.
    pub fixed_train: f64,
    pub fixed_sample: f64,
    /// Threshold: percentile of the last 168 hours above which the fleet rests.
    pub threshold_percentile: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            train_share: 0.1,
            rest_quantile: 0.85,
            agent_lean: 0.5,
            fixed_train: 0.5,
            fixed_sample: 0.5,
            threshold_percentile: 50.0,
        }
    }
}

pub fn build(name: &str, options: &Options) -> Result<Box<dyn Policy>, Error> {
    Ok(match name {
        "planner" => Box::new(Planner::new(options.train_share, options.rest_quantile)?),
        "agent" => {
            let lean =
                check("agent_lean", options.agent_lean, 1.0, "it lies between 0, speed, and 1, carbon")?;
            Box::new(Agent::shipped(lean, Planner::new(options.train_share, options.rest_quantile)?))
        }
        "fixed" => Box::new(Fixed::new(options.fixed_train, options.fixed_sample)?),
        "linear" => Box::new(LinearInIntensity),
        "threshold" => Box::new(Threshold::new(options.threshold_percentile)?),
        "greedy" => Box::new(Greedy),
        _ => {
            let similarity = |known: &str| strsim::jaro_winkler(known, name);
            let nearest = POLICIES
                .into_iter()
                .max_by(|a, b| similarity(a).total_cmp(&similarity(b)))
                .expect("there are policies");
            return Err(Error::UnknownPolicy { name: name.into(), nearest });
        }
    })
}

/// Refuses what is not in [0, `limit`].
pub(crate) fn check(
    option: &'static str,
    value: f64,
    limit: f64,
    reason: &'static str,
) -> Result<f64, Error> {
    match (0.0..=limit).contains(&value) {
        true => Ok(value),
        false => Err(Error::Option { option, value, reason }),
    }
}

pub(crate) const A_SHARE: &str = "a share lies between 0 and 1";
