//! Disks that take no log: real processes work on.

use std::os::unix::fs::symlink;
use std::process::Command;

use common::event::Event;
use nix::sys::signal::Signal;
use system_tests::lab::books::audit;
use system_tests::lab::programs::program;
use system_tests::lab::{REHEARSAL, Study};

/// `ce-nas coordinator`, whose every word goes to a disk that is full.
fn unheard(study: &Study) -> Command {
    let mut command = Command::new("bash");
    command
        .args(["-c", "exec \"$0\" \"$@\" >/dev/full 2>&1"])
        .arg(program("ce-nas"))
        .args(["coordinator", "--config"])
        .arg(study.path("study.toml"))
        .arg("--dir")
        .arg(&study.directory);
    command
}

#[test]
fn a_coordinator_whose_words_find_no_room_works_on() {
    let study = Study::new(REHEARSAL);
    study.keys_for("patient");
    symlink("/dev/full", study.directory.join("coordinator.log")).expect("a log that takes nothing");
    let mut first = study.process(unheard(&study));
    let mut worker = study.worker("patient", &[]);
    study.until("something has finished", |seen| seen.finished().len() >= 2);
    assert!(first.is_running());
    // Asked to leave, it puts running work in safety without a word.
    first.signal(Signal::SIGTERM);
    first.end().with(130);
    let left = study.history();
    assert!(
        left.leased().is_empty() && left.events().all(|event| !matches!(event, Event::TaskFailed { .. }))
    );
    study.process(unheard(&study)).end().with(0);
    worker.end().with(0).saying(&["the study is over"]);
    audit(&study.directory).check_report(&study.directory);
}
