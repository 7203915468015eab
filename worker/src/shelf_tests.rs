//! What one process writes, the next finds; what is damaged is told, and stops nobody.

use common::id::{Attempt, TaskId, TrialId};
use common::trial::Failure;
use common::wire::Report;

use super::*;
use crate::pending::Waiting;

const SESSION: SessionId = SessionId(77);

fn began() -> Item {
    Item::Record(Record::Began { session: SESSION, study: "a study".into() })
}

fn numbered(number: u64) -> Item {
    Item::Record(Record::Numbered {
        number,
        entry: None,
        report: Report::Leaving { reason: "x".repeat(100) },
    })
}

fn acknowledged(number: u64) -> Item {
    Item::Record(Record::Acknowledged { number })
}

fn waits(entry: u64, blob: BlobId) -> Item {
    let task = TaskId { trial: TrialId(entry), attempt: Attempt(0) };
    let report = Report::Failed { task, failure: Failure::Diverged };
    Item::Record(Record::Waits { entry, waiting: Waiting { task, report, missing: [blob].into() } })
}

fn blob(bytes: &'static [u8]) -> (BlobId, Item) {
    let blob = BlobId::of(bytes);
    (blob, Item::Blob { blob, bytes: Bytes::from_static(bytes) })
}

fn open(folder: &Path) -> (Shelf, Vec<Former>) {
    Shelf::open(folder.join("outbox")).unwrap()
}

fn journal(folder: &Path) -> PathBuf {
    folder.join("outbox").join(SESSION.to_string()).join(JOURNAL)
}

#[test]
fn the_next_process_finds_what_was_not_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let (mut shelf, former) = open(folder.path());
    assert!(former.is_empty());
    let (id, item) = blob(b"weights");
    shelf.put(SESSION, vec![began(), numbered(1), item, waits(0, id)]);
    shelf.put(SESSION, vec![numbered(2), acknowledged(1)]);
    let (mut shelf, former) = open(folder.path());
    assert_eq!((former[0].kept.len(), former[0].kept.session), (2, SESSION));
    assert_eq!(former[0].blobs.get(&id), Some(&Bytes::from_static(b"weights")));
    // Its successor may write on, and die in its turn.
    shelf.put(SESSION, vec![acknowledged(2), Item::Forget { blob: id }]);
    let (mut shelf, former) = open(folder.path());
    assert_eq!((former[0].kept.len(), former[0].blobs.len()), (1, 0), "the coordinator has the blob");
    shelf.discard(SESSION);
    assert!(open(folder.path()).1.is_empty());
    assert_eq!(fs::read_dir(folder.path().join("outbox")).unwrap().count(), 0);
}

#[test]
fn a_torn_end_costs_only_what_was_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).0.put(SESSION, vec![began(), numbered(1), numbered(2)]);
    let whole = fs::read(journal(folder.path())).unwrap();
    fs::write(journal(folder.path()), &whole[..whole.len() - 5]).unwrap();
    let (mut shelf, former) = open(folder.path());
    assert_eq!(former[0].kept.len(), 1);
    shelf.put(SESSION, vec![numbered(2)]);
    assert_eq!(open(folder.path()).1[0].kept.len(), 2, "what is written after a torn end can be read");
}

#[test]
fn every_damaged_byte_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).0.put(SESSION, vec![began(), numbered(1)]);
    let whole = fs::read(journal(folder.path())).unwrap();
    for index in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[index] ^= 0x55;
        let mut rest = damaged.as_slice();
        let records = std::iter::from_fn(|| next_record(&mut rest)).count();
        assert!(records < 3, "byte {index}");
    }
}

#[test]
fn a_foreign_file_is_put_aside() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(journal(folder.path()).parent().unwrap()).unwrap();
    fs::write(journal(folder.path()), "somebody's notes").unwrap();
    fs::create_dir_all(folder.path().join("outbox/else")).unwrap();
    assert!(open(folder.path()).1.is_empty());
    let aside = folder.path().join("outbox").join(format!("{SESSION}.aside"));
    assert!(aside.join(JOURNAL).exists() && folder.path().join("outbox/else").exists());
}

#[test]
fn a_damaged_blob_takes_only_its_own_report_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let ((a, item_a), (b, item_b)) = (blob(b"a"), blob(b"b"));
    open(folder.path()).0.put(SESSION, vec![began(), item_a, item_b, waits(0, a), waits(1, b), numbered(1)]);
    fs::write(journal(folder.path()).with_file_name(a.to_string()), "damaged").unwrap();
    let (_, former) = open(folder.path());
    assert_eq!(former[0].kept.len(), 2);
    assert_eq!(former[0].blobs.keys().copied().collect::<Vec<_>>(), [b]);
}

#[test]
fn a_disk_that_fails_is_made_up_for_once_it_works_again() {
    let folder = tempfile::tempdir().unwrap();
    let (mut shelf, _) = open(folder.path());
    // A file where the session's folder would be.
    let place = journal(folder.path()).parent().unwrap().to_owned();
    fs::write(&place, "").unwrap();
    shelf.put(SESSION, vec![began(), numbered(1)]);
    fs::remove_file(&place).unwrap();
    shelf.put(SESSION, vec![numbered(2)]);
    assert_eq!(open(folder.path()).1[0].kept.len(), 2);
}

/// A report without its blob is one whose blob the coordinator has.
#[test]
fn a_blob_goes_only_once_the_journal_knows_that_nothing_needs_it() {
    let folder = tempfile::tempdir().unwrap();
    let (mut shelf, _) = open(folder.path());
    let (id, item) = blob(b"superseded");
    shelf.put(SESSION, vec![began(), item, waits(0, id)]);
    // A folder where the journal would be written.
    let in_the_way = journal(folder.path()).with_extension("new");
    fs::create_dir(&in_the_way).unwrap();
    shelf.volumes.get_mut(&SESSION).unwrap().journal = None;
    shelf.put(SESSION, vec![Item::Record(Record::Dropped { entry: 0 }), Item::Forget { blob: id }]);
    assert_eq!(open(folder.path()).1[0].blobs.len(), 1, "whoever died now would still need it");
    fs::remove_dir(&in_the_way).unwrap();
    shelf.put(SESSION, vec![numbered(1)]);
    assert_eq!(open(folder.path()).1[0].kept.len(), 1);
    assert!(!journal(folder.path()).with_file_name(id.to_string()).exists());
}

#[test]
fn a_journal_does_not_grow_for_ever_and_neither_does_the_number_of_sessions() {
    let folder = tempfile::tempdir().unwrap();
    let (mut shelf, _) = open(folder.path());
    shelf.put(SESSION, vec![began()]);
    for number in 1..20_000 {
        shelf.put(SESSION, vec![acknowledged(number)]);
        let items = (0..10).map(|_| acknowledged(number)).collect();
        shelf.put(SESSION, items);
    }
    assert!(fs::metadata(journal(folder.path())).unwrap().len() <= 2 * JOURNAL_BYTES);
    for session in 0..=KEPT_SESSIONS as u64 {
        let session = SessionId(1_000 + session);
        let began = Item::Record(Record::Began { session, study: "old".into() });
        shelf.put(session, vec![began, numbered(1)]);
    }
    assert_eq!(open(folder.path()).1.len(), KEPT_SESSIONS, "one that never had a report is none");
}
