//! What strangers and turncoats do to a port: bytes that are no frames, frames that are no messages, messages that are lies.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use common::blob::BlobId;
use common::energy::{Measurement, Method};
use common::id::{Attempt, SessionId, SlotId, TaskId, TrialId, Zone};
use common::time::Millis;
use common::trial::{Artifact, ArtifactKind, Checkpoint, Evaluation, Failure};
use common::unit::{Joules, Seconds};
use common::wire::{self, Chunk, DecodeError, FromWorker, Hello, Report, SlotInfo, ToWorker};
use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;

use super::patience;

/// Connects, and says nothing.
pub fn dial(port: u16) -> TcpStream {
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
pub fn announce_too_much(port: u16) {
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

/// So many strangers at once, until the last has been shown the door.
pub fn greet_with_garbage(port: u16, dice: &mut ChaCha8Rng, count: usize) {
    let mut strangers = Vec::new();
    for number in 0..count {
        let mut garbage = vec![0; dice.random_range(1..3000)];
        dice.fill_bytes(&mut garbage);
        let opening = if number % 2 == 0 { Vec::new() } else { greeting("CURVE") };
        let mut stranger = dial(port);
        let _ = stranger.write_all(&[opening, garbage].concat());
        strangers.push(stranger);
    }
    strangers.into_iter().for_each(|stranger| hung_up(stranger, "garbage"));
}

/// What somebody else said on a connection of theirs, said again on a new one, until the other side hangs up.
pub fn play_again(port: u16, recording: &[u8]) {
    let mut stranger = dial(port);
    // It may hang up while we still speak.
    let _ = stranger.write_all(recording);
    hung_up(stranger, "a recorded connection");
}

/// Of a session that nobody knows.
pub fn heartbeat() -> FromWorker {
    FromWorker::Heartbeat {
        session: SessionId(1),
        clock: Millis(1),
        held: vec![TaskId { trial: TrialId(1), attempt: Attempt(0) }; 3],
    }
}

/// A sound frame, cut anywhere.
pub fn truncated() -> Vec<Vec<u8>> {
    let whole = wire::encode(&hello(Vec::new()));
    assert!(matches!(wire::decode::<FromWorker>(&whole[..whole.len() - 1]), Err(DecodeError::Body(_))));
    (0..whole.len()).map(|bytes| whole[..bytes].to_vec()).collect()
}

/// MessagePack that promises more than it holds: arrays, maps, strings and binaries of 2^32 - 1, and nesting without an end.
pub fn declared_lengths() -> Vec<Vec<u8>> {
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
pub fn well_formed_lies() -> Vec<Vec<u8>> {
    let blob = BlobId::from_digest([7; 32]);
    let chunk = |offset, total| FromWorker::Upload(Chunk { blob, offset, total, bytes: vec![0; 1000] });
    let leaving = || Report::Leaving { reason: "x".repeat(100_000) };
    let lies = [
        heartbeat(),
        hello(Vec::new()),
        hello(vec![slot(0)]),
        greeting_with(|hello| hello.clock = Millis(i64::MIN)),
        greeting_with(|hello| hello.slots = vec![slot(7), slot(7)]),
        greeting_with(|hello| hello.slots = (0..2_000).map(slot).collect()),
        greeting_with(|hello| hello.zone = Zone::new("x".repeat(100_000))),
        greeting_with(|hello| hello.host = "x".repeat(100_000)),
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

/// What one says who has joined: of others' work, of work that never was, and of energy that nobody drew. Numbered, for else none is taken in.
pub fn lies_of_a_member(session: SessionId) -> Vec<Vec<u8>> {
    let task = |trial, attempt| TaskId { trial: TrialId(trial), attempt: Attempt(attempt) };
    let measured = |task, (start, end): (i64, i64), joules: f64| {
        Report::Energy(Measurement {
            slot: SlotId(0),
            task,
            start: Millis(start),
            end: Millis(end),
            joules: Joules(joules),
            method: Method::Counter,
            meter: "a liar's".into(),
        })
    };
    let evaluation = |error: f64| {
        Box::new(Evaluation {
            validation_error: error,
            test_error: Some(error),
            parameters: Some(1),
            flops: Some(1),
            latency_ms: None,
            joules_per_inference: None,
            device: "none".into(),
            seconds: Seconds(1e-9),
            curve: Vec::new(),
            artifacts: vec![Artifact {
                kind: ArtifactKind::Weights,
                blob: BlobId::from_digest([9; 32]),
                bytes: 1,
            }],
        })
    };
    let nowhere = lied_checkpoint();
    let mut lies = vec![
        measured(None, (0, i64::MAX), 1.0),
        measured(None, (-5_000, 1), 1.0),
        measured(None, (2, 1), 1.0),
        measured(None, (0, 1), f64::NAN),
        measured(None, (0, 1), -1e9),
        measured(None, (0, 1), f64::MAX),
        measured(Some(task(u64::MAX, u32::MAX)), (0, 1), 0.001),
    ];
    // Whatever is under way, it is somebody else's; and so is what has ended.
    for trial in 0..200 {
        let task = task(trial, 0);
        lies.push(measured(Some(task), (0, 1), 1e-6));
        lies.push(Report::Finished { task, evaluation: evaluation(0.0) });
        lies.push(Report::Finished { task, evaluation: evaluation(f64::NAN) });
        lies.push(Report::Failed { task, failure: Failure::Crashed("a lie".into()) });
        lies.push(Report::Checkpointed { task, checkpoint: nowhere });
        lies.push(Report::Suspended { task, checkpoint: Some(nowhere) });
    }
    let numbered = lies.into_iter().zip(1..);
    numbered.map(|(report, number)| wire::encode(&FromWorker::Delivery { session, number, report })).collect()
}

/// Of which the coordinator has no byte.
pub fn lied_checkpoint() -> Checkpoint {
    Checkpoint { blob: BlobId::from_digest([8; 32]), progress: 0.9 }
}

/// Words by which one joins, with a slot in the zone of the others.
pub fn joining(session: SessionId) -> Vec<u8> {
    wire::encode(&greeting_with(|hello| {
        (hello.session, hello.zone) = (session, Zone::new("LOCAL"));
    }))
}

/// One that would be admitted but for what `lie` changes.
fn greeting_with(lie: impl FnOnce(&mut Hello)) -> FromWorker {
    let FromWorker::Hello(mut greeting) = hello(vec![slot(0)]) else { unreachable!("it says hello") };
    greeting.clock = Millis(1);
    lie(&mut greeting);
    FromWorker::Hello(greeting)
}

fn slot(number: u16) -> SlotInfo {
    let words = String::new();
    SlotInfo { slot: SlotId(number), device: words.clone(), memory_mb: 0, meter: words }
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
