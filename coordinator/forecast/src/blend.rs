//! Several point models mixed: `ŷ = Σ w_m ŷ_m`, weights not negative, of sum 1, one set for each lead day.
//!
//! Weights minimise the squared error relative to the zone's level on hours that none of the members had seen, and are pulled towards
//! the members' shares, which were set beforehand: what a few weeks can tell about members that are nearly as good as each other is mostly
//! noise (the "forecast combination puzzle": Stock & Watson 2004; Claeskens et al. 2016). A member that is clearly worse still loses its weight.

mod simplex;

use common::time::GridHour;

use crate::forecaster::check_horizon;
use crate::{Error, PointModel, Series};

/// Hours of the weights' own hold-out where nobody asks for another.
const HOLD_OUT_HOURS: usize = 60 * 24;
const STRIDE_HOURS: usize = 5;
/// How strongly weights are pulled to the shares, in units of the members' mean squared error. At 1, a member twice as wrong as the others is
/// down to about half its share.
const SHRINKAGE: f64 = 1.0;

#[derive(Debug)]
pub struct Blend {
    name: String,
    members: Vec<Box<dyn PointModel>>,
    /// Of sum 1.
    shares: Vec<f64>,
    /// `[lead days][members]`, once fitted.
    weights: Vec<Vec<f64>>,
}

impl Blend {
    /// Of at least one member, each with its share, which is positive; only their proportions count.
    pub fn new(name: &str, members: Vec<(Box<dyn PointModel>, f64)>) -> Self {
        assert!(!members.is_empty(), "a blend has members");
        let (members, shares): (Vec<_>, Vec<f64>) = members.into_iter().unzip();
        let whole: f64 = shares.iter().sum();
        let shares = shares.into_iter().map(|share| share / whole).collect();
        Self { name: name.into(), members, shares, weights: Vec::new() }
    }

    /// `[lead days][members]`, empty before a fit.
    pub fn weights(&self) -> &[Vec<f64>] {
        &self.weights
    }

    /// `said [members][issues][horizon]` at the issues `known`.
    fn weigh(
        &self,
        history: &Series,
        known: &[usize],
        said: &[Vec<Vec<f64>>],
        horizon: usize,
    ) -> Vec<Vec<f64>> {
        let days = horizon.div_ceil(24);
        let level = history.values().iter().sum::<f64>() / history.len() as f64;
        let of_day = |day: usize| {
            let mut equations = simplex::Equations::new(self.members.len());
            for (issue, &known) in known.iter().enumerate() {
                for lead in 24 * day..(24 * day + 24).min(horizon) {
                    let Some(&truth) = history.values().get(known + lead) else { break };
                    // Relative errors, but an hour of almost nothing must not decide alone.
                    let scale = truth.max(0.25 * level).max(f64::MIN_POSITIVE);
                    let errors = said.iter().map(|member| (member[issue][lead] - truth) / scale);
                    equations.add(errors);
                }
            }
            equations.solve(SHRINKAGE, &self.shares)
        };
        (0..days).map(of_day).collect()
    }

    /// `said [members][issues][horizon]`.
    fn mix(&self, said: &[Vec<Vec<f64>>]) -> Vec<Vec<f64>> {
        let issues = said[0].len();
        let of_issue = |issue: usize| -> Vec<f64> {
            let leads = said[0][issue].len();
            let of_lead = |lead: usize| {
                let weights = &self.weights[lead / 24];
                said.iter().zip(weights).map(|(member, weight)| weight * member[issue][lead]).sum()
            };
            (0..leads).map(of_lead).collect()
        };
        (0..issues).map(of_issue).collect()
    }
}

impl PointModel for Blend {
    fn name(&self) -> &str {
        &self.name
    }

    fn min_history_hours(&self) -> usize {
        self.members.iter().map(|member| member.min_history_hours()).max().unwrap_or(1)
    }

    fn input_hours(&self) -> usize {
        self.members.iter().map(|member| member.input_hours()).max().unwrap_or(1)
    }

    fn max_horizon(&self) -> usize {
        self.members.iter().map(|member| member.max_horizon()).min().unwrap_or(1)
    }

    fn unfitted(&self) -> Box<dyn PointModel> {
        let members = self.members.iter().map(|member| member.unfitted()).collect();
        Box::new(Self { name: self.name.clone(), members, shares: self.shares.clone(), weights: Vec::new() })
    }

    fn fitted_until(&self) -> Option<GridHour> {
        if self.weights.is_empty() {
            return None;
        }
        self.members.iter().filter_map(|member| member.fitted_until()).max()
    }

    fn fit(&mut self, history: &Series) -> Result<(), Error> {
        let boundary = history.len() - (history.len() / 4).min(HOLD_OUT_HOURS);
        let known: Vec<usize> = (boundary..history.len()).step_by(STRIDE_HOURS).collect();
        self.fit_held_out(history, boundary, &known, self.max_horizon()).map(drop)
    }

    fn points(&self, history: &Series, known: &[usize], horizon: usize) -> Result<Vec<Vec<f64>>, Error> {
        check_horizon(horizon, self.max_horizon())?;
        if self.weights.is_empty() {
            return Err(Error::NotFitted { model: self.name.clone() });
        }
        let said = self.members.iter().map(|member| member.points(history, known, horizon));
        Ok(self.mix(&said.collect::<Result<Vec<_>, _>>()?))
    }

    /// Each member is fitted twice, the blend's weights come from the same held-out hours as the errors do: a handful of numbers, shrunk,
    /// from a thousand hours flatter nobody.
    fn fit_held_out(
        &mut self,
        history: &Series,
        boundary: usize,
        known: &[usize],
        horizon: usize,
    ) -> Result<Vec<Vec<f64>>, Error> {
        let horizon = horizon.min(self.max_horizon());
        let mut said = Vec::with_capacity(self.members.len());
        for member in &mut self.members {
            said.push(member.fit_held_out(history, boundary, known, horizon)?);
        }
        self.weights = self.weigh(history, known, &said, horizon);
        Ok(self.mix(&said))
    }
}
