//! Where a study is read: the ledger in its directory, whether or not a coordinator writes it, or the API of a coordinator anywhere.
//! Both tell the same, the history event by event, so that whoever reads can't see two different studies.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use common::event::Record;
use common::id::TrialId;
use common::trial::Artifact;
use ledger::Ledger;

use crate::blob_store::BlobStore;
use crate::core::State;
use crate::directory::StudyDirectory;
use crate::http::client::Client;
use crate::http::model::{HistoryPage, file_name};
use crate::snapshot;

#[derive(Debug)]
pub enum Source {
    /// A study's directory.
    Directory(PathBuf),
    Coordinator(Client),
}

/// What a study's history comes to, read on from where it was each time.
#[derive(Debug)]
pub struct Following<S> {
    source: Source,
    known: S,
    /// The last event in it.
    sequence: u64,
}

impl Source {
    pub fn directory(path: &Path) -> Self {
        Self::Directory(path.to_owned())
    }

    pub fn coordinator(url: &str, token_file: Option<&Path>) -> Result<Self> {
        Ok(Self::Coordinator(Client::at(url.to_owned(), token_file)?))
    }

    /// In words, after "the study".
    pub fn place(&self) -> String {
        match self {
            Self::Directory(path) => format!("in {}", path.display()),
            Self::Coordinator(client) => format!("at {}", client.url()),
        }
    }

    /// The state alone; from a directory by way of its snapshot.
    pub fn state(&self) -> Result<State> {
        match self {
            Self::Directory(path) => {
                Ok(snapshot::fold(&Ledger::read_only(StudyDirectory::new(path).ledger())?)?)
            }
            Self::Coordinator(_) => {
                self.fold(|state: &mut State, record| state.apply(record.at, &record.event))
            }
        }
    }

    /// One of a trial's files, as long as its study keeps it.
    pub fn open(&self, trial: TrialId, artifact: &Artifact) -> io::Result<Box<dyn Read>> {
        match self {
            Self::Directory(path) => {
                let file = BlobStore::path(&StudyDirectory::new(path).blobs(), artifact.blob);
                Ok(Box::new(File::open(file)?))
            }
            Self::Coordinator(client) => {
                let name = file_name(artifact.kind);
                let opened = client.open(&format!("/api/v1/trials/{trial}/files/{name}"));
                Ok(Box::new(opened.map_err(io::Error::other)?))
            }
        }
    }

    /// What the whole history comes to.
    pub fn fold<S: Default>(&self, mut step: impl FnMut(&mut S, &Record)) -> Result<S> {
        let mut known = S::default();
        self.read(0, &mut |record| step(&mut known, &record))?;
        Ok(known)
    }

    /// Each event after the first `known`, in order. Tells whether there are so many: fewer mean that another study has begun there.
    fn read(&self, known: u64, step: &mut dyn FnMut(Record)) -> Result<bool> {
        match self {
            Self::Directory(path) => {
                let ledger = Ledger::read_only(StudyDirectory::new(path).ledger())?;
                if ledger.len()? < known {
                    return Ok(false);
                }
                ledger.read(known + 1).try_for_each(|record| record.map(&mut *step))?;
            }
            Self::Coordinator(client) => {
                let mut after = known;
                loop {
                    let page: HistoryPage = client.get(&format!("/api/v1/history?after={after}"))?;
                    if page.last < after {
                        return Ok(false);
                    }
                    ensure!(
                        after >= page.last || !page.records.is_empty(),
                        "{} holds its history back",
                        client.url()
                    );
                    for record in page.records {
                        ensure!(record.sequence == after + 1, "{} tells its history with gaps", client.url());
                        after = record.sequence;
                        step(record);
                    }
                    if after >= page.last {
                        break;
                    }
                }
            }
        }
        Ok(true)
    }
}

impl<S: Default> Following<S> {
    pub fn new(source: Source) -> Self {
        Self { source, known: S::default(), sequence: 0 }
    }

    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Takes in what is new, and gives all that is known. Where there are fewer events than before, another study stands there, and
    /// its own are taken in from the first.
    pub fn read_on(&mut self, step: impl Fn(&mut S, &Record)) -> Result<&S> {
        if !self.take_in(&step)? {
            (self.known, self.sequence) = (S::default(), 0);
            self.take_in(&step)?;
        }
        Ok(&self.known)
    }

    fn take_in(&mut self, step: &impl Fn(&mut S, &Record)) -> Result<bool> {
        let Self { source, known, sequence } = self;
        source.read(*sequence, &mut |record| {
            step(known, &record);
            *sequence = record.sequence;
        })
    }
}
