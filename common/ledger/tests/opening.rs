//! Who may open a ledger, and what is refused.

mod sample;

use std::fs;
use std::path::{Path, PathBuf};

use common::time::Timestamp;
use ledger::{Error, Ledger};
use rusqlite::Connection;
use tempfile::TempDir;

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    (folder, path)
}

fn listing(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_none_or(|extension| extension != "lock"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn a_second_writer_is_told_who_the_first_is() {
    let (_folder, path) = place();
    let first = Ledger::open(&path).unwrap();
    let error = Ledger::open(&path).unwrap_err();
    let Error::Locked { holder, .. } = &error else { panic!("{error}") };
    assert_eq!(holder.process, Some(std::process::id()));
    assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    assert!(error.can_retry());
    drop(first);
    Ledger::open(&path).unwrap();
}

#[test]
fn readers_follow_a_writer_and_write_nothing() {
    let (_folder, path) = place();
    assert!(matches!(Ledger::read_only(&path), Err(Error::Missing { .. })));
    let mut writer = Ledger::open(&path).unwrap();
    let mut reader = Ledger::read_only(&path).unwrap();
    assert!(reader.is_empty().unwrap());
    writer.append(Timestamp(0), &[sample::ended("a"), sample::ended("b")]).unwrap();
    assert_eq!(reader.len().unwrap(), 2);
    let mut half_read = reader.read(1);
    half_read.next().unwrap().unwrap();
    writer.append(Timestamp(0), &[sample::ended("c")]).unwrap();
    drop(half_read);
    assert!(matches!(reader.append(Timestamp(0), &[]), Err(Error::ReadOnly { .. })));
    assert!(matches!(reader.rebuild(), Err(Error::ReadOnly { .. })));
    drop(writer);
    assert_eq!(Ledger::read_only(&path).unwrap().len().unwrap(), 3);
}

#[test]
fn a_ledger_of_a_newer_release_is_refused_untouched() {
    let (folder, path) = place();
    drop(Ledger::open(&path).unwrap());
    let future = Connection::open(&path).unwrap();
    future.pragma_update(None, "user_version", ledger::SCHEMA + 1).unwrap();
    drop(future);
    let before = listing(folder.path());
    let error = Ledger::open(&path).unwrap_err();
    assert!(listing(folder.path()) == before);
    for error in [error, Ledger::read_only(&path).unwrap_err()] {
        assert!(matches!(error, Error::Newer { .. }), "{error}");
        assert!(error.to_string().contains("upgrade, nothing was changed"), "{error}");
        assert!(!error.can_retry());
    }
    assert!(
        listing(folder.path())[..1] == before,
        "a reader may leave an empty log, but not touch the ledger"
    );
}

#[test]
fn files_of_others_are_refused_untouched() {
    for content in [b"x".to_vec(), b"no database\n".repeat(1000)] {
        let (folder, path) = place();
        fs::write(&path, &content).unwrap();
        for error in [Ledger::open(&path).unwrap_err(), Ledger::read_only(&path).unwrap_err()] {
            assert!(matches!(error, Error::NotALedger { .. }), "{error}");
        }
        assert!(listing(folder.path()) == [("ledger.sqlite".to_owned(), content)]);
    }
    let (folder, path) = place();
    Connection::open(&path).unwrap().execute("CREATE TABLE photos (x)", ()).unwrap();
    let before = listing(folder.path());
    assert!(matches!(Ledger::open(&path), Err(Error::NotALedger { .. })));
    assert!(listing(folder.path()) == before);
}

#[test]
fn a_creation_that_was_cut_short_is_taken_up() {
    let (_folder, path) = place();
    fs::write(&path, b"").unwrap();
    drop(Ledger::open(&path).unwrap());
    let (_folder, path) = place();
    // As after `PRAGMA journal_mode = WAL` and nothing more.
    let half = Connection::open(&path).unwrap();
    half.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).unwrap();
    drop(half);
    assert!(fs::metadata(&path).unwrap().len() > 0);
    assert!(matches!(Ledger::read_only(&path), Err(Error::Missing { .. })));
    assert!(Ledger::open(&path).unwrap().is_empty().unwrap());
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let (folder, _) = place();
    fs::write(folder.path().join("file"), b"").unwrap();
    let error = Ledger::open(folder.path().join("file/below/ledger.sqlite")).unwrap_err();
    assert!(matches!(error, Error::Forbidden { .. }), "{error}");
}
