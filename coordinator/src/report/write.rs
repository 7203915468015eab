//! Reads a study's ledger and writes its report: each file whole or not at all, so that a full disk leaves the old ones.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use common::event::Record;
use common::time::Timestamp;
use common::trial::ArtifactKind;

use super::artifacts::{Exported, export_artifacts};
use super::chronicle::Chronicle;
use super::markdown::{FIGURES, markdown};
use super::model::Report;
use super::{figures, front_csv, page, text};
use crate::core::State;
use crate::directory::write_whole;
use crate::source::Source;

/// What was written, and what a reader wants to know at once.
#[derive(Debug)]
pub struct Written {
    pub report: Report,
    /// report.json, front.csv, report.html, report.md, and its figures.
    pub files: Vec<PathBuf>,
    pub exported: Vec<Exported>,
}

/// What a report is made of, and the next event of its history.
pub fn take_in((state, chronicle): &mut (State, Chronicle), record: &Record) {
    state.apply(record.at, &record.event);
    chronicle.apply(record.at, &record.event);
}

/// Writes the report of the study in `root` into its directory.
pub fn write(root: &Path, now: Timestamp) -> Result<Written> {
    write_to(&Source::directory(root), root, now)
}

/// Writes the report of a study into the directory `out`.
pub fn write_to(source: &Source, out: &Path, now: Timestamp) -> Result<Written> {
    let (state, chronicle) = source.fold(take_in)?;
    let mut report = Report::of(&state, &chronicle, now).with_context(|| {
        format!("the study {} has not begun: there is nothing to report yet", source.place())
    })?;
    std::fs::create_dir_all(out).with_context(|| format!("{} can't be made", out.display()))?;
    let exported = export_artifacts(&state, |trial, artifact| source.open(trial, artifact), out)?;
    forget_missing(&mut report, &exported);
    let json = serde_json::to_vec_pretty(&report)?;
    let files = [
        ("report.json", json),
        ("front.csv", front_csv(&report)?),
        ("report.html", page(&report).into_bytes()),
        ("report.md", markdown(&report).into_bytes()),
    ];
    let named = |(name, bytes): (&str, Vec<u8>)| (PathBuf::from(name), bytes);
    let drawn = |(name, text): (String, String)| (Path::new(FIGURES).join(name), text.into_bytes());
    let folder = out.join(FIGURES);
    std::fs::create_dir_all(&folder).with_context(|| format!("{} can't be made", folder.display()))?;
    let mut paths = Vec::new();
    for (name, bytes) in files.into_iter().map(named).chain(figures(&report).into_iter().map(drawn)) {
        let path = out.join(name);
        write_whole(&path, &bytes).with_context(|| not_written(&path))?;
        paths.push(path);
    }
    Ok(Written { report, files: paths, exported })
}

pub(super) fn not_written(path: &Path) -> String {
    format!(
        "{} can't be written; what stood there before still stands. Free some space or mend its permissions, then run `ce-nas report`",
        path.display()
    )
}

/// A report names no file that is not there.
fn forget_missing(report: &mut Report, exported: &[Exported]) {
    for failed in exported.iter().filter(|exported| exported.missing.is_some()) {
        let Some(network) = report.front.iter_mut().find(|network| network.trial == failed.trial) else {
            continue;
        };
        match failed.kind {
            ArtifactKind::Weights => network.files.weights = None,
            ArtifactKind::TorchScript => network.files.torchscript = None,
            ArtifactKind::Supernet => {}
        }
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = &self.report;
        let total = report.energy.total;
        let best = report.front.iter().filter_map(|network| network.test_accuracy).fold(None, max);
        let best =
            best.map_or(String::new(), |best| format!(", best test accuracy {}", text::percent(best, 2)));
        writeln!(f, "front of {} networks{best}", report.front.len())?;
        let training = text::energy(report.energy.training.kwh);
        writeln!(f, "{} ({training} training), {}CO2eq", text::energy(total.kwh), text::mass(total.gco2eq))?;
        let (figures, files): (Vec<_>, Vec<_>) =
            self.files.iter().partition(|path| path.extension().is_some_and(|ending| ending == "svg"));
        for path in files {
            writeln!(f, "  {}", path.display())?;
        }
        if let Some(folder) = figures.first().and_then(|path| path.parent()) {
            writeln!(f, "  {} ({} drawings)", folder.display(), figures.len())?;
        }
        let (there, missing): (Vec<_>, Vec<_>) =
            self.exported.iter().partition(|file| file.missing.is_none());
        if let (Some(first), Some(path)) = (there.first(), self.files.first()) {
            let folder = path.with_file_name("front");
            writeln!(f, "  {} ({} files, such as {})", folder.display(), there.len(), first.file)?;
        }
        for file in missing {
            writeln!(f, "  {} is not there: {}", file.file, file.missing.as_deref().unwrap_or_default())?;
        }
        report
            .notes
            .iter()
            .filter(|note| note.important)
            .try_for_each(|note| writeln!(f, "note: {}", note.text))
    }
}

fn max(best: Option<f64>, value: f64) -> Option<f64> {
    Some(best.map_or(value, |best| best.max(value)))
}
