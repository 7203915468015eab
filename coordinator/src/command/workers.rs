//! `ce-nas workers`: who works on a study, with what, and what became of those who left.

use std::io::Write;

use anyhow::Result;

use super::act::{DrainArgs, drain};
use super::table::{Side, aligned};
use super::{StudyArgs, Told};
use crate::report::text;

/// List the workers of a study: slots, meters, energy, and why they left
///
/// Example: ce-nas workers --dir runs/quickstart
#[derive(Debug, Clone, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    pub act: Option<Act>,
    #[command(flatten)]
    pub study: StudyArgs,
}

/// What may be asked of workers.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Act {
    Drain(DrainArgs),
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    if let Some(Act::Drain(asked)) = &args.act {
        return drain(asked, out);
    }
    args.study.show(out, |told| told.report.workers.clone(), |told, _| listing(told))
}

/// As on the screen.
pub(super) fn listing(told: &Told) -> String {
    if told.report.workers.is_empty() {
        return "no worker has joined yet\n".into();
    }
    let mut rows = Vec::new();
    for worker in &told.report.workers {
        let slots = told.state.workers.get(&worker.name).map_or(&[][..], |record| record.slots.as_slice());
        for (number, slot) in slots.iter().enumerate() {
            let holding =
                told.state.leases().find(|(_, lease)| lease.worker == worker.name && lease.slot == slot.slot);
            let doing = match (worker.alive, holding) {
                (false, _) => "gone".into(),
                (true, Some((trial, _))) => format!("trial {}", trial.id),
                (true, None) => "idle".into(),
            };
            let once = |text: String| if number == 0 { text } else { String::new() };
            rows.push(vec![
                once(worker.name.to_string()),
                once(worker.host.clone()),
                once(worker.zone.to_string()),
                slot.slot.to_string(),
                doing,
                once(text::count(worker.finished_trials)),
                once(text::joules_as_energy(worker.joules)),
                once(worker.sessions.to_string()),
                slot.device.clone(),
                slot.meter.clone(),
            ]);
        }
    }
    let columns = [
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
    let mut listing = aligned(&columns, &rows);
    for worker in &told.report.workers {
        for loss in &worker.lost {
            let at = text::iso_as_utc(&loss.at);
            listing.push_str(&format!("{} left at {at}: {}\n", worker.name, loss.reason));
        }
    }
    listing
}
