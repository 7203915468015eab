//! `ce-nas forecast`: what is expected of the coming hours, and how good such expectations were. A new command is one file here and
//! one line in [`Command`].

mod backtest;
mod chart;
mod picture;
mod show;
mod told;
mod traces;
#[cfg(feature = "torch")]
mod train;

use std::io::Write;

use anyhow::Result;

#[cfg(feature = "torch")]
pub use traces::Traces;
pub use traces::read_all;

#[cfg(not(feature = "torch"))]
use crate::untrained as train;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Show(show::Args),
    Backtest(backtest::Args),
    Train(train::Args),
}

pub fn run(command: &Command, out: &mut dyn Write) -> Result<()> {
    match command {
        Command::Show(args) => show::run(args, out),
        Command::Backtest(args) => backtest::run(args, out),
        Command::Train(args) => train::run(args, out),
    }
}
