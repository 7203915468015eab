//! Snapshots against the fold that they stand for, on the ledger of a whole sample study.

use common::time::Timestamp;

use super::*;
use crate::report::sample::{self, Wishes};

/// A ledger of the first `count` records, in a folder of its own.
fn ledger_of(records: &[Record], count: usize) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    sample::write_ledger(&path, &records[..count]);
    (folder, path)
}

fn append(path: &Path, records: &[Record]) {
    let mut ledger = Ledger::open(path).unwrap();
    // At once: the disk is waited for at each append.
    let moments = records.iter().map(|record| (record.at, std::slice::from_ref(&record.event)));
    ledger.append_all(moments).unwrap();
}

fn folded(path: &Path) -> State {
    fold(&Ledger::read_only(path).unwrap()).unwrap()
}

fn misfit(path: &Path) -> Misfit {
    read(&Ledger::read_only(path).unwrap()).unwrap_err()
}

#[test]
fn l1_a_snapshot_and_the_rest_fold_to_the_same_state() {
    for objectives in ["[\"error\", \"parameters\"]", "[\"error\", \"parameters\", \"flops\"]"] {
        let records = sample::study(Wishes { objectives, ..Wishes::default() });
        let whole = State::fold(&records);
        for count in (1..records.len()).step_by(records.len() / 9).chain([records.len()]) {
            let (_folder, path) = ledger_of(&records, count);
            assert_eq!(write(&path, false).unwrap().sequence, count as u64);
            append(&path, &records[count..]);
            let state = folded(&path);
            assert_eq!(read(&Ledger::read_only(&path).unwrap()).unwrap().sequence, count as u64);
            assert_eq!(state, whole, "a snapshot at {count}");
            assert_eq!(state.hypervolume().to_bits(), whole.hypervolume().to_bits());
            // Another on top of it, and one from the beginning that holds it against the history.
            assert_eq!(write(&path, false).unwrap().sequence, records.len() as u64);
            assert_eq!(write(&path, true).unwrap().sequence, records.len() as u64);
        }
    }
}

#[test]
fn what_does_not_fit_is_passed_over() {
    let records = sample::study(Wishes::default());
    let (_folder, path) = ledger_of(&records, 200);
    assert!(matches!(misfit(&path), Misfit::None));
    write(&path, false).unwrap();
    let (file, whole) = (file_of(&path), State::fold(&records[..200]));
    let good = std::fs::read(&file).unwrap();
    let check = |bytes: &[u8], expected: fn(&Misfit) -> bool| {
        std::fs::write(&file, bytes).unwrap();
        assert!(expected(&misfit(&path)), "{:?}", misfit(&path));
        assert_eq!(folded(&path), whole);
    };
    let changed = |place: usize| {
        let mut bytes = good.clone();
        bytes[place] ^= 1;
        bytes
    };
    check(&changed(0), |misfit| matches!(misfit, Misfit::Damaged));
    check(&changed(9), |misfit| matches!(misfit, Misfit::OtherFold));
    check(&changed(good.len() - 1), |misfit| matches!(misfit, Misfit::Damaged));
    check(&changed(MAGIC.len() + DIGEST + 8), |misfit| matches!(misfit, Misfit::OtherHistory));
    check(&good[..good.len() / 2], |misfit| matches!(misfit, Misfit::Damaged));
    check(&good[..10], |misfit| matches!(misfit, Misfit::Damaged));
    check(b"", |misfit| matches!(misfit, Misfit::Damaged));
}

#[test]
fn a_ledger_put_back_from_a_backup_does_not_take_the_snapshot_of_what_came_after() {
    let records = sample::study(Wishes::default());
    let (_folder, path) = ledger_of(&records, 300);
    let backup = path.with_file_name("backup.sqlite");
    Ledger::read_only(&path).unwrap().backup(&backup).unwrap();
    append(&path, &records[300..400]);
    write(&path, false).unwrap();
    for log in ["ledger.sqlite-wal", "ledger.sqlite-shm"] {
        let _ = std::fs::remove_file(path.with_file_name(log));
    }
    std::fs::rename(&backup, &path).unwrap();
    assert_eq!(folded(&path), State::fold(&records[..300]), "shorter than the snapshot");
    // The study takes another course now, and is longer than it was.
    let mut other = records[400..520].to_vec();
    other.iter_mut().for_each(|record| record.at = record.at + common::time::Millis(1));
    append(&path, &other);
    assert!(matches!(misfit(&path), Misfit::OtherHistory));
}

#[test]
fn l1_a_wrong_snapshot_is_found_out_by_the_whole_history() {
    let records = sample::study(Wishes::default());
    let (_folder, path) = ledger_of(&records, 400);
    let mut state = State::fold(&records[..200]);
    state.lives += 1;
    let forged = encode(&Snapshot { state, sequence: 200 }, &records[199]);
    std::fs::write(file_of(&path), forged).unwrap();
    assert!(matches!(write(&path, true), Err(Error::Unlawful(_))));
    assert!(matches!(misfit(&path), Misfit::None), "it is thrown away");
    assert_eq!(folded(&path), State::fold(&records[..400]));
    assert_eq!(write(&path, true).unwrap().sequence, 400);
}

#[test]
fn an_empty_ledger_has_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    drop(Ledger::open(&path).unwrap());
    assert_eq!(write(&path, true).unwrap().sequence, 0);
    assert_eq!(folded(&path), State::default());
    append(&path, &[Record { sequence: 1, at: Timestamp(1), event: sample::started(Wishes::default()) }]);
    assert_eq!(write(&path, true).unwrap().sequence, 1);
}

#[test]
fn snapshots_come_in_growing_steps() {
    assert!(!is_due(WORTH - 1, 0) && is_due(WORTH, 0) && !is_due(2 * WORTH - 1, WORTH));
    assert!(!is_due(19_000_000, 10_000_000) && is_due(20_000_000, 10_000_000));
}

#[test]
fn laws_that_a_history_breaks_are_named_beside_its_snapshot() {
    let mut records = sample::study(Wishes::default());
    records.extend(sample::repeated_proposal(&records));
    let (_folder, path) = ledger_of(&records, records.len());
    let written = write(&path, false).unwrap();
    assert_eq!(written.sequence, records.len() as u64);
    assert_eq!(written.broken.iter().map(|violation| violation.law).collect::<Vec<_>>(), ["T-2"]);
    assert_eq!(Error::Unlawful("so").violation().unwrap().law, "L-1");
}
