//! `ce-nas report`: writes the report again from the ledger, whether or not the study goes on.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;

use super::{StudyArgs, print, print_json};
use crate::clock;
use crate::report::write_to;

/// Write the report of a study: report.html, report.json, front.csv and the front's networks
///
/// Works at any time, also while the study runs.
///
/// Example: ce-nas report --dir runs/quickstart --out /tmp/report
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(flatten)]
    pub study: StudyArgs,
    /// Where to write [the study's directory]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    let target = args.out.as_deref().unwrap_or(&args.study.dir);
    let written = write_to(&args.study.dir, target, clock::now())?;
    if args.study.json {
        return print_json(out, &written.report);
    }
    print(out, &written.to_string())
}
