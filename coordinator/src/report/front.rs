//! The front's members, and all trainings that competed for it.

use std::collections::BTreeMap;

use common::architecture::Architecture;
use common::energy::Purpose;
use common::fidelity::Fidelity;
use common::id::TrialId;
use common::space::SearchSpace;
use common::trial::{ArtifactKind, Evaluation, Origin, Subject};

use super::model::{Evaluated, Network, NetworkFiles};
use crate::core::{State, Study, Trial};

/// Where `export_artifacts` puts a member's weights, relative to the report.
pub(super) fn weights_file(trial: TrialId) -> String {
    format!("front/trial-{trial}.safetensors")
}

pub(super) fn torchscript_file(trial: TrialId) -> String {
    format!("front/trial-{trial}.pt")
}

/// In the order of their objectives, the smallest error first.
pub(super) fn members(state: &State, study: &Study) -> Vec<Network> {
    let space = study.spec.space.build();
    let families = families(state);
    let members = state.front.iter().flat_map(moo::Front::members);
    members
        .filter_map(|member| {
            let trial = state.trial(member.payload)?;
            let architecture = trial.subject.architecture()?;
            let family = families.get(architecture).map_or(&[][..], Vec::as_slice);
            Some(network(trial, trial.evaluation.as_deref()?, architecture, study, space.as_ref(), family))
        })
        .collect()
}

fn network(
    trial: &Trial,
    evaluation: &Evaluation,
    architecture: &Architecture,
    study: &Study,
    space: &dyn SearchSpace,
    family: &[&Trial],
) -> Network {
    let objectives = study.spec.objectives.iter();
    let first = family.first().copied().unwrap_or(trial);
    let region = match &first.origin {
        Origin::Search { region, .. } => Some(region.clone()),
        _ => None,
    };
    let file = |kind, name: String| evaluation.artifact(kind).map(|_| name);
    Network {
        trial: trial.id,
        given: trial.source().cloned(),
        architecture: space.encode(architecture),
        objectives: objectives
            .filter_map(|objective| Some((objective.kind, objective.kind.of(evaluation)?)))
            .collect(),
        validation_accuracy: 1.0 - evaluation.validation_error,
        test_accuracy: evaluation.test_error.map(|error| 1.0 - error),
        parameters: evaluation.parameters,
        flops: evaluation.flops,
        latency_ms: evaluation.latency_ms,
        joules_per_inference: evaluation.joules_per_inference,
        device: evaluation.device.clone(),
        seconds: evaluation.seconds.0,
        joules: trial.joules.0,
        origin: origin(if trial.is_given() { &trial.origin } else { &first.origin }),
        region,
        lineage: family.iter().map(|trial| trial.id).collect(),
        worker: trial.worker.clone(),
        files: NetworkFiles {
            weights: file(ArtifactKind::Weights, weights_file(trial.id)),
            torchscript: file(ArtifactKind::TorchScript, torchscript_file(trial.id)),
        },
    }
}

/// Why an architecture was proposed, in words.
pub(crate) fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Study => "the study".into(),
        Origin::Initial => "random start".into(),
        Origin::Search { region, widened } => {
            let place = if region.is_empty() { "whole space".into() } else { format!("region {region}") };
            if *widened { format!("{place}, widened") } else { place }
        }
        Origin::Promotion { from } => format!("promoted from {from}"),
        Origin::Given(source) => format!("given by {}", source.file),
    }
}

/// The trials of each architecture, lowest fidelity first.
fn families(state: &State) -> BTreeMap<&Architecture, Vec<&Trial>> {
    let mut families: BTreeMap<&Architecture, Vec<&Trial>> = BTreeMap::new();
    for trial in state.trials.values() {
        if let Some(architecture) = trial.subject.architecture() {
            families.entry(architecture).or_default().push(trial);
        }
    }
    for family in families.values_mut() {
        family.sort_by_key(|trial| (trial.subject.fidelity(), trial.id));
    }
    families
}

pub(super) fn evaluated(state: &State) -> Vec<Evaluated> {
    let on_front: Vec<TrialId> =
        state.front.iter().flat_map(moo::Front::members).map(|member| member.payload).collect();
    let trained = |trial: &&Trial| matches!(trial.subject.purpose(), Purpose::Rung | Purpose::Full);
    state
        .trials
        .values()
        .filter(trained)
        .filter_map(|trial| {
            Some(Evaluated {
                trial: trial.id,
                fidelity: trial.subject.purpose(),
                objectives: state.objectives(trial.evaluation.as_deref()?)?.0,
                on_front: on_front.contains(&trial.id),
                given: trial.is_given(),
            })
        })
        .collect()
}

/// "full training of |nor_conv_3x3~0|+…".
pub(crate) fn describe(subject: &Subject, space: &dyn SearchSpace) -> String {
    match subject {
        Subject::Network { architecture, fidelity } => {
            let what = match fidelity {
                Fidelity::OneShot => "one-shot score of".to_string(),
                Fidelity::Rung(epochs) => format!("training of {epochs} epochs of"),
                Fidelity::Full => "full training of".into(),
            };
            format!("{what} {}", space.encode(architecture))
        }
        shared => shared.title(),
    }
}
