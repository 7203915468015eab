//! The store on a disk. That it answers as the simulator's does is tested in `tests/`.

use std::collections::BTreeSet;

use common::time::{HOUR_MS, Millis};

use super::uploads::{MAX_PER_WORKER, PATIENCE};
use super::*;

const NOW: Timestamp = Timestamp(HOUR_MS * 450_000);

fn store() -> (tempfile::TempDir, BlobStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = BlobStore::open(directory.path()).unwrap();
    (directory, store)
}

fn piece(bytes: &[u8], from: usize, to: usize) -> Chunk {
    let (blob, total) = (BlobId::of(bytes), bytes.len() as u64);
    Chunk { blob, offset: from as u64, total, bytes: bytes[from..to].to_vec() }
}

#[test]
fn pieces_become_a_blob_and_come_back() {
    let (_directory, mut store) = store();
    let worker = WorkerName::new("w");
    let bytes = b"some weights".repeat(3);
    assert_eq!(store.receive(&worker, &piece(&bytes, 0, 10), NOW).unwrap(), 10);
    assert!(!store.contains(BlobId::of(&bytes)));
    assert_eq!(
        store.receive(&worker, &piece(&bytes, 0, 10), NOW).unwrap(),
        10,
        "a repeated piece changes nothing"
    );
    assert_eq!(
        store.receive(&worker, &piece(&bytes, 20, 30), NOW).unwrap(),
        10,
        "nor does one with a gap before it"
    );
    assert_eq!(store.receive(&worker, &piece(&bytes, 10, bytes.len()), NOW).unwrap(), bytes.len() as u64);
    let back = store.piece(BlobId::of(&bytes), 5).unwrap().unwrap();
    assert_eq!((back.bytes.as_slice(), back.total), (&bytes[5..], bytes.len() as u64));
    assert_eq!(store.piece(BlobId::of(b"else"), 0).unwrap(), None);
}

#[test]
fn a_blob_that_is_not_what_it_says_is_dropped() {
    let (_directory, mut store) = store();
    let mut lie = piece(b"honest", 0, 6);
    lie.bytes = b"liars!".to_vec();
    assert_eq!(store.receive(&WorkerName::new("w"), &lie, NOW).unwrap(), 0);
    assert!(!store.contains(lie.blob));
    assert!(store.receive(&WorkerName::new("w"), &Chunk { total: u64::MAX, ..lie.clone() }, NOW).is_err());
    assert!(store.receive(&WorkerName::new("w"), &Chunk { total: 3, ..lie }, NOW).is_err());
}

