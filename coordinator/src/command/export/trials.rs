//! Trials as a table: a row for each, a column for each figure, absent where there is none.

use common::energy::Purpose;
use common::space::SearchSpace;
use serde::Serialize;

use super::spending::Told;
use crate::core::Trial;
use crate::report::{origin, standing};

/// Units end the names; shares lie in [0, 1]; times are UTC in ISO 8601.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    pub trial: u64,
    pub fidelity: Purpose,
    /// Of a short training.
    pub epochs: Option<u32>,
    pub state: &'static str,
    /// In the space's notation; none for a supernet.
    pub architecture: Option<String>,
    pub origin: String,
    pub validation_error: Option<f64>,
    pub test_error: Option<f64>,
    pub parameters: Option<u64>,
    pub flops: Option<u64>,
    pub latency_ms: Option<f64>,
    pub joules_per_inference: Option<f64>,
    pub on_front: bool,
    pub seconds: Option<f64>,
    pub joules: f64,
    pub gco2eq: f64,
    pub attempts: u32,
    pub crashes: u32,
    pub worker: Option<String>,
    pub zone: Option<String>,
    pub device: Option<String>,
    pub proposed_at: String,
    pub finished_at: Option<String>,
    /// Why it was given up.
    pub failure: Option<String>,
}

pub fn rows(told: &Told) -> Vec<Row> {
    let space = told.state.spec().map(|spec| spec.space.build());
    let front = told.state.front.iter().flat_map(moo::Front::members).map(|member| member.payload);
    let front: std::collections::BTreeSet<_> = front.collect();
    let row = |trial: &Trial| row(trial, told, space.as_deref(), front.contains(&trial.id));
    told.state.trials.values().map(row).collect()
}

fn row(trial: &Trial, told: &Told, space: Option<&(dyn SearchSpace + '_)>, on_front: bool) -> Row {
    // A supernet has no figures of its own.
    let of_network = trial.evaluation.as_deref().filter(|_| trial.subject.architecture().is_some());
    let record = trial.worker.as_ref().and_then(|worker| told.state.workers.get(worker));
    let spent = told.spent(trial.id);
    Row {
        trial: trial.id.0,
        fidelity: trial.subject.purpose(),
        epochs: match trial.subject.fidelity() {
            Some(common::fidelity::Fidelity::Rung(epochs)) => Some(epochs),
            _ => None,
        },
        state: standing(trial).name(),
        architecture: trial
            .subject
            .architecture()
            .zip(space)
            .map(|(architecture, space)| space.encode(architecture)),
        origin: origin(&trial.origin),
        validation_error: of_network.map(|evaluation| evaluation.validation_error),
        test_error: of_network.and_then(|evaluation| evaluation.test_error),
        parameters: of_network.and_then(|evaluation| evaluation.parameters),
        flops: of_network.and_then(|evaluation| evaluation.flops),
        latency_ms: of_network.and_then(|evaluation| evaluation.latency_ms),
        joules_per_inference: of_network.and_then(|evaluation| evaluation.joules_per_inference),
        on_front,
        seconds: trial.evaluation.as_ref().map(|evaluation| evaluation.seconds.0),
        joules: spent.joules.0,
        gco2eq: spent.grams.0,
        attempts: trial.next_attempt.0,
        crashes: trial.crashes,
        worker: trial.worker.as_ref().map(ToString::to_string),
        zone: record.map(|record| record.zone.to_string()),
        device: trial.evaluation.as_ref().map(|evaluation| evaluation.device.clone()),
        proposed_at: trial.proposed.to_string(),
        finished_at: trial.finished.map(|at| at.to_string()),
        failure: match &trial.state {
            crate::core::TrialState::Failed { reason } => Some(reason.clone()),
            _ => None,
        },
    }
}
