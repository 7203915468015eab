//! What changes of the files mean, without a socket.

use transport::KeyPair;

use super::*;

struct House {
    _folder: tempfile::TempDir,
    keyring: Keyring,
    door: Doorkeeper,
}

fn house() -> House {
    let folder = tempfile::tempdir().unwrap();
    let keyring = Keyring::new(folder.path());
    House { door: Doorkeeper::new(keyring.clone()), keyring, _folder: folder }
}

fn key() -> PublicKey {
    KeyPair::generate().public()
}

fn peer(name: &str) -> PeerName {
    name.parse().unwrap()
}

const NOW: Timestamp = Timestamp(1_000);

#[test]
fn admitted_and_revoked_while_running() {
    let House { _folder, keyring, mut door } = house();
    assert!(door.look(NOW).unwrap().is_none(), "no list is an empty one");
    let first = key();
    keyring.admit("a", first).unwrap();
    keyring.admit("b", key()).unwrap();
    let change = door.look(NOW).unwrap().expect("somebody is new");
    assert_eq!((change.allow.len(), change.gone.len()), (2, 0));
    assert!(door.look(NOW).unwrap().is_none());
    assert!(door.is_worker(&peer("a")));

    keyring.revoke("a").unwrap();
    let change = door.look(NOW).unwrap().expect("somebody is gone");
    assert_eq!((change.allow.len(), change.gone), (1, vec![WorkerName::new("a")]));
    assert!(!door.is_worker(&peer("a")));
    keyring.admit("a", first).unwrap();
    assert_eq!(door.look(NOW).unwrap().expect("it is back").gone, []);
    // A new key under an old name: the old connection must go.
    keyring.revoke("a").unwrap();
    keyring.admit("a", key()).unwrap();
    assert_eq!(door.look(NOW).unwrap().expect("another key").gone, [WorkerName::new("a")]);
}

#[test]
fn a_list_that_can_not_be_read_changes_nothing_and_is_told_once() {
    let House { _folder, keyring, mut door } = house();
    keyring.admit("a", key()).unwrap();
    door.look(NOW).unwrap();
    let good = std::fs::read(keyring.allowed()).unwrap();
    std::fs::write(keyring.allowed(), "a short\n").unwrap();
    let error = format!("{:#}", door.look(NOW).unwrap_err());
    assert!(error.contains("allowed-workers, line 1"), "{error}");
    assert!(door.look(NOW).unwrap().is_none(), "told once");
    assert!(door.is_worker(&peer("a")));
    std::fs::write(keyring.allowed(), good).unwrap();
    assert!(door.look(NOW).unwrap().is_none(), "as it was");
}

/// The disk fails once: the files are the same before and after, to the nanosecond.
#[test]
fn a_list_that_could_not_be_read_once_is_read_again() {
    let House { _folder, keyring, mut door } = house();
    keyring.admit("a", key()).unwrap();
    door.look(NOW).unwrap().expect("somebody is new");
    keyring.revoke("a").unwrap();
    let revoked = std::fs::read(keyring.allowed()).unwrap();
    let stamp = std::fs::metadata(keyring.allowed()).unwrap().modified().unwrap();
    let reads = |text: &[u8]| {
        std::fs::write(keyring.allowed(), text).unwrap();
        let file = std::fs::File::options().write(true).open(keyring.allowed()).unwrap();
        file.set_modified(stamp).unwrap();
    };
    reads(&vec![b'?'; revoked.len()]);
    door.look(NOW).unwrap_err();
    assert!(door.look(NOW).unwrap().is_none() && door.is_worker(&peer("a")));
    reads(&revoked);
    assert_eq!(door.look(NOW).unwrap().expect("it can be read").gone, [WorkerName::new("a")]);
    assert!(door.look(NOW).unwrap().is_none());
}

#[test]
fn a_guest_enrols_once_and_within_its_time() {
    let House { _folder, keyring, mut door } = house();
    let (code, worker) = (key(), key());
    keyring.invite(Invitation::new("new", code, Timestamp(2_000)).unwrap()).unwrap();
    let change = door.look(NOW).unwrap().expect("a guest is expected");
    let guest = change.allow.name_of(&code).expect("it may come in").clone();
    assert!(door.is_guest(&guest) && !door.is_worker(&guest));

    let (name, allow) = door.enrol(&guest, worker, NOW).unwrap();
    assert_eq!(name, WorkerName::new("new"));
    assert_eq!(allow.name_of(&worker), Some(&peer("new")));
    assert!(allow.name_of(&code).is_some(), "until it is told");
    door.enrol(&guest, worker, NOW).expect("the answer may have been lost");
    let refused = format!("{:#}", door.enrol(&guest, key(), NOW).unwrap_err());
    assert!(refused.contains("used up"), "{refused}");
    let change = door.look(NOW).unwrap().expect("the invitation is used up");
    assert_eq!((change.allow.name_of(&code), change.gone), (None, vec![]));
    assert_eq!(change.allow.name_of(&worker), Some(&peer("new")));

    let late = key();
    keyring.invite(Invitation::new("late", late, Timestamp(2_000)).unwrap()).unwrap();
    assert!(door.look(NOW).unwrap().expect("invited").allow.name_of(&late).is_some());
    let change = door.look(Timestamp(2_000)).unwrap().expect("its time is over");
    assert_eq!(change.allow.name_of(&late), None);
    assert!(door.enrol(&peer("joining.late"), key(), Timestamp(2_000)).is_err());
}
