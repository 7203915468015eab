//! The ledger itself: opened by one writer or any number of readers, appended to, read, folded, exported.

use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};

use common::event::{Event, Record};
use common::time::Timestamp;
use rusqlite::{Connection, OpenFlags};

use crate::backup;
use crate::error::{At, Error, Result};
use crate::lock::WriterLock;
use crate::records::Records;
use crate::schema::{self, Layout, SCHEMA};
use crate::tables;

/// The largest event, as JSON. The longest in practice, a forecast of a week with nine quantiles, has 30 kB.
pub const MAX_EVENT_BYTES: usize = 16 << 20;

/// One study's history. A writer is alone; readers come and go beside it.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
    path: PathBuf,
    /// None for readers.
    lock: Option<WriterLock>,
}

impl Ledger {
    /// Opens the ledger at `path` for writing and makes it when it is not there, its folder too. The lock stands beside it:
    /// `ledger.lock` for `ledger.sqlite`.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|error| Error::Forbidden { path: folder.to_owned(), reason: error.to_string() })?;
        }
        let lock = WriterLock::take(path)?;
        if schema::looks_like_a_database(path)? {
            // A look by a reader first: a file that is refused is not even given a journal.
            let reader = if has_log(path) { connect_reader(path)? } else { connect_to_still(path)? };
            schema::inspect(&reader, path)?;
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut connection = connect(path, flags)?;
        prepare(&mut connection, path)?;
        Ok(Self { connection, path: path.to_owned(), lock: Some(lock) })
    }

    /// Opens an existing ledger for reading, whether or not a coordinator is writing it.
    pub fn read_only(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        if !path.is_file() || !schema::looks_like_a_database(path)? {
            return Err(Error::Missing { path: path.to_owned() });
        }
        if !has_log(path) {
            // As in `open`: a file that is refused is given no journal, which a reader could not take away again.
            schema::inspect(&connect_to_still(path)?, path)?;
        }
        let mut connection = connect_reader(path)?;
        let mut layout = schema::inspect(&connection, path);
        if matches!(layout, Err(Error::Forbidden { .. })) && !has_log(path) {
            // Somebody else's finished study: SQLite would put its log beside the file, which we may not.
            connection = connect_to_still(path)?;
            layout = schema::inspect(&connection, path);
        }
        match layout? {
            Layout::Version(SCHEMA) => Ok(Self { connection, path: path.to_owned(), lock: None }),
            Layout::Version(found) => Err(Error::Older { path: path.to_owned(), found, known: SCHEMA }),
            Layout::Blank => Err(Error::Missing { path: path.to_owned() }),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends `events` as one transaction: all or none, on the disk before this returns. Yields their sequence numbers.
    pub fn append(&mut self, at: Timestamp, events: &[Event]) -> Result<Range<u64>> {
        self.append_all([(at, events)])
    }

    /// The same for the events of several moments: the disk is waited for once.
    pub fn append_all<'a>(
        &mut self,
        moments: impl IntoIterator<Item = (Timestamp, &'a [Event])>,
    ) -> Result<Range<u64>> {
        if self.lock.is_none() {
            return Err(Error::ReadOnly { path: self.path.clone() });
        }
        let events = moments.into_iter().flat_map(|(at, events)| events.iter().map(move |event| (at, event)));
        let rows = events.map(|(at, event)| Ok((at, event, encode(event)?))).collect::<Result<Vec<_>>>()?;
        let transaction = self.connection.transaction().at(&self.path)?;
        let first = last(&transaction).at(&self.path)? + 1;
        for (sequence, (at, event, body)) in (first..).zip(&rows) {
            transaction
                .prepare_cached("INSERT INTO events (sequence, at_ms, kind, body) VALUES (?1, ?2, ?3, ?4)")
                .and_then(|mut insert| insert.execute((sequence.cast_signed(), at.0, event.kind(), body)))
                .at(&self.path)?;
            tables::record(&transaction, sequence, *at, event).at(&self.path)?;
        }
        transaction.commit().at(&self.path)?;
        Ok(first..first + rows.len() as u64)
    }

    /// The records from sequence number `from` on (1 is the first), streamed.
    pub fn read(&self, from: u64) -> Records<'_> {
        Records::new(&self.connection, &self.path, from)
    }

    /// How many events there are, which is also the last sequence number.
    pub fn len(&self) -> Result<u64> {
        last(&self.connection).at(&self.path)
    }

    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// The whole history, folded in order.
    pub fn fold<S>(&self, initial: S, mut step: impl FnMut(S, Record) -> S) -> Result<S> {
        self.read(1).try_fold(initial, |state, record| Ok(step(state, record?)))
    }

    /// Throws the readable tables away and makes them again from the events.
    pub fn rebuild(&mut self) -> Result<()> {
        if self.lock.is_none() {
            return Err(Error::ReadOnly { path: self.path.clone() });
        }
        let transaction = self.connection.transaction().at(&self.path)?;
        tables::rebuild(&transaction, &self.path)?;
        transaction.commit().at(&self.path)
    }

    /// Copies the ledger as it stands to a new file at `out`, whole or not at all, whether or not somebody is writing it. Put in
    /// the place of a ledger, the copy is one.
    pub fn backup(&self, out: &Path) -> Result<()> {
        backup::copy(&self.connection, &self.path, out)
    }

    /// One record a line, as JSON `{"sequence", "at", "event"}`; yields how many.
    pub fn export_json_lines(&self, mut writer: impl Write) -> Result<u64> {
        let mut count = 0;
        for record in self.read(1) {
            serde_json::to_writer(&mut writer, &record?).map_err(std::io::Error::from)?;
            writer.write_all(b"\n")?;
            count += 1;
        }
        writer.flush()?;
        Ok(count)
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection> {
    Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).at(path)
}

fn connect_reader(path: &Path) -> Result<Connection> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// Opens a file that nobody is writing, and puts nothing beside it.
fn connect_to_still(path: &Path) -> Result<Connection> {
    let Some(text) = path.to_str() else { return connect_reader(path) };
    let escaped = text.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(format!("file:{escaped}?immutable=1"), flags).at(path)
}

/// Whether a write-ahead log stands beside the file: somebody is writing, or was killed while writing.
fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    Path::new(&log).exists()
}

