//! `ce-nas status`: how a study stands, at a glance; the same figures as the report, and what is happening now.

use std::io::Write;

use anyhow::Result;
use common::allocation::Shares;
use common::energy::Purpose;
use common::id::{TrialId, WorkerName, Zone};
use common::time::{Millis, Timestamp};
use serde::Serialize;

use super::ink::{self, Ink};
use super::{StudyArgs, Told};
use crate::clock;
use crate::ladder::Quality;
use crate::report::{BudgetFacts, Spent, TrialFacts, text};

/// Hours of forecast shown.
const HOURS_AHEAD: i64 = 12;
/// Workers report their joules every few seconds; a study silent for longer has no coordinator, or no worker.
const SILENCE: Millis = Millis(60_000);
/// So many workers fit a screen, each on its line; more are counted. As JSON all are told.
const LISTED: usize = 40;

/// Show how a study stands, running or not
///
/// Example: ce-nas status --dir runs/quickstart
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub study: StudyArgs,
}

#[derive(Debug, Serialize)]
struct Status {
    study: String,
    seed: u64,
    /// running, paused, silent or finished; silent when nothing has happened for a minute.
    state: &'static str,
    started_at: String,
    finished_at: Option<String>,
    reason: Option<String>,
    last_event_at: String,
    wall_minutes: f64,
    grid_time: String,
    grid_hours: f64,
    hypervolume: f64,
    hypervolume_share: f64,
    front_size: usize,
    /// What one-shot scores have turned out to be worth.
    one_shot: Option<Quality>,
    trials: TrialFacts,
    /// Trials that crashed and are tried again, not before the time given.
    pausing: Vec<Pausing>,
    energy: Spent,
    training: Spent,
    energy_estimated_share: f64,
    intensity_synthetic: bool,
    budgets: Vec<BudgetFacts>,
    zones: Vec<ZoneStatus>,
    policy: Option<String>,
    /// Why the last allocation is what it is.
    allocation_reason: Option<String>,
    workers: Vec<WorkerStatus>,
}

#[derive(Debug, Serialize)]
struct Pausing {
    trial: TrialId,
    crashes: u32,
    again_at: String,
}

#[derive(Debug, Serialize)]
struct ZoneStatus {
    zone: Zone,
    intensity_g_per_kwh: f64,
    provenance: String,
    forecast_model: Option<String>,
    /// Medians of the hours after this one.
    next_hours_g_per_kwh: Vec<f64>,
    allocation: Option<Shares>,
}

#[derive(Debug, Serialize)]
struct WorkerStatus {
    worker: WorkerName,
    zone: Zone,
    alive: bool,
    slots: usize,
    trials: Vec<TrialId>,
    lost_reason: Option<String>,
    /// Whether it gets nothing new, and goes once it holds nothing.
    draining: bool,
    /// Until when it is given nothing, and why.
    put_aside: Option<String>,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    args.study.show(out, |told| status(told, clock::now()), |_, status| shown(status))
}

/// As on the screen.
pub(super) fn text_of(told: &Told) -> String {
    shown(&status(told, clock::now()))
}

fn status(told: &Told, now: Timestamp) -> Status {
    let (state, report) = (&told.state, &told.report);
    let running = match (&state.finished, now.since(state.last_at) > SILENCE) {
        (None, _) if state.paused.is_some() => "paused",
        (Some(_), _) => "finished",
        (None, true) => "silent",
        (None, false) => "running",
    };
    // A study that does nothing stands at its last event, wherever the clock has gone.
    let at = if matches!(running, "running" | "paused") { now.max(state.last_at) } else { state.last_at };
    let last = state.allocations.last().map(|(_, allocation)| allocation);
    Status {
        study: report.study.name.clone(),
        seed: report.study.seed.0,
        state: running,
        started_at: report.time.started_at.clone(),
        finished_at: report.time.finished_at.clone(),
        reason: report.time.reason.clone(),
        last_event_at: report.time.last_event_at.clone(),
        wall_minutes: report.time.wall_minutes,
        grid_time: state.clock().map_or(at, |clock| clock.grid(at)).to_string(),
        grid_hours: report.time.grid_hours,
        hypervolume: report.hypervolume.value,
        hypervolume_share: report.hypervolume.share,
        front_size: report.front.len(),
        one_shot: report.one_shot,
        trials: report.trials.clone(),
        pausing: pausing(told, at),
        energy: report.energy.total,
        training: report.energy.training,
        energy_estimated_share: report.energy.estimated_share,
        intensity_synthetic: report.carbon.synthetic,
        budgets: report.budgets.clone(),
        zones: zones(told, at),
        policy: last.map(|allocation| allocation.policy.clone()),
        allocation_reason: last.map(|allocation| allocation.reason.clone()),
        workers: workers(told),
    }
}

