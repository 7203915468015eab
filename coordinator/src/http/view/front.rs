//! The front, what competed for it, and how the hypervolume grew.

use std::collections::BTreeSet;

use common::energy::Purpose;
use common::id::TrialId;
use common::objective::reference_point;
use common::time::HOUR_MS;
use common::trial::Origin;
use common::unit::Grams;

use super::{Seen, words};
use crate::core::{Milestone, State, Study, Trial};
use crate::http::model::{Evaluated, Front, FrontMember, Hypervolume, HypervolumePoint};

/// Points of a scatter: more than a screen can tell apart.
const SCATTER: usize = 2000;
/// Points of a curve, the same.
const CURVE: usize = 2000;

pub fn front(seen: Seen<'_>) -> Option<Front> {
    let state = &seen.history.state;
    let study = state.study.as_ref()?;
    let on_front = members(state);
    let contributions = state.front.as_ref().map_or_else(Vec::new, moo::Front::contributions);
    let listed = state.front.iter().flat_map(moo::Front::members).zip(contributions);
    let (evaluated, evaluated_total) = evaluated(state, &on_front);
    Some(Front {
        objectives: study.spec.objectives.iter().map(|goal| goal.kind.key().into()).collect(),
        reference: reference_point(&study.spec.objectives),
        hypervolume: state.hypervolume(),
        hypervolume_share: words::share(state, state.hypervolume()),
        members: listed
            .filter_map(|(member, contribution)| {
                one(&seen, state.trial(member.payload)?, &member.objectives, contribution)
            })
            .collect(),
        evaluated,
        evaluated_total,
    })
}

/// Trials whose networks stand on the front.
pub fn members(state: &State) -> BTreeSet<TrialId> {
    state.front.iter().flat_map(moo::Front::members).map(|member| member.payload).collect()
}

fn one(seen: &Seen<'_>, trial: &Trial, objectives: &[f64], contribution: f64) -> Option<FrontMember> {
    let state = &seen.history.state;
    let evaluation = trial.evaluation.as_deref()?;
    let first = trial.subject.architecture().and_then(|known| state.of_architecture(known).next());
    let origin = if trial.is_given() { &trial.origin } else { &first.unwrap_or(trial).origin };
    Some(FrontMember {
        trial: trial.id.0,
        architecture: words::architecture(seen.history, &trial.subject)?,
        objectives: objectives.to_vec(),
        validation_error: evaluation.validation_error,
        test_error: evaluation.test_error,
        parameters: evaluation.parameters,
        flops: evaluation.flops,
        latency_ms: evaluation.latency_ms,
        joules_per_inference: evaluation.joules_per_inference,
        device: evaluation.device.clone(),
        seconds: evaluation.seconds.0,
        joules: trial.joules.0,
        contribution,
        origin: words::origin(origin),
        region: match origin {
            Origin::Search { region, .. } => Some(region.clone()),
            _ => None,
        },
        given: trial.is_given(),
        finished_at: trial.finished.map(|at| at.to_string()),
    })
}

/// The latest first trainings and full ones, and how many there are.
fn evaluated(state: &State, on_front: &BTreeSet<TrialId>) -> (Vec<Evaluated>, u64) {
    let trained = |trial: &&Trial| {
        trial.evaluation.is_some() && matches!(trial.subject.purpose(), Purpose::Rung | Purpose::Full)
    };
    let all = state.trials.values().rev().filter(trained);
    let mut total = 0;
    let mut latest = Vec::new();
    for trial in all {
        total += 1;
        if latest.len() >= SCATTER {
            continue;
        }
        let Some(objectives) = trial.evaluation.as_deref().and_then(|e| state.objectives(e)) else {
            continue;
        };
        latest.push(Evaluated {
            trial: trial.id.0,
            fidelity: trial.subject.purpose().to_string(),
            objectives: objectives.0,
            on_front: on_front.contains(&trial.id),
            given: trial.is_given(),
        });
    }
    latest.reverse();
    (latest, total)
}

pub fn hypervolume(seen: Seen<'_>) -> Option<Hypervolume> {
    let state = &seen.history.state;
    let study = state.study.as_ref()?;
    let mut trainings = 0;
    let all: Vec<(u64, (&Milestone, Grams))> = state
        .course()
        .map(|(milestone, emitted)| {
            trainings += u64::from(!milestone.given);
            (trainings, (milestone, emitted))
        })
        .collect();
    // The first and the last stay; between them every n-th.
    let stride = all.len().div_ceil(CURVE).max(1);
    let last = all.len().saturating_sub(1);
    let kept = all.iter().enumerate().filter(|(index, _)| index % stride == 0 || *index == last);
    let history = kept.map(|(_, (trainings, step))| point(state, study, *trainings, *step));
    Some(Hypervolume {
        value: state.hypervolume(),
        share: words::share(state, state.hypervolume()),
        reference: reference_point(&study.spec.objectives),
        history: history.collect(),
        points_total: all.len() as u64,
    })
}

fn point(
    state: &State,
    study: &Study,
    trainings: u64,
    (milestone, emitted): (&Milestone, Grams),
) -> HypervolumePoint {
    let origin = study.clock.grid(study.started);
    HypervolumePoint {
        at: milestone.at.to_string(),
        wall_minutes: milestone.at.since(study.started).seconds() / 60.0,
        grid_hours: study.clock.grid(milestone.at).since(origin).0 as f64 / HOUR_MS as f64,
        hypervolume: milestone.hypervolume,
        share: words::share(state, milestone.hypervolume),
        front_size: milestone.front as u64,
        kwh: milestone.joules.kwh(),
        kg_co2eq: emitted.0 / 1000.0,
        trainings,
        given: milestone.given,
    }
}
