//! Reports on the disk until they are acknowledged, so that they outlive the process: `outbox/SESSION/` holds a journal and the blobs
//! that its reports wait for.
//!
//! A journal is a row of records, each with its length and the beginning of its hash, appended and synced before what it says leaves the
//! machine. What a crash tears is its end, and nothing of that was sent. A disk that fails costs the safety, never the work: the
//! reports stay in memory, and each writing tries again to bring them all to the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::Bytes;
use common::blob::BlobId;
use common::id::SessionId;
use common::wire::{MAX_BLOB_BYTES, MAX_FRAME_BYTES};
use sha2::{Digest, Sha256};

use crate::journal::{Item, Record};
use crate::kept::{Former, Kept};
use crate::limits::{JOURNAL_BYTES, KEPT_BYTES, KEPT_SESSIONS};

const JOURNAL: &str = "journal";
/// Of a record's frame: its length, and what tells a whole one from a torn one.
const LENGTH_BYTES: usize = 4;
const CHECK_BYTES: usize = 8;
const HEAD_BYTES: usize = LENGTH_BYTES + CHECK_BYTES;

#[derive(Debug)]
pub(crate) struct Shelf {
    folder: PathBuf,
    volumes: BTreeMap<SessionId, Volume>,
}

/// One session's folder.
#[derive(Debug)]
struct Volume {
    folder: PathBuf,
    kept: Kept,
    blobs: BTreeMap<BlobId, u64>,
    /// Those that the disk would not take.
    refused: BTreeSet<BlobId>,
    /// Of no use once the journal says so: a report whose blob is not here is delivered as if the coordinator had it.
    forgotten: BTreeSet<BlobId>,
    /// None where the disk failed: then all is to be written anew.
    journal: Option<File>,
    bytes: u64,
    bytes_when_new: u64,
}

impl Shelf {
    /// With what earlier processes left here, the oldest session first. What can't be read is put aside and told.
    pub fn open(folder: PathBuf) -> io::Result<(Self, Vec<Former>)> {
        fs::create_dir_all(&folder)?;
        let mut found = Vec::new();
        for entry in fs::read_dir(&folder)?.flatten() {
            let (name, path) = (entry.file_name(), entry.path());
            if name.to_str().is_none_or(|name| name.parse::<u64>().is_err()) {
                continue;
            }
            let written = fs::metadata(path.join(JOURNAL)).and_then(|data| data.modified());
            match read(&path) {
                Ok((kept, _)) if kept.is_empty() => remove(&path),
                Ok((kept, blobs)) => {
                    found.push((written.unwrap_or(SystemTime::UNIX_EPOCH), path, kept, blobs));
                }
                // Its process died before the first record: nothing was said of what lies there.
                Err(error) if error.kind() == io::ErrorKind::NotFound => remove(&path),
                Err(error) => put_aside(&path, &error),
            }
        }
        found.sort_by(|(a, path_a, ..), (b, path_b, ..)| (a, path_a).cmp(&(b, path_b)));
        let mut shelf = Self { folder, volumes: BTreeMap::new() };
        let mut former = Vec::new();
        let too_many = found.len().saturating_sub(KEPT_SESSIONS);
        for (index, (_, path, kept, blobs)) in found.into_iter().enumerate() {
            let (study, reports) = (&kept.study, kept.len());
            if index < too_many {
                tracing::warn!(%study, reports, "gave up old reports that no coordinator ever wanted");
                remove(&path);
                continue;
            }
            tracing::info!(%study, reports, "an earlier start of this worker left reports to be delivered");
            shelf.volumes.insert(kept.session, Volume::resumed(path, &kept, &blobs));
            former.push(Former { kept, blobs });
        }
        Ok((shelf, former))
    }

    /// Writes `items` down as safely as this machine can.
    pub fn put(&mut self, session: SessionId, items: Vec<Item>) {
        let mut items = items.into_iter();
        if !self.volumes.contains_key(&session) {
            let Some(Item::Record(first)) = items.next() else { return };
            let Some(kept) = Kept::begun_by(&first) else { return };
            self.volumes.insert(session, Volume::new(self.folder.join(session.to_string()), kept));
        }
        if let Some(volume) = self.volumes.get_mut(&session) {
            volume.put(items);
        }
    }

