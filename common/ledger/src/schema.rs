//! The file's layout and its version: what is ours, what is too new, and how an older file is brought forward.
//!
//! The application id says that a file is a ledger, `user_version` which layout it has. A change to the layout of
//! `events` or of any readable table is a new step at the end of `STEPS`; released steps never change. After the steps
//! the readable tables are rebuilt, so a step need not care for them.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use rusqlite::{Connection, Transaction};

use crate::error::{At, Error, Result};

/// "CeNS" in ASCII: shown by `file` and checked before anything is touched.
const APPLICATION_ID: u32 = 0x4365_4e53;

/// Step `n` turns layout `n` into layout `n + 1`; layout 0 is the empty file.
const STEPS: &[&str] = &["
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO meta VALUES ('created_by', 'ce-nas ' || :release);
    CREATE TABLE events (
        sequence INTEGER PRIMARY KEY,
        at_ms    INTEGER NOT NULL, -- wall time, milliseconds since 1970-01-01T00:00Z
        kind     TEXT NOT NULL,
        body     TEXT NOT NULL     -- JSON
    ) STRICT;
    CREATE TRIGGER events_never_change BEFORE UPDATE ON events
        BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
    CREATE TRIGGER events_never_go BEFORE DELETE ON events
        BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
"];

/// The layout that this release writes.
pub const SCHEMA: u32 = STEPS.len() as u32;

/// What a file turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Nothing in it yet: a new file, or one whose creation was cut short.
    Blank,
    Version(u32),
}

/// False when there is nothing at `path` yet; an error when it is something else. SQLite itself takes a file of a few
/// bytes for an empty database, and would write over it.
pub(crate) fn looks_like_a_database(path: &Path) -> Result<bool> {
    const MAGIC: &[u8] = b"SQLite format 3\0";
    let forbidden =
        |error: std::io::Error| Error::Forbidden { path: path.to_owned(), reason: error.to_string() };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(forbidden(error)),
    };
    let mut head = Vec::new();
    file.take(MAGIC.len() as u64).read_to_end(&mut head).map_err(forbidden)?;
    if head.is_empty() || head == MAGIC {
        Ok(!head.is_empty())
    } else {
        Err(Error::NotALedger { path: path.to_owned() })
    }
}

/// Looks without touching.
pub(crate) fn inspect(connection: &Connection, path: &Path) -> Result<Layout> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, u32>(0)).at(path);
    let (application, version) = (number("application_id")?, number("user_version")?);
    if application == APPLICATION_ID {
        return if version <= SCHEMA {
            Ok(Layout::Version(version))
        } else {
            Err(Error::Newer { path: path.to_owned(), found: version, known: SCHEMA })
        };
    }
    let objects: u32 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0)).at(path)?;
    if (application, version, objects) == (0, 0, 0) {
        Ok(Layout::Blank)
    } else {
        Err(Error::NotALedger { path: path.to_owned() })
    }
}

/// Brings a file of layout `from` to the present one, all or nothing; true when there was something to do.
pub(crate) fn migrate(transaction: &Transaction<'_>, layout: Layout) -> rusqlite::Result<bool> {
    let from = match layout {
        Layout::Blank => 0,
        Layout::Version(version) => version,
    };
    steps(transaction, STEPS, from)
}

fn steps(transaction: &Transaction<'_>, steps: &[&str], from: u32) -> rusqlite::Result<bool> {
    let due = steps.get(from as usize..).unwrap_or_default();
    for step in due {
        transaction.execute_batch(&step.replace(":release", concat!("'", env!("CARGO_PKG_VERSION"), "'")))?;
    }
    if !due.is_empty() {
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", steps.len() as u32)?;
    }
    Ok(!due.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(connection: &Connection) -> u32 {
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    }

    #[test]
    fn only_the_missing_steps_are_taken() {
        let mut connection = Connection::open_in_memory().unwrap();
        let (first, second) = ("CREATE TABLE a (x)", "CREATE TABLE b (x)");
        let transaction = connection.transaction().unwrap();
        assert!(steps(&transaction, &[first], 0).unwrap());
        assert!(steps(&transaction, &[first, second], 1).unwrap());
        assert!(!steps(&transaction, &[first, second], 2).unwrap());
        transaction.commit().unwrap();
        assert_eq!(version(&connection), 2);
    }

    #[test]
    fn a_failing_step_leaves_the_old_layout() {
        let mut connection = Connection::open_in_memory().unwrap();
        let transaction = connection.transaction().unwrap();
        steps(&transaction, &["CREATE TABLE a (x)"], 0).unwrap();
        transaction.commit().unwrap();
        let transaction = connection.transaction().unwrap();
        let broken = ["", "CREATE TABLE b (x); CREATE TABLE a (x)"];
        steps(&transaction, &broken, 1).unwrap_err();
        drop(transaction);
        assert_eq!(version(&connection), 1);
        connection.execute("CREATE TABLE b (x)", ()).expect("nothing of the failed step stayed");
    }

    #[test]
    fn a_blank_file_is_told_from_a_stranger() {
        let path = Path::new("test");
        let mut connection = Connection::open_in_memory().unwrap();
        assert_eq!(inspect(&connection, path).unwrap(), Layout::Blank);
        let transaction = connection.transaction().unwrap();
        assert!(migrate(&transaction, Layout::Blank).unwrap());
        transaction.commit().unwrap();
        assert_eq!(inspect(&connection, path).unwrap(), Layout::Version(SCHEMA));

        let stranger = Connection::open_in_memory().unwrap();
        stranger.execute("CREATE TABLE photos (x)", ()).unwrap();
        assert!(matches!(inspect(&stranger, path), Err(Error::NotALedger { .. })));
    }
}
