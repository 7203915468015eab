//! Blobs: fetched for assignments, shared between slots.

use super::*;

fn with_supernet(trial: u64, slot: u16, bytes: &[u8]) -> Assignment {
    Assignment { supernet: Some(BlobId::of(bytes)), ..assignment(trial, slot) }
}

fn downloads(effects: &[Effect]) -> Vec<u64> {
    let offset = |effect: &Effect| match effect {
        Effect::Send(FromWorker::Download { offset, .. }) => Some(*offset),
        _ => None,
    };
    effects.iter().filter_map(offset).collect()
}

#[test]
fn a_supernet_is_fetched_once_for_all_slots_and_cached() {
    let bytes: Vec<u8> = (0..CHUNK_BYTES + 3).map(|index| index as u8).collect();
    let blob = BlobId::of(&bytes);
    let mut rig = Rig::admitted(2);
    for (trial, slot) in [(1, 0), (2, 1)] {
        assert!(rig.assign(with_supernet(trial, slot, &bytes)).contains(&Effect::FindBlob { blob }));
    }
    assert_eq!(downloads(&rig.input(Input::BlobFound { blob, bytes: None })), [0]);
    assert!(downloads(&rig.input(Input::BlobFound { blob, bytes: None })).is_empty());
    let total = bytes.len() as u64;
    let head = Chunk { blob, offset: 0, total, bytes: bytes[..CHUNK_BYTES].to_vec() };
    let tail = Chunk { blob, offset: CHUNK_BYTES as u64, total, bytes: bytes[CHUNK_BYTES..].to_vec() };
    assert_eq!(downloads(&rig.hear(ToWorker::Chunk(head.clone()))), [CHUNK_BYTES as u64]);
    assert!(rig.hear(ToWorker::Chunk(head)).is_empty(), "repeated");
    let effects = rig.hear(ToWorker::Chunk(tail));
    assert_eq!(starts(&effects), [task(1), task(2)]);
    assert!(effects.contains(&Effect::KeepBlob { blob, bytes: bytes.clone().into() }));
    let given = effects.iter().any(
        |effect| matches!(effect, Effect::Start { supernet: Some(given), .. } if given[..] == bytes[..]),
    );
    assert!(given);
}

#[test]
fn what_the_coordinator_lacks_gives_the_task_back() {
    let mut rig = Rig::admitted(1);
    rig.assign(with_supernet(1, 0, b"gone"));
    let blob = BlobId::of(b"gone");
    rig.input(Input::BlobFound { blob, bytes: None });
    let reports = reports(&rig.hear(ToWorker::BlobMissing { blob }));
    let failure = Failure::for_want_of(blob);
    assert_eq!(reports, [Report::Failed { task: task(1), failure }], "as the coordinator knows it");
    assert!(rig.hear(ToWorker::BlobMissing { blob }).is_empty());
    assert_eq!(starts(&rig.assign(assignment(2, 0))), [task(2)]);
}

#[test]
fn a_task_suspended_while_fetching_gives_back_what_it_came_with() {
    let mut rig = Rig::admitted(1);
    let resume = Checkpoint { blob: BlobId::of(b"half"), progress: 0.5 };
    rig.assign(Assignment { resume: Some(resume), ..assignment(1, 0) });
    rig.input(Input::BlobFound { blob: resume.blob, bytes: None });
    let effects = rig.hear(ToWorker::Suspend { task: task(1) });
    assert_eq!(reports(&effects), [Report::Suspended { task: task(1), checkpoint: Some(resume) }]);
    assert!(downloads(&rig.after(60_000)).is_empty(), "no longer asked for");
}

#[test]
fn a_new_connection_asks_again_at_once() {
    let mut rig = Rig::admitted(1);
    rig.assign(with_supernet(1, 0, b"net"));
    rig.input(Input::BlobFound { blob: BlobId::of(b"net"), bytes: None });
    rig.input(Input::Disconnected);
    rig.input(Input::Connected);
    assert_eq!(downloads(&rig.welcome(0)), [0]);
}