fn pausing(told: &Told, at: Timestamp) -> Vec<Pausing> {
    let again = |trial: &crate::core::Trial| {
        let again_at = trial.again_at.filter(|again_at| *again_at > at)?;
        Some(Pausing { trial: trial.id, crashes: trial.crashes, again_at: again_at.to_string() })
    };
    told.state.waiting().filter_map(again).collect()
}

fn zones(told: &Told, at: Timestamp) -> Vec<ZoneStatus> {
    let state = &told.state;
    let hour = state.grid_hour(at);
    let zone_status = |zone: &Zone| {
        let (intensity, provenance) = state.account.intensity(zone, hour);
        let forecast = state.forecasts.get(zone);
        let coming = (1..=HOURS_AHEAD).filter_map(|ahead| forecast?.median(hour.plus(ahead)));
        ZoneStatus {
            zone: zone.clone(),
            intensity_g_per_kwh: intensity.0,
            provenance: provenance.to_string(),
            forecast_model: forecast.map(|forecast| forecast.model.clone()),
            next_hours_g_per_kwh: coming.map(|intensity| intensity.0).collect(),
            allocation: state.allocations.last().map(|(_, allocation)| allocation.shares(zone)),
        }
    };
    state.account.zones().map(zone_status).collect()
}

fn workers(told: &Told) -> Vec<WorkerStatus> {
    let held = |name: &WorkerName| told.state.leases_of(name).map(|(trial, _)| trial.id).collect();
    let worker_status = |(name, record): (&WorkerName, &crate::core::WorkerRecord)| WorkerStatus {
        worker: name.clone(),
        zone: record.zone.clone(),
        alive: record.alive,
        slots: record.slots.len(),
        trials: held(name),
        lost_reason: record.lost_reason.clone(),
        draining: record.draining,
        put_aside: record
            .health
            .quarantine
            .as_ref()
            .map(|aside| format!("until {}: {}", aside.until, aside.reason)),
    };
    told.state.workers.iter().map(worker_status).collect()
}

fn shown(status: &Status) -> String {
    let mut lines = vec![
        ("study", format!("{}, seed {}", status.study, status.seed)),
        ("state", standing(status)),
        (
            "grid time",
            format!(
                "{}, {} h since the start",
                text::iso_as_utc(&status.grid_time),
                text::significant(status.grid_hours)
            ),
        ),
        (
            "search",
            format!(
                "front of {} networks, hypervolume {} of the reference box",
                status.front_size,
                text::percent(status.hypervolume_share, 2)
            ),
        ),
    ];
    lines.extend(trials(&status.trials).into_iter().map(|line| ("trials", line)));
    lines.extend(status.pausing.iter().map(|pausing| ("trials", pausing_line(pausing))));
    lines.extend(status.one_shot.map(|quality| ("scores", text::score_quality(quality))));
    lines.push(("spent", spending(status)));
    for budget in &status.budgets {
        let (used, limit) = (budget.used, budget.limit);
        let left = text::significant((limit - used).max(0.0));
        let share = text::percent(used / limit, 0);
        lines.push((
            "budget",
            format!(
                "{}: {} of {} {} used ({share}), {left} left",
                budget.of,
                text::significant(used),
                text::plain(limit),
                budget.unit
            ),
        ));
    }
    for zone in &status.zones {
        let coming: Vec<String> =
            zone.next_hours_g_per_kwh.iter().map(|value| format!("{value:.0}")).collect();
        let coming =
            if coming.is_empty() { "no forecast".into() } else { format!("next hours {}", coming.join(" ")) };
        lines.push((
            "grid",
            format!(
                "{} {:.0} gCO2eq/kWh ({}), {coming}",
                zone.zone, zone.intensity_g_per_kwh, zone.provenance
            ),
        ));
        if let Some(shares) = zone.allocation {
            lines.push((
                "slots",
                format!(
                    "{} train {}, sample {}, rest {}",
                    zone.zone, shares.train, shares.sample, shares.rest
                ),
            ));
        }
    }
    if let (Some(policy), Some(reason)) = (&status.policy, &status.allocation_reason) {
        lines.push(("because", format!("{reason} ({policy})")));
    }
    if status.workers.len() > LISTED {
        lines.extend(fleet_lines(&status.workers).into_iter().map(|line| ("workers", line)));
    } else {
        lines.extend(status.workers.iter().map(|worker| ("workers", worker_line(worker))));
    }
    aligned_labels(&lines)
}

