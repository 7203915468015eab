//! `ce-nas simulate`: what would happen, on recorded results. A new simulation is one file here and one line in [`Command`].

mod replay;
mod search;
mod told;

use std::io::Write;

use anyhow::Result;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Search(search::Args),
    Replay(replay::Args),
}

pub fn run(command: &Command, out: &mut dyn Write) -> Result<()> {
    match command {
        Command::Search(args) => search::run(args, out),
        Command::Replay(args) => replay::run(args, out),
    }
}
