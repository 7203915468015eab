//! How long a coordinator takes to know where its study stood: a ledger of so many events (default: a million) is written in the
//! folder (default: here), folded from its beginning, and by way of its snapshot.
//!
//! `cargo run --release -p coordinator --example restart_time -- EVENTS FOLDER`

use std::error::Error;
use std::time::Instant;

use common::architecture::Architecture;
use common::blob::BlobId;
use common::energy::{Measurement, Method};
use common::event::Event;
use common::fidelity::Fidelity;
use common::id::{Attempt, SessionId, SlotId, TaskId, TrialId, WorkerName};
use common::time::{GridClock, Millis, Timestamp};
use common::trial::{Checkpoint, CurvePoint, Evaluation, Origin, Subject};
use common::unit::{Joules, Seconds};
use common::wire::SlotInfo;
use coordinator::snapshot;
use ledger::Ledger;

const WORKERS: u64 = 64;
const SESSION: SessionId = SessionId(1);
/// A trial from its proposal to its result, a second apart.
const TRIAL_MS: i64 = 1_000;
/// Trials in one transaction.
const BATCH: u64 = 100;

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let events: u64 = words.next().map_or(Ok(1_000_000), |word| word.parse())?;
    let folder = tempfile::tempdir_in(words.next().unwrap_or_else(|| ".".into()))?;
    let path = folder.path().join("ledger.sqlite");
    let (mut ledger, seconds) = timed(|| write(&path, events));
    println!("{} events in {seconds:.1} s", ledger.len()?);

    let (from_scratch, seconds) = timed(|| snapshot::fold(&ledger));
    let from_scratch = from_scratch?;
    println!("folded from the beginning in {seconds:.2} s: {} trials", from_scratch.trials.len());
    let (written, seconds) = timed(|| snapshot::write(&path, false));
    let bytes = std::fs::metadata(path.with_extension("snapshot"))?.len();
    println!("a snapshot up to {} written in {seconds:.2} s, {} MB", written?.sequence, bytes / 1_000_000);
    // A coordinator that dies right before its next snapshot.
    let tail = ledger.len()? / 10;
    append(&mut ledger, tail);
    drop(ledger);
    let (opened, opening) = timed(|| Ledger::open(&path));
    let ledger = opened?;
    let (state, folding) = timed(|| snapshot::fold(&ledger));
    let state = state?;
    println!("restarted with {} events in {:.2} s", ledger.len()?, opening + folding);
    assert_ne!(state, from_scratch);
    Ok(())
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    #[allow(clippy::disallowed_methods)] // an example that measures
    let start = Instant::now();
    let done = work();
    (done, start.elapsed().as_secs_f64())
}

fn write(path: &std::path::Path, events: u64) -> Ledger {
    let mut ledger = Ledger::open(path).expect("a new ledger");
    let config = common::config::load(None, [], &[]).expect("the defaults");
    let origin = Timestamp(1_700_000_000_000);
    let clock = GridClock { wall_origin: origin, grid_origin: origin, hour_s: 3600.0 };
    let spec = Box::new(config.study_spec().expect("the defaults"));
    let begin = Event::StudyStarted { spec, clock, version: "example".into(), config: String::new() };
    let joined = (0..WORKERS).map(|number| Event::WorkerJoined {
        worker: worker(number),
        session: SESSION,
        origin,
        zone: ["DE", "FR", "CISO"][number as usize % 3].into(),
        slots: vec![SlotInfo {
            slot: SlotId(0),
            device: "NVIDIA H100 80GB HBM3".into(),
            memory_mb: 80_000,
            meter: "NVML".into(),
        }],
        version: "example".into(),
        host: format!("node-{number}"),
    });
    let events_before: Vec<Event> = std::iter::once(begin).chain(joined).collect();
    ledger.append(origin, &events_before).expect("room on the disk");
    append(&mut ledger, events);
    ledger
}

/// Trials until so many events are written.
fn append(ledger: &mut Ledger, events: u64) {
    let end = ledger.len().expect("a ledger") + events;
    let mut trial = ledger.len().expect("a ledger");
    while ledger.len().expect("a ledger") < end {
        let at = Timestamp(1_700_000_000_000 + trial as i64 * TRIAL_MS);
        let batch: Vec<Event> = (trial..trial + BATCH).flat_map(story).collect();
        ledger.append(at, &batch).expect("room on the disk");
        trial += BATCH;
    }
}

/// One trial, as coordinators write it.
fn story(number: u64) -> Vec<Event> {
    let (trial, worker) = (TrialId(number), worker(number % WORKERS));
    let task = TaskId { trial, attempt: Attempt(0) };
    let fidelity = match number % 20 {
        0 => Fidelity::Full,
        1..=4 => Fidelity::Rung(12),
        _ => Fidelity::OneShot,
    };
    let genes = (0..6).map(|place| (number >> (4 * place)) as u32 & 15).collect();
    let subject = Subject::Network { architecture: Architecture::new(genes), fidelity };
    let mut delivery = 0;
    let mut acknowledged = || {
        delivery += 1;
        Event::Acknowledged { worker: worker.clone(), session: SESSION, delivery: number * 8 + delivery }
    };
    let mut events = vec![
        Event::TrialProposed {
            trial,
            subject,
            origin: Origin::Search { region: "++-".into(), widened: false },
        },
        Event::TaskLeased { task, worker: worker.clone(), session: SESSION, slot: SlotId(0), resume: None },
    ];
    for part in 0..3 {
        let start = Millis(number as i64 * TRIAL_MS + part * TRIAL_MS / 3);
        let measurement = Measurement {
            slot: SlotId(0),
            task: Some(task),
            start,
            end: Millis(start.0 + TRIAL_MS / 3),
            joules: Joules(123.4),
            method: Method::Counter,
            meter: "NVML".into(),
        };
        events.push(Event::EnergySpent { worker: worker.clone(), session: SESSION, measurement });
        events.push(acknowledged());
    }
    if fidelity == Fidelity::Full {
        let checkpoint = Checkpoint { blob: BlobId::of(&number.to_le_bytes()), progress: 0.5 };
        events.extend([Event::TaskCheckpointed { task, checkpoint }, acknowledged()]);
    }
    let epochs = if fidelity == Fidelity::OneShot { 0 } else { 12 };
    let point =
        |epoch| CurvePoint { epoch, training_loss: 1.0 / f64::from(epoch), validation_error: Some(0.3) };
    let share = (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as f64 / (1_u64 << 53) as f64;
    let evaluation = Box::new(Evaluation {
        validation_error: 0.05 + 0.4 * share,
        test_error: Some(0.06 + 0.4 * share),
        parameters: Some(100_000 + (1.0e6 * (1.0 - share)) as u64),
        flops: Some(50_000_000),
        latency_ms: Some(3.5),
        joules_per_inference: Some(0.02),
        device: "NVIDIA H100 80GB HBM3".into(),
        seconds: Seconds(0.9),
        curve: (1..=epochs).map(point).collect(),
        artifacts: Vec::new(),
    });
    events.extend([Event::TrialFinished { task, evaluation }, acknowledged()]);
    events
}

fn worker(number: u64) -> WorkerName {
    WorkerName::new(format!("node-{number}"))
}
