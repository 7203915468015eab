//! `ce-nas backup`: a copy of a study's ledger, also while it is written.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use ledger::Ledger;
use serde::Serialize;

use super::{print, print_json};
use crate::directory::StudyDirectory;

/// Copy a study's ledger to a file, whether or not the study runs
///
/// The copy is whole and of one moment; the coordinator goes on meanwhile. To restore it, stop the coordinator, take
/// ledger.sqlite, ledger.sqlite-wal and ledger.sqlite-shm out of the study's directory, put the copy in as
/// ledger.sqlite and start the coordinator again. Checkpoints (blobs/) and keys (keys/) are plain files: copy them as
/// such. A trial whose checkpoint is gone begins anew.
///
/// Example: ce-nas backup --dir runs/study --out study-backup.sqlite
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// The study's directory
    #[arg(long, value_name = "DIR", default_value = "runs/study")]
    pub dir: PathBuf,
    /// The copy; a file that exists is not overwritten
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Serialize)]
struct Copied {
    file: PathBuf,
    events: u64,
    bytes: u64,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    Ledger::read_only(StudyDirectory::new(&args.dir).ledger())?.backup(&args.out)?;
    let bytes = std::fs::metadata(&args.out)?.len();
    // Asked of the copy: it is what a restart would find.
    let copied = Copied { file: args.out.clone(), events: Ledger::read_only(&args.out)?.len()?, bytes };
    if args.json {
        return print_json(out, &copied);
    }
    let Copied { file, events, bytes } = copied;
    print(out, &format!("{}: {events} events, {bytes} bytes\n", file.display()))
}
