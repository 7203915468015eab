//! One zone's forecasts hour after hour, and the schedule on which its model is trained anew.
//!
//! Issuing never trains: until something is trained, the rules stand in, from persistence up to the mean of seven days. Training is a
//! piece of work of its own ([`Training`]) that may run anywhere for as long as it takes. What it brings ([`Trained`]) is taken
//! up only if, over the same hours, it was better than what the model in use really said.

use std::collections::VecDeque;

use common::carbon::Forecast;
use common::time::GridHour;

use crate::forecaster::{AUTO, MODELS, RULES, build};
use crate::{Choice, Error, Metrics, Series, choose_among};

/// Hours of the past that a forecast is made from, 24 weeks: five months of errors for its band, and what the models look back on
/// before.
pub const LOOK_BACK_HOURS: usize = 4_032;
/// Hours that models are trained on: two years hold each season twice.
pub const TRAINING_HOURS: usize = 2 * 8_760;
/// A model stands for a week of grid time unless told otherwise.
pub const RETRAIN_HOURS: u32 = 168;
/// A training that failed, or that brought nothing better, is tried again after a day.
const RETRY_HOURS: i64 = 24;
/// A rule is chosen anew once a day: it costs milliseconds.
const RULE_STANDS_HOURS: i64 = 24;
/// Forecasts remembered, one an hour: two weeks tell models apart and fit in some megabytes.
const REMEMBERED: usize = 336;
/// Fewer common forecasts say nothing about which model is better.
const MIN_COMMON: usize = 4;
/// So many times the hours of the last training are worth another before its time: a service tells its past by and by.
const GROWN: f64 = 1.5;
/// Less can't be trained on, by any model.
const MIN_TRAINING_HOURS: usize = 1_080;

#[derive(Debug)]
pub struct Selector {
    model: String,
    horizon: usize,
    retrain_hours: i64,
    trained: Option<InUse>,
    /// Stands in where nothing was trained, or what was can't be asked: its history is too short for a while.
    rule: Option<InUse>,
    /// When training was last begun, and on how many hours.
    attempted: Option<(GridHour, usize)>,
    /// What the trained model said, oldest first.
    said: VecDeque<Forecast>,
}

#[derive(Debug)]
struct InUse {
    /// The last hour it was fitted on.
    since: GridHour,
    choice: Choice,
}

/// A choice to be made and fitted: hand it to a thread that has time.
#[derive(Debug)]
pub struct Training {
    model: String,
    horizon: usize,
    history: Series,
}

/// What a training brought.
#[derive(Debug)]
pub struct Trained(InUse);

/// What became of a trained model, with the pinball losses by which it was judged, gCO2eq/kWh.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Nothing but rules was in use.
    First,
    Better {
        was: f64,
        is: f64,
    },
    /// The model in use was at least as good and stays.
    Kept {
        was: f64,
        would_be: f64,
    },
}

impl Training {
    /// Takes as long as the models take; minutes are possible.
    pub fn run(self) -> Result<Trained, Error> {
        let asked = [self.model.as_str()];
        let models: &[&str] = if self.model == AUTO { &MODELS } else { &asked };
        let choice = choose_among(models, &self.history, self.horizon)?;
        Ok(Trained(InUse { since: self.history.last_hour(), choice }))
    }
}

impl Trained {
    pub fn choice(&self) -> &Choice {
        &self.0.choice
    }
}

impl Selector {
    /// `model` is `auto` or one of [`MODELS`]; a named model that lacks history is stood in for by a simpler one.
    pub fn new(model: &str, horizon: usize) -> Result<Self, Error> {
        build(if model == AUTO { MODELS[0] } else { model }, horizon)?;
        let (model, retrain_hours) = (model.into(), i64::from(RETRAIN_HOURS));
        let (trained, rule, attempted) = (None, None, None);
        Ok(Self { model, horizon, retrain_hours, trained, rule, attempted, said: VecDeque::new() })
    }

    /// Hours of grid time after which a model is trained anew, at least 1.
    pub fn retrained_every(mut self, hours: u32) -> Self {
        self.retrain_hours = i64::from(hours.max(1));
        self
    }

    /// The forecast after the last hour of `history`, by the trained model or, where that can't, by a rule. Never trains.
    pub fn issue(&mut self, history: &Series) -> Result<Forecast, Error> {
        if let Some(InUse { choice, .. }) = &self.trained {
            match choice.forecaster.forecast(history, self.horizon) {
                Ok(forecast) => {
                    self.said.push_back(forecast.clone());
                    self.said.drain(..self.said.len().saturating_sub(REMEMBERED));
                    return Ok(forecast);
                }
                // It is asked again when the history has grown.
                Err(Error::ShortHistory { .. }) => {}
                // It learnt from another series, or, where the coordinator was set back in time, from what is to come.
                Err(_) => {
                    self.trained = None;
                    self.said.clear();
                }
            }
        }
        let now = history.last_hour();
        if let Some(rule) = &self.rule
            && (0..RULE_STANDS_HOURS).contains(&(now.0 - rule.since.0))
            && let Ok(forecast) = rule.choice.forecaster.forecast(history, self.horizon)
        {
            return Ok(forecast);
        }
        let choice = self.rule(history)?;
        let forecast = choice.forecaster.forecast(history, self.horizon)?;
        self.rule = Some(InUse { since: now, choice });
        Ok(forecast)
    }

