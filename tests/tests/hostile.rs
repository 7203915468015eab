//! Strangers and a turncoat at the port of a study that honest workers are busy with. The coordinator goes on, the study ends well,
//! and the coordinator's memory stays within bounds.

use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use common::event::Event;
use common::id::SessionId;
use common::seed::Seed;
use common::wire::{self, ToWorker};
use nix::sys::signal::Signal;
use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;
use system_tests::lab::books::audit;
use system_tests::lab::hostility::{
    announce_too_much, declared_lengths, dial, greet_with_garbage, heartbeat, joining, lied_checkpoint,
    lies_of_a_member, play_again, truncated, well_formed_lies,
};
use system_tests::lab::relay::Relay;
use system_tests::lab::{REHEARSAL, Study};
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
    let mut coordinator = study.run(&["--set", "local.workers=1", "--set", "budget.hours=40"]);
    study.until("honest work has begun", |seen| !seen.finished().is_empty());
    let before = coordinator.resident_mib();
    let endpoint = study.endpoint();
    let port: u16 = endpoint.rsplit(':').next().expect("a port").parse().expect("a number");

    let silent: Vec<TcpStream> = (0..500).map(|_| dial(port)).collect();
    announce_too_much(port);
    greet_with_garbage(port, &mut dice, 60);
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

#[test]
fn what_a_worker_said_is_not_believed_a_second_time() {
    let study = Study::new(REHEARSAL);
    study.keys_for("traveller");
    let mut coordinator =
        study.coordinator(&["--set", "budget.hours=400", "--set", "evaluation.rehearsal_epoch_s=0.1"]);
    let endpoint = study.endpoint();
    let address = endpoint.trim_start_matches("tcp://").to_owned();
    let port: u16 = address.rsplit(':').next().expect("a port").parse().expect("a number");
    let relay = Relay::to(&address);
    let worker = study.worker_at(&relay.endpoint(), "traveller", &[]);
    study.until("it has brought results", |seen| seen.finished().len() >= 3);
    // Its joining, its beats and its results, while it is there.
    let recording = relay.said();
    for _ in 0..3 {
        play_again(port, &recording);
    }
    let before = study.history().finished().len();
    study.until("it goes on", |seen| seen.finished().len() >= before + 2);
    // And when it is gone, however it went.
    drop(worker);
    let recording = relay.said();
    for _ in 0..3 {
        play_again(port, &recording);
    }
    assert!(coordinator.is_running(), "{}", coordinator.said());
    let history = study.history();
    assert_eq!(history.sessions().into_values().collect::<Vec<_>>(), [1], "nobody joined but the worker");
    let lost =
        |event: &Event| matches!(event, Event::WorkerLost { reason, .. } if !reason.contains("no heartbeat"));
    assert!(!history.events().any(lost), "nothing put it out");
    coordinator.signal(Signal::SIGINT);
    coordinator.end().with(130);
    audit(&study.directory);
}

/// Its key is good, and it has joined: nothing that it says of others is believed, and nothing impossible of itself.
#[test]
fn a_member_that_lies_harms_nobody() {
    let study = Study::new(REHEARSAL);
    study.keys_for("turncoat");
    // A slot without memory is given nothing, so that whatever it reports of is not its own.
    let needed = ["--set", "requirements.train_memory_mb=1", "--set", "requirements.sample_memory_mb=1"];
    let mut coordinator =
        study.run(&[&needed[..], &["--set", "local.workers=1", "--set", "budget.hours=40"]].concat());
    study.until("honest work has begun", |seen| !seen.finished().is_empty());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(lie(&study.path("turncoat"), &study.endpoint()));
    let so_far = study.history().finished().len();
    study.until("honest work goes on", |seen| seen.finished().len() > so_far || has_ended(seen.events()));
    coordinator.end().with(0).saying(&["study finished"]);

    let books = audit(&study.directory);
    books.check_report(&study.directory);
    let history = study.history();
    assert_eq!(history.sessions().len(), 2, "the turncoat was a member");
    let mut own_joules = 0.0;
    let nowhere = lied_checkpoint().blob;
    for event in history.events().take_while(|event| !matches!(event, Event::StudyFinished { .. })) {
        match event {
            Event::TaskFailed { .. } => panic!("an honest task was taken from its worker: {event:?}"),
            Event::TaskSuspended { checkpoint: Some(given), .. }
            | Event::TaskCheckpointed { checkpoint: given, .. } => assert_ne!(given.blob, nowhere),
            Event::TrialFinished { evaluation, .. } => {
                assert!(evaluation.validation_error > 0.0 && evaluation.seconds.0 > 1e-6, "{evaluation:?}");
            }
            Event::EnergySpent { worker, measurement, .. } if worker.as_str() == "turncoat" => {
                own_joules += measurement.joules.0;
            }
            _ => {}
        }
    }
    assert!(own_joules < 1.0, "{own_joules} J were booked that nobody drew");
    let log = std::fs::read_to_string(study.directory.join("coordinator.log")).expect("the log");
    assert!(log.contains("turncoat") && !log.contains("panicked"), "{log}");
}

/// Joins, lies until all of it is taken in, and is heard no more.
async fn lie(machine: &Path, endpoint: &str) {
    let keys = KeyPair::load(&machine.join("worker.key")).expect("its key");
    let server = PublicKey::load(&machine.join("coordinator.pub")).expect("the coordinator's");
    let options =
        ClientOptions::new(endpoint.parse().expect("an endpoint"), ClientSecurity::Curve { keys, server });
    let mut client = ZeroMq.connect(options).await.expect("options in order");
    let session = SessionId(7);
    say(&client, joining(session)).await;
    let lies = lies_of_a_member(session);
    // As many under way as an honest worker may have after a while without a coordinator.
    const UNDER_WAY: usize = 50;
    let (mut said, mut told) = (0, 0);
    let all_said = async {
        loop {
            let frame = client.recv().await.expect("the connection stands");
            match wire::decode::<ToWorker>(&frame).expect("the coordinator's own frame") {
                ToWorker::Welcome { .. } => {}
                ToWorker::Acknowledge { number, .. } => told = told.max(number as usize),
                other => panic!("{other:?} after {told} lies"),
            }
            if told == lies.len() {
                return;
            }
            for next in &lies[said..lies.len().min(told + UNDER_WAY)] {
                say(&client, next.clone()).await;
                said += 1;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(120), all_said).await.expect("each is taken in, or passed over");
}

fn has_ended<'a>(mut events: impl Iterator<Item = &'a Event>) -> bool {
    events.any(|event| matches!(event, Event::StudyFinished { .. }))
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
    let told =
        tokio::time::timeout(Duration::from_secs(60), told).await.expect("an answer to another version");
    // Without a pause between them, it is sent out.
    let sent_out = async {
        while watch.now() == Connection::Connected {
            let _ = client.send(vec![0xdd; 100]);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), sent_out).await.expect("nobody listens to that for ever");
    told
}

/// Between two frames that can't be read: whoever sends them faster is sent out.
const PAUSE: Duration = Duration::from_millis(25);

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
    tokio::time::sleep(PAUSE).await;
}
