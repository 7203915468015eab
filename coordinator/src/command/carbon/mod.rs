//! `ce-nas carbon`: the carbon signal by itself, from the same sources and by the same chain as in a study.

mod fetch;
#[cfg(test)]
mod live_tests;
mod show;
mod synth;
#[cfg(test)]
mod tests;
mod trace_file;

use std::io::Write;

use anyhow::{Context, Result};
use common::config::Config;
use common::time::GridHour;

use super::{ConfigArgs, Usage};
use crate::carbon::{Settings, parse_time};
use crate::clock;

#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    Zones(show::ZonesArgs),
    Now(show::NowArgs),
    History(show::HistoryArgs),
    Fetch(fetch::Args),
    Synth(synth::Args),
}

pub fn run(command: &Command, out: &mut dyn Write) -> Result<()> {
    match command {
        Command::Zones(args) => show::zones(args, out),
        Command::Now(args) => show::now(args, out),
        Command::History(args) => show::history(args, out),
        Command::Fetch(args) => fetch::run(args, out),
        Command::Synth(args) => synth::run(args, out),
    }
}

/// Where the settings of `[carbon]` come from.
#[derive(Debug, Clone, clap::Args)]
pub struct Source {
    #[command(flatten)]
    settings: ConfigArgs,
}

impl Source {
    fn read(&self) -> Result<(Config, Settings)> {
        let config = self.settings.load()?;
        let settings = Settings::of_command(&config);
        Ok((config, settings))
    }
}

/// The hour asked for: `text`, else the hour at which a study would begin, else the present.
fn hour(text: Option<&str>, config: &Config) -> Result<GridHour> {
    match text.unwrap_or(&config.carbon.start) {
        "now" => Ok(clock::now().hour()),
        text => time(text),
    }
}

fn time(text: &str) -> Result<GridHour> {
    Ok(parse_time(text).map_err(|error| Usage(error.to_string()))?.hour())
}

/// A hundred years: more is a slip of the pen, and would not fit into memory.
const MOST_HOURS: i64 = 100 * 8_766;

/// So many hours, unless it is a slip of the pen.
fn possible(hours: i64) -> Result<i64> {
    if hours > MOST_HOURS {
        return Err(Usage(format!("{hours} hours are more than a hundred years ({MOST_HOURS})")).into());
    }
    Ok(hours)
}

/// Hours of `[from, to)`, of which there must be one.
fn span(from: &str, to: &str) -> Result<(GridHour, GridHour)> {
    let (first, end) = (time(from).context("--from")?, time(to).context("--to")?);
    if end <= first {
        return Err(Usage(format!("--to {to} is not after --from {from}")).into());
    }
    possible(end.0 - first.0)?;
    Ok((first, end))
}
