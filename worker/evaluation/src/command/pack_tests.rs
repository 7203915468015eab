//! Folders that travel, and blobs that must not be believed.

use std::os::unix::fs::symlink;

use super::*;

fn about() -> About {
    let point = CurvePoint { epoch: 1, training_loss: 0.5, validation_error: None };
    let content = Content::Checkpoint;
    About { content, identity: "mine".into(), seconds: Seconds(3.0), done: 0.25, curve: vec![point] }
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("deep/empty")).unwrap();
    fs::write(folder.path().join("weights.bin"), [7; 5000]).unwrap();
    fs::write(folder.path().join("deep").join("x".repeat(200)), "long names too").unwrap();
    symlink("weights.bin", folder.path().join("latest")).unwrap();
    folder
}

#[test]
fn a_folder_survives_the_journey() {
    let from = folder();
    let blob = pack(from.path(), about(), 20_000).unwrap().unwrap();
    assert_eq!(pack(folder().path(), about(), 20_000).unwrap().unwrap(), blob, "equal folders, equal blobs");
    let (read, archive) = open(&blob).unwrap();
    assert_eq!(read, about());
    let to = tempfile::tempdir().unwrap();
    unpack(archive, to.path()).unwrap();
    assert_eq!(fs::read(to.path().join("weights.bin")).unwrap(), [7; 5000]);
    assert_eq!(fs::read(to.path().join("latest")).unwrap(), [7; 5000]);
    assert_eq!(fs::read_to_string(to.path().join("deep").join("x".repeat(200))).unwrap(), "long names too");
    assert!(to.path().join("deep/empty").is_dir());
}

#[test]
fn nothing_makes_no_blob_and_too_much_is_refused() {
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(pack(empty.path(), about(), 10).unwrap(), None);
    let refusal = |most| pack(folder().path(), about(), most).unwrap_err().to_string();
    assert!(refusal(9_999).contains("more than 9999 bytes"));
    let dangling = tempfile::tempdir().unwrap();
    symlink("nowhere", dangling.path().join("link")).unwrap();
    assert!(matches!(pack(dangling.path(), about(), 10), Err(Error::Io(_))));
    for target in ["/dev/zero", "/"] {
        let odd = tempfile::tempdir().unwrap();
        symlink(target, odd.path().join("link")).unwrap();
        assert!(matches!(pack(odd.path(), about(), 10), Err(Error::Kind(_))), "{target}");
    }
}

#[test]
fn what_is_damaged_or_foreign_is_refused() {
    let blob = pack(folder().path(), about(), 20_000).unwrap().unwrap();
    assert!(matches!(open(b""), Err(Error::Foreign)));
    assert!(matches!(open(b"rubbish"), Err(Error::Foreign)));
    for cut in [BEGINNING.len() + 10, blob.len() / 2, blob.len() - 1] {
        assert!(open(&blob[..cut]).is_err(), "cut at {cut}");
    }
    for odd in [About { done: 1.5, ..about() }, About { seconds: Seconds(-1.0), ..about() }] {
        let blob = pack(folder().path(), odd, 20_000).unwrap().unwrap();
        assert!(matches!(open(&blob), Err(Error::Damaged(_))));
    }
    let mut flipped = blob.clone();
    *flipped.last_mut().unwrap() ^= 1;
    assert!(matches!(open(&flipped), Err(Error::Damaged(_))));
}

#[test]
fn an_archive_of_somebody_elses_leads_nowhere_else() {
    let outside = tempfile::tempdir().unwrap();
    let into = outside.path().join("into");
    fs::create_dir(&into).unwrap();
    let archive = |name: &[u8], kind| {
        let mut entry = header(kind, 0);
        // The crate's own setter refuses such names.
        entry.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name);
        entry.set_link_name("/etc/passwd").unwrap();
        entry.set_cksum();
        let mut builder = Builder::new(Vec::new());
        builder.append(&entry, io::empty()).unwrap();
        builder.into_inner().unwrap()
    };
    assert!(unpack(&archive(b"../escaped", EntryType::Regular), &into).is_err());
    for kind in [EntryType::Symlink, EntryType::Link, EntryType::Fifo, EntryType::GNUSparse] {
        assert!(unpack(&archive(b"link", kind), &into).is_err(), "{kind:?}");
    }
    // An absolute path is taken for one inside.
    unpack(&archive(b"/escaped", EntryType::Regular), &into).unwrap();
    assert!(into.join("escaped").exists() && !outside.path().join("escaped").exists());
    assert!(unpack(b"no archive at all, and not a multiple of anything", &into).is_err());
}
