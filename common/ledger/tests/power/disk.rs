//! What lies on a disk after a loss of power. Pure but for the last step, which makes files of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rand::{Rng, RngExt};

use super::{Act, What};

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

#[derive(Debug, Default)]
pub struct Disk {
    files: BTreeMap<PathBuf, File>,
}

#[derive(Debug, Default)]
struct File {
    /// None before the first sync: not even its name need be there.
    durable: Option<Vec<u8>>,
    /// Since the last sync, oldest first.
    since: Vec<What>,
}

impl Disk {
    /// All files of the folder, as if they had been synced.
    pub fn of(folder: &Path) -> Self {
        let mut disk = Self::default();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let durable = Some(fs::read(&path).unwrap());
            disk.files.insert(path, File { durable, since: Vec::new() });
        }
        disk
    }

    pub fn take(&mut self, act: &Act) {
        match &act.what {
            What::Acknowledged(_) => {}
            // What is deleted and comes back is not what is tested here.
            What::Delete => drop(self.files.remove(&act.path)),
            What::Sync => self.files.entry(act.path.clone()).or_default().sync(),
            change => self.files.entry(act.path.clone()).or_default().since.push(change.clone()),
        }
    }

    /// Loses the power now, and makes the files that are left in `folder`, by their names.
    pub fn lose_power(&self, dice: &mut impl Rng, folder: &Path) {
        // Nothing, any part, or all that was under way.
        let share = [0.0, 0.5, 1.0][dice.random_range(0..3)];
        for (path, file) in &self.files {
            if let Some(bytes) = file.after(dice, share) {
                fs::write(folder.join(path.file_name().unwrap()), bytes).unwrap();
            }
        }
    }
}

impl File {
    fn sync(&mut self) {
        let bytes = self.durable.get_or_insert_default();
        for change in self.since.drain(..) {
            apply(&change, bytes, &mut || true);
        }
    }

    fn after(&self, dice: &mut impl Rng, share: f64) -> Option<Vec<u8>> {
        let mut survives = || dice.random_bool(share);
        if self.durable.is_none() && !survives() {
            return None;
        }
        let mut bytes = self.durable.clone().unwrap_or_default();
        self.since.iter().for_each(|change| apply(change, &mut bytes, &mut survives));
        Some(bytes)
    }
}

/// As far as its sectors survive.
fn apply(change: &What, to: &mut Vec<u8>, survives: &mut impl FnMut() -> bool) {
    match change {
        What::Write { offset, bytes } => {
            for (sector, bytes) in (0..).zip(bytes.chunks(SECTOR)) {
                if survives() {
                    let from = offset + sector * SECTOR;
                    to.resize(to.len().max(from + bytes.len()), 0);
                    to[from..from + bytes.len()].copy_from_slice(bytes);
                }
            }
        }
        What::Truncate(size) if survives() => to.resize(*size, 0),
        What::Truncate(_) | What::Sync | What::Delete | What::Acknowledged(_) => {}
    }
}
