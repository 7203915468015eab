//! `ce-nas carbon fetch`: hours of a zone into a trace that a study, or anybody, can read.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Result, bail};
use common::time::GridHour;

use super::super::{Usage, print, remark};
use super::{Source, show, span, trace_file};
use crate::carbon;

/// Write the hours of a zone into a trace: from a live service, or from any other source of a configuration
///
/// Hours are asked for from the last one back. What came before a service stopped answering is written all the same.
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
    let past = carbon::past(&settings, &zone, (first, end), remark)?;
    let Some(begins) = past.samples.first().map(|sample| sample.hour) else {
        let why = past.trouble.map_or_else(String::new, |trouble| format!(": {trouble}"));
        bail!("nothing is known of {zone} from {first} to {end}{why}");
    };
    trace_file::write(&args.out, &past.samples)?;
    let (known, wanted) = (past.samples.len() as i64, end.0 - first.0);
    let missing = wanted - known;
    let gaps = if missing > 0 { format!("; {missing} are not known and left out") } else { String::new() };
    let hole = |(from, hours): (GridHour, i64)| {
        format!("{hours} h are missing from {from} on, too many to be bridged: no study reads such a trace\n")
    };
    let holes: String = past.holes().into_iter().map(hole).collect();
    let told = format!("{known} of {wanted} hours of {zone} in {}{gaps}\n", args.out.display());
    print(out, &(told + &holes))?;
    match past.trouble {
        // The youngest hours are asked for first.
        Some(trouble) => bail!("it stopped at {begins}; what was before was not told: {trouble}"),
        None => Ok(()),
    }
}
