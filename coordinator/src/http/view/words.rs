//! Small things that several pages say alike.

use common::objective::ObjectiveKind;
use common::space::SearchSpace;
use common::trial::{Origin, Subject};

use crate::core::{State, Trial};
use crate::http::history::History;
use crate::http::model::TrialState;
use crate::report::{Standing, standing};

pub fn fidelity(subject: &Subject) -> String {
    subject.kind()
}

pub fn architecture(history: &History, subject: &Subject) -> Option<String> {
    Some(space(history)?.encode(subject.architecture()?))
}

pub fn space(history: &History) -> Option<&dyn SearchSpace> {
    history.space.as_deref()
}

pub fn trial_state(trial: &Trial) -> TrialState {
    match standing(trial) {
        Standing::Waiting => TrialState::Waiting,
        Standing::Running => TrialState::Running,
        Standing::Suspended => TrialState::Suspended,
        Standing::Finished => TrialState::Finished,
        Standing::Given => TrialState::Given,
        Standing::Failed => TrialState::Failed,
    }
}

pub fn unit(kind: ObjectiveKind) -> &'static str {
    match kind {
        ObjectiveKind::Error => "share",
        ObjectiveKind::Parameters => "parameters",
        ObjectiveKind::Flops => "multiply-accumulates",
        ObjectiveKind::LatencyMs => "ms",
        ObjectiveKind::JoulesPerInference => "J",
    }
}

/// Why a trial was proposed, in words.
pub fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Study => "asked for by the study".into(),
        Origin::Initial => "random start".into(),
        Origin::Search { region, widened } => {
            let place = if region.is_empty() { "whole space".into() } else { format!("region {region}") };
            if *widened { format!("{place}, widened") } else { place }
        }
        Origin::Promotion { from } => format!("promoted from {from}"),
        Origin::Given(source) => format!("given by {}", source.file),
    }
}

/// Of the box between the origin and the reference point.
pub fn share(state: &State, hypervolume: f64) -> f64 {
    let volume: f64 = state.front.as_ref().map_or(0.0, |front| front.reference().iter().product());
    if volume > 0.0 { hypervolume / volume } else { 0.0 }
}