/// A label is said once for the lines it stands for.
fn aligned_labels(lines: &[(&str, String)]) -> String {
    let mut text = String::new();
    let mut before = "";
    for (label, line) in lines {
        let label = if *label == before { "" } else { label };
        text.push_str(&format!("{}{line}\n", Ink::Quiet.paint(&format!("{label:<11}"))));
        before = if label.is_empty() { before } else { label };
    }
    text
}

fn standing(status: &Status) -> String {
    let (since, span) = (text::iso_as_utc(&status.started_at), text::duration(60.0 * status.wall_minutes));
    match (status.state, &status.finished_at) {
        ("finished", Some(at)) => {
            let reason = status.reason.as_deref().unwrap_or_default();
            format!("{} at {} after {span}: {reason}", ink::state("finished"), text::iso_as_utc(at))
        }
        ("paused", _) => format!("{}; begun {since}; `ce-nas resume` goes on", ink::state("paused")),
        ("silent", _) => format!(
            "begun {since}; {}",
            Ink::Bad.paint(&format!(
                "nothing has happened since {}: is its coordinator running?",
                text::iso_as_utc(&status.last_event_at)
            ))
        ),
        _ => format!("{} since {since} ({span})", ink::state("running")),
    }
}

fn trials(facts: &TrialFacts) -> Vec<String> {
    let mut lines = Vec::new();
    for purpose in [Purpose::Supernet, Purpose::OneShot, Purpose::Rung, Purpose::Full] {
        let counts = facts.by_fidelity.get(&purpose).copied().unwrap_or_default();
        let parts = [
            (counts.finished, "finished"),
            (counts.given, "given"),
            (counts.running, "running"),
            (counts.suspended, "suspended"),
            (counts.waiting, "waiting"),
            (counts.failed, "failed"),
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(count, state)| *count > 0 || *state == "finished")
            .map(|(count, state)| format!("{} {state}", text::count(count)))
            .collect();
        lines.push(format!("{:<17} {}", text::purpose(purpose), parts.join(", ")));
    }
    lines
}

fn pausing_line(pausing: &Pausing) -> String {
    let times = if pausing.crashes == 1 { "once".into() } else { format!("{} times", pausing.crashes) };
    let again = text::iso_as_utc(&pausing.again_at);
    format!("trial {} crashed {times} and is tried again from {again} on", pausing.trial)
}

fn spending(status: &Status) -> String {
    let estimated = if status.energy_estimated_share > 0.0 {
        format!(" ({} of it estimated)", text::percent(status.energy_estimated_share, 0))
    } else {
        String::new()
    };
    let synthetic = if status.intensity_synthetic { " at synthetic intensities" } else { "" };
    format!(
        "{}{estimated}, {} of it training; {}CO2eq{synthetic}",
        text::energy(status.energy.kwh),
        text::energy(status.training.kwh),
        text::mass(status.energy.gco2eq)
    )
}

/// Of a fleet too large to be listed: how many are at what, and who is put aside and why.
fn fleet_lines(workers: &[WorkerStatus]) -> Vec<String> {
    let counts: Vec<String> = ["at work", "idle", "about to go", "given nothing", "gone"]
        .into_iter()
        .map(|doing| (workers.iter().filter(|worker| kind(worker) == doing).count() as u64, doing))
        .filter(|(count, _)| *count > 0)
        .map(|(count, doing)| format!("{} {doing}", text::count(count)))
        .collect();
    let aside = workers.iter().filter(|worker| kind(worker) == "given nothing").take(LISTED);
    let all = format!("{}; `ce-nas workers` lists them", counts.join(", "));
    std::iter::once(all).chain(aside.map(worker_line)).collect()
}

/// Each worker is of one.
fn kind(worker: &WorkerStatus) -> &'static str {
    match worker {
        worker if !worker.alive => "gone",
        worker if worker.put_aside.is_some() => "given nothing",
        worker if worker.draining => "about to go",
        worker if worker.trials.is_empty() => "idle",
        _ => "at work",
    }
}

fn worker_line(worker: &WorkerStatus) -> String {
    if !worker.alive {
        let reason = worker.lost_reason.as_deref().unwrap_or("unknown");
        return format!("{} {}: {reason}", worker.worker, ink::state("gone"));
    }
    if let Some(aside) = &worker.put_aside {
        return format!("{} in {}, given nothing {aside}", worker.worker, worker.zone);
    }
    let trials: Vec<String> = worker.trials.iter().map(ToString::to_string).collect();
    let doing = if trials.is_empty() { "idle".into() } else { format!("at trial {}", trials.join(", ")) };
    let doing = if worker.draining { format!("{doing}, about to go") } else { doing };
    let plural = if worker.slots == 1 { "slot" } else { "slots" };
    format!("{} in {}, {} {plural}, {doing}", worker.worker, worker.zone, worker.slots)
}
