//! The list of trials: filtered, sorted, a page of it. Only what a page shows is put into words; of the rest keys are compared.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use common::energy::Purpose;
use common::id::TrialId;

use super::{Seen, front, page, words};

use crate::core::{State, Trial, TrialState as Standing};
use crate::http::model::{Direction, FidelityFilter, TrialLine, TrialOrder, TrialQuery, Trials};

/// Trials on a page, unless told otherwise, and at most.
const PAGE: u32 = 50;
pub const LARGEST_PAGE: u32 = 500;

pub fn trials(seen: Seen<'_>, query: &TrialQuery) -> Trials {
    let state = &seen.history.state;
    let sort = query.sort.unwrap_or_default();
    let mut keys: Vec<(Option<f64>, TrialId)> = state
        .trials
        .values()
        .filter(|trial| is_wanted(state, trial, query))
        .map(|trial| (key(trial, sort), trial.id))
        .collect();
    let reverse = query.order == Some(Direction::Descending);
    let matching = keys.len() as u64;
    let limit = query.limit.unwrap_or(PAGE).clamp(1, LARGEST_PAGE);
    // Only what stands before the page's end is put in order.
    let end = query.offset.unwrap_or(0) as usize + limit as usize;
    if end < keys.len() {
        keys.select_nth_unstable_by(end, |a, b| compare(*a, *b, reverse));
        keys.truncate(end);
    }
    keys.sort_unstable_by(|a, b| compare(*a, *b, reverse));
    let (offset, keys) = page(keys, query.offset, limit);
    let on_front = front::members(state);
    let found = keys.into_iter().filter_map(|(_, id)| state.trial(id));
    Trials {
        total: state.trials.len() as u64,
        matching,
        offset,
        limit: u64::from(limit),
        trials: found.map(|trial| line(&seen, trial, &on_front)).collect(),
    }
}

fn is_wanted(state: &State, trial: &Trial, query: &TrialQuery) -> bool {
    let fidelity = |wanted: FidelityFilter| {
        trial.subject.purpose()
            == match wanted {
                FidelityFilter::Supernet => Purpose::Supernet,
                FidelityFilter::OneShot => Purpose::OneShot,
                FidelityFilter::Rung => Purpose::Rung,
                FidelityFilter::Full => Purpose::Full,
            }
    };
    let zone = |wanted: &str| zone_of(state, trial).is_some_and(|zone| zone == wanted);
    query.fidelity.is_none_or(fidelity)
        && query.state.is_none_or(|wanted| words::trial_state(trial) == wanted)
        && query.zone.as_deref().is_none_or(zone)
}

fn zone_of<'a>(state: &'a State, trial: &Trial) -> Option<&'a str> {
    state.workers.get(trial.worker.as_ref()?).map(|record| record.zone.as_str())
}

fn key(trial: &Trial, sort: TrialOrder) -> Option<f64> {
    let evaluation = trial.evaluation.as_deref();
    match sort {
        TrialOrder::Trial => Some(trial.id.0 as f64),
        TrialOrder::Error => evaluation.map(|e| e.validation_error),
        TrialOrder::Parameters => evaluation.and_then(|e| e.parameters).map(|count| count as f64),
        TrialOrder::Flops => evaluation.and_then(|e| e.flops).map(|count| count as f64),
        TrialOrder::Latency => evaluation.and_then(|e| e.latency_ms),
        TrialOrder::Seconds => evaluation.map(|e| e.seconds.0),
        TrialOrder::Energy => Some(trial.joules.0),
        TrialOrder::FinishedAt => trial.finished.map(|at| at.0 as f64),
    }
}

/// What has no figure comes last either way; equal figures are in the order of the trials.
fn compare(a: (Option<f64>, TrialId), b: (Option<f64>, TrialId), reverse: bool) -> Ordering {
    let figures = match (a.0, b.0) {
        (Some(a), Some(b)) if reverse => b.total_cmp(&a),
        (Some(a), Some(b)) => a.total_cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    };
    figures.then(a.1.cmp(&b.1))
}

pub fn line(seen: &Seen<'_>, trial: &Trial, on_front: &BTreeSet<TrialId>) -> TrialLine {
    let state = &seen.history.state;
    let evaluation = trial.evaluation.as_deref();
    let kept = trial.checkpoint.map(|checkpoint| checkpoint.progress);
    TrialLine {
        trial: trial.id.0,
        fidelity: words::fidelity(&trial.subject),
        architecture: words::architecture(seen.history, &trial.subject),
        part: trial.subject.part(),
        state: words::trial_state(trial),
        progress: match trial.lease() {
            Some(lease) => seen.pulse.done(lease.task).or(kept),
            None => kept.filter(|_| trial.is_waiting()),
        },
        worker: trial.worker.as_ref().map(ToString::to_string),
        zone: zone_of(state, trial).map(str::to_owned),
        validation_error: evaluation.map(|e| e.validation_error),
        test_error: evaluation.and_then(|e| e.test_error),
        parameters: evaluation.and_then(|e| e.parameters),
        flops: evaluation.and_then(|e| e.flops),
        latency_ms: evaluation.and_then(|e| e.latency_ms),
        joules_per_inference: evaluation.and_then(|e| e.joules_per_inference),
        seconds: evaluation.map(|e| e.seconds.0),
        joules: trial.joules.0,
        attempts: u64::from(trial.next_attempt.0),
        crashes: u64::from(trial.crashes),
        origin: words::origin(&trial.origin),
        reason: match &trial.state {
            Standing::Failed { reason } => Some(reason.clone()),
            _ => None,
        },
        on_front: on_front.contains(&trial.id),
        proposed_at: trial.proposed.to_string(),
        finished_at: trial.finished.map(|at| at.to_string()),
    }
}