fn prepare(connection: &mut Connection, path: &Path) -> Result<()> {
    let layout = schema::inspect(connection, path)?;
    // Write-ahead logging lets readers in beside the writer. Where the file system can't, SQLite keeps its old journal:
    // as durable, only that readers wait.
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).at(path)?;
    // FULL syncs the log at each commit: acknowledged means on the disk.
    connection.pragma_update(None, "synchronous", "FULL").at(path)?;
    let transaction = connection.transaction().at(path)?;
    if schema::migrate(&transaction, layout).at(path)? {
        tables::rebuild(&transaction, path)?;
    }
    tables::index(&transaction).at(path)?;
    transaction.commit().at(path)
}

fn last(connection: &Connection) -> rusqlite::Result<u64> {
    connection
        .prepare_cached("SELECT coalesce(max(sequence), 0) FROM events")?
        .query_row((), |row| row.get::<_, i64>(0))
        .map(i64::cast_unsigned)
}

/// The event as JSON, and proof that it reads back the same: JSON has no NaN, and an event that can't be read would make
/// the whole history after it unreadable. What JSON lacks becomes `null`; a text without one needs no proof.
fn encode(event: &Event) -> Result<String> {
    let kind = event.kind();
    let unrepresentable = |reason: String| Error::Unrepresentable { kind, reason };
    let body = serde_json::to_string(event).map_err(|error| unrepresentable(error.to_string()))?;
    if body.len() > MAX_EVENT_BYTES {
        return Err(Error::TooLarge { kind, bytes: body.len(), limit: MAX_EVENT_BYTES });
    }
    if !body.contains("null") {
        return Ok(body);
    }
    match serde_json::from_str::<Event>(&body) {
        Ok(again) if again == *event => Ok(body),
        Ok(_) => Err(unrepresentable("it reads back different".into())),
        Err(error) => Err(unrepresentable(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long_event() -> Event {
        Event::StudyFinished { reason: "x".repeat(3000) }
    }

    #[test]
    fn a_full_disk_halves_nothing_and_can_be_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(folder.path().join("ledger.sqlite")).unwrap();
        let pages: u32 = ledger.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        let quota = |ledger: &Ledger, pages: u32| {
            ledger
                .connection
                .pragma_update_and_check(None, "max_page_count", pages, |row| row.get::<_, u32>(0))
                .unwrap();
        };
        quota(&ledger, pages + 20);
        let batch = vec![long_event(); 4];
        let mut acknowledged = 0;
        let error = loop {
            match ledger.append(Timestamp(0), &batch) {
                Ok(sequences) => acknowledged = sequences.end - 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(error, Error::Full { .. }), "{error}");
        assert!(error.can_retry());
        assert!(acknowledged >= 4);
        assert_eq!(ledger.len().unwrap(), acknowledged, "a whole batch or none of it");
        assert_eq!(ledger.read(1).map(Result::unwrap).count() as u64, acknowledged);

        quota(&ledger, pages + 1000);
        assert_eq!(ledger.append(Timestamp(1), &batch).unwrap(), acknowledged + 1..acknowledged + 5);
    }

    #[test]
    fn commits_are_synced() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path().join("ledger.sqlite")).unwrap();
        let level: u32 = ledger.connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
        assert_eq!(level, 2, "FULL");
        let mode: String =
            ledger.connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
    }
}
