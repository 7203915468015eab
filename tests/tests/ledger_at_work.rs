//! The ledger of a running study: on a disk that fills up, and copied while it is written.

use std::process::Command;
use std::time::Duration;

use common::event::Event;
use system_tests::lab::books::audit;
use system_tests::lab::patience::{pause, until};
use system_tests::lab::programs::program;
use system_tests::lab::{REHEARSAL, Study};

/// A limit on the size of files stands for a disk without room: writes beyond it fail in the same way. It is taken away again from
/// outside, as room is made on a disk.
#[test]
fn a_full_disk_holds_the_study_up_and_loses_nothing() {
    let study = Study::new(REHEARSAL);
    study.keys_for("patient");
    let mut limited = Command::new("bash");
    limited
        .args(["-c", "trap '' XFSZ; ulimit -S -f 160; exec \"$0\" \"$@\""])
        .arg(program("ce-nas"))
        .args(["coordinator", "--set", "budget.hours=26", "--config"])
        .arg(study.path("study.toml"))
        .arg("--dir")
        .arg(&study.directory);
    let mut coordinator = study.process(limited);
    let mut worker = study.worker("patient", &[]);
    until("the disk is full", || coordinator.said().contains("the study waits").then_some(()));
    assert!(coordinator.said().contains("then go on") || coordinator.said().contains("free some"));
    let held = study.history();
    pause(Duration::from_secs(4));
    assert!(coordinator.is_running() && worker.is_running(), "{}", coordinator.said());
    assert_eq!(study.history().0.len(), held.0.len(), "nothing is written meanwhile");

    let id = coordinator.id().to_string();
    let freed = Command::new("prlimit").args(["--pid", &id, "--fsize=unlimited"]).status().expect("prlimit");
    assert!(freed.success());
    coordinator.end().with(0).saying(&["the study goes on", "study finished"]);
    worker.end().with(0).saying(&["the study is over"]);
    let books = audit(&study.directory);
    books.check_report(&study.directory);
    assert_eq!(study.history().lives(), 1, "it was the same process all the time");
    assert!(books.records.starts_with(&held.0));
    let lost =
        |event: &Event| matches!(event, Event::WorkerLost { reason, .. } if reason.contains("heartbeat"));
    assert!(!study.history().events().any(lost), "nobody is lost for the time that the disk was full");
}

/// One worker lives through it all, another dies with reports that nobody took in, and starts again.
#[test]
fn a_backup_of_a_running_study_is_a_study_also_for_workers_that_outlive_the_ledger() {
    let study = Study::new(REHEARSAL);
    study.keys_for("lives");
    study.keys_for("dies");
    let mut coordinator = study.coordinator(&[]);
    let endpoint = study.endpoint();
    let mut lives = study.worker_at(&endpoint, "lives", &[]);
    let mut dies = study.worker_at(&endpoint, "dies", &[]);
    study.until("something has finished", |seen| seen.finished().len() >= 3 && seen.sessions().len() == 2);
    let (directory, copy) = (study.directory.to_str().expect("plain text"), study.path("copy.sqlite"));
    let copy = copy.to_str().expect("plain text");
    study.ce_nas(&["backup", "--dir", directory, "--out", copy]).with(0).saying(&["events"]);
    let refused = study.ce_nas(&["backup", "--dir", directory, "--out", copy]).with(1);
    assert!(refused.err.contains("is not overwritten"), "{}", refused.err);
    let then = study.history();
    study.until("both report on", |seen| {
        let reported = |worker: &str| {
            let of = |event: &&Event| matches!(event, Event::Acknowledged { worker: of, .. } if of.as_str() == worker);
            seen.0[then.0.len()..].iter().map(|record| &record.event).filter(of).count() >= 2
        };
        reported("lives") && reported("dies")
    });
    coordinator.kill();
    // Reports come twice a second.
    pause(Duration::from_secs(2));
    dies.kill();

    for file in ["ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"] {
        let _ = std::fs::remove_file(study.directory.join(file));
    }
    std::fs::rename(copy, study.directory.join("ledger.sqlite")).expect("the copy is one file");
    let restored = study.history();
    assert!(restored.finished().len() >= 3 && restored.0.len() <= then.0.len());
    assert!(then.0.starts_with(&restored.0), "a copy of one moment");
    let mut coordinator = study.coordinator(&[]);
    let mut dies = study.worker_at(&endpoint, "dies", &[]);
    coordinator.end().with(0).saying(&["study finished", "this ledger is an older copy"]);
    for worker in [&mut lives, &mut dies] {
        worker.end().with(0).saying(&["ledger is an older copy", "are delivered", "the study is over"]);
    }
    let seen = study.history();
    assert!(seen.sessions().values().all(|sessions| *sessions == 2), "{:?}", seen.sessions());
    let lost = seen.events().filter(|event| matches!(event, Event::ReportsLost { .. }));
    assert_eq!(lost.count(), 2, "each says once what is gone");
    assert!(!seen.events().any(|event| matches!(event, Event::TrialFailed { .. })));
    audit(&study.directory).check_report(&study.directory);
}
