//! Strangers and a turncoat at the port of a study that honest workers are busy with. The coordinator goes on, the study ends well,
//! and the coordinator's memory stays within bounds.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use common::blob::BlobId;
use common::event::Event;
use common::id::{Attempt, SessionId, TaskId, TrialId, Zone};
use common::seed::Seed;
use common::time::Millis;
use common::wire::{self, Chunk, DecodeError, FromWorker, Hello, Report, SlotInfo, ToWorker};
use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;
use system_tests::lab::books::audit;
use system_tests::lab::{REHEARSAL, Study, patience};
use transport::{
    Client, ClientOptions, ClientSecurity, Connection, KeyPair, PublicKey, SendError, Transport, ZeroMq,
};

/// What hostility may cost the coordinator, beyond what it held before.
const ROOM_MIB: u64 = 100;

#[test]
fn an_honest_study_ends_well_among_hostile_bytes() {
    let seed = 20_260_505;
    println!("seed {seed}");
    let mut dice = Seed(seed).stream("garbage", 0);
    let study = Study::new(REHEARSAL);
    study.keys_for("turncoat");
    // Time enough for every hostility, also on a busy machine.
    let mut coordinator = study.run(&["--set", "local.workers=1", "--set", "budget.hours=25"]);
    study.until("honest work has begun", |seen| !seen.finished().is_empty());
    let before = coordinator.resident_mib();
    let endpoint = study.endpoint();
    let port: u16 = endpoint.rsplit(':').next().expect("a port").parse().expect("a number");

    let silent: Vec<TcpStream> = (0..500).map(|_| dial(port)).collect();
    announce_too_much(port);
    greet_with_garbage(port, &mut dice);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let refusal = runtime.block_on(betray(&study.path("turncoat"), &endpoint, &mut dice));
    println!("the other version's peer is told: {refusal}");
    assert!(refusal.contains("protocol 2") && refusal.contains("protocol 1"), "{refusal}");

    assert!(coordinator.is_running(), "{}", coordinator.said());
    let peak = coordinator.peak_mib();
    println!("memory: {before} MiB before, {peak} MiB at most, {} MiB after", coordinator.resident_mib());
    assert!(peak <= before + ROOM_MIB, "memory grew from {before} to {peak} MiB");
    let so_far = study.history().finished().len();
    study.until("honest work goes on", |seen| seen.finished().len() > so_far || has_ended(seen.events()));
    coordinator.end().with(0).saying(&["study finished"]);
    drop(silent);

    let books = audit(&study.directory);
    books.check_report(&study.directory);
    let history = study.history();
    assert_eq!(
        history.sessions().into_values().collect::<Vec<_>>(),
        [1],
        "the honest worker was never lost, nobody else joined"
    );
    let lost_early = history.events().take_while(|event| !matches!(event, Event::StudyFinished { .. }));
    assert!(
        !lost_early
            .into_iter()
            .any(|event| matches!(event, Event::WorkerLost { .. } | Event::TaskFailed { .. }))
    );
    let log = std::fs::read_to_string(study.directory.join("coordinator.log")).expect("the log");
    assert!(!log.contains("panicked"), "{log}");
}

fn has_ended<'a>(mut events: impl Iterator<Item = &'a Event>) -> bool {
    events.any(|event| matches!(event, Event::StudyFinished { .. }))
}

fn dial(port: u16) -> TcpStream {
    let stream = patience::until("a connection", || TcpStream::connect(("127.0.0.1", port)).ok());
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time limit");
    stream
}

/// Reads until the other side hangs up, which it must.
fn hung_up(mut stream: TcpStream, why: &str) {
    let mut sink = [0; 4096];
    loop {
        match stream.read(&mut sink) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return,
            Err(error) => panic!("{why}: the coordinator keeps the connection ({error})"),
        }
    }
}

/// A ZMTP 3.1 greeting (ZeroMQ RFC 37).
fn greeting(mechanism: &str) -> Vec<u8> {
    let mut bytes = vec![0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1];
    bytes.extend_from_slice(mechanism.as_bytes());
    bytes.resize(64, 0);
    bytes
}

/// A good greeting, then the head of a frame of 2^62 bytes, as a message and as a command.
fn announce_too_much(port: u16) {
    for mechanism in ["CURVE", "NULL"] {
        for flags in [2u8, 3, 6] {
            let mut stranger = dial(port);
            let head = [&[flags][..], &(1u64 << 62).to_be_bytes()].concat();
            // It may hang up while we still speak.
            let _ = stranger.write_all(&[greeting(mechanism), head].concat());
            hung_up(stranger, "2^62 bytes");
        }
    }
}

fn greet_with_garbage(port: u16, dice: &mut ChaCha8Rng) {
    let mut strangers = Vec::new();
    for number in 0..60 {
        let mut garbage = vec![0; dice.random_range(1..3000)];
        dice.fill_bytes(&mut garbage);
        let opening = if number % 2 == 0 { Vec::new() } else { greeting("CURVE") };
        let mut stranger = dial(port);
        let _ = stranger.write_all(&[opening, garbage].concat());
        strangers.push(stranger);
    }
    strangers.into_iter().for_each(|stranger| hung_up(stranger, "garbage"));
}