    pub fn discard(&mut self, session: SessionId) {
        if let Some(volume) = self.volumes.remove(&session) {
            remove(&volume.folder);
        }
    }
}

impl Volume {
    fn new(folder: PathBuf, kept: Kept) -> Self {
        let (blobs, refused, forgotten) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        Self { folder, kept, blobs, refused, forgotten, journal: None, bytes: 0, bytes_when_new: 0 }
    }

    fn resumed(folder: PathBuf, kept: &Kept, blobs: &BTreeMap<BlobId, Bytes>) -> Self {
        let blobs = blobs.iter().map(|(blob, bytes)| (*blob, bytes.len() as u64)).collect();
        Self { blobs, ..Self::new(folder, kept.clone()) }
    }

    fn put(&mut self, items: impl Iterator<Item = Item>) {
        let mut frames = Vec::new();
        let mut must_sync = false;
        for item in items {
            match item {
                Item::Blob { blob, bytes } => {
                    if let Err(error) = self.put_blob(blob, &bytes) {
                        tracing::warn!(%blob, %error, "can't keep a blob on disk until it is delivered; it stays in memory");
                        self.refused.insert(blob);
                    }
                }
                Item::Forget { blob } => {
                    self.blobs.remove(&blob);
                    self.refused.remove(&blob);
                    self.forgotten.insert(blob);
                }
                // A report without its blob would be delivered as if the coordinator had it.
                Item::Record(Record::Waits { waiting, .. })
                    if !waiting.missing.is_disjoint(&self.refused) => {}
                Item::Record(record) => {
                    must_sync |= !matches!(record, Record::Acknowledged { .. });
                    frames.extend(frame(&record));
                    self.kept.apply(record);
                }
            }
        }
        let had_failed = self.journal.is_none() && self.bytes > 0;
        let written = self.write(&frames, must_sync);
        if written.is_ok() {
            self.remove_forgotten();
        }
        match written {
            Ok(()) if had_failed => tracing::info!("unacknowledged reports are on disk again"),
            Ok(()) => {}
            Err(error) => {
                self.journal = None;
                self.bytes = self.bytes.max(1);
                if !had_failed {
                    tracing::warn!(
                        folder = %self.folder.display(), %error,
                        "can't keep unacknowledged reports on disk: until that works again, they are lost if this process dies"
                    );
                }
            }
        }
    }

    fn remove_forgotten(&mut self) {
        for blob in std::mem::take(&mut self.forgotten) {
            let _ = fs::remove_file(self.folder.join(blob.to_string()));
        }
    }

    fn write(&mut self, frames: &[u8], must_sync: bool) -> io::Result<()> {
        let is_long = self.bytes + frames.len() as u64 > JOURNAL_BYTES.max(2 * self.bytes_when_new);
        let Some(journal) = self.journal.as_mut().filter(|_| !is_long) else { return self.write_anew() };
        journal.write_all(frames)?;
        self.bytes += frames.len() as u64;
        if must_sync { journal.sync_data() } else { Ok(()) }
    }

    /// The shortest journal of what is still here, whole or not at all.
    fn write_anew(&mut self) -> io::Result<()> {
        self.journal = None;
        fs::create_dir_all(&self.folder)?;
        let frames: Vec<u8> = self.kept.records().iter().flat_map(frame).collect();
        let path = self.folder.join(JOURNAL);
        write_whole(&path, &frames)?;
        if let Some(parent) = self.folder.parent() {
            File::open(parent)?.sync_all()?;
        }
        self.journal = Some(File::options().append(true).open(&path)?);
        self.bytes = frames.len() as u64;
        self.bytes_when_new = self.bytes;
        Ok(())
    }

    fn put_blob(&mut self, blob: BlobId, bytes: &Bytes) -> io::Result<()> {
        let held: u64 = self.blobs.values().sum();
        if held + bytes.len() as u64 > KEPT_BYTES {
            return Err(io::Error::other(format!("{held} bytes of this session are kept already")));
        }
        fs::create_dir_all(&self.folder)?;
        write_whole(&self.folder.join(blob.to_string()), bytes)?;
        self.blobs.insert(blob, bytes.len() as u64);
        self.forgotten.remove(&blob);
        Ok(())
    }
}

