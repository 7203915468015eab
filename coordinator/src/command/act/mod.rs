//! The commands that act on a running study: `ce-nas pause`, `resume`, `stop`, `cancel`, `retry`, `budget`, `warm-start` and
//! `workers drain`. They ask the study's coordinator over its HTTP side, as the page does; it decides, and answers once it is durable.

mod budget;
mod simple;
mod warm_start;

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use serde::Serialize;

use super::{print, print_json};
use crate::http::client::Client;
use crate::http::model::Done;

pub use budget::{BudgetArgs, budget};
pub use simple::{
    DrainArgs, PauseArgs, ResumeArgs, StopArgs, TrialArgs, cancel, drain, pause, resume, retry, stop,
};
pub use warm_start::{WarmStartArgs, warm_start};

/// Which coordinator.
#[derive(Debug, Clone, clap::Args)]
pub struct Target {
    /// The study's directory: the address and the token of its coordinator are found there
    #[arg(long, value_name = "DIR", default_value = "runs/study")]
    pub dir: PathBuf,
    /// The coordinator's address, in place of what stands in the directory
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// The token to show [http-token in the study's directory, where there is one]
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
}

impl Target {
    pub(super) fn client(&self) -> Result<Client> {
        match &self.url {
            Some(url) => Client::at(url.clone(), self.token_file.as_deref()),
            None => Client::of_study(&self.dir, self.token_file.as_deref()),
        }
    }

    /// Gives an order and tells what became of it.
    fn order(&self, path: &str, order: &impl Serialize, out: &mut dyn Write) -> Result<()> {
        let done: Done = self.client()?.post(path, order)?;
        self.tell(&done, out)
    }

    fn tell(&self, done: &Done, out: &mut dyn Write) -> Result<()> {
        if self.json { print_json(out, done) } else { print(out, &format!("{}\n", done.text)) }
    }
}
