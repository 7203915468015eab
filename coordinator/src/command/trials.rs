//! `ce-nas trials`: every trial of a study, filtered and sorted.

use std::cmp::Ordering;
use std::io::Write;

use anyhow::Result;
use clap::ValueEnum;
use common::energy::Purpose;
use common::id::{TrialId, WorkerName};
use common::trial::Source;
use serde::Serialize;

use super::table::{Side, aligned};
use super::{StudyArgs, Told, ink};
use crate::core::Trial;
use crate::report::{Standing, standing, text};

/// List the trials of a study
///
/// Examples:
///   ce-nas trials --fidelity full --sort error
///   ce-nas trials --state failed --json
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(flatten)]
    pub study: StudyArgs,
    /// Only trials of this fidelity
    #[arg(long, value_enum)]
    pub fidelity: Option<FidelityFilter>,
    /// Only trials in this state
    #[arg(long, value_enum)]
    pub state: Option<StateFilter>,
    /// Order of the list; what has no figure comes last
    #[arg(long, value_enum, default_value = "trial")]
    pub sort: Order,
    /// Turn the order round
    #[arg(long)]
    pub reverse: bool,
    /// Show so many at most
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FidelityFilter {
    Supernet,
    OneShot,
    Rung,
    Full,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StateFilter {
    Waiting,
    Running,
    Suspended,
    Finished,
    /// Known from elsewhere
    Given,
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Order {
    Trial,
    Error,
    Parameters,
    Flops,
    Latency,
    Seconds,
    Energy,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Line {
    trial: TrialId,
    fidelity: Purpose,
    state: &'static str,
    validation_accuracy: Option<f64>,
    test_accuracy: Option<f64>,
    parameters: Option<u64>,
    flops: Option<u64>,
    latency_ms: Option<f64>,
    seconds: Option<f64>,
    joules: f64,
    /// Of the work, where it has begun and waits.
    kept_progress: Option<f64>,
    worker: Option<WorkerName>,
    /// Where its result was read; none for one that was worked out here.
    given: Option<Source>,
    crashes: u32,
    reason: Option<String>,
    proposed_at: String,
    finished_at: Option<String>,
    architecture: Option<String>,
    /// What a sub-supernet is for; none for all else.
    part: Option<String>,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    args.study.show(out, |told| lines(told, args), |_, lines| listing(lines))
}

/// What slots are held by, as on the screen; the latest `most`.
pub(super) fn running(told: &Told, most: usize) -> String {
    let mut trials: Vec<&Trial> = told.state.leases().map(|(trial, _)| trial).collect();
    trials.sort_by_key(|trial| std::cmp::Reverse(trial.lease().map(|lease| lease.since)));
    or_nothing(&lines_of(told, trials.into_iter().take(most)))
}

/// The latest `most` results, the last one first.
pub(super) fn last(told: &Told, most: usize) -> String {
    let ended = told.state.trials.values().filter(|trial| trial.finished.is_some() && !trial.is_given());
    let mut trials: Vec<&Trial> = ended.collect();
    trials.sort_by_key(|trial| std::cmp::Reverse((trial.finished, trial.id)));
    or_nothing(&lines_of(told, trials.into_iter().take(most)))
}

fn or_nothing(lines: &[Line]) -> String {
    if lines.is_empty() { "nothing\n".into() } else { listing(lines) }
}

fn lines_of<'t>(told: &Told, trials: impl Iterator<Item = &'t Trial>) -> Vec<Line> {
    let space = told.report.study.spec.space.build();
    let text = |trial: &Trial| trial.subject.architecture().map(|architecture| space.encode(architecture));
    trials.map(|trial| line(trial, text(trial))).collect()
}

fn lines(told: &Told, args: &Args) -> Vec<Line> {
    let wanted = told
        .state
        .trials
        .values()
        .filter(|trial| args.fidelity.is_none_or(|wanted| wanted.holds(trial.subject.purpose())))
        .filter(|trial| args.state.is_none_or(|wanted| wanted.holds(standing(trial))));
    let mut lines = lines_of(told, wanted);
    lines.sort_by(|a, b| args.sort.compare(a, b).then(a.trial.cmp(&b.trial)));
    if args.reverse {
        lines.reverse();
    }
    lines.truncate(args.limit.unwrap_or(usize::MAX));
    lines
}

fn line(trial: &Trial, architecture: Option<String>) -> Line {
    // A supernet has no accuracy of its own.
    let of_network = trial.evaluation.as_deref().filter(|_| architecture.is_some());
    let failed = match &trial.state {
        crate::core::TrialState::Failed { reason } => Some(reason.clone()),
        _ => None,
    };
    Line {
        trial: trial.id,
        fidelity: trial.subject.purpose(),
        state: standing(trial).name(),
        validation_accuracy: of_network.map(|evaluation| 1.0 - evaluation.validation_error),
        test_accuracy: of_network.and_then(|evaluation| evaluation.test_error).map(|error| 1.0 - error),
        parameters: of_network.and_then(|evaluation| evaluation.parameters),
        flops: of_network.and_then(|evaluation| evaluation.flops),
        latency_ms: of_network.and_then(|evaluation| evaluation.latency_ms),
        seconds: trial.evaluation.as_ref().map(|evaluation| evaluation.seconds.0),
        joules: trial.joules.0,
        kept_progress: trial.checkpoint.map(|checkpoint| checkpoint.progress),
        worker: trial.worker.clone(),
        given: trial.source().cloned(),
        crashes: trial.crashes,
        reason: failed,
        proposed_at: trial.proposed.to_string(),
        finished_at: trial.finished.map(|at| at.to_string()),
        architecture,
        part: trial.subject.part(),
    }
}

fn listing(lines: &[Line]) -> String {
    if lines.is_empty() {
        return "no such trial\n".into();
    }
    let columns = [
        ("trial", Side::Right),
        ("fidelity", Side::Left),
        ("state", Side::Left),
        ("validation", Side::Right),
        ("test", Side::Right),
        ("parameters", Side::Right),
        ("time", Side::Right),
        ("energy", Side::Right),
        ("worker", Side::Left),
        ("crashes", Side::Right),
        ("architecture or reason", Side::Left),
    ];
    let accuracy = |share: Option<f64>| share.map_or("–".into(), |share| text::percent(share, 2));
    let row = |line: &Line| {
        let state = match (line.state, line.kept_progress) {
            ("suspended", Some(progress)) => {
                format!("{} at {}", ink::state("suspended"), text::percent(progress, 0))
            }
            (state, _) => ink::state(state),
        };
        let architecture = line.architecture.clone().or(line.part.clone()).unwrap_or_default();
        let last = match &line.reason {
            Some(reason) if architecture.is_empty() => reason.clone(),
            Some(reason) => format!("{architecture}: {reason}"),
            None => match &line.given {
                Some(source) => format!("{architecture} (given by {})", source.file),
                None => architecture,
            },
        };
        vec![
            line.trial.to_string(),
            line.fidelity.to_string(),
            state,
            accuracy(line.validation_accuracy),
            accuracy(line.test_accuracy),
            line.parameters.map_or("–".into(), text::count),
            line.seconds.map_or("–".into(), text::duration),
            text::joules_as_energy(line.joules),
            line.worker.as_ref().map_or("–".into(), ToString::to_string),
            line.crashes.to_string(),
            last,
        ]
    };
    aligned(&columns, &lines.iter().map(row).collect::<Vec<_>>())
}

impl FidelityFilter {
    fn holds(self, purpose: Purpose) -> bool {
        purpose
            == match self {
                Self::Supernet => Purpose::Supernet,
                Self::OneShot => Purpose::OneShot,
                Self::Rung => Purpose::Rung,
                Self::Full => Purpose::Full,
            }
    }
}

impl StateFilter {
    fn holds(self, standing: Standing) -> bool {
        standing
            == match self {
                Self::Waiting => Standing::Waiting,
                Self::Running => Standing::Running,
                Self::Suspended => Standing::Suspended,
                Self::Finished => Standing::Finished,
                Self::Given => Standing::Given,
                Self::Failed => Standing::Failed,
            }
    }
}

impl Order {
    /// Smallest first; what has no figure last.
    fn compare(self, a: &Line, b: &Line) -> Ordering {
        let key = |line: &Line| match self {
            Self::Trial => Some(line.trial.0 as f64),
            Self::Error => line.validation_accuracy.map(|accuracy| 1.0 - accuracy),
            Self::Parameters => line.parameters.map(|count| count as f64),
            Self::Flops => line.flops.map(|count| count as f64),
            Self::Latency => line.latency_ms,
            Self::Seconds => line.seconds,
            Self::Energy => Some(line.joules),
        };
        match (key(a), key(b)) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        }
    }
}
