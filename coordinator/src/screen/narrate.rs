//! One line per event, for logs and pipes. Events that only keep the books are not told.

use common::event::Event;
use common::fidelity::Fidelity;
use common::trial::Subject;

use crate::budget::in_words;
use crate::core::{State, Trial};

/// The event in words; none where a reader would not miss it. `state` already holds it.
pub fn narrate(event: &Event, state: &State) -> Option<String> {
    let trial = |id| state.trial(id).map_or_else(String::new, |trial| describe(trial, state));
    Some(match event {
        Event::StudyStarted { spec, .. } => format!("study {} begins, seed {}", spec.name, spec.seed.0),
        Event::CoordinatorStarted { version, host } => {
            let again = if state.lives > 1 { ", going on where it was" } else { "" };
            format!("coordinator {version} on {host}{again}")
        }
        Event::StudyPaused => "paused: running work is put in safety, nothing is handed out".into(),
        Event::StudyResumed => "resumed".into(),
        Event::BudgetChanged { budget } => format!("budget: {}", in_words(budget)),
        Event::WorkerDraining { worker, .. } => {
            format!("worker {worker} is drained: it gets nothing new, and goes once it holds nothing")
        }
        Event::TrialCancelled { trial: id } => format!("cancelled: {}", trial(*id)),
        Event::TrialRetried { trial: id } => format!("to be tried again: {}", trial(*id)),
        Event::StudyFinished { reason } => format!("study finished: {reason}"),
        Event::WorkerJoined { worker, zone, slots, .. } => {
            let devices: Vec<&str> = slots.iter().map(|slot| slot.device.as_str()).collect();
            format!("worker {worker} joined in {zone}: {} slots ({})", slots.len(), devices.join(", "))
        }
        Event::WorkerQuarantined { worker, reason, until } => {
            format!("worker {worker} is given nothing until {until}: {reason}")
        }
        Event::WorkerReleased { worker, reason, .. } => {
            format!("worker {worker} is given work again: {reason}")
        }
        Event::WorkerLost { worker, reason, .. } => format!("worker {worker} is gone: {reason}"),
        Event::ReportsLost { worker, up_to, .. } => format!(
            "worker {worker} had its reports up to {up_to} acknowledged: this ledger is an older copy, and some of them are gone with the \
             newer one"
        ),
        Event::AllocationDecided { allocation } if allocation.zones.is_empty() => return None,
        Event::AllocationDecided { allocation } => {
            let zones = allocation.zones.iter();
            let shares: Vec<String> = zones
                .map(|(zone, s)| format!("{zone} train {}, sample {}, rest {}", s.train, s.sample, s.rest))
                .collect();
            format!("allocation: {} ({})", shares.join("; "), allocation.reason)
        }
        Event::TaskLeased { task, worker, resume, .. } => {
            let verb = if resume.is_some() { "resumes" } else { "begins" };
            format!("{worker} {verb} {}", trial(task.trial))
        }
        Event::TaskSuspended { task, checkpoint } => {
            let kept = checkpoint.map_or(String::new(), |kept| format!(" at {:.0} %", kept.progress * 100.0));
            format!("suspended{kept}: {}", trial(task.trial))
        }
        Event::TaskFailed { task, failure, again_at, .. } => {
            let again = again_at.map_or(String::new(), |at| format!("; tried again from {at} on"));
            format!("attempt {task} failed: {failure}{again}")
        }
        Event::TrialFailed { trial: id, reason } => format!("given up: {}: {reason}", trial(*id)),
        Event::TrialFinished { task, evaluation } => {
            let accuracy = 100.0 * (1.0 - evaluation.validation_error);
            let subject = trial(task.trial);
            match state.trial(task.trial).map(|trial| &trial.subject) {
                Some(Subject::Supernet | Subject::SubSupernet(_) | Subject::RegionSupernet(_)) => {
                    format!("finished in {:.1} s: {subject}", evaluation.seconds.0)
                }
                Some(Subject::Network { fidelity: Fidelity::Full, .. }) => format!(
                    "finished in {:.1} s: {subject}: {accuracy:.2} % validation{}; hypervolume {:.5}",
                    evaluation.seconds.0,
                    evaluation.parameters.map_or(String::new(), |count| format!(", {count} parameters")),
                    relative_hypervolume(state)
                ),
                _ => format!(
                    "finished in {:.1} s: {subject}: {accuracy:.2} % validation",
                    evaluation.seconds.0
                ),
            }
        }
        Event::Acknowledged { .. }
        | Event::CarbonObserved { .. }
        | Event::ForecastIssued { .. }
        | Event::TrialProposed { .. }
        | Event::TaskCheckpointed { .. }
        | Event::EvaluationGiven { .. }
        | Event::EnergySpent { .. } => return None,
    })
}

/// "trial 12 (full, |nor_conv_3x3~0|+…)".
pub(super) fn describe(trial: &Trial, state: &State) -> String {
    match &trial.subject {
        Subject::Network { architecture, fidelity } => {
            let notation =
                state.spec().map_or_else(String::new, |spec| spec.space.build().encode(architecture));
            format!("trial {} ({fidelity}, {notation})", trial.id)
        }
        shared => format!("trial {} ({})", trial.id, shared.title()),
    }
}

/// The hypervolume as a share of the box below the reference point, so that it reads without knowing the units.
pub(super) fn relative_hypervolume(state: &State) -> f64 {
    let volume: f64 = state.front.as_ref().map_or(0.0, |front| front.reference().iter().product());
    if volume > 0.0 { state.hypervolume() / volume } else { 0.0 }
}
