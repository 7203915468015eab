//! A coordinator in this process, and a worker's connection to its port: blobs as they come and go.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use common::architecture::Architecture;
use common::blob::BlobId;
use common::config::load;
use common::event::Event;
use common::fidelity::Fidelity;
use common::id::{Attempt, TaskId, TrialId};
use common::time::HOUR_MS;
use common::trial::{Checkpoint, Origin, Subject};
use common::wire::{self, CHUNK_BYTES, Chunk, FromWorker, ToWorker};
use transport::{Client, ClientOptions, ClientSecurity, Connection};

use super::*;
use crate::pace;

fn config(folder: &Path) -> Config {
    let directory = format!("study.directory={}", folder.join("study").display());
    let settings = [
        directory.as_str(),
        "coordinator.listen=tcp://127.0.0.1:0",
        "coordinator.security=null",
        "http.listen=off",
        "evaluation.evaluator=rehearsal",
    ];
    load(None, [], &settings.map(str::to_owned)).unwrap()
}

/// A life of the study's coordinator, for as long as somebody visits it.
fn visited(config: &Config, visit: impl AsyncFnOnce(&mut Client)) {
    let system = System::with_tokio_rt(pace::runtime);
    system.block_on(async {
        let running = start(opened(config).await, None, Box::new(|_, _| {})).await.unwrap();
        let security = ClientSecurity::Null { name: "visitor".parse().unwrap() };
        let options = ClientOptions::new(running.endpoint.clone(), security);
        let mut client = ZeroMq.connect(options).await.unwrap();
        client.watch().until(|now| *now == Connection::Connected).await;
        visit(&mut client).await;
        System::current().stop();
    });
    system.run().unwrap();
}

/// The threads of the life before end with it, and that takes them a moment.
async fn opened(config: &Config) -> Opened {
    loop {
        match open(config.clone(), &[]) {
            Err(error) if matches!(error.downcast_ref(), Some(ledger::Error::Locked { .. })) => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            opened => return opened.unwrap(),
        }
    }
}

async fn ask(client: &mut Client, message: &FromWorker) -> ToWorker {
    client.send(wire::encode(message)).unwrap();
    wire::decode(&client.recv().await.unwrap()).unwrap()
}

fn piece(bytes: &[u8], to: usize) -> Chunk {
    Chunk { blob: BlobId::of(bytes), offset: 0, total: bytes.len() as u64, bytes: bytes[..to].to_vec() }
}

async fn bring(client: &mut Client, chunk: Chunk) {
    let (blob, received) = (chunk.blob, chunk.bytes.len() as u64);
    let answer = ask(client, &FromWorker::Upload(chunk)).await;
    assert_eq!(answer, ToWorker::UploadedTo { blob, received });
}

#[test]
fn who_gives_uploads_up_may_always_begin_another() {
    let folder = tempfile::tempdir().unwrap();
    visited(&config(folder.path()), async |client: &mut Client| {
        for number in 0..100 {
            bring(client, piece(format!("checkpoint {number}").as_bytes(), 5)).await;
        }
        let whole = b"the last one is whole";
        bring(client, piece(whole, whole.len())).await;
        let answer = ask(client, &FromWorker::Download { blob: BlobId::of(whole), offset: 4 }).await;
        let ToWorker::Chunk(chunk) = answer else { panic!("{answer:?}") };
        assert_eq!(chunk.bytes, whole[4..]);
    });
}

/// All pieces at once, time and again: those that find no place before the store's thread are lost, and the blob is there in the end.
#[test]
fn who_sends_faster_than_the_disk_takes_gets_there() {
    let folder = tempfile::tempdir().unwrap();
    let bytes: Vec<u8> = (0..40 * CHUNK_BYTES).map(|place| (place * 31 % 251) as u8).collect();
    let (blob, total) = (BlobId::of(&bytes), bytes.len());
    visited(&config(folder.path()), async |client: &mut Client| {
        let mut here = 0;
        while here < total {
            for from in (here..total).step_by(CHUNK_BYTES) {
                let bytes = bytes[from..total.min(from + CHUNK_BYTES)].to_vec();
                let chunk = Chunk { blob, offset: from as u64, total: total as u64, bytes };
                client.send(wire::encode(&FromWorker::Upload(chunk))).unwrap();
            }
            while let Ok(frame) = tokio::time::timeout(Duration::from_millis(500), client.recv()).await {
                let answer = wire::decode(&frame.unwrap()).unwrap();
                let ToWorker::UploadedTo { received, .. } = answer else { panic!("{answer:?}") };
                assert!(received as usize >= here, "answers come in the order of the pieces");
                here = received as usize;
            }
        }
    });
    let stored = BlobStore::path(&folder.path().join("study").join("blobs"), blob);
    assert_eq!(std::fs::read(stored).unwrap(), bytes);
}

#[test]
fn an_orphan_is_gone_after_a_restart_and_what_is_named_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    let directory = StudyDirectory::new(&config.study.directory);
    let [named, orphan, young] = [&b"named"[..], b"orphan", b"young"];
    visited(&config, async |client: &mut Client| {
        for bytes in [named, orphan, young] {
            bring(client, piece(bytes, bytes.len())).await;
        }
    });
    let at = |bytes: &[u8]| BlobStore::path(&directory.blobs(), BlobId::of(bytes));
    for bytes in [named, orphan] {
        let long_ago = UNIX_EPOCH + Duration::from_millis(clock::now().0 as u64 - 3 * HOUR_MS as u64);
        File::options().write(true).open(at(bytes)).unwrap().set_modified(long_ago).unwrap();
    }
    // A report that came in just before the process ended; what it named before was to be forgotten.
    let trial = TrialId(0);
    let subject = Subject::Network { architecture: Architecture::new(vec![1; 6]), fidelity: Fidelity::Full };
    let task = TaskId { trial, attempt: Attempt(0) };
    let checkpoint = Checkpoint { blob: BlobId::of(named), progress: 0.5 };
    let events = [
        Event::TrialProposed { trial, subject, origin: Origin::Study },
        Event::TaskCheckpointed { task, checkpoint },
    ];
    let mut ledger = System::new().block_on(opened(&config)).ledger;
    ledger.append(clock::now(), &events).unwrap();
    drop(ledger);

    visited(&config, async |client: &mut Client| {
        let mut here = BTreeSet::new();
        for bytes in [named, orphan, young] {
            let blob = BlobId::of(bytes);
            match ask(client, &FromWorker::Download { blob, offset: 0 }).await {
                ToWorker::Chunk(chunk) => drop(here.insert(chunk.bytes)),
                answer => assert_eq!(answer, ToWorker::BlobMissing { blob }),
            }
        }
        assert_eq!(here, BTreeSet::from([named.to_vec(), young.to_vec()]));
    });
    assert!(!at(orphan).exists());
}
