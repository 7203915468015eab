//! What becomes of an operator's wish, said before it is carried out: it changes something, it is so already, or it can't be.

use common::config::Budget;
use common::id::TrialId;

use super::state::CANCELLED;
use super::trial::{Trial, TrialState};
use super::{Control, Core};
use crate::budget::in_words;

/// It will be so, or is already; `text` says it in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    pub changes: bool,
    pub text: String,
}

/// Nothing changes; trying again helps only once something else has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("{0}")]
    Unknown(String),
    /// As things stand.
    #[error("{0}")]
    Conflict(String),
    #[error("{0}")]
    Unacceptable(String),
    /// The coordinator ended before it was durable.
    #[error("the coordinator is ending: nothing was changed")]
    Ending,
}

type Ruled = Result<Ruling, Refusal>;

fn changes(text: impl Into<String>) -> Ruled {
    Ok(Ruling { changes: true, text: text.into() })
}

fn is_so(text: impl Into<String>) -> Ruled {
    Ok(Ruling { changes: false, text: text.into() })
}

fn conflict(text: impl Into<String>) -> Ruled {
    Err(Refusal::Conflict(text.into()))
}

impl Core {
    /// What `control` would do now. `step` does just that: what is refused here changes nothing there either.
    pub fn judge(&self, control: &Control) -> Ruled {
        if let Some((_, reason)) = &self.state.finished {
            return match control {
                Control::Stop { .. } => is_so(format!("The study is finished already: {reason}.")),
                _ => conflict(format!("the study is finished ({reason}): nothing about it can be changed")),
            };
        }
        if self.draining || self.state.study.is_none() {
            return Err(Refusal::Ending);
        }
        match control {
            Control::Drain => changes("Running work is put in safety, and this process ends."),
            Control::Stop { .. } => changes("The study ends now."),
            Control::Pause if self.state.paused.is_some() => is_so("The study is paused already."),
            Control::Pause => changes("The study is paused: running work is put in safety."),
            Control::Resume if self.state.paused.is_none() => is_so("The study is not paused."),
            Control::Resume => changes("The study goes on."),
            Control::DrainWorker { worker } => match self.state.workers.get(worker) {
                None => {
                    Err(Refusal::Unknown(format!("there is no worker {worker}; `ce-nas workers` lists them")))
                }
                Some(record) if !record.alive && record.turned_away => {
                    is_so(format!("Worker {worker} is drained and gone already."))
                }
                // A launcher may be about to start it anew.
                Some(record) if !record.alive => changes(format!(
                    "Worker {worker} is gone; should it come back, it is turned away until `ce-nas workers release {worker}`."
                )),
                Some(record) if record.draining => {
                    is_so(format!("Worker {worker} is being drained already."))
                }
                Some(_) => changes(format!(
                    "Worker {worker} gets nothing new, and goes once it holds nothing; `ce-nas workers release {worker}` takes that back."
                )),
            },
            Control::DrainWorkers => match self.undrained().count() {
                0 => is_so("No worker is there that is not being drained already."),
                1 => changes("One worker gets nothing new, and goes once it holds nothing."),
                count => changes(format!("{count} workers get nothing new, and go once they hold nothing.")),
            },
            Control::Cancel { trial } => self.with(*trial, cancel),
            Control::Retry { trial } => self.with(*trial, retry),
            Control::SetBudget { budget } => self.set_budget(budget),
            Control::Give { .. } if self.options.agenda.is_some() => {
                conflict("this study works off a list: results from elsewhere have no place in it")
            }
            Control::Give { given } => match given.iter().filter(|given| self.is_news(given)).count() {
                0 => is_so("Nothing new: the study has these results already."),
                1 => changes("One result is taken as given."),
                count => changes(format!("{count} results are taken as given.")),
            },
        }
    }

    fn with(&self, id: TrialId, rule: fn(&Trial) -> Ruled) -> Ruled {
        match self.state.trial(id) {
            Some(trial) => rule(trial),
            None => Err(Refusal::Unknown(format!("there is no trial {id}; `ce-nas trials` lists them"))),
        }
    }

    fn set_budget(&self, budget: &Budget) -> Ruled {
        let numbers = [
            budget.carbon_g.get(),
            budget.energy_kwh.get(),
            budget.hours.get(),
            budget.trainings.get().map(|count| count as f64),
            budget.hypervolume.get(),
        ];
        if numbers.iter().flatten().any(|limit| !(limit.is_finite() && *limit > 0.0)) {
            return Err(Refusal::Unacceptable(
                "a budget must be greater than zero, or \"unlimited\"; `ce-nas stop` ends a study".into(),
            ));
        }
        if numbers.iter().all(Option::is_none) {
            return Err(Refusal::Unacceptable(
                "limit at least one of carbon_g, energy_kwh, hours, trainings, hypervolume".into(),
            ));
        }
        if *budget == self.budget() {
            return is_so(format!("The budget is so already: {}.", in_words(budget)));
        }
        changes(format!("The budget from now on: {}.", in_words(budget)))
    }
}

fn cancel(trial: &Trial) -> Ruled {
    let id = trial.id;
    match &trial.state {
        TrialState::Finished => conflict(format!("trial {id} has its result already")),
        TrialState::Failed { reason } if reason == CANCELLED => {
            is_so(format!("Trial {id} is cancelled already."))
        }
        TrialState::Failed { reason } => is_so(format!("Trial {id} was given up already: {reason}.")),
        TrialState::Leased(lease) => {
            changes(format!("Trial {id} is cancelled; worker {} stops working on it.", lease.worker))
        }
        TrialState::Waiting => changes(format!("Trial {id} is cancelled.")),
    }
}

fn retry(trial: &Trial) -> Ruled {
    let id = trial.id;
    match &trial.state {
        TrialState::Finished => conflict(format!("trial {id} has its result already")),
        TrialState::Leased(lease) => {
            is_so(format!("Trial {id} is being worked on by {} already.", lease.worker))
        }
        TrialState::Waiting => is_so(format!("Trial {id} waits for a slot already.")),
        TrialState::Failed { .. } => changes(format!("Trial {id} waits for a slot again.")),
    }
}
