//! `ce-nas cluster`: workers started and sent home by a cluster's own scheduler.

pub mod slurm;

use std::io::Write;

use anyhow::Result;

#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    Slurm(slurm::Args),
}

pub fn run(command: &Command, out: &mut dyn Write) -> Result<()> {
    match command {
        Command::Slurm(args) => slurm::run(args, out),
    }
}
