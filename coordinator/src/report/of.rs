//! From the fold to the report: pure, and the only place where figures are made.

use std::collections::BTreeMap;

use common::config::Config;
use common::energy::{Method, Purpose};
use common::id::WorkerName;
use common::study::EvaluatorSpec;
use common::time::{HOUR_MS, Timestamp};
use common::trial::Source;
use common::wire::PROTOCOL;

use super::chronicle::Chronicle;
use super::energy::{self, Span};
use super::model::*;
use super::{carbon, citation, forecasts, front, intensity, text};
use crate::core::{State, Study, Trial, TrialState};
use crate::ladder::Quality;
use crate::laws;

impl Report {
    /// What `state` and `chronicle`, folded from the same records, tell; none before the study has begun.
    pub fn of(state: &State, chronicle: &Chronicle, written_at: Timestamp) -> Option<Self> {
        let study = state.study.as_ref()?;
        let end = state.finished.as_ref().map_or(state.last_at, |(at, _)| *at);
        let span = Span::of(study, end);
        let energy = energy::facts(state, chronicle, span);
        let carbon = carbon::facts(state, &energy);
        let broken = laws::check_state(state);
        let mut report = Self {
            format: FORMAT,
            written_at: written_at.to_string(),
            study: StudyFacts {
                name: study.spec.name.clone(),
                seed: study.spec.seed,
                objectives: study.spec.objectives.clone(),
                spec: study.spec.clone(),
                config: study.config.clone(),
            },
            versions: Versions {
                coordinator: chronicle.coordinator_versions.clone(),
                workers: chronicle.worker_versions.iter().cloned().collect(),
                protocol: u32::from(PROTOCOL),
                devices: chronicle.devices.iter().cloned().collect(),
            },
            time: time(state, study, span, end),
            budgets: budgets(state, study, &energy, span),
            trials: trials(state),
            hypervolume: hypervolume(state, study),
            one_shot: Quality::of_study(state),
            training_by_intensity: intensity::facts(&energy.by_hour),
            energy,
            forecasts: forecasts::facts(&state.account, chronicle),
            carbon,
            workers: workers(state, chronicle),
            front: front::members(state, study),
            evaluated: front::evaluated(state),
            failed: failed(state, study),
            interruptions: Interruptions { coordinator_lives: state.lives, ..chronicle.interruptions },
            laws: LawFacts {
                violations: broken.len() as u64,
                broken: broken.into_iter().map(|broken| format!("{}: {}", broken.law, broken.what)).collect(),
            },
            notes: Vec::new(),
            methods: String::new(),
        };
        report.notes = notes(&report, &sources(state));
        report.methods = citation::methods(&report);
        Some(report)
    }
}

fn time(state: &State, study: &Study, span: Span, end: Timestamp) -> TimeFacts {
    TimeFacts {
        started_at: study.started.to_string(),
        finished_at: state.finished.as_ref().map(|(at, _)| at.to_string()),
        reason: state.finished.as_ref().map(|(_, reason)| reason.clone()),
        last_event_at: state.last_at.to_string(),
        wall_minutes: end.since(study.started).seconds() / 60.0,
        grid_started_at: span.from.to_string(),
        grid_ended_at: span.to.to_string(),
        grid_hours: span.to.since(span.from).0 as f64 / HOUR_MS as f64,
        hour_seconds: study.clock.hour_s,
    }
}

