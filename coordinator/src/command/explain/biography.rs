//! One trial's life, read off the ledger's events in their order. Folded beside the state, of which it asks what was known then.

use std::collections::BTreeMap;

use common::energy::Purpose;
use common::event::Event;
use common::fidelity::Fidelity;
use common::id::{Attempt, TrialId, Zone};
use common::time::Timestamp;
use common::trial::{Checkpoint, Origin};
use common::unit::{Grams, Joules};
use serde::Serialize;

use crate::core::{State, Trial};
use crate::report::origin;

/// Something that happened to the trial, in words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chapter {
    #[serde(serialize_with = "as_text")]
    pub at: Timestamp,
    pub what: String,
    /// What led to it, as far as the ledger tells.
    pub why: Option<String>,
}

/// What one attempt took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Took {
    pub joules: Joules,
    /// By the intensity of the hours of use as it was known when this was read.
    pub grams: Grams,
}

#[derive(Debug, Clone)]
pub struct Biography {
    trial: TrialId,
    pub chapters: Vec<Chapter>,
    pub attempts: BTreeMap<Attempt, Took>,
    /// Windows of energy: attempt, zone, span in wall time, joules. Priced at the end, when all intensities are known.
    windows: Vec<(Attempt, Zone, Timestamp, Timestamp, Joules)>,
    /// The last decision, in words.
    decided: Option<String>,
    /// Since when it waits for a slot.
    waits: Option<Timestamp>,
    /// Hypervolume before its result.
    before: f64,
}

impl Biography {
    pub fn new(trial: TrialId) -> Self {
        Self {
            trial,
            chapters: Vec::new(),
            attempts: BTreeMap::new(),
            windows: Vec::new(),
            decided: None,
            waits: None,
            before: 0.0,
        }
    }

    /// `state` is the fold before `event`.
    pub fn before(&mut self, event: &Event, state: &State) {
        if matches!(event, Event::TrialFinished { task, .. } if task.trial == self.trial) {
            self.before = state.hypervolume();
        }
    }

    /// `state` is the fold with `event`.
    pub fn after(&mut self, at: Timestamp, event: &Event, state: &State) {
        match event {
            Event::AllocationDecided { allocation } => {
                let shares = |(zone, shares): (&Zone, &common::allocation::Shares)| {
                    format!("{zone} train {}, sample {}, rest {}", shares.train, shares.sample, shares.rest)
                };
                let shares: Vec<String> = allocation.zones.iter().map(shares).collect();
                self.decided = Some(format!("{} ({})", shares.join("; "), allocation.reason));
            }
            Event::TrialProposed { trial, origin, .. } if *trial == self.trial => {
                self.waits = Some(at);
                self.tell(at, "proposed", Some(proposal(origin, state)));
            }
            Event::EvaluationGiven { trial, source, .. } if *trial == self.trial => {
                self.tell(at, "its result was given", Some(format!("read from {}", source.file)));
            }
            Event::TaskLeased { task, worker, slot, resume, .. } if task.trial == self.trial => {
                let zone = state.workers.get(worker).map(|record| &record.zone);
                let zone = zone.map_or(String::new(), |zone| {
                    let intensity = state.account.intensity(zone, state.grid_hour(at)).0;
                    format!(", {zone} at {:.0} g/kWh", intensity.0)
                });
                let verb = if resume.is_some() { "resumed" } else { "begun" };
                let waited = self.waits.take().map(|since| at.since(since).seconds());
                let waited = waited.filter(|seconds| *seconds >= 1.0);
                let waited = waited.map_or(String::new(), |seconds| {
                    format!(" after waiting {}", crate::report::text::duration(seconds))
                });
                let what =
                    format!("{verb} on {worker}, slot {slot}{zone}{kept}{waited}", kept = kept(*resume));
                let why = self.allocation();
                self.tell(at, what, why);
            }
            Event::TaskSuspended { task, checkpoint } if task.trial == self.trial => {
                self.waits = Some(at);
                let worker = state.trial(self.trial).and_then(|trial| trial.worker.as_ref());
                let drained =
                    worker.and_then(|worker| state.workers.get(worker)).is_some_and(|record| record.draining);
                let why = match (state.paused, drained) {
                    (Some(_), _) => Some("somebody paused the study".into()),
                    (None, true) => Some("somebody asked for its worker to be drained".into()),
                    (None, false) => self.allocation(),
                };
                self.tell(at, format!("suspended{}", kept(*checkpoint)), why);
            }
            Event::TrialCancelled { trial } if *trial == self.trial => {
                self.tell(at, "given up", Some("somebody cancelled it".into()));
            }
            Event::TrialRetried { trial } if *trial == self.trial => {
                self.waits = Some(at);
                self.tell(at, "waits for a slot again", Some("somebody asked for another try".into()));
            }
            Event::TaskFailed { task, failure, again_at, .. } if task.trial == self.trial => {
                self.waits = Some(at);
                let pause = again_at.map(|again| crate::report::text::duration(again.since(at).seconds()));
                let pause = pause.map_or(String::new(), |pause| format!("; the next waits {pause} at least"));
                self.tell(at, format!("attempt {} failed{pause}", task.attempt), Some(failure.to_string()));
            }
            Event::TrialFailed { trial, reason } if *trial == self.trial => {
                self.tell(at, "given up", Some(reason.clone()));
            }
            Event::TrialFinished { task, .. } if task.trial == self.trial => {
                let what =
                    state.trial(self.trial).map_or(String::new(), |trial| result(trial, state, self.before));
                self.tell(at, what, None);
            }
            Event::EnergySpent { worker, session, measurement } => {
                let Some(task) = measurement.task.filter(|task| task.trial == self.trial) else { return };
                let Some(record) = state.workers.get(worker) else { return };
                let (start, end) = record.span(*session, measurement);
                self.windows.push((task.attempt, record.zone.clone(), start, end, measurement.joules));
            }
            _ => {}
        }
    }

