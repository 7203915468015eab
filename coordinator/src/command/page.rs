//! `ce-nas page`: the page of a study that no coordinator is at work on, such as one that is finished.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};
use common::config::Http;
use ledger::Ledger;
use tokio::signal::unix::{SignalKind, signal};

use super::print;
use crate::directory::StudyDirectory;
use crate::http::address::{self, Address};
use crate::http::bind;
use crate::http::client::Client;
use crate::http::model::Study;

/// Serve the page of a study that is finished or stands still, until Ctrl-C: to look at and to choose from, not to act on
///
/// A coordinator serves the page of the study that it is at work on by itself.
///
/// Example: ce-nas page --dir runs/quickstart
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// The study's directory
    #[arg(long, value_name = "DIR", default_value = "runs/study")]
    pub dir: PathBuf,
    /// Where to listen, as in http.listen: HOST:PORT, or on this machine alone
    #[arg(long, value_name = "ADDRESS", default_value = "auto")]
    pub listen: String,
    /// The token that callers show, as in http.token_file [none on this machine, http-token in the directory beyond it]
    #[arg(long, value_name = "FILE", default_value = "auto", hide_default_value = true)]
    pub token_file: String,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    let directory = StudyDirectory::new(&args.dir);
    Ledger::read_only(directory.ledger())?;
    if let Some(Address { url, .. }) = address::remembered(&args.dir)
        && Client::of_study(&args.dir, None).and_then(|client| client.get::<Study>("/api/v1/study")).is_ok()
    {
        return print(out, &format!("a coordinator is at work on this study, and its page is at {url}\n"));
    }
    let config = Http { listen: args.listen.clone(), token_file: args.token_file.clone() };
    let bound = bind(&config, &directory)?.context("--listen off leaves nothing to do")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // Heard from now on, so that one that comes early ends it as well.
        let mut ended = [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?];
        let (serving, _ringer) = bound.show(&directory)?;
        print(out, &format!("page and API at {}, until Ctrl-C\n", serving.url()))?;
        let [interrupt, terminate] = &mut ended;
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        serving.end().await;
        Ok(())
    })
}