fn budgets(state: &State, study: &Study, energy: &EnergyFacts, span: Span) -> Vec<BudgetFacts> {
    // A configuration of another release may not parse; then the limits are read in its text alone.
    let Ok(config) = toml::from_str::<Config>(&study.config) else { return Vec::new() };
    let limits = state.budget.unwrap_or(config.budget);
    let fulls = state.trained_fully() as f64;
    let grid_hours = span.to.since(span.from).0 as f64 / HOUR_MS as f64;
    let line = |of: &str, unit: &str, limit: Option<f64>, used: f64| {
        limit.map(|limit| BudgetFacts { of: of.into(), unit: unit.into(), limit, used })
    };
    [
        line("carbon", "gCO2eq", limits.carbon_g.get(), energy.total.gco2eq),
        line("energy", "kWh", limits.energy_kwh.get(), energy.total.kwh),
        line("time", "grid hours", limits.hours.get(), grid_hours),
        line("trainings", "full trainings", limits.trainings.get().map(|limit| limit as f64), fulls),
        line("hypervolume", "hypervolume", limits.hypervolume.get(), state.hypervolume()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn trials(state: &State) -> TrialFacts {
    let mut by_fidelity: BTreeMap<Purpose, TrialCounts> = BTreeMap::new();
    for purpose in Purpose::ALL.into_iter().filter(|purpose| *purpose != Purpose::Idle) {
        by_fidelity.insert(purpose, TrialCounts::default());
    }
    for trial in state.trials.values() {
        let counts = by_fidelity.entry(trial.subject.purpose()).or_default();
        *match standing(trial) {
            Standing::Finished => &mut counts.finished,
            Standing::Given => &mut counts.given,
            Standing::Running => &mut counts.running,
            Standing::Suspended => &mut counts.suspended,
            Standing::Waiting => &mut counts.waiting,
            Standing::Failed => &mut counts.failed,
        } += 1;
    }
    TrialFacts { total: state.trials.len() as u64, by_fidelity }
}

/// A trial's state as people count it: one that has begun and waits is suspended, and one whose result was given is not
/// finished here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    Waiting,
    Running,
    Suspended,
    Finished,
    Given,
    Failed,
}

impl Standing {
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Suspended => "suspended",
            Self::Finished => "finished",
            Self::Given => "given",
            Self::Failed => "failed",
        }
    }
}

pub(crate) fn standing(trial: &Trial) -> Standing {
    match trial.state {
        TrialState::Waiting if trial.checkpoint.is_some() => Standing::Suspended,
        TrialState::Waiting => Standing::Waiting,
        TrialState::Leased(_) => Standing::Running,
        TrialState::Finished if trial.is_given() => Standing::Given,
        TrialState::Finished => Standing::Finished,
        TrialState::Failed { .. } => Standing::Failed,
    }
}

fn hypervolume(state: &State, study: &Study) -> HypervolumeFacts {
    let reference = common::objective::reference_point(&study.spec.objectives);
    let volume: f64 = reference.iter().product();
    let share = |value: f64| if volume > 0.0 { value / volume } else { 0.0 };
    let origin = study.clock.grid(study.started);
    let history = state.course().map(|(milestone, emitted)| HistoryPoint {
        at: milestone.at.to_string(),
        given: milestone.given,
        wall_minutes: milestone.at.since(study.started).seconds() / 60.0,
        grid_hours: study.clock.grid(milestone.at).since(origin).0 as f64 / HOUR_MS as f64,
        hypervolume: milestone.hypervolume,
        share: share(milestone.hypervolume),
        front_size: milestone.front as u64,
        kwh: milestone.joules.kwh(),
        gco2eq: emitted.0,
    });
    HypervolumeFacts {
        value: state.hypervolume(),
        share: share(state.hypervolume()),
        history: history.collect(),
        reference,
    }
}

fn workers(state: &State, chronicle: &Chronicle) -> Vec<WorkerFacts> {
    let mut finished: BTreeMap<&WorkerName, u64> = BTreeMap::new();
    let with_result = state.trials.values().filter(|trial| trial.evaluation.is_some());
    for worker in with_result.filter_map(|trial| trial.worker.as_ref()) {
        *finished.entry(worker).or_default() += 1;
    }
    let lost = |name| {
        let losses = chronicle.lost.get(name).into_iter().flatten();
        losses.map(|(at, reason)| Loss { at: at.to_string(), reason: reason.clone() }).collect()
    };
    state
        .workers
        .iter()
        .map(|(name, record)| WorkerFacts {
            name: name.clone(),
            host: record.host.clone(),
            zone: record.zone.clone(),
            version: record.version.clone(),
            alive: record.alive,
            slots: record
                .slots
                .iter()
                .map(|slot| SlotFacts {
                    device: slot.device.clone(),
                    memory_mb: slot.memory_mb,
                    meter: slot.meter.clone(),
                })
                .collect(),
            sessions: record.sessions,
            joules: record.joules.0,
            finished_trials: finished.get(name).copied().unwrap_or_default(),
            lost: lost(name),
            quarantine: record
                .health
                .quarantine
                .as_ref()
                .map(|aside| Aside { until: aside.until.to_string(), reason: aside.reason.clone() }),
        })
        .collect()
}

