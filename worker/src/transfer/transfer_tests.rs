//! Both directions against a peer that holds the blob in memory, over a line that loses, repeats and reorders.

use bytes::Bytes;
use common::blob::BlobId;
use common::seed::Seed;
use common::time::Millis;
use common::wire::{CHUNK_BYTES, Chunk, MAX_BLOB_BYTES};
use rand::{Rng, RngExt};

use super::*;

/// The coordinator's half of an upload, as the wire's documentation has it.
#[derive(Default)]
struct Store(Vec<u8>);

impl Store {
    fn on_upload(&mut self, chunk: &Chunk) -> u64 {
        if chunk.offset == self.0.len() as u64 {
            self.0.extend(&chunk.bytes);
        }
        self.0.len() as u64
    }
}

fn blob(bytes: usize) -> (BlobId, Bytes) {
    let bytes: Bytes = (0..bytes).map(|index| (index * 31 % 251) as u8).collect();
    (BlobId::of(&bytes), bytes)
}

fn chunk(id: BlobId, bytes: &[u8], offset: usize) -> Chunk {
    let end = (offset + CHUNK_BYTES).min(bytes.len());
    Chunk { blob: id, offset: offset as u64, total: bytes.len() as u64, bytes: bytes[offset..end].to_vec() }
}

#[test]
fn uploads_begin_with_a_question_and_go_on_in_a_window() {
    let (id, bytes) = blob(CHUNK_BYTES * 6 + 5);
    let mut uploads = Uploads::default();
    uploads.add(id, bytes.clone());
    uploads.add(id, bytes.clone());
    assert_eq!(uploads.due(Millis(0)), [chunk(id, &bytes, 0)]);
    assert!(uploads.due(Millis(1)).is_empty());
    assert!(!uploads.on_uploaded_to(id, CHUNK_BYTES as u64, Millis(2)));
    assert_eq!(uploads.due(Millis(2)).len(), 4);
    assert!(!uploads.on_uploaded_to(id, 2 * CHUNK_BYTES as u64, Millis(3)));
    assert_eq!(uploads.due(Millis(3)), [chunk(id, &bytes, 5 * CHUNK_BYTES)]);
    assert!(!uploads.on_uploaded_to(id, 0, Millis(4)), "an old word come late");
    assert!(uploads.due(Millis(4)).is_empty());
    assert!(uploads.on_uploaded_to(id, bytes.len() as u64, Millis(5)));
    assert!(uploads.is_empty());
}

#[test]
fn a_blob_that_is_there_already_costs_one_chunk() {
    let (id, bytes) = blob(CHUNK_BYTES * 3);
    let mut uploads = Uploads::default();
    uploads.add(id, bytes.clone());
    assert_eq!(uploads.due(Millis(0)).len(), 1);
    assert!(uploads.on_uploaded_to(id, bytes.len() as u64, Millis(1)));
}

#[test]
fn an_empty_blob_travels_too() {
    let (id, bytes) = blob(0);
    let mut uploads = Uploads::default();
    uploads.add(id, bytes.clone());
    assert_eq!(uploads.due(Millis(0)), [chunk(id, &bytes, 0)]);
    assert!(uploads.on_uploaded_to(id, 0, Millis(1)));
    let mut downloads = Downloads::default();
    downloads.add(id);
    assert_eq!(downloads.on_chunk(&chunk(id, &bytes, 0)), Some(Ok(bytes)));
}

#[test]
fn after_a_silence_a_lower_answer_is_believed() {
    let (id, bytes) = blob(CHUNK_BYTES * 3);
    let mut uploads = Uploads::default();
    uploads.add(id, bytes.clone());
    uploads.due(Millis(0));
    uploads.on_uploaded_to(id, CHUNK_BYTES as u64, Millis(1));
    assert_eq!(uploads.due(Millis(1)).len(), 2);
    assert_eq!(uploads.due(Millis(2_001)), [chunk(id, &bytes, CHUNK_BYTES)], "the question");
    uploads.on_uploaded_to(id, 0, Millis(2_002));
    assert_eq!(uploads.due(Millis(2_002))[0], chunk(id, &bytes, 0), "the coordinator lost its part");
}

#[test]
fn uploads_survive_any_line() {
    for seed in 0..50 {
        let mut dice = Seed(seed).stream("line", 0);
        let (id, bytes) = blob(CHUNK_BYTES * 5 + 17);
        let (mut uploads, mut store, mut line) = (Uploads::default(), Store::default(), Vec::new());
        uploads.add(id, bytes.clone());
        let mut now = 0;
        while !uploads.is_empty() {
            now += 50;
            assert!(now < 3_600_000, "seed {seed}: no end");
            for chunk in uploads.due(Millis(now)) {
                // The way back is as bad as the way there.
                let copies = dice.random_range(0..3);
                line.extend(std::iter::repeat_n(chunk, copies));
            }
            if !line.is_empty() {
                let index = dice.next_u32() as usize % line.len();
                let received = store.on_upload(&line.swap_remove(index));
                if dice.random_bool(0.8) {
                    uploads.on_uploaded_to(id, received, Millis(now));
                }
            }
        }
        assert_eq!(BlobId::of(&store.0), id, "seed {seed}");
    }
}

#[test]
fn downloads_ask_piece_by_piece_and_check_the_whole() {
    let (id, bytes) = blob(CHUNK_BYTES + 9);
    let mut downloads = Downloads::default();
    downloads.add(id);
    assert_eq!(downloads.due(Millis(0)), [(id, 0)]);
    assert_eq!(downloads.on_chunk(&chunk(id, &bytes, 0)), None);
    assert_eq!(downloads.due(Millis(1)), [(id, CHUNK_BYTES as u64)]);
    assert_eq!(downloads.on_chunk(&chunk(id, &bytes, 0)), None, "a repetition");
    assert!(downloads.due(Millis(2)).is_empty(), "does not multiply");
    assert_eq!(downloads.due(Millis(2_001)), [(id, CHUNK_BYTES as u64)], "asked again after silence");
    assert_eq!(downloads.on_chunk(&chunk(id, &bytes, CHUNK_BYTES)), Some(Ok(bytes)));
    assert!(!downloads.has(id));
}

#[test]
fn a_blob_that_is_not_its_name_is_refused_in_the_end() {
    let (id, _) = blob(10);
    let mut downloads = Downloads::default();
    downloads.add(id);
    let wrong = Chunk { blob: id, offset: 0, total: 3, bytes: vec![1, 2, 3] };
    assert_eq!(downloads.on_chunk(&wrong), None);
    assert_eq!(downloads.on_chunk(&wrong), None);
    let error = downloads.on_chunk(&wrong).unwrap().unwrap_err().to_string();
    assert!(error.contains("something else"), "{error}");
}

#[test]
fn announced_sizes_beyond_the_limit_are_refused() {
    let (id, _) = blob(10);
    let mut downloads = Downloads::default();
    downloads.add(id);
    let huge = Chunk { blob: id, offset: 0, total: MAX_BLOB_BYTES + 1, bytes: vec![1] };
    assert!(downloads.on_chunk(&huge).unwrap().unwrap_err().to_string().contains("limit"));
    downloads.add(id);
    let overfull = Chunk { blob: id, offset: 0, total: 2, bytes: vec![1, 2, 3] };
    assert_eq!(downloads.on_chunk(&overfull), None);
    let empty = Chunk { blob: id, offset: 0, total: 2, bytes: vec![] };
    assert_eq!(downloads.on_chunk(&empty), None);
}
