//! The folder of one task, made for it and removed with it: what the program is told, and where it leaves what it made.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::pack::MOST_FILES;

/// The worker's word that a checkpoint is wanted; it goes when one was taken.
const WANTED: &str = "checkpoint-wanted";

#[derive(Debug)]
pub struct Room {
    folder: PathBuf,
}

impl Room {
    /// An empty one; what a killed worker left there goes.
    pub fn make(folder: PathBuf) -> io::Result<Self> {
        remove(&folder)?;
        let room = Self { folder };
        for inner in [room.checkpoint(), room.artifacts(), room.supernet()] {
            fs::create_dir_all(inner)?;
        }
        Ok(room)
    }

    /// What the program is told.
    pub fn task(&self) -> PathBuf {
        self.folder.join("task.json")
    }

    pub fn checkpoint(&self) -> PathBuf {
        self.folder.join("checkpoint")
    }

    pub fn artifacts(&self) -> PathBuf {
        self.folder.join("artifacts")
    }

    pub fn supernet(&self) -> PathBuf {
        self.folder.join("supernet")
    }

    pub fn wanted(&self) -> PathBuf {
        self.folder.join(WANTED)
    }

    /// Bytes of everything in it. More files than a checkpoint may have count as more bytes than any disk.
    pub fn bytes(&self) -> u64 {
        let mut files = 0;
        let mut total: u64 = 0;
        let mut open = vec![self.folder.clone()];
        while let Some(folder) = open.pop() {
            // What vanishes while it is looked at is not there.
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                files += 1;
                if files > MOST_FILES {
                    return u64::MAX;
                }
                let Ok(about) = entry.path().symlink_metadata() else { continue };
                if about.is_dir() {
                    open.push(entry.path());
                } else {
                    total = total.saturating_add(about.len());
                }
            }
        }
        total
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // The next task's room is made in its place, and says so if it can't be.
        let _ = remove(&self.folder);
    }
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_begins_empty_knows_its_size_and_goes() {
        let outside = tempfile::tempdir().unwrap();
        let folder = outside.path().join("task");
        fs::create_dir_all(folder.join("checkpoint/left")).unwrap();
        let room = Room::make(folder.clone()).unwrap();
        assert_eq!((fs::read_dir(room.checkpoint()).unwrap().count(), room.bytes()), (0, 0));
        fs::create_dir(room.artifacts().join("deep")).unwrap();
        fs::write(room.artifacts().join("deep/file"), [0; 1000]).unwrap();
        fs::write(room.task(), [0; 10]).unwrap();
        assert_eq!(room.bytes(), 1010);
        for number in 0..=MOST_FILES {
            fs::write(room.checkpoint().join(number.to_string()), "").unwrap();
        }
        assert_eq!(room.bytes(), u64::MAX);
        drop(room);
        assert!(!folder.exists());
    }
}
