//! The commands that read a study or a file of points, make keys or check a configuration. Each file holds one command: its
//! arguments (whose comments are the help) and `run(&Args, &mut dyn Write)`. They work beside a running coordinator; what
//! they change (keys, a word on its desk) it sees by itself, and those in `act` ask it to change something itself.

pub mod act;
pub mod admission;
pub mod backup;
pub mod carbon;
pub mod check_config;
pub mod cluster;
pub mod compare;
pub mod data;
pub mod doctor;
pub mod explain;
pub mod export;
pub mod front;
pub mod hypervolume;
pub mod init;
pub mod ink;
pub mod keygen;
mod points;
pub mod report;
mod settings;
mod span;
pub mod status;
pub mod table;
pub mod top;
pub mod trials;
pub mod watch;
pub mod workers;

#[cfg(test)]
mod tests;

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::clock;
use crate::core::State;
use crate::report::{Chronicle, Report};

pub use settings::ConfigArgs;
use watch::Shown;

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
    /// Show it again every so many seconds (2), until the study is finished
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2", value_parser = watch::seconds)]
    pub watch: Option<f64>,
}

/// A study as its ledger tells it.
pub(crate) struct Told {
    pub state: State,
    pub report: Report,
}

impl StudyArgs {
    /// For people, and once.
    pub(crate) fn of(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), json: false, watch: None }
    }

    /// Shows `text` of the study or, for programs, `value`: once, or as `--watch` asks.
    pub(crate) fn show<T: Serialize>(
        &self,
        out: &mut dyn Write,
        value: impl Fn(&Told) -> T,
        text: impl Fn(&Told, &T) -> String,
    ) -> Result<()> {
        watch::show(self.watch, out, || {
            let told = self.read()?;
            let value = value(&told);
            let text = match (self.json, self.watch) {
                (false, _) => text(&told, &value),
                (true, None) => serde_json::to_string_pretty(&value)? + "\n",
                // A line for each look, so that a program knows where one ends.
                (true, Some(_)) => serde_json::to_string(&value)? + "\n",
            };
            Ok(Shown { text, is_last: told.state.finished.is_some() })
        })
    }

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