    /// Whether it is time to train, with so many hours known by the end of `now`.
    pub fn is_due(&self, now: GridHour, known_hours: usize) -> bool {
        let since = |then: GridHour, hours: i64| !(0..hours).contains(&(now.0 - then.0));
        let rested =
            self.attempted.is_none_or(|(begun, _)| since(begun, RETRY_HOURS.min(self.retrain_hours)));
        let grown = self.attempted.is_some_and(|(_, hours)| known_hours as f64 >= GROWN * hours as f64);
        let stale =
            self.trained.as_ref().is_none_or(|trained| grown || since(trained.since, self.retrain_hours));
        !RULES.contains(&self.model.as_str()) && known_hours >= MIN_TRAINING_HOURS && rested && stale
    }

    /// The work that is due with this history, if any; it counts as begun.
    pub fn begin_training(&mut self, history: &Series) -> Option<Training> {
        let now = history.last_hour();
        if !self.is_due(now, history.len()) {
            return None;
        }
        self.attempted = Some((now, history.len()));
        Some(Training { model: self.model.clone(), horizon: self.horizon, history: history.clone() })
    }

    /// Takes up what was trained, or keeps what is in use where that was at least as good over the same hours of `history`.
    pub fn adopt(&mut self, trained: Trained, history: &Series) -> Verdict {
        let verdict = self.judge(&trained, history);
        match verdict {
            Verdict::First | Verdict::Better { .. } => {
                self.trained = Some(trained.0);
                self.said.clear();
            }
            // It has proved itself for another term.
            Verdict::Kept { .. } => self.attempted = Some((trained.0.since, history.len())),
        }
        verdict
    }

    fn judge(&self, trained: &Trained, history: &Series) -> Verdict {
        let Some(InUse { choice, .. }) = &self.trained else { return Verdict::First };
        let (mut was, mut is) = (Metrics::new(choice.forecaster.name()), Metrics::new("trained"));
        for trial in &trained.choice().trial {
            if let Some(said) = self.said.iter().find(|said| said.issued_at == trial.issued_at) {
                was.add(said, history);
                is.add(trial, history);
            }
        }
        let (was, is) = match was.forecasts >= MIN_COMMON {
            true => (was.all.pinball(), is.all.pinball()),
            // Nothing in common: their own backtests are all there is.
            false => {
                let loss = |choice: &Choice| choice.metrics().map_or(f64::INFINITY, |m| m.all.pinball());
                (loss(choice), loss(trained.choice()))
            }
        };
        if is < was { Verdict::Better { was, is } } else { Verdict::Kept { was, would_be: is } }
    }

    /// As [`Selector::issue`], after training whatever is due: for worlds whose time stands still meanwhile. `past` gives the last so many
    /// hours that are known, or all when there are fewer.
    pub fn forecast(&mut self, past: impl Fn(usize) -> Result<Series, Error>) -> Result<Forecast, Error> {
        let seen = past(LOOK_BACK_HOURS)?;
        if self.is_due(seen.last_hour(), TRAINING_HOURS) {
            let history = past(TRAINING_HOURS)?;
            if let Some(training) = self.begin_training(&history)
                && let Ok(trained) = training.run()
            {
                self.adopt(trained, &history);
            }
        }
        self.issue(&seen)
    }

    /// What is in use and how it fared, once a forecast was issued.
    pub fn choice(&self) -> Option<&Choice> {
        self.trained.as_ref().or(self.rule.as_ref()).map(|in_use| &in_use.choice)
    }

    /// For `auto` the rule that fared best; for a named model itself or the most demanding rule before it.
    fn rule(&self, history: &Series) -> Result<Choice, Error> {
        if self.model == AUTO {
            return choose_among(&RULES, history, self.horizon);
        }
        let asked = RULES.iter().position(|name| *name == self.model).unwrap_or(RULES.len() - 1);
        let able = |name: &&&str| {
            build(name, self.horizon).is_ok_and(|rule| rule.min_history_hours() <= history.len())
        };
        let rule = RULES[..=asked].iter().rev().find(able).unwrap_or(&RULES[0]);
        choose_among(&[rule], history, self.horizon)
    }
}
