//! `ce-nas carbon fetch`: hours of a zone into a trace that a study, or anybody, can read.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Result, bail};

use super::super::{Usage, print};
use super::{Source, show, span, trace_file};
use crate::carbon;

/// Write the hours of a zone into a trace: from a live service, or from any other source of a configuration
///
/// Example: ce-nas carbon fetch --config study.toml --zone GB --from 2026-05-01 --to 2026-06-01 --out gb.csv
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    #[arg(long)]
    zone: String,
    /// The first hour, such as 2026-05-01T00:00Z or 2026-05-01
    #[arg(long, value_name = "TIME")]
    from: String,
    /// The hour after the last one
    #[arg(long, value_name = "TIME")]
    to: String,
    /// The trace to write, CSV
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    let (first, end) = span(&args.from, &args.to)?;
    let (_, settings) = args.source.read()?;
    let chains = carbon::chains(&settings).map_err(|error| Usage(error.to_string()))?;
    let zone = show::known(&args.zone, &chains)?;
    drop(chains);
    let samples = carbon::past(&settings, &zone, first, end)?;
    if samples.is_empty() {
        bail!("nothing is known of {zone} from {first} to {end}");
    }
    trace_file::write(&args.out, &samples)?;
    let (known, wanted) = (samples.len() as i64, end.0 - first.0);
    let missing = wanted - known;
    let gaps = if missing > 0 { format!("; {missing} are not known and left out") } else { String::new() };
    print(out, &format!("{known} of {wanted} hours of {zone} in {}{gaps}\n", args.out.display()))
}
