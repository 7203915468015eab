//! The simulator's blob store answers as the coordinator's does, piece by piece, also to senseless ones.

use common::blob::BlobId;
use common::id::WorkerName;
use common::seed::Seed;
use common::time::{Millis, Timestamp};
use common::wire::{CHUNK_BYTES, Chunk};
use coordinator::blob_store::BlobStore;
use coordinator::blob_store::uploads::{MAX_PER_WORKER, PATIENCE};
use rand::RngExt;
use system_tests::sim::Store;

#[test]
fn both_stores_answer_alike() {
    for seed in 0..4 {
        let mut rng = Seed(seed).stream("blob store", 0);
        let folder = tempfile::tempdir().unwrap();
        let mut real = BlobStore::open(folder.path()).unwrap();
        let mut ours = Store::default();
        let sizes = [0, 1, 100, CHUNK_BYTES, CHUNK_BYTES + 1];
        let blobs: Vec<Vec<u8>> = sizes.iter().map(|&size| vec![size as u8 ^ 5; size]).collect();
        for step in 0..300 {
            let bytes = &blobs[rng.random_range(0..blobs.len())];
            let blob = BlobId::of(bytes);
            let worker = WorkerName::new(["a", "b"][rng.random_range(0..2)]);
            let cuts = [0, 1, 50, CHUNK_BYTES, bytes.len()];
            let from = cuts[rng.random_range(0..cuts.len())].min(bytes.len());
            let to = cuts[rng.random_range(0..cuts.len())].clamp(from, bytes.len());
            match rng.random_range(0..10) {
                0 => {
                    real.forget(blob);
                    ours.forget(blob);
                }
                1 | 2 => assert_eq!(
                    real.piece(blob, from as u64).unwrap(),
                    ours.piece(blob, from as u64),
                    "step {step}"
                ),
                3 => assert_eq!(real.contains(blob), ours.contains(blob), "seed {seed} step {step}"),
                kind => {
                    let mut chunk = Chunk {
                        blob,
                        offset: from as u64,
                        total: bytes.len() as u64,
                        bytes: bytes[from..to].to_vec(),
                    };
                    match kind {
                        4 => chunk.total = u64::MAX,
                        5 => chunk.offset += 7,
                        6 => chunk.bytes.iter_mut().for_each(|byte| *byte ^= 1),
                        _ => {}
                    }
                    let now = Timestamp(step);
                    let (theirs, answer) =
                        (real.receive(&worker, &chunk, now).ok(), ours.receive(&worker, &chunk, now));
                    assert_eq!(theirs, answer, "seed {seed} step {step}: {} bytes at {from}", to - from);
                }
            }
        }
    }
}

/// Far more uploads than a worker may have under way, most of them begun and never ended: none is refused, and none for ever.
#[test]
fn both_stores_give_up_the_same_uploads() {
    for seed in 0..4 {
        let mut rng = Seed(seed).stream("given up", 0);
        let folder = tempfile::tempdir().unwrap();
        let mut real = BlobStore::open(folder.path()).unwrap();
        let mut ours = Store::default();
        let worker = WorkerName::new("w");
        let mut now = Timestamp(0);
        let mut begun_anew = 0;
        for step in 0..2_000 {
            now = now + Millis(rng.random_range(0..PATIENCE.0 / 500));
            let bytes = format!("blob {}", rng.random_range(0..2 * MAX_PER_WORKER)).into_bytes();
            let (blob, total) = (BlobId::of(&bytes), bytes.len() as u64);
            // One in a hundred comes to its end.
            let to = if rng.random_range(0..100) == 0 { bytes.len() } else { 3 };
            let from = rng.random_range(0..2) * 2;
            let chunk = Chunk { blob, offset: from as u64, total, bytes: bytes[from..to].to_vec() };
            let theirs = real.receive(&worker, &chunk, now).ok();
            assert_eq!(theirs, ours.receive(&worker, &chunk, now), "seed {seed} step {step}");
            begun_anew += u32::from(theirs == Some(to as u64) && from == 0);
            if step % 100 == 0 {
                real.give_up_untouched(now);
                ours.give_up_untouched(now);
            }
            assert!(theirs.is_some(), "seed {seed} step {step}: nothing is refused");
        }
        assert!(begun_anew > 2 * MAX_PER_WORKER as u32, "seed {seed}: {begun_anew} begun");
        let unfinished = std::fs::read_dir(folder.path().join("uploads")).unwrap().count();
        assert!(unfinished <= MAX_PER_WORKER, "seed {seed}: {unfinished} files");
    }
}
