//! How the study stands.

use std::collections::BTreeMap;

use common::config::{self, Config};
use common::energy::{Method, Purpose};
use common::objective::Objective as Goal;
use common::study::EvaluatorSpec;
use common::time::{Millis, Timestamp};

use super::{Seen, fleet, words};
use crate::core::{State, Study as Begun};
use crate::http::model::{
    Budget, BudgetKind, Eta, Fleet, Objective, ScoreQuality, Space, Spent, Study, StudyState, TrialCounts,
    TrialState,
};
use crate::ladder::Quality;
use crate::launch::VERSION;
use crate::report::text;

/// Further ahead nothing is foretold: a rate that small says nothing.
const FORESEEN: f64 = 366.0 * 86_400.0;

pub fn study(seen: Seen<'_>) -> Option<Study> {
    let state = &seen.history.state;
    let begun = state.study.as_ref()?;
    let at = state.finished.as_ref().map_or(seen.now.max(state.last_at), |(at, _)| *at);
    let (standing, reason) = standing(&seen);
    let fleet = fleet::counted(&seen);
    let last = state.allocations.last().map(|(_, allocation)| allocation);
    let budgets = budgets(state, at);
    let grams = state.account.grams_by_purpose();
    let training = grams.iter().filter(|(purpose, _)| purpose.is_training()).map(|(_, grams)| grams.0);
    Some(Study {
        name: begun.spec.name.clone(),
        seed: begun.spec.seed.0,
        version: VERSION.into(),
        space: space(&seen, begun),
        objectives: begun.spec.objectives.iter().map(objective).collect(),
        evaluator: evaluator(&begun.spec.evaluator).into(),
        rehearsed: matches!(begun.spec.evaluator, EvaluatorSpec::Rehearsal { .. }),
        state: standing,
        doing: doing(standing, &fleet),
        state_reason: reason,
        policy: last.map(|allocation| allocation.policy.clone()),
        allocation_reason: last.map(|allocation| allocation.reason.clone()),
        started_at: begun.started.to_string(),
        finished_at: state.finished.as_ref().map(|(at, _)| at.to_string()),
        now: seen.now.to_string(),
        grid_time: begun.clock.grid(at).to_string(),
        hour_seconds: begun.clock.hour_s,
        wall_minutes: at.since(begun.started).seconds() / 60.0,
        grid_hours: state.grid_hours_since_start(at),
        eta: if standing == StudyState::Finished { None } else { eta(begun, &budgets, at) },
        budgets,
        hypervolume: state.hypervolume(),
        hypervolume_share: words::share(state, state.hypervolume()),
        front_size: state.front.as_ref().map_or(0, |front| front.len() as u64),
        energy: Spent { kwh: state.account.total().kwh(), gco2eq: grams.values().map(|grams| grams.0).sum() },
        training: Spent { kwh: state.training_joules().kwh(), gco2eq: training.sum() },
        energy_estimated_share: estimated(state),
        intensity_synthetic: synthetic(state),
        trials: counts(state),
        scores: seen.history.scores.quality().map(scores),
        fleet,
        sequence: seen.history.sequence,
        broken_laws: seen.pulse.violations,
    })
}

fn scores(quality: Quality) -> ScoreQuality {
    ScoreQuality {
        networks: quality.networks as u64,
        kendall_tau: quality.kendall_tau,
        recall_of_top_tenth: quality.recall_of_top_tenth,
        trusted: quality.says_something(),
    }
}

/// All five, limited or not.
pub fn budgets(state: &State, at: Timestamp) -> Vec<Budget> {
    let limits = limits(state);
    let limit = |of: fn(config::Budget) -> Option<f64>| limits.and_then(of);
    let line = |of, unit: &str, limit: Option<f64>, spent: f64| Budget {
        of,
        unit: unit.into(),
        limit,
        spent,
        left: limit.map(|limit| (limit - spent).max(0.0)),
    };
    let account = &state.account;
    vec![
        line(BudgetKind::Carbon, "gCO2eq", limit(|b| b.carbon_g.get()), account.emissions().0),
        line(BudgetKind::Energy, "kWh", limit(|b| b.energy_kwh.get()), account.total().kwh()),
        line(BudgetKind::Hours, "grid hours", limit(|b| b.hours.get()), state.grid_hours_since_start(at)),
        line(
            BudgetKind::Trainings,
            "full trainings",
            limit(|b| b.trainings.get().map(|count| count as f64)),
            state.trained_fully() as f64,
        ),
        line(BudgetKind::Hypervolume, "hypervolume", limit(|b| b.hypervolume.get()), state.hypervolume()),
    ]
}

/// As they stand: those that somebody changed, else those of the configuration. One of another release may not parse.
fn limits(state: &State) -> Option<config::Budget> {
    let text = state.study.as_ref().map(|study| study.config.as_str());
    let configured = || toml::from_str::<Config>(text?).ok().map(|config| config.budget);
    state.budget.or_else(configured)
}