fn failed(state: &State, study: &Study) -> Vec<FailedTrial> {
    let space = study.spec.space.build();
    state
        .trials
        .values()
        .filter_map(|trial| match &trial.state {
            TrialState::Failed { reason } => Some(FailedTrial {
                trial: trial.id,
                subject: front::describe(&trial.subject, space.as_ref()),
                reason: reason.clone(),
                attempts: trial.failures.clone(),
            }),
            _ => None,
        })
        .collect()
}

/// Where given results were read, and how many, in the order in which they came.
fn sources(state: &State) -> Vec<(Source, u64)> {
    let mut sources: Vec<(Source, u64)> = Vec::new();
    for source in state.given().filter_map(Trial::source) {
        match sources.iter_mut().find(|(known, _)| known == source) {
            Some((_, count)) => *count += 1,
            None => sources.push((source.clone(), 1)),
        }
    }
    sources
}

fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("One {noun}") } else { format!("{} {noun}s", text::count(count)) }
}

/// What a reader must know to judge the figures; first what would mislead, then what is merely so.
fn notes(report: &Report, given: &[(Source, u64)]) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut say = |important: bool, text: String| notes.push(Note { important, text });
    if report.laws.violations > 0 {
        say(
            true,
            format!(
                "{} laws of the books are broken: this is a defect of the program; do not trust these figures.",
                report.laws.violations
            ),
        );
    }
    if report.time.finished_at.is_none() {
        let until = text::iso_as_utc(&report.time.last_event_at);
        say(true, format!("The study has not ended: these are its figures as of {until}."));
    }
    if matches!(report.study.spec.evaluator, EvaluatorSpec::Rehearsal { .. }) {
        say(
            true,
            "This is a rehearsal: no network was trained. Accuracies come from a formula, not from data."
                .into(),
        );
    }
    if let Some(quality) = report.one_shot {
        say(!quality.says_something(), format!("{}.", text::score_quality(quality)));
    }
    if let EvaluatorSpec::Command(command) = &report.study.spec.evaluator {
        let words = command.words.join(" ");
        say(
            false,
            format!(
                "Networks were trained by a program of the user's own (`{words}`; a worker may have had another in its place): errors, latencies and what it counted are as it told them."
            ),
        );
    }
    for (Source { file, sha256 }, count) in given {
        let results = counted(*count, "result");
        say(
            true,
            format!(
                "{results} of networks were not worked out here but given by {file} (SHA-256 {sha256}): they count for the front and the hypervolume, and no energy, carbon or time of this study stands behind them."
            ),
        );
    }
    if report.carbon.synthetic {
        say(true, "The carbon intensity is synthetic: made by the built-in generator of a typical week, not recorded from a real grid. Emissions are what this energy would have caused on such a grid.".into());
    }
    let energy = &report.energy;
    if let Some(joules) = energy.joules_by_method.get(&Method::Estimated).filter(|joules| **joules > 0.0) {
        let share = text::percent(joules / (energy.total.kwh * common::unit::JOULES_PER_KWH), 0);
        say(
            true,
            format!(
                "{share} of the energy is estimated, not metered: utilisation of the device times its rated power. It tells cheap from expensive; it is no measurement."
            ),
        );
    }
    if energy.joules_by_method.contains_key(&Method::Tabulated) {
        say(true, "Some energy was looked up in a table, not metered.".into());
    }
    carbon::notes(report).into_iter().for_each(|note| say(note.important, note.text));
    if (report.time.hour_seconds - 3600.0).abs() > 1e-9 {
        let second = text::plain(report.time.hour_seconds);
        say(
            false,
            format!(
                "Grid time was scaled: one hour of it lasted {second} s. Energy is what was used in real time; each joule counts at the intensity of the grid hour it fell into."
            ),
        );
    }
    say(false, "Energy is that of the workers' slots as their meters see them, idle slots included. Not counted: the coordinator, the network, cooling, parts of a machine that its meter does not see, and the making of the hardware.".into());
    say(false, "Search decisions saw validation images only. Test accuracy was computed once, after each full training, and decided nothing; the best of many is still a little lucky.".into());
    if report.interruptions.coordinator_lives > 1 {
        let lives = report.interruptions.coordinator_lives;
        say(
            false,
            format!(
                "{lives} coordinator processes worked on this study one after the other; all figures are folded from the one ledger."
            ),
        );
    }
    notes
}
