//! `ce-nas workers`: who works on a study, with what, and what became of those who left; who may, and who shall go.

use std::io::Write;

use allocation::Pace;
use anyhow::Result;

use super::act::{DrainArgs, drain};
use super::admission::{self, Action};
use super::table::{Side, aligned};
use super::{StudyArgs, Told, ink};
use crate::report::text;
use crate::requirements::shortfall;

/// List the workers of a study: slots, meters, energy, and why they left; admit, drain and revoke them
///
/// Examples:
///   ce-nas workers --dir runs/quickstart
///   ce-nas workers invite gpu-07 --dir runs/study
///   ce-nas workers drain gpu-07 --dir runs/study
///   ce-nas workers release gpu-07 --dir runs/study
///   ce-nas workers revoke gpu-07 --dir runs/study
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment, args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(flatten)]
    pub study: StudyArgs,
    #[command(subcommand)]
    pub act: Option<Act>,
}

/// What may be asked of workers.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Act {
    Drain(DrainArgs),
    #[command(flatten)]
    Admission(Action),
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    match &args.act {
        Some(Act::Drain(asked)) => drain(asked, out),
        Some(Act::Admission(action)) => admission::run(action, out),
        None => args.study.show(out, |told| told.report.workers.clone(), |told, _| listing(told)),
    }
}

/// As on the screen.
pub(super) fn listing(told: &Told) -> String {
    if told.report.workers.is_empty() {
        return "no worker has joined yet\n".into();
    }
    let paces = told.state.paces.all();
    // Of one kind of device there is nothing to compare.
    let is_mixed = paces.len() > 1;
    let pace = |device: &str| {
        let words = |pace: &Pace| format!("{:.2} × time, {:.2} × energy", pace.seconds, pace.joules);
        paces.get(device).map(words).unwrap_or_default()
    };
    let mut rows = Vec::new();
    for worker in &told.report.workers {
        let slots = told.state.workers.get(&worker.name).map_or(&[][..], |record| record.slots.as_slice());
        for (number, slot) in slots.iter().enumerate() {
            let holding = told.state.holder(&(worker.name.clone(), slot.slot));
            let doing = match (worker.alive, holding) {
                (false, _) => "gone".into(),
                (true, Some((trial, _))) => format!("trial {}", trial.id),
                (true, None) if worker.quarantine.is_some() => "put aside".into(),
                (true, None) => "idle".into(),
            };
            let once = |text: String| if number == 0 { text } else { String::new() };
            let mut row = vec![
                once(worker.name.to_string()),
                once(worker.host.clone()),
                once(worker.zone.to_string()),
                slot.slot.to_string(),
                ink::state(&doing),
                once(text::count(worker.finished_trials)),
                once(text::joules_as_energy(worker.joules)),
                once(worker.sessions.to_string()),
                slot.device.clone(),
                slot.meter.clone(),
            ];
            row.extend(is_mixed.then(|| pace(&slot.device)));
            rows.push(row);
        }
    }
    let mut columns = vec![
        ("worker", Side::Left),
        ("host", Side::Left),
        ("zone", Side::Left),
        ("slot", Side::Right),
        ("now", Side::Left),
        ("finished", Side::Right),
        ("energy", Side::Right),
        ("sessions", Side::Right),
        ("device", Side::Left),
        ("meter", Side::Left),
    ];
    columns.extend(is_mixed.then_some(("a training takes", Side::Left)));
    let mut listing = aligned(&columns, &rows);
    let needed = told.state.requirements();
    for (name, record) in told.state.workers.iter().filter(|(_, record)| record.alive) {
        for slot in &record.slots {
            if let Some(lacks) = needed.as_ref().and_then(|needed| shortfall(needed, slot)) {
                listing.push_str(&format!("{name}, slot {}: {lacks}\n", slot.slot));
            }
        }
    }
    for (name, _) in told.state.workers.iter().filter(|(_, record)| record.turned_away) {
        listing.push_str(&format!("{name} is drained until `ce-nas workers release {name}`\n"));
    }
    for worker in &told.report.workers {
        if let Some(aside) = &worker.quarantine {
            let until = text::iso_as_utc(&aside.until);
            listing.push_str(&format!("{} is given nothing until {until}: {}\n", worker.name, aside.reason));
        }
        for loss in &worker.lost {
            let at = text::iso_as_utc(&loss.at);
            listing.push_str(&format!("{} left at {at}: {}\n", worker.name, loss.reason));
        }
    }
    listing
}
