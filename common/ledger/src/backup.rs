//! A copy of a ledger that is in use: whole, of one moment, by SQLite's own way. The writer goes on meanwhile.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use crate::error::{At, Error, Result};

/// In one step: a copy in several begins anew whenever the writer commits between two of them. With write-ahead logging the one
/// long read holds nobody up.
const ALL_PAGES: i32 = -1;

/// Copies what `source` (the ledger at `path`) holds to a new file at `out`, which appears whole or not at all.
pub(crate) fn copy(source: &Connection, path: &Path, out: &Path) -> Result<()> {
    let forbidden =
        |error: std::io::Error| Error::Forbidden { path: out.to_owned(), reason: error.to_string() };
    if out.symlink_metadata().is_ok() {
        return Err(Error::Exists { path: out.to_owned() });
    }
    let partial = partial(out);
    let _ = fs::remove_file(&partial);
    let copied = pages(source, path, &partial)
        .and_then(|()| File::open(&partial).and_then(|file| file.sync_all()).map_err(forbidden))
        // Unlike a rename this fails where somebody was quicker.
        .and_then(|()| fs::hard_link(&partial, out).map_err(forbidden));
    let _ = fs::remove_file(&partial);
    copied
}

fn pages(source: &Connection, path: &Path, partial: &Path) -> Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let mut target = Connection::open_with_flags(partial, flags).at(partial)?;
    {
        let backup = Backup::new(source, &mut target).at(partial)?;
        match backup.step(ALL_PAGES).at(partial)? {
            StepResult::Done => {}
            _ => return Err(Error::Busy { path: path.to_owned() }),
        }
    }
    // One file, with no log that a reader would put beside it; the coordinator that goes on with it turns logging on again.
    target.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(())).at(partial)?;
    // A copy that nobody could read is no copy.
    let verdict: String = target.query_row("PRAGMA quick_check(1)", (), |row| row.get(0)).at(partial)?;
    match verdict.as_str() {
        "ok" => Ok(()),
        reason => Err(Error::Damaged { path: path.to_owned(), reason: reason.into() }),
    }
}

fn partial(out: &Path) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(format!(".partial-{}", std::process::id()));
    name.into()
}
