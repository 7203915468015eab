//! The commands that act on a running study: `ce-nas pause`, `resume`, `stop`, `cancel`, `retry`, `budget`, `warm-start` and
//! `workers drain`. They ask the study's coordinator over its HTTP side, as the page does; it decides, and answers once it is durable.

mod budget;
mod simple;
mod warm_start;

use std::io::Write;

use anyhow::Result;
use serde::Serialize;

use super::{Place, print, print_json};
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
    #[command(flatten)]
    pub place: Place,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
}

impl Target {
    pub(super) fn client(&self) -> Result<Client> {
        self.place.client()
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
