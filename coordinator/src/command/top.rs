//! `ce-nas top`: a study on one screen, drawn anew every two seconds: how it stands, who works at what, and what finished last.

use std::io::Write;

use anyhow::Result;

use super::ink::Ink;
use super::watch::{self, Shown};
use super::{Place, status, trials, workers};

/// Trials of the lists below.
const LAST: usize = 8;

/// Watch a study on one screen: how it stands, its workers, what runs and what finished last
///
/// Ends with the study, or with Ctrl-C; the study is not touched.
///
/// Example: ce-nas top --dir runs/study
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(flatten)]
    pub place: Place,
    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = watch::seconds)]
    pub every: f64,
    /// Look once, and end
    #[arg(long)]
    pub once: bool,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    let mut reader = args.place.reader()?;
    watch::show((!args.once).then_some(args.every), out, || {
        let told = reader.read()?;
        let text = [
            status::text_of(&told),
            heading("workers"),
            workers::listing(&told),
            heading("running"),
            trials::running(&told, LAST),
            heading("finished last"),
            trials::last(&told, LAST),
        ]
        .concat();
        Ok(Shown { text, is_last: told.state.finished.is_some() })
    })
}

fn heading(words: &str) -> String {
    format!("\n{}\n", Ink::Strong.paint(words))
}
