//! The live panel: a dozen lines, redrawn in place.

use std::collections::BTreeMap;
use std::fmt::Write;

use common::fidelity::{Fidelity, Role};
use common::id::Zone;

use super::narrate::{describe, relative_hypervolume};
use crate::actor::Glance;
use crate::budget::Left;
use crate::core::{State, TrialState};
use crate::fleet::SlotKey;
use crate::report::text;

/// Hours of forecast shown.
const HOURS_AHEAD: i64 = 6;
const BAR: usize = 24;

/// What the panel shows, taken off the core so that drawing holds nothing up.
#[derive(Debug, Clone)]
pub struct Snapshot {
    lines: Vec<String>,
}

impl Snapshot {
    pub fn of(glance: &Glance<'_>) -> Self {
        let state = glance.core.state();
        let mut lines = vec![title(state, glance)];
        lines.push(search(state));
        lines.extend(trials(state));
        lines.push(spending(state));
        lines.extend(zones(state, glance));
        lines.extend(workers(state, glance));
        lines.push(budget(state, &glance.core.left()));
        if let Some(reason) = &glance.held_up {
            lines.push(format!("WAITS     {reason}"));
        }
        if glance.violations > 0 {
            lines.push(format!("DEFECT    {} broken laws, see the log", glance.violations));
        }
        Self { lines }
    }
}

/// Text that redraws the panel over the `drawn` lines of its predecessor.
pub fn render(snapshot: &Snapshot, drawn: usize, width: usize) -> String {
    let mut text = String::new();
    if drawn > 0 {
        let _ = write!(text, "\x1b[{drawn}A");
    }
    for line in &snapshot.lines {
        let clipped: String = line.chars().take(width.saturating_sub(1)).collect();
        let _ = writeln!(text, "\x1b[2K{clipped}");
    }
    // What a longer predecessor left below.
    text.push_str("\x1b[0J");
    text
}

impl Snapshot {
    pub fn height(&self) -> usize {
        self.lines.len()
    }
}

fn title(state: &State, glance: &Glance<'_>) -> String {
    let name = state.spec().map_or("", |spec| spec.name.as_str());
    let hour = state.clock().map_or(glance.now, |clock| clock.grid(glance.now));
    let minutes = state.study.as_ref().map_or(0.0, |study| glance.now.since(study.started).seconds() / 60.0);
    format!("CE-NAS    {name} · {minutes:.1} min · grid time {hour}")
}

fn search(state: &State) -> String {
    let best = state
        .finished_at(Fidelity::Full)
        .map(|(_, _, evaluation)| evaluation.validation_error)
        .min_by(f64::total_cmp)
        .map_or_else(|| "none yet".into(), |error| format!("{:.2} %", 100.0 * (1.0 - error)));
    let members = state.front.as_ref().map_or(0, moo::Front::len);
    let hypervolume = relative_hypervolume(state);
    format!(
        "search    hypervolume {hypervolume:.4} of the box · front {members} · best validation accuracy {best}"
    )
}

fn trials(state: &State) -> Vec<String> {
    let mut counts: BTreeMap<String, [usize; 5]> = BTreeMap::new();
    for trial in state.trials.values() {
        let kind = trial.subject.kind();
        let column = match trial.state {
            TrialState::Leased(_) => 0,
            TrialState::Waiting => 1,
            TrialState::Finished if trial.is_given() => 4,
            TrialState::Finished => 2,
            TrialState::Failed { .. } => 3,
        };
        counts.entry(kind).or_default()[column] += 1;
    }
    let line = |(kind, [running, waiting, done, failed, given]): (String, [usize; 5])| {
        let given = if given > 0 { format!(" {given:>3} given") } else { String::new() };
        format!(
            "  {kind:<10} {done:>5} done {running:>3} running {waiting:>3} suspended {failed:>3} failed{given}"
        )
    };
    counts.into_iter().map(line).collect()
}

fn spending(state: &State) -> String {
    let (total, grams) = (state.account.total(), state.account.emissions());
    let training = state.training_joules();
    let (total, training) = (text::energy(total.kwh()), text::energy(training.kwh()));
    format!("spent     {total} ({training} of it training) · {}CO2eq", text::mass(grams.0))
}

fn zones(state: &State, glance: &Glance<'_>) -> Vec<String> {
    let hour = state.grid_hour(glance.now);
    let zones: Vec<&Zone> = state.account.zones().collect();
    let mut lines = Vec::new();
    for zone in zones {
        let (present, provenance) = state.account.intensity(zone, hour);
        let coming: Vec<String> = state.forecasts.get(zone).map_or_else(Vec::new, |forecast| {
            let hours = (1..=HOURS_AHEAD).filter_map(|ahead| forecast.median(hour.plus(ahead)));
            hours.map(|intensity| format!("{:.0}", intensity.0)).collect()
        });
        lines.push(format!(
            "{zone:<9} {:.0} g/kWh ({provenance}) · next hours {}",
            present.0,
            coming.join(" ")
        ));
        if let Some((_, allocation)) = state.allocations.last() {
            let s = allocation.shares(zone);
            lines.push(format!(
                "          train {} sample {} rest {}: {}",
                s.train, s.sample, s.rest, allocation.reason
            ));
        }
    }
    lines
}

fn workers(state: &State, glance: &Glance<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, record) in &state.workers {
        if !record.alive {
            lines.push(format!("{name:<9} gone: {}", record.lost_reason.as_deref().unwrap_or_default()));
            continue;
        }
        if let Some(aside) = &record.health.quarantine {
            lines.push(format!("{name:<9} given nothing until {}: {}", aside.until, aside.reason));
            continue;
        }
        for slot in &record.slots {
            let key = (name.clone(), slot.slot);
            let doing = holder(state, glance, &key).unwrap_or_else(|| {
                let role = glance.core.roles().get(&key).copied().unwrap_or(Role::Rest);
                if role == Role::Rest { "resting".into() } else { format!("idle, ready to {role}") }
            });
            lines.push(format!("{name:<9} {doing}"));
        }
    }
    lines
}

fn holder(state: &State, glance: &Glance<'_>, key: &SlotKey) -> Option<String> {
    let (trial, lease) = state.holder(key)?;
    let done = glance.core.running().get(&lease.task).map_or(0.0, |progress| progress.done);
    Some(format!("{} {:>3.0} % {}", bar(done, 10), 100.0 * done, describe(trial, state)))
}

fn budget(state: &State, left: &Left) -> String {
    let mut parts = Vec::new();
    if let Some(hours) = left.hours {
        let wall_s = hours.max(0.0) * state.clock().map_or(3600.0, |clock| clock.hour_s);
        parts.push(format!("{:.1} grid hours ({:.1} min)", hours.max(0.0), wall_s / 60.0));
    }
    if let Some(grams) = left.carbon {
        let spent = state.account.emissions().0;
        parts.push(format!(
            "{} {:.3} gCO2eq",
            bar(spent / (spent + grams.0).max(f64::MIN_POSITIVE), BAR),
            grams.0.max(0.0)
        ));
    }
    if let Some(joules) = left.energy {
        parts.push(text::energy(joules.kwh().max(0.0)));
    }
    if let Some(trainings) = left.trainings {
        parts.push(format!("{trainings} full trainings"));
    }
    format!("left      {}", parts.join(" · "))
}

fn bar(share: f64, width: usize) -> String {
    let full = (share.clamp(0.0, 1.0) * width as f64).round() as usize;
    format!("{}{}", "█".repeat(full), "░".repeat(width - full))
}
