//! What the program says to nobody in particular: kept from its beginning and its end, whatever lies between.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Kept of the beginning: the settings, the first epochs, the first warnings of a flood.
pub const HEAD_BYTES: u64 = 1024 * 1024;
/// Kept of the end: what it died of.
pub const TAIL_BYTES: usize = 256 * 1024;
/// Logs that stay on the disk of one slot.
pub const MOST_LOGS: usize = 20;
/// Characters of the end that a failure repeats.
const LAST_WORDS: usize = 300;

/// A log under way. The beginning is in its file at once; the end is in memory until `close`.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    /// None where the disk refused: then only the end is known.
    file: Option<File>,
    written: u64,
    total: u64,
    tail: Vec<u8>,
}

impl Log {
    /// The next log in `folder`, where the oldest make room.
    pub fn create(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut numbers: Vec<u64> = fs::read_dir(folder)?
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".log")?.parse().ok())
            .collect();
        numbers.sort_unstable();
        let next = numbers.last().map_or(1, |last| last + 1);
        let name = |number: u64| folder.join(format!("{number:06}.log"));
        for old in &numbers[..numbers.len().saturating_sub(MOST_LOGS - 1)] {
            fs::remove_file(name(*old))?;
        }
        let path = name(next);
        let file = Some(File::create(&path)?);
        Ok(Self { path, file, written: 0, total: 0, tail: Vec::new() })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn write(&mut self, bytes: &[u8]) {
        let room = HEAD_BYTES - self.written;
        let part = &bytes[..bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX))];
        self.put(part);
        self.written += part.len() as u64;
        self.total += bytes.len() as u64;
        self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(TAIL_BYTES)..]);
        // Twice its size at most, so that not every write moves it.
        if self.tail.len() > 2 * TAIL_BYTES {
            self.tail.drain(..self.tail.len() - TAIL_BYTES);
        }
    }

    /// A log that can't be written ends no training.
    fn put(&mut self, bytes: &[u8]) {
        if let Some(file) = &mut self.file
            && file.write_all(bytes).is_err()
        {
            self.file = None;
        }
    }

    /// Writes the end of a long log; to be called once.
    pub fn close(&mut self) {
        let beyond = self.total - self.written;
        let keep = self.tail.len().min(TAIL_BYTES).min(usize::try_from(beyond).unwrap_or(usize::MAX));
        if keep > 0 {
            let left_out = beyond - keep as u64;
            let end = self.tail.split_off(self.tail.len() - keep);
            if left_out > 0 {
                self.put(format!("\n[… {left_out} bytes left out …]\n").as_bytes());
            }
            self.put(&end);
            self.tail.extend(end);
        }
    }

    /// The last lines of talk, as one.
    pub fn last_words(&self) -> String {
        let text = String::from_utf8_lossy(&self.tail);
        let talk = text.lines().filter(|line| !super::line::is_message(line.as_bytes())).map(str::trim);
        let mut words: Vec<char> = Vec::new();
        for line in talk.rev().filter(|line| !line.is_empty()) {
            if words.len() + line.len() > LAST_WORDS && !words.is_empty() {
                break;
            }
            let joined = line.chars().take(LAST_WORDS).filter(|c| !c.is_control());
            let rest = std::mem::take(&mut words);
            words.extend(joined);
            if !rest.is_empty() {
                words.extend(" | ".chars().chain(rest));
            }
        }
        words.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_log_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = Log::create(folder.path()).unwrap();
        log.write(b"Traceback:\n  line 3\n{\"type\":\"checkpoint\"}\nValueError: no\n");
        log.close();
        let text = fs::read_to_string(log.path()).unwrap();
        assert!(text.ends_with("ValueError: no\n") && !text.contains("left out"), "{text}");
        assert_eq!(log.last_words(), "Traceback: | line 3 | ValueError: no");
    }

    #[test]
    fn a_flood_keeps_its_beginning_and_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = Log::create(folder.path()).unwrap();
        log.write(b"the beginning\n");
        for _ in 0..100 {
            log.write(&[b'x'; 60_000]);
        }
        log.write(b"\nthe end\n");
        assert!(log.tail.len() <= 2 * TAIL_BYTES + 60_000);
        log.close();
        let text = fs::read_to_string(log.path()).unwrap();
        assert!(text.starts_with("the beginning") && text.ends_with("the end\n"));
        assert!(text.contains("bytes left out"));
        assert!(text.len() < HEAD_BYTES as usize + TAIL_BYTES + 100, "{}", text.len());
        assert!(log.last_words().ends_with("the end") && log.last_words().len() < 700);
    }

    #[test]
    fn a_log_a_little_over_its_beginning_loses_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = Log::create(folder.path()).unwrap();
        let whole: Vec<u8> = (0..HEAD_BYTES as usize + 70_000).map(|at| (at % 251) as u8).collect();
        whole.chunks(9_000).for_each(|chunk| log.write(chunk));
        log.close();
        assert!(fs::read(log.path()).unwrap() == whole);
    }

    #[test]
    fn old_logs_make_room() {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..MOST_LOGS + 5 {
            Log::create(folder.path()).unwrap();
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), MOST_LOGS);
        assert_eq!(Log::create(folder.path()).unwrap().path(), folder.path().join("000026.log"));
    }
}
