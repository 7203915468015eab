//! Known results first: evaluations from elsewhere that a study takes as given and never trains again.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `lines` | a CSV or JSON file as named cells, each with its place |
//! | `meaning` | what a line says of which architecture; refuses what it can't mean |
//! | `other_study` | what another study's ledger holds |
//! | `agreement` | results for one subject that contradict each other |
//!
//! All files are taken, or none: whatever is wrong with a line, the study is left as it was. Here they are only read; the core
//! decides which of them are new to it.

mod agreement;
mod lines;
mod meaning;
mod other_study;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use common::blob::BlobId;
use common::study::StudySpec;
use common::trial::{Evaluation, Source, Subject};

use crate::core::{Given, State};
use crate::csv_file;
use agreement::Agreement;
use meaning::Reading;

/// The largest file, unpacked. A table of all 15,625 cells of NAS-Bench-201 has 3 MB.
const MAX_BYTES: u64 = 256 << 20;
/// What an SQLite file begins with.
const LEDGER: &[u8] = b"SQLite format 3\0";

/// One result and where it was read.
#[derive(Debug, Clone, PartialEq)]
struct Found {
    /// "results.csv, line 3".
    place: String,
    subject: Subject,
    evaluation: Evaluation,
}

/// What was read from the files, and what the study knew before.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WarmStart {
    /// Not evaluated in the study so far, in the order of the files.
    pub given: Vec<Given>,
    /// Left out because the study has a result of its own, or has been given this one before.
    pub known: usize,
}

/// Reads all `files` for a study that stands at `state`. A file is CSV or JSON, gzipped or not, or another study's ledger or
/// directory.
pub fn read(files: &[PathBuf], spec: &StudySpec, state: &State) -> Result<WarmStart> {
    let mut agreement = Agreement::with(state);
    let mut warm = WarmStart::default();
    for path in files {
        let (source, found) = read_file(path, spec)?;
        for found in found {
            if !agreement.is_new(&found)? {
                warm.known += usize::from(agreement.is_of_study(&found.subject));
                continue;
            }
            let Found { subject, evaluation, .. } = found;
            warm.given.push(Given { subject, source: source.clone(), evaluation });
        }
    }
    Ok(warm)
}

fn read_file(path: &Path, spec: &StudySpec) -> Result<(Source, Vec<Found>)> {
    let shown = path.display().to_string();
    let path = if path.is_dir() { other_study::ledger_in(path) } else { path.to_owned() };
    let bytes = bytes_of(&path)?;
    let source = |sha256| Source { file: name(&path), sha256 };
    if bytes.starts_with(LEDGER) {
        let sha256 = other_study::sha256(&path)?;
        return Ok((source(sha256), other_study::read(&path, &shown, spec)?));
    }
    let mut text = Vec::new();
    let unpacked = csv_file::unpacked(&bytes[..]);
    let read = unpacked.and_then(|input| input.take(MAX_BYTES + 1).read_to_end(&mut text));
    read.with_context(|| format!("{shown} can't be read"))?;
    if text.len() as u64 > MAX_BYTES {
        bail!("{shown} holds more than {} MB", MAX_BYTES >> 20);
    }
    let reading = Reading::new(spec);
    let lines = lines::lines(&text, &shown)?;
    let found = lines.iter().map(|line| meaning::found(line, &reading));
    Ok((source(BlobId::of(&bytes)), found.collect::<Result<_>>()?))
}

/// As they lie there.
fn bytes_of(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(|| format!("{} can't be read", path.display()))?;
    let read = BufReader::new(file).take(MAX_BYTES + 1).read_to_end(&mut bytes);
    read.with_context(|| format!("{} can't be read", path.display()))?;
    // Of a ledger the beginning is enough: it is opened as one.
    if bytes.len() as u64 > MAX_BYTES && !bytes.starts_with(LEDGER) {
        bail!("{} holds more than {} MB", path.display(), MAX_BYTES >> 20);
    }
    Ok(bytes)
}

/// Without the folders, which say more of a machine than of the results; of a ledger, which are all called alike, with the
/// study's.
fn name(path: &Path) -> String {
    let last = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let file = last(path).unwrap_or_default();
    match path.parent().and_then(last) {
        Some(folder) if file == "ledger.sqlite" => format!("{folder}/{file}"),
        _ => file,
    }
}
