//! Jobs that were submitted and that no look has found in the queue yet. A site may rename jobs or their comments, or hide them: whoever went
//! by the queue alone would submit the same workers again at every look.
//!
//! In a file, for the next look may be another process's. One that can't be written costs this care alone.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Result, bail};

use super::job::Job;
use super::tools;
use crate::directory::write_whole;

#[derive(Debug)]
pub struct Unseen {
    path: PathBuf,
    ids: BTreeSet<String>,
    /// One that only says what it would do leaves the file to whoever does it.
    is_kept: bool,
}

impl Unseen {
    /// As an earlier look left it; and kept for the next, or not.
    pub fn at(path: PathBuf, is_kept: bool) -> Self {
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        let ids = kept.lines().filter(|id| !id.is_empty()).map(str::to_owned).collect();
        Self { path, ids, is_kept }
    }

    pub fn submitted(&mut self, id: &str) {
        self.ids.insert(id.to_owned());
        self.keep();
    }

    /// Those that ended before any look found them. Refuses where one is there, and not as one of ours.
    pub fn look(&mut self, queue: &[Job]) -> Result<BTreeSet<String>> {
        self.ids.retain(|id| !queue.iter().any(|job| job.id.array() == id));
        if self.ids.is_empty() {
            self.keep();
            return Ok(BTreeSet::new());
        }
        let hidden = tools::are_there(&self.ids)?;
        if !hidden.is_empty() {
            let ids = hidden.into_iter().collect::<Vec<_>>().join(", ");
            bail!(
                "job {ids} was submitted here and is there, but not under the name and the comment that it was given: with what this site \
                 makes of jobs they can't be told apart, and nothing more is submitted"
            );
        }
        let ended = std::mem::take(&mut self.ids);
        self.keep();
        Ok(ended)
    }

    fn keep(&self) {
        let text: String = self.ids.iter().map(|id| format!("{id}\n")).collect();
        // Nothing to keep, and nothing kept: a look leaves no file behind.
        if !self.is_kept || (self.ids.is_empty() && !self.path.exists()) {
            return;
        }
        if let Err(error) = write_whole(&self.path, text.as_bytes()) {
            tracing::warn!(path = %self.path.display(), %error, "what was submitted can't be kept");
        }
    }
}
