//! Disks that take no log, or that give back other bytes than were written: real processes work on.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::event::Event;
use common::trial::{Failure, Subject};
use nix::sys::signal::Signal;
use system_tests::lab::books::audit;
use system_tests::lab::programs::program;
use system_tests::lab::study::History;
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

/// A trained supernet, and a training under way that would go on from a checkpoint.
fn has_blobs(seen: &History) -> bool {
    let mut supernets = seen.events().filter_map(|event| match event {
        Event::TrialProposed { trial, subject: Subject::Supernet, .. } => Some(*trial),
        _ => None,
    });
    let (finished, at_work) = (seen.finished(), seen.leased());
    let is_kept =
        |event: &Event| matches!(event, Event::TaskCheckpointed { task, .. } if at_work.contains_key(task));
    supernets.any(|trial| finished.contains(&trial)) && seen.events().any(is_kept)
}

fn blobs(folder: &Path) -> Vec<PathBuf> {
    let folders = fs::read_dir(folder).expect("the store").map(|folder| folder.expect("a folder").path());
    let folders = folders.filter(|folder| !folder.ends_with("uploads"));
    folders
        .flat_map(|folder| fs::read_dir(folder).expect("blobs"))
        .map(|file| file.expect("a blob").path())
        .collect()
}

#[test]
fn damaged_blobs_cost_progress_and_blame_nobody() {
    let study = Study::new(REHEARSAL);
    study.keys_for("before");
    study.keys_for("after");
    let long =
        ["--set", "training.epochs=40", "--set", "budget.hours=60", "--set", "allocation.policy=greedy"];
    let mut first = study.coordinator(&long);
    let mut worker = study.worker("before", &long);
    study.until("there are a supernet and a checkpoint", has_blobs);
    worker.kill();
    first.kill();
    let store = study.directory.join("blobs");
    for blob in blobs(&store) {
        let bytes = fs::read(&blob).expect("a blob");
        fs::write(&blob, &bytes[..bytes.len() / 2]).expect("half of it");
    }

    let mut second = study.coordinator(&long);
    // It has no cache.
    let mut successor = study.worker("after", &long);
    let began_anew = |seen: &History| {
        let mut resumed = BTreeSet::new();
        seen.this_life().any(|event| match event {
            Event::TaskLeased { task, resume: None, .. } => resumed.contains(&task.trial),
            Event::TaskLeased { task, resume: Some(_), .. } => {
                resumed.insert(task.trial);
                false
            }
            _ => false,
        })
    };
    study.until("the training begins anew", began_anew);
    second.end().with(0).saying(&["study finished"]);
    successor.end().with(0).saying(&["the study is over"]);
    let seen = study.history();
    let blamed = |event: &&Event| match event {
        Event::TaskFailed { failure: Failure::Crashed(_), vanished, .. } => !vanished,
        Event::WorkerQuarantined { .. } => true,
        _ => false,
    };
    assert_eq!(seen.events().filter(blamed).collect::<Vec<_>>(), Vec::<&Event>::new());
    let aside = |path: &PathBuf| path.extension().is_some_and(|end| end == "damaged");
    assert!(blobs(&store).iter().any(aside));
    audit(&study.directory).check_report(&study.directory);
}