    /// Prices what was spent, by the books of `state`.
    pub fn close(&mut self, state: &State) {
        for (attempt, zone, start, end, joules) in self.windows.drain(..) {
            let took = self.attempts.entry(attempt).or_default();
            took.joules += joules;
            took.grams += state.emissions(&zone, start, end, joules);
        }
    }

    fn allocation(&self) -> Option<String> {
        self.decided.as_ref().map(|decided| format!("the allocation then: {decided}"))
    }

    fn tell(&mut self, at: Timestamp, what: impl Into<String>, why: Option<String>) {
        self.chapters.push(Chapter { at, what: what.into(), why });
    }
}

fn kept(checkpoint: Option<Checkpoint>) -> String {
    checkpoint.map_or(String::new(), |kept| format!(" at {:.0} %", kept.progress * 100.0))
}

/// Why it was proposed, with what was known.
fn proposal(origin_of: &Origin, state: &State) -> String {
    let known = state.trained();
    let words = match origin_of {
        Origin::Study => "the study needs it".into(),
        Origin::Initial => "drawn before there was enough to learn from".into(),
        Origin::Search { region, widened } if region.is_empty() => {
            let widened = if *widened { ", the chosen region held no more" } else { "" };
            format!("the searcher expected most of it in the whole space{widened}")
        }
        Origin::Search { region, .. } => {
            format!("sampled in region {region} of the LaMOO tree (+ is a cut's better side, - its worse)")
        }
        Origin::Promotion { from } => {
            format!("promoted from its {from} result: it promised more than a newcomer")
        }
        Origin::Given(_) => origin(origin_of),
    };
    format!("{words}; {known} trainings were done")
}

/// The figures, their rank among those of the same fidelity, and what the front gained.
fn result(trial: &Trial, state: &State, before: f64) -> String {
    let Some(evaluation) = trial.evaluation.as_deref() else { return "finished".into() };
    let took = crate::report::text::duration(evaluation.seconds.0);
    let Some(fidelity) = trial.subject.fidelity() else { return format!("finished, in {took}") };
    let accuracy = crate::report::text::percent(1.0 - evaluation.validation_error, 2);
    let mut text = format!("finished, in {took}: {accuracy} validation accuracy");
    if let Some((rank, of)) = rank(trial, fidelity, state) {
        text.push_str(&format!(", layer {} of the {of} known at {fidelity}", rank + 1));
    }
    if trial.subject.purpose() == Purpose::Full {
        let gain = state.hypervolume() - before;
        let share = if before > 0.0 { format!(" ({:+.2} %)", 100.0 * gain / before) } else { String::new() };
        text.push_str(&match gain > 0.0 {
            true => format!("; the hypervolume grew by {}{share}", crate::report::text::significant(gain)),
            false => "; the front gained nothing".into(),
        });
    }
    text
}

/// The non-dominated layer, counted from 0, and among how many.
pub fn rank(trial: &Trial, fidelity: Fidelity, state: &State) -> Option<(usize, usize)> {
    let known: Vec<(TrialId, Vec<f64>)> = state
        .finished_at(fidelity)
        .filter_map(|(other, _, evaluation)| Some((other.id, state.objectives(evaluation)?.0)))
        .collect();
    let place = known.iter().position(|(id, _)| *id == trial.id)?;
    let points: Vec<&[f64]> = known.iter().map(|(_, objectives)| objectives.as_slice()).collect();
    Some((moo::ranks(&points).ok()?[place], known.len()))
}

fn as_text<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}
