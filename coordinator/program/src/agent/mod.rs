//! `ce-nas agent`: trains the allocation agent, weighs it against other policies, and shows what moves it. A new command is one file
//! here and one line in [`Command`].

mod evaluate;
mod explain;
mod grids;
#[cfg(feature = "torch")]
mod train;

use std::io::Write;
use std::path::Path;

use allocation::agent::Network;
use anyhow::{Context, Result};
use coordinator::command::Usage;

#[cfg(not(feature = "torch"))]
use crate::untrained as train;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Train(train::Args),
    Evaluate(evaluate::Args),
    Explain(explain::Args),
}

pub fn run(command: &Command, out: &mut dyn Write) -> Result<()> {
    match command {
        Command::Train(args) => train::run(args, out),
        Command::Evaluate(args) => evaluate::run(args, out),
        Command::Explain(args) => explain::run(args, out),
    }
}

/// Weights from a file.
fn network(path: &Path) -> Result<Network> {
    let bytes = std::fs::read(path).with_context(|| format!("{} can't be read", path.display()))?;
    Network::from_bytes(&bytes).map_err(|error| Usage(format!("{}: {error}", path.display())).into())
}
