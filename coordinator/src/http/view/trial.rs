//! One trial in full.

use common::id::TrialId;
use common::time::Timestamp;
use common::trial::Origin;

use super::{Seen, front, trials, words};
use crate::core::{State, Trial as Known, TrialState as Standing};
use crate::http::history::{Attempt, Outcome, Window};
use crate::http::model::{
    Artifact, CurvePoint, EnergyWindow, LogLine, Relative, Trial, TrialAttempt, TrialOrigin, file_name,
};
use crate::http::pulse::Curves;

pub fn trial(seen: Seen<'_>, curves: &Curves, id: TrialId) -> Option<Trial> {
    let state = &seen.history.state;
    let known = state.trial(id)?;
    let attempts: Vec<TrialAttempt> =
        seen.history.attempts.of(id).iter().map(|each| attempt(state, each)).collect();
    let architecture = known.subject.architecture();
    let evaluation = known.evaluation.as_deref();
    let relatives = architecture.map(|of| state.of_architecture(of)).into_iter().flatten();
    Some(Trial {
        line: trials::line(&seen, known, &front::members(state)),
        genes: architecture.map_or_else(Vec::new, |architecture| architecture.genes().to_vec()),
        origin: origin(&known.origin),
        relatives: relatives.filter(|relative| relative.id != id).map(relative).collect(),
        curve: curve(known, curves),
        artifacts: evaluation.map_or_else(Vec::new, |evaluation| {
            evaluation
                .artifacts
                .iter()
                .map(|artifact| Artifact {
                    kind: file_name(artifact.kind).into(),
                    sha256: artifact.blob.to_string(),
                    bytes: artifact.bytes,
                })
                .collect()
        }),
        gco2eq: attempts.iter().map(|attempt| attempt.gco2eq).sum(),
        attempts,
        log: log(known, seen.history.attempts.of(id)),
    })
}

fn relative(trial: &Known) -> Relative {
    Relative {
        trial: trial.id.0,
        fidelity: words::fidelity(&trial.subject),
        state: words::trial_state(trial),
        validation_error: trial.evaluation.as_deref().map(|evaluation| evaluation.validation_error),
    }
}

fn origin(origin: &Origin) -> TrialOrigin {
    let (mut region, mut is_widened, mut from, mut file) = (None, None, None, None);
    let (kind, reason) = match origin {
        Origin::Study => ("study", "The study itself asks for it.".to_owned()),
        Origin::Initial => {
            ("initial", "It was drawn at random, before the search had enough to learn from.".into())
        }
        Origin::Search { region: path, widened } => {
            region = Some(path.clone());
            is_widened = Some(*widened);
            let place = match path.as_str() {
                "" => "the whole space".to_owned(),
                path => format!("region {path} of the search tree"),
            };
            let wide = if *widened { ", after the region below it had nothing new left" } else { "" };
            ("search", format!("The search proposed it from {place}{wide}."))
        }
        Origin::Promotion { from: below } => {
            from = Some(below.to_string());
            ("promotion", format!("It was moved up the ladder for its result at {below}."))
        }
        Origin::Given(source) => {
            file = Some(source.file.clone());
            ("given", format!("Its result was known before and read in {}.", source.file))
        }
    };
    TrialOrigin { kind: kind.into(), region, widened: is_widened, from, file, reason }
}

fn curve(trial: &Known, curves: &Curves) -> Vec<CurvePoint> {
    match (&trial.evaluation, trial.lease()) {
        (Some(evaluation), _) => evaluation
            .curve
            .iter()
            .map(|point| CurvePoint {
                epoch: point.epoch,
                training_loss: Some(point.training_loss),
                validation_error: point.validation_error,
            })
            .collect(),
        (None, Some(lease)) => curves.of(lease.task).to_vec(),
        (None, None) => Vec::new(),
    }
}

fn attempt(state: &State, attempt: &Attempt) -> TrialAttempt {
    let energy: Vec<EnergyWindow> = attempt.windows.iter().map(|each| window(state, attempt, each)).collect();
    let (outcome, reason) = match attempt.ended.as_ref().map(|(_, outcome)| outcome) {
        None => ("running", None),
        Some(Outcome::Finished) => ("finished", None),
        Some(Outcome::Suspended) => ("suspended", None),
        Some(Outcome::Failed(why)) => ("failed", Some(why.clone())),
        Some(Outcome::Cancelled) => ("cancelled", None),
        Some(Outcome::Overtaken) => ("overtaken", None),
    };
    TrialAttempt {
        attempt: u64::from(attempt.task.attempt.0),
        worker: attempt.worker.to_string(),
        zone: attempt.zone.as_ref().map(ToString::to_string),
        slot: u64::from(attempt.slot.0),
        began_at: attempt.began.to_string(),
        ended_at: attempt.ended.as_ref().map(|(at, _)| at.to_string()),
        outcome: outcome.into(),
        reason,
        resumed_at: attempt.resumed_at,
        kept: attempt.kept,
        checkpoints: u64::from(attempt.checkpoints),
        joules: energy.iter().map(|window| window.joules).sum(),
        gco2eq: energy.iter().map(|window| window.gco2eq).sum(),
        energy,
    }
}

fn window(state: &State, attempt: &Attempt, window: &Window) -> EnergyWindow {
    let intensity = match &attempt.zone {
        Some(zone) => state.account.intensity(zone, window.hour).0,
        None => common::carbon::WORLD_MEAN,
    };
    let seconds = window.seconds.0;
    EnergyWindow {
        hour: window.hour.to_string(),
        seconds,
        joules: window.joules.0,
        mean_w: (seconds > 0.0).then(|| window.joules.0 / seconds),
        g_per_kwh: intensity.0,
        gco2eq: window.joules.emissions(intensity).0,
        method: window.method.to_string(),
        meter: window.meter.to_string(),
        windows: u64::from(window.count),
    }
}

/// What happened to it, oldest first.
fn log(trial: &Known, attempts: &[Attempt]) -> Vec<LogLine> {
    let mut lines: Vec<(Timestamp, String)> =
        vec![(trial.proposed, format!("proposed: {}", words::origin(&trial.origin)))];
    for attempt in attempts {
        let (worker, slot) = (&attempt.worker, attempt.slot);
        let begins = match attempt.resumed_at {
            Some(done) => format!("resumed at {:.0} %", 100.0 * done),
            None => "begun".into(),
        };
        lines.push((
            attempt.began,
            format!("attempt {} {begins} by {worker}, slot {slot}", attempt.task.attempt),
        ));
        let Some((at, outcome)) = &attempt.ended else { continue };
        let kept = attempt.kept.map_or(String::new(), |kept| format!(", {:.0} % kept", 100.0 * kept));
        let end = match outcome {
            Outcome::Finished => "finished".to_owned(),
            Outcome::Suspended => format!("suspended{kept}"),
            Outcome::Failed(why) => format!("failed: {why}{kept}"),
            Outcome::Cancelled => "cancelled".into(),
            Outcome::Overtaken => "let go of: its result became known from elsewhere".into(),
        };
        lines.push((*at, format!("attempt {} {end}", attempt.task.attempt)));
    }
    if let (Standing::Failed { reason }, Some(at)) = (&trial.state, trial.finished) {
        lines.push((at, format!("given up: {reason}")));
    }
    lines.into_iter().map(|(at, text)| LogLine { at: at.to_string(), text }).collect()
}