/// A peer with a good key says everything wrong that can be said. Yields what a peer of another protocol version is told.
async fn betray(machine: &Path, endpoint: &str, dice: &mut ChaCha8Rng) -> String {
    let keys = KeyPair::load(&machine.join("worker.key")).expect("its key");
    let server = PublicKey::load(&machine.join("coordinator.pub")).expect("the coordinator's");
    let options =
        ClientOptions::new(endpoint.parse().expect("an endpoint"), ClientSecurity::Curve { keys, server });
    let mut client = ZeroMq.connect(options).await.expect("options in order");
    let mut watch = client.watch();
    let connected = watch.until(|now| *now == Connection::Connected);
    tokio::time::timeout(Duration::from_secs(60), connected).await.expect("a place among 500 silent ones");

    for _ in 0..300 {
        let mut rubbish = vec![0; dice.random_range(0..2000)];
        dice.fill_bytes(&mut rubbish);
        say(&client, rubbish).await;
    }
    for frame in truncated().into_iter().chain(declared_lengths()).chain(well_formed_lies()) {
        say(&client, frame).await;
    }
    // Larger than any frame of ours, smaller than what ends the connection; 120 MiB of them.
    for _ in 0..30 {
        say(&client, vec![0xdd; 4 << 20]).await;
    }
    let mut newer = wire::encode(&heartbeat());
    newer[2] = 2;
    say(&client, newer).await;
    let told = async {
        loop {
            let frame = client.recv().await.expect("the connection stands");
            match wire::decode::<ToWorker>(&frame) {
                Ok(ToWorker::Refused { reason }) if reason.contains("protocol") => return reason,
                Ok(_) => {}
                Err(error) => panic!("the coordinator's own frame can't be read: {error}"),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), told).await.expect("an answer to another version")
}

/// Hands a frame over, patiently: the queue is bounded, and under pressure it is full.
async fn say(client: &Client, frame: Vec<u8>) {
    let frame = Bytes::from(frame);
    let handed = async {
        while let Err(error) = client.send(frame.clone()) {
            assert_eq!(error, SendError::Full, "the connection stands");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), handed).await.expect("the coordinator goes on reading");
}

fn heartbeat() -> FromWorker {
    FromWorker::Heartbeat {
        session: SessionId(1),
        clock: Millis(1),
        held: vec![TaskId { trial: TrialId(1), attempt: Attempt(0) }; 3],
    }
}

/// A sound frame, cut anywhere.
fn truncated() -> Vec<Vec<u8>> {
    let whole = wire::encode(&hello(Vec::new()));
    assert!(matches!(wire::decode::<FromWorker>(&whole[..whole.len() - 1]), Err(DecodeError::Body(_))));
    (0..whole.len()).map(|bytes| whole[..bytes].to_vec()).collect()
}

/// MessagePack that promises more than it holds: arrays, maps, strings and binaries of 2^32 - 1, and nesting without an end.
fn declared_lengths() -> Vec<Vec<u8>> {
    let head = wire::encode(&heartbeat())[..5].to_vec();
    let promise = |marker: u8| {
        [&head[..], &[0x81, 0xa9], b"heartbeat", &[0x83, 0xa4], b"held", &[marker, 255, 255, 255, 255]]
            .concat()
    };
    let mut frames: Vec<Vec<u8>> = [0xdd, 0xdf, 0xdb, 0xc6].into_iter().map(promise).collect();
    frames.push([&head[..], &[0x91; 500_000]].concat());
    frames.push([&head[..], &[0x81; 500_000]].concat());
    // In a field that is passed over, as a newer release may add one.
    frames.push([&head[..], &[0x81, 0xa9], b"heartbeat", &[0x81, 0xa1], b"x", &[0x91; 500_000]].concat());
    frames
}

/// Sound frames with senseless content, from somebody who never joined.
fn well_formed_lies() -> Vec<Vec<u8>> {
    let blob = BlobId::from_digest([7; 32]);
    let chunk = |offset, total| FromWorker::Upload(Chunk { blob, offset, total, bytes: vec![0; 1000] });
    let leaving = || Report::Leaving { reason: "x".repeat(100_000) };
    let lies = [
        heartbeat(),
        hello(Vec::new()),
        chunk(0, u64::MAX),
        chunk(u64::MAX, u64::MAX),
        chunk(1 << 62, 1 << 63),
        chunk(0, 0),
        FromWorker::Download { blob, offset: u64::MAX },
        FromWorker::Delivery { session: SessionId(1), number: u64::MAX, report: leaving() },
        FromWorker::Delivery { session: SessionId(1), number: 0, report: leaving() },
    ];
    let mut frames: Vec<Vec<u8>> = lies.iter().map(wire::encode).collect();
    // What the coordinator itself would say, sent back to it.
    frames.push(wire::encode(&ToWorker::StudyOver { reason: "go home".into() }));
    frames
}

fn hello(slots: Vec<SlotInfo>) -> FromWorker {
    FromWorker::Hello(Hello {
        session: SessionId(1),
        clock: Millis(i64::MAX),
        zone: Zone::new("MOON"),
        slots,
        version: "0".into(),
        host: String::new(),
        held: Vec::new(),
    })
}
