//! Runs that are finished, a line each, so that an interruption loses none of them.
//!
//! A run is found again by all that decides it: the program's version, the table, the grid, the settings, the contender, the seed. Lines
//! that can't be read, such as one that was cut off, are runs that were not finished.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context, Result};
use common::blob::BlobId;
use serde::{Deserialize, Serialize};
use simulation::compare::{Contender, Course, World};

#[derive(Debug)]
pub struct Kept {
    path: Option<PathBuf>,
    known: BTreeMap<String, Course>,
    file: Option<Mutex<File>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    key: String,
    course: Course,
}

impl Kept {
    /// In the file of `json`'s name with `.runs` behind it; nothing is kept without one.
    pub fn beside(json: Option<&Path>) -> Result<Self> {
        let Some(json) = json else { return Ok(Self { path: None, known: BTreeMap::new(), file: None }) };
        let mut name = json.as_os_str().to_owned();
        name.push(".runs");
        let path = PathBuf::from(name);
        let unusable = || format!("{} can't be used", path.display());
        let mut file =
            File::options().create(true).read(true).append(true).open(&path).with_context(unusable)?;
        let mut known = BTreeMap::new();
        let mut is_cut = false;
        for line in BufReader::new(&file).lines() {
            let line = line.with_context(unusable)?;
            let parsed = serde_json::from_str::<Line>(&line);
            is_cut = parsed.is_err();
            known.extend(parsed.ok().map(|line| (line.key, line.course)));
        }
        if is_cut {
            // What follows begins a line of its own.
            writeln!(file).with_context(unusable)?;
        }
        Ok(Self { path: Some(path), known, file: Some(Mutex::new(file)) })
    }

    pub fn find(&self, key: &str) -> Option<Course> {
        self.known.get(key).cloned()
    }

    pub fn keep(&self, key: &str, course: &Course) -> Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let mut line = serde_json::to_string(&Line { key: key.into(), course: course.clone() })?;
        line.push('\n');
        let mut file = file.lock().expect("no thread panics while it holds this");
        let path = self.path.as_deref().unwrap_or(Path::new("")).display();
        file.write_all(line.as_bytes())
            .with_context(|| format!("{path} can't be written; it keeps all but this run"))
    }

    /// Everything is in the file itself now.
    pub fn forget(self) {
        if let Some(path) = &self.path {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// All that decides a run.
pub fn key(world: &World<'_>, contender: &Contender, seed: u64) -> String {
    // What else there is follows from these.
    let World {
        table,
        work,
        scores,
        zones,
        start,
        horizon_hours,
        config,
        until_percent,
        maximum: _,
        forecasts: _,
    } = world;
    let end = start.plus(*horizon_hours as i64);
    let grids: Vec<_> = zones.iter().map(|(trace, slots)| (slots, trace.past(end, usize::MAX))).collect();
    let text = format!(
        "{} {} {:?} {work:?} {scores:?} {grids:?} {start} {horizon_hours} {config:?} {until_percent:?} {contender:?} {seed}",
        env!("CARGO_PKG_VERSION"),
        table.name(),
        table.rows(),
    );
    BlobId::of(text.as_bytes()).to_string()
}