fn standing(seen: &Seen<'_>) -> (StudyState, Option<String>) {
    let state = &seen.history.state;
    match &state.finished {
        Some((_, reason)) => (StudyState::Finished, Some(reason.clone())),
        None if state.paused.is_some() => {
            (StudyState::Paused, state.paused.map(|since| format!("paused since {since}")))
        }
        None if seen.pulse.draining => (
            StudyState::Draining,
            Some("the coordinator is about to end; the study goes on another time".into()),
        ),
        None => (StudyState::Running, None),
    }
}

/// One sentence.
fn doing(standing: StudyState, fleet: &Fleet) -> String {
    let count = |number: u64, one: &str, many: &str| match number {
        1 => format!("one slot {one}"),
        _ => format!("{} slots {many}", text::count(number)),
    };
    match standing {
        StudyState::Finished => return "The study is finished.".into(),
        StudyState::Draining => return "Running work is being put in safety.".into(),
        StudyState::Paused if fleet.training + fleet.scoring == 0 => {
            return "The study is paused, and nothing runs.".into();
        }
        StudyState::Paused => return "The study is paused; running work is being put in safety.".into(),
        StudyState::Running if fleet.workers == 0 => return "No worker is there.".into(),
        StudyState::Running => {}
    }
    let parts = [
        (fleet.training, "trains", "train"),
        (fleet.scoring, "scores", "score"),
        (fleet.ready, "waits for work", "wait for work"),
        (fleet.resting, "rests", "rest"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, one, many)| count(number, one, many))
        .collect();
    let mut sentence = parts.join(", ") + ".";
    if let Some(first) = sentence.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    sentence
}

/// When the first budget will be used up. Time is exact; of the others the mean rate since the start is all that is known.
fn eta(begun: &Begun, budgets: &[Budget], at: Timestamp) -> Option<Eta> {
    let elapsed = at.since(begun.started).seconds();
    let when = |budget: &Budget| {
        let left = budget.left?;
        let (seconds, method) = match budget.of {
            BudgetKind::Hours => (left * begun.clock.hour_s, "exact"),
            // It grows ever more slowly: no rate tells when it is reached.
            BudgetKind::Hypervolume => return None,
            _ if budget.spent > 0.0 => (left / budget.spent * elapsed, "at the mean rate so far"),
            _ => return None,
        };
        (seconds <= FORESEEN).then_some((seconds, budget.of, method))
    };
    let (seconds, of, method) = budgets.iter().filter_map(when).min_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(Eta { at: (at + Millis::from_seconds(seconds)).to_string(), of, method: method.into() })
}

fn space(seen: &Seen<'_>, begun: &Begun) -> Space {
    let space = words::space(seen.history);
    Space {
        title: begun.spec.space.title().into(),
        decisions: space.map_or(0, |space| space.decisions().len() as u64),
        size: space.and_then(|space| space.size()),
    }
}

fn objective(goal: &Goal) -> Objective {
    Objective {
        name: goal.kind.key().into(),
        unit: words::unit(goal.kind).into(),
        direction: "minimise".into(),
        reference: goal.reference,
    }
}

fn evaluator(spec: &EvaluatorSpec) -> &'static str {
    match spec {
        EvaluatorSpec::Torch => "torch",
        EvaluatorSpec::Rehearsal { .. } => "rehearsal",
        EvaluatorSpec::Command(_) => "command",
    }
}

fn estimated(state: &State) -> f64 {
    let joules = |method| state.account.by_method().get(&method).map_or(0.0, |joules| joules.0);
    let total = state.account.total().0;
    if total > 0.0 { (joules(Method::Estimated) + joules(Method::Tabulated)) / total } else { 0.0 }
}

fn synthetic(state: &State) -> bool {
    let latest = |zone| state.account.series(zone).next_back();
    let made_up = common::carbon::Provenance::Synthetic;
    state.account.zones().filter_map(latest).any(|sample| sample.provenance == made_up)
}

fn counts(state: &State) -> Vec<TrialCounts> {
    let empty = |purpose: Purpose| TrialCounts {
        fidelity: purpose.to_string(),
        waiting: 0,
        running: 0,
        suspended: 0,
        finished: 0,
        given: 0,
        failed: 0,
    };
    let wanted = Purpose::ALL.into_iter().filter(|purpose| *purpose != Purpose::Idle);
    let mut counts: BTreeMap<Purpose, TrialCounts> =
        wanted.map(|purpose| (purpose, empty(purpose))).collect();
    for trial in state.trials.values() {
        let purpose = trial.subject.purpose();
        let line = counts.entry(purpose).or_insert_with(|| empty(purpose));
        *match words::trial_state(trial) {
            TrialState::Waiting => &mut line.waiting,
            TrialState::Running => &mut line.running,
            TrialState::Suspended => &mut line.suspended,
            TrialState::Finished => &mut line.finished,
            TrialState::Given => &mut line.given,
            TrialState::Failed => &mut line.failed,
        } += 1;
    }
    counts.into_values().collect()
}
