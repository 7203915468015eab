//! `ce-nas explain`: why a trial was proposed, when it ran and waited and why, what it took, and what became of it.

mod biography;

use std::io::Write;

use anyhow::{Context, Result};
use common::id::TrialId;
use common::trial::Subject;
use serde::Serialize;

use self::biography::{Biography, Chapter, Took, rank};
use super::{Place, print, print_json};
use crate::core::{State, Trial};
use crate::report::{describe, text};

/// Tell a trial's life: why it was proposed, delayed, suspended and ranked, from the ledger
///
/// Example: ce-nas explain 17 --dir runs/quickstart
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// The trial's number, as `ce-nas trials` shows it
    pub trial: u64,
    #[command(flatten)]
    pub place: Place,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Serialize)]
struct Explanation {
    trial: TrialId,
    subject: String,
    chapters: Vec<Chapter>,
    attempts: Vec<AttemptLine>,
    /// Other trials of the same architecture, and what they are.
    relatives: Vec<Relative>,
    /// Trials of the front that are better in every objective, or as good in all and better in one; none where there is no result.
    dominated_by: Option<Vec<TrialId>>,
    /// The non-dominated layer among all of its fidelity as the study stands, counted from 1.
    layer_now: Option<usize>,
}

#[derive(Debug, Serialize)]
struct AttemptLine {
    attempt: u32,
    #[serde(flatten)]
    took: Took,
}

#[derive(Debug, Serialize)]
struct Relative {
    trial: TrialId,
    subject: String,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    let id = TrialId(args.trial);
    let source = args.place.source()?;
    let mut biography = Biography::new(id);
    let state: State = source.fold(|state: &mut State, record| {
        biography.before(&record.event, state);
        state.apply(record.at, &record.event);
        biography.after(record.at, &record.event, state);
    })?;
    let count = state.trials.len();
    let trial = state.trial(id).with_context(|| match count {
        0 => format!("the study {} has no trials yet", source.place()),
        _ => format!("there is no trial {id}: the study {} has 0 to {}", source.place(), count - 1),
    })?;
    biography.close(&state);
    let explanation = explain(trial, &state, biography)?;
    if args.json {
        return print_json(out, &explanation);
    }
    print(out, &story(&explanation))
}

fn explain(trial: &Trial, state: &State, biography: Biography) -> Result<Explanation> {
    let space = state.spec().context("the study has not begun yet")?.space.build();
    let in_words = |subject: &Subject| describe(subject, space.as_ref());
    let of_same = |other: &&Trial| {
        other.id != trial.id
            && trial.subject.architecture().is_some()
            && other.subject.architecture() == trial.subject.architecture()
    };
    let objectives = trial.evaluation.as_deref().and_then(|evaluation| state.objectives(evaluation));
    let dominated_by = objectives.zip(state.front.as_ref()).map(|(own, front)| {
        let better = front.members().iter().filter(|member| moo::dominates(&member.objectives, &own.0));
        better.map(|member| member.payload).collect()
    });
    let layer = trial.subject.fidelity().and_then(|fidelity| rank(trial, fidelity, state));
    Ok(Explanation {
        trial: trial.id,
        subject: in_words(&trial.subject),
        attempts: biography
            .attempts
            .into_iter()
            .map(|(attempt, took)| AttemptLine { attempt: attempt.0, took })
            .collect(),
        chapters: biography.chapters,
        relatives: state
            .trials
            .values()
            .filter(of_same)
            .map(|other| Relative { trial: other.id, subject: in_words(&other.subject) })
            .collect(),
        dominated_by,
        layer_now: layer.map(|(rank, _)| rank + 1),
    })
}

fn story(explanation: &Explanation) -> String {
    let mut lines = format!("trial {}: {}\n", explanation.trial, explanation.subject);
    for Chapter { at, what, why } in &explanation.chapters {
        lines.push_str(&format!("\n{at}  {what}\n"));
        if let Some(why) = why {
            lines.push_str(&format!("{:22}{why}\n", ""));
        }
    }
    if !explanation.attempts.is_empty() {
        lines.push('\n');
    }
    for AttemptLine { attempt, took } in &explanation.attempts {
        let (energy, mass) = (text::joules_as_energy(took.joules.0), text::mass(took.grams.0));
        lines.push_str(&format!("attempt {attempt} took {energy}, {mass} CO2eq\n"));
    }
    match (&explanation.dominated_by, explanation.layer_now) {
        (Some(better), _) if !better.is_empty() => {
            let better: Vec<String> = better.iter().map(ToString::to_string).collect();
            lines.push_str(&format!(
                "\nas the study stands, of the front better in every way: trial {}\n",
                better.join(", ")
            ));
        }
        (Some(_), Some(1)) => lines.push_str("\nas the study stands, nothing known is better in every way\n"),
        _ => {}
    }
    for Relative { trial, subject } in &explanation.relatives {
        lines.push_str(&format!("the same network: trial {trial}, {subject}\n"));
    }
    lines
}
