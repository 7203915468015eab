//! The commands that read a study or a file of points, make keys or check a configuration. Each file holds one command: its
//! arguments (whose comments are the help) and `run(&Args, &mut dyn Write)`. They read a study in its directory, whether or not a
//! coordinator is at work on it, or from its coordinator elsewhere (`place`); what they change in a directory (keys, a word on its
//! desk) the coordinator sees by itself, and those in `act` ask it to change something itself.

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
pub mod page;
mod place;
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
mod elsewhere_tests;
#[cfg(test)]
mod tests;

use std::io::{ErrorKind, Write, stderr, stdout};

use anyhow::Result;
use serde::Serialize;

use crate::core::State;
use crate::report::Report;

pub use place::Place;
pub use settings::ConfigArgs;
use watch::Shown;

/// A mistake in the words of the command line that only the command itself could see.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

/// A line on the standard output from a process that works on: nobody's closed pipe or full disk ends it.
pub fn say(text: &str) {
    let _ = writeln!(stdout(), "{text}");
}

/// A word to whoever watches, beside what the command prints: programs that read that are not disturbed.
pub fn remark(text: &str) {
    let _ = writeln!(stderr(), "{text}");
}

/// Which study, and for whom the answer is.
#[derive(Debug, Clone, clap::Args)]
pub struct StudyArgs {
    #[command(flatten)]
    pub place: Place,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// Show it again every so many seconds (2), until the study is finished
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2", value_parser = watch::seconds)]
    pub watch: Option<f64>,
}

/// A study as its history tells it.
pub(crate) struct Told<'s> {
    pub state: &'s State,
    pub report: Report,
}

impl StudyArgs {
    /// Shows `text` of the study or, for programs, `value`: once, or as `--watch` asks.
    pub(crate) fn show<T: Serialize>(
        &self,
        out: &mut dyn Write,
        value: impl Fn(&Told<'_>) -> T,
        text: impl Fn(&Told<'_>, &T) -> String,
    ) -> Result<()> {
        let mut reader = self.place.reader()?;
        watch::show(self.watch, out, || {
            let told = reader.read()?;
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
