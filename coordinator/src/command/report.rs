//! `ce-nas report`: writes the report again from the ledger, whether or not the study goes on.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;

use super::{StudyArgs, Usage, print, print_json};
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
    let place = &args.study.place;
    let target = match (&args.out, &place.url) {
        (Some(out), _) => out,
        (None, None) => &place.dir,
        (None, Some(_)) => {
            return Err(Usage("a report of a study elsewhere: say where to write it by --out".into()).into());
        }
    };
    let written = write_to(&place.source()?, target, clock::now())?;
    if args.study.json {
        return print_json(out, &written.report);
    }
    print(out, &written.to_string())
}
