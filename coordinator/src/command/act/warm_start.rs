//! `ce-nas warm-start`: brings known results to a running study.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::Target;
use crate::http::model::Done;

/// Bring known results to a running study; they are taken as given and never trained again
///
/// A CSV or JSON file, gzipped or not, or another study's ledger, as with `ce-nas run --warm-start`. All of it is taken, or none.
///
/// Example: ce-nas warm-start known.csv --dir runs/study
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct WarmStartArgs {
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub target: Target,
}

pub fn warm_start(args: &WarmStartArgs, out: &mut dyn Write) -> Result<()> {
    let shown = args.file.display();
    let bytes = std::fs::read(&args.file).with_context(|| format!("{shown} can't be read"))?;
    let name = args.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    // What a name may hold there; it stands beside each result as its source.
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    let name: String = name.trim_start_matches('.').chars().map(plain).take(100).collect();
    let done: Done = args.target.client()?.upload(&format!("/api/v1/warm-start?name={name}"), &bytes)?;
    args.target.tell(&done, out)
}
