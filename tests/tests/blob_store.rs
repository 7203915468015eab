//! The simulator's blob store answers as the coordinator's does, piece by piece, also to senseless ones.

use common::blob::BlobId;
use common::id::WorkerName;
use common::seed::Seed;
use common::wire::{CHUNK_BYTES, Chunk};
use coordinator::blob_store::BlobStore;
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
                    let (theirs, answer) =
                        (real.receive(&worker, &chunk).ok(), ours.receive(&worker, &chunk));
                    assert_eq!(theirs, answer, "seed {seed} step {step}: {} bytes at {from}", to - from);
                }
            }
        }
    }
}