#[test]
fn what_was_damaged_on_the_disk_is_put_aside_and_can_be_brought_again() {
    let (directory, mut store) = store();
    let worker = WorkerName::new("w");
    let bytes = text(1);
    let (blob, whole) = (BlobId::of(&bytes), piece(&bytes, 0, bytes.len()));
    store.receive(&worker, &whole, NOW).unwrap();
    let path = BlobStore::path(directory.path(), blob);
    let after_a_restart = || BlobStore::open(directory.path()).unwrap();
    for damaged in [&bytes[..3], b"something else"] {
        fs::write(&path, damaged).unwrap();
        let mut store = after_a_restart();
        assert_eq!(store.piece(blob, 0).unwrap(), None);
        assert!(!store.contains(blob));
        assert_eq!(fs::read(path.with_extension("damaged")).unwrap(), damaged);
        assert_eq!(store.receive(&worker, &whole, NOW).unwrap(), bytes.len() as u64);
        assert_eq!(store.piece(blob, 0).unwrap().unwrap().bytes, bytes);
        // An upload finds it as a download does.
        fs::write(&path, damaged).unwrap();
        let mut store = after_a_restart();
        assert_eq!(store.receive(&worker, &piece(&bytes, 0, 4), NOW).unwrap(), 4);
        assert_eq!(store.receive(&worker, &piece(&bytes, 4, bytes.len()), NOW).unwrap(), bytes.len() as u64);
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}

#[test]
fn an_empty_blob_is_a_blob() {
    let (_directory, mut store) = store();
    assert_eq!(store.receive(&WorkerName::new("w"), &piece(b"", 0, 0), NOW).unwrap(), 0);
    assert!(store.contains(BlobId::of(b"")));
}

fn text(number: usize) -> Vec<u8> {
    format!("blob number {number}").into_bytes()
}

/// What lies in the folder of unfinished uploads.
fn unfinished(store: &BlobStore) -> usize {
    fs::read_dir(store.uploads_folder()).unwrap().count()
}

#[test]
fn a_worker_that_gives_uploads_up_may_always_begin_another() {
    let (_directory, mut store) = store();
    let worker = WorkerName::new("w");
    for number in 0..MAX_PER_WORKER + 20 {
        let now = NOW + Millis(number as i64);
        assert_eq!(store.receive(&worker, &piece(&text(number), 0, 4), now).unwrap(), 4);
    }
    assert_eq!(unfinished(&store), MAX_PER_WORKER);
    let (first, last) = (text(0), text(MAX_PER_WORKER + 19));
    assert_eq!(store.receive(&worker, &piece(&first, 4, 8), NOW).unwrap(), 0, "it was given up");
    let rest = store.receive(&worker, &piece(&last, 4, last.len()), NOW).unwrap();
    assert_eq!(rest, last.len() as u64);
    assert!(store.contains(BlobId::of(&last)));

    store.give_up_untouched(NOW + PATIENCE + Millis(1_000));
    assert_eq!(unfinished(&store), 0);
    store.receive(&worker, &piece(&first, 0, 4), NOW).unwrap();
    store.give_up_of(&worker);
    assert_eq!(unfinished(&store), 0);
}

#[test]
fn one_blob_brought_by_two_is_stored_once() {
    let (_directory, mut store) = store();
    let (slow, fast) = (WorkerName::new("slow"), WorkerName::new("fast"));
    let bytes = text(1);
    store.receive(&slow, &piece(&bytes, 0, 4), NOW).unwrap();
    store.receive(&fast, &piece(&bytes, 0, bytes.len()), NOW).unwrap();
    assert_eq!(store.receive(&slow, &piece(&bytes, 4, 8), NOW).unwrap(), bytes.len() as u64);
    assert_eq!(unfinished(&store), 0);
}

#[test]
fn a_tail_that_a_failed_write_left_is_no_part_of_the_blob() {
    let (_directory, mut store) = store();
    let worker = WorkerName::new("w");
    let bytes = text(1);
    store.receive(&worker, &piece(&bytes, 0, 4), NOW).unwrap();
    let path = store.upload_path(&(worker.clone(), BlobId::of(&bytes)));
    fs::write(&path, [&bytes[..4], &[b'x'; 100][..]].concat()).unwrap();
    store.receive(&worker, &piece(&bytes, 4, bytes.len()), NOW).unwrap();
    assert_eq!(store.piece(BlobId::of(&bytes), 0).unwrap().unwrap().bytes, bytes);
}

#[test]
fn a_sweep_takes_what_is_old_and_not_named() {
    let (directory, mut store) = store();
    let worker = WorkerName::new("w");
    let [named, orphan, young] = [text(1), text(2), text(3)];
    let young_at = NOW + Millis(HOUR_MS);
    for (bytes, at) in [(&named, NOW), (&orphan, NOW), (&young, young_at)] {
        store.receive(&worker, &piece(bytes, 0, bytes.len()), at).unwrap();
    }
    let foreign = directory.path().join("ab").join("notes.txt");
    fs::create_dir_all(foreign.parent().unwrap()).unwrap();
    fs::write(&foreign, "somebody's own").unwrap();
    File::options().write(true).open(&foreign).unwrap().set_modified(UNIX_EPOCH).unwrap();

    let sweep = |store: &mut BlobStore, as_of, now| {
        let named = BTreeSet::from([BlobId::of(&named)]);
        store.sweep(&Inventory { named, as_of }, now).unwrap()
    };
    let nothing = Freed::default();
    let late = young_at + Millis(HOUR_MS);
    assert_eq!(
        sweep(&mut store, NOW + Millis(HOUR_MS), late),
        nothing,
        "no event since: its report may still come"
    );
    assert_eq!(sweep(&mut store, late, NOW + Millis(HOUR_MS)), nothing, "the clock was set back");
    assert_eq!(sweep(&mut store, Timestamp(0), late), nothing, "a history that has not begun");
    let freed = Freed { blobs: 1, bytes: orphan.len() as u64 };
    assert_eq!(sweep(&mut store, late, late), freed);
    let left = [&named, &orphan, &young].map(|bytes| store.contains(BlobId::of(bytes)));
    assert_eq!(left, [true, false, true]);
    assert!(foreign.exists());

    // Somebody is told that it is here, and will name it.
    store.receive(&worker, &piece(&young, 0, 4), late).unwrap();
    assert_eq!(sweep(&mut store, late + Millis(1), late + Millis(1)), nothing);
}

#[test]
fn what_nothing_names_is_bounded_for_each_worker() {
    let (_directory, store) = store();
    let mut store = store.with_quota(100);
    let (worker, other) = (WorkerName::new("w"), WorkerName::new("other"));
    let blob = |letter: u8| vec![letter; 30];
    let bring = |store: &mut BlobStore, worker: &WorkerName, letter| {
        let bytes = blob(letter);
        store.receive(worker, &piece(&bytes, 0, bytes.len()), NOW).is_ok()
    };
    store.receive(&worker, &piece(&[7; 40], 0, 39), NOW).unwrap();
    assert!(bring(&mut store, &worker, b'a') && !store.wants_inventory(&worker));
    assert!(bring(&mut store, &worker, b'b') && store.wants_inventory(&worker));
    assert_eq!(unfinished(&store), 1);
    assert!(bring(&mut store, &worker, b'c'));
    assert_eq!(unfinished(&store), 0, "what it left alone goes first");
    assert!(!bring(&mut store, &worker, b'd') && !store.is_counted(&worker));
    assert!(bring(&mut store, &other, b'd'), "others are not concerned");

    let named = BTreeSet::from([b'a', b'b'].map(|letter| BlobId::of(&blob(letter))));
    store.sweep(&Inventory { named, as_of: NOW }, NOW).unwrap();
    assert!(store.is_counted(&worker) && !store.wants_inventory(&worker));
    assert!(bring(&mut store, &worker, b'e') && bring(&mut store, &worker, b'f'));
    assert!(!bring(&mut store, &worker, b'g'));
    store.forget(BlobId::of(&blob(b'e')));
    assert!(bring(&mut store, &worker, b'g'), "what was superseded counts no more");
}
