//! Which study a command is about.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::Told;
use crate::clock;
use crate::core::State;
use crate::http::client::Client;
use crate::report::{Chronicle, Report};
use crate::source::{Following, Source};

/// Which study: by its directory here, or by its coordinator's address anywhere.
#[derive(Debug, Clone, clap::Args)]
pub struct Place {
    /// The study's directory
    #[arg(long, value_name = "DIR", default_value = "runs/study")]
    pub dir: PathBuf,
    /// The address of the study's coordinator, in place of the directory
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// The token to show there [http-token in the study's directory, where there is one]
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

impl Place {
    pub fn directory(path: &Path) -> Self {
        Self { dir: path.to_owned(), url: None, token_file: None }
    }

    /// From where it is read: a directory needs no coordinator.
    pub fn source(&self) -> Result<Source> {
        Ok(match &self.url {
            Some(url) => Source::coordinator(url, self.token_file.as_deref())?,
            None => Source::directory(&self.dir),
        })
    }

    /// Who is asked to change something.
    pub(super) fn client(&self) -> Result<Client> {
        match &self.url {
            Some(url) => Client::at(url.clone(), self.token_file.as_deref()),
            None => Client::of_study(&self.dir, self.token_file.as_deref()),
        }
    }

    pub(super) fn reader(&self) -> Result<Reader> {
        Ok(Reader::new(self.source()?))
    }
}

/// Reads a study again and again, each time no more than what is new.
#[derive(Debug)]
pub(super) struct Reader(Following<(State, Chronicle)>);

impl Reader {
    pub fn new(source: Source) -> Self {
        Self(Following::new(source))
    }

    pub fn read(&mut self) -> Result<Told<'_>> {
        let place = self.0.source().place();
        let (state, chronicle) = self.0.read_on(crate::report::take_in)?;
        let report = Report::of(state, chronicle, clock::now())
            .with_context(|| format!("the study {place} has not begun yet"))?;
        Ok(Told { state, report })
    }
}
