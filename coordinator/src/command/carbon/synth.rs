//! `ce-nas carbon synth`: hours of the built-in generator into a trace, marked as synthetic.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use common::id::Zone;
use common::seed::Seed;

use super::super::print;
use super::{span, trace_file};
use crate::carbon::{CarbonSource, TypicalWeek};

/// Write hours of a made-up grid into a trace; they stay marked as synthetic
///
/// Example: ce-nas carbon synth --zone LOCAL --from 2026-01-01 --to 2027-01-01 --out made-up.csv
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    #[arg(long, default_value = "LOCAL")]
    zone: String,
    /// The first hour, such as 2026-05-01T00:00Z or 2026-05-01
    #[arg(long, value_name = "TIME")]
    from: String,
    /// The hour after the last one
    #[arg(long, value_name = "TIME")]
    to: String,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The trace to write, CSV
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    let (first, end) = span(&args.from, &args.to)?;
    let grid = TypicalWeek::new(Zone::new(&args.zone), Seed(args.seed));
    let samples = grid.history(end, usize::try_from(end.0 - first.0)?);
    trace_file::write(&args.out, &samples)?;
    print(out, &format!("{} synthetic hours of {} in {}\n", samples.len(), args.zone, args.out.display()))
}
