//! `ce-nas simulate`: what would happen, on recorded results. A new simulation is one file here and one line in [`Command`].

mod replay;
mod search;
mod study;
mod told;

use std::io::Write;

use anyhow::Result;

pub use study::Moment;

/// Simulate whole studies on recorded results instead of training: policies side by side, and what each emits
///
/// Without arguments, every policy runs on the table and the grid that come with the program: real
/// trainings of 60 small networks on Fashion-MNIST, and a made-up week of carbon intensities.
///
/// A policy is the product's (planner, agent, fixed, linear, threshold, greedy: the coordinator's own core, with
/// its ladder, forecasts and budgets, in virtual time), a baseline (vanilla, split:PERCENT, action-table,
/// linear-split, one-shot-only, rungs:N, suspend-resume:PERCENTILE), or an oracle that knows the future
/// (ladder-oracle, cleanest-hours:N, offline-oracle, choice-oracle). Everything is charged: trainings,
/// supernets, scores, idle slots, work thrown away.
///
/// The table is NAS-Bench-201 as CSV, or any table that `ce-nas tabulate` wrote, with its description.
///
/// Examples:
///   ce-nas simulate
///   ce-nas simulate --table nb201_cifar10.csv.gz --trace CISO.csv.gz DE.csv.gz \
///       --start 2021-01-15T06:00Z,2021-07-02T06:00Z --policy planner,greedy,vanilla --json runs.json
///   ce-nas simulate --policy planner --set budget.carbon_g=500 --plot hours.png
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment, args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    study: study::Args,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Search(search::Args),
    Replay(replay::Args),
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    match &args.command {
        Some(Command::Search(args)) => search::run(args, out),
        Some(Command::Replay(args)) => replay::run(args, out),
        None => study::run(&args.study, out),
    }
}
