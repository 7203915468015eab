//! The commands that read a study or a file of points, make keys or check a configuration. Each file holds one command: its
//! arguments (whose comments are the help) and `run(&Args, &mut dyn Write)`. They work beside a running coordinator; what
//! they change (keys, a word on its desk) it sees by itself.

pub mod admission;
pub mod backup;
pub mod carbon;
pub mod check_config;
pub mod front;
pub mod hypervolume;
pub mod keygen;
mod points;
pub mod report;
pub mod status;
pub mod table;
pub mod trials;
pub mod workers;

#[cfg(test)]
mod tests;

use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::clock;
use crate::core::State;
use crate::report::{Chronicle, Report};

/// A mistake in the words of the command line that only the command itself could see.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

/// Which study, and for whom the answer is.
#[derive(Debug, Clone, clap::Args)]
pub struct StudyArgs {
    /// The study's directory
    #[arg(long, value_name = "DIR", default_value = "runs/study")]
    pub dir: PathBuf,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// A study as its ledger tells it.
pub(crate) struct Told {
    pub state: State,
    pub report: Report,
}

impl StudyArgs {
    pub(crate) fn read(&self) -> Result<Told> {
        let (state, chronicle): (State, Chronicle) = crate::report::read(&self.dir)?;
        let report = Report::of(&state, &chronicle, clock::now())
            .with_context(|| format!("the study in {} has not begun yet", self.dir.display()))?;
        Ok(Told { state, report })
    }
}

/// Prints all of `text`. A reader that has gone away (`| head`) is no failure.
pub fn print(out: &mut dyn Write, text: &str) -> Result<()> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => Ok(done?),
    }
}

pub fn print_json(out: &mut dyn Write, value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    print(out, &text)
}