/// What a session's folder holds.
fn read(folder: &Path) -> io::Result<(Kept, BTreeMap<BlobId, Bytes>)> {
    let bytes = fs::read(folder.join(JOURNAL))?;
    let mut rest = bytes.as_slice();
    let first = next_record(&mut rest).and_then(|record| Kept::begun_by(&record));
    let foreign = || io::Error::new(io::ErrorKind::InvalidData, "it is no journal of this release");
    let mut kept = first.ok_or_else(foreign)?;
    if folder.file_name().and_then(|name| name.to_str()) != Some(&kept.session.to_string()) {
        return Err(foreign());
    }
    while let Some(record) = next_record(&mut rest) {
        kept.apply(record);
    }
    if !rest.is_empty() {
        let (folder, bytes) = (folder.display(), rest.len());
        tracing::warn!(%folder, bytes, "the end of a journal of reports is torn and was passed over: nothing of it was sent");
    }
    let mut blobs = BTreeMap::new();
    for blob in kept.missing().collect::<BTreeSet<_>>() {
        let path = folder.join(blob.to_string());
        match fs::metadata(&path) {
            // The coordinator has it: it is removed no earlier.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Ok(data) if data.len() <= MAX_BLOB_BYTES => {
                if let Some(bytes) = fs::read(&path).ok().filter(|bytes| BlobId::of(bytes) == blob) {
                    blobs.insert(blob, bytes.into());
                    continue;
                }
            }
            _ => {}
        }
        let reports = kept.forget_those_that_need(blob);
        tracing::warn!(%blob, reports, "a kept blob is damaged: the reports that name it are lost");
    }
    Ok((kept, blobs))
}

/// What can't be removed costs a question to the coordinator at the next start.
fn remove(folder: &Path) {
    if let Err(error) = fs::remove_dir_all(folder)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(folder = %folder.display(), %error, "can't remove reports that are delivered; they will be offered again");
    }
}

fn put_aside(folder: &Path, error: &io::Error) {
    let aside = folder.with_extension("aside");
    let moved = fs::rename(folder, &aside);
    tracing::warn!(
        folder = %folder.display(), %error, moved = moved.is_ok(),
        "can't read the reports that an earlier start left: put aside with the ending .aside"
    );
}

/// Under its name whole, or not at all, and there after a loss of power.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let sibling = path.with_extension("new");
    let write = || -> io::Result<()> {
        let mut file = File::create(&sibling)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&sibling, path)
    };
    write().inspect_err(|_| drop(fs::remove_file(&sibling)))?;
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

fn frame(record: &Record) -> Vec<u8> {
    let body = rmp_serde::to_vec_named(record).expect("our records hold nothing that MessagePack lacks");
    let mut frame = Vec::with_capacity(HEAD_BYTES + body.len());
    frame.extend((body.len() as u32).to_le_bytes());
    frame.extend(check(&body));
    frame.extend(body);
    frame
}

/// The next whole record; none at the end, and where the rest is torn.
fn next_record(rest: &mut &[u8]) -> Option<Record> {
    let (head, body) = rest.split_first_chunk::<HEAD_BYTES>()?;
    let (length, stated) = head.split_first_chunk::<LENGTH_BYTES>()?;
    let length = u32::from_le_bytes(*length) as usize;
    // Twice a frame has room for a report and what the journal says besides.
    let (body, after) = body.split_at_checked(length).filter(|_| length <= 2 * MAX_FRAME_BYTES)?;
    let record = rmp_serde::from_slice(body).ok().filter(|_| check(body) == stated)?;
    *rest = after;
    Some(record)
}

fn check(body: &[u8]) -> [u8; CHECK_BYTES] {
    let hash = Sha256::digest(body);
    std::array::from_fn(|index| hash[index])
}

#[cfg(test)]
#[path = "shelf_tests.rs"]
mod tests;
