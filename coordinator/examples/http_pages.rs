//! How long the pages of the API take over a large study: 50,000 trials and 1,000 workers, unless told otherwise. `scripts/bench-http` runs it.
//!
//! It writes a ledger as a coordinator would have, serves it, and asks for each page over one kept connection, as a browser does.
#![allow(clippy::disallowed_methods)] // real time is what is measured

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use common::allocation::{Allocation, Shares};
use common::architecture::Architecture;
use common::carbon::{CarbonSample, Forecast, Provenance, SignalKind};
use common::config::{Http, load};
use common::energy::{Measurement, Method};
use common::event::Event;
use common::fidelity::Fidelity;
use common::id::{Attempt, SessionId, SlotId, TaskId, TrialId, WorkerName, Zone};
use common::time::{GridClock, HOUR_MS, Millis, Timestamp};
use common::trial::{CurvePoint, Evaluation, Origin, Subject};
use common::unit::{Intensity, Joules, Seconds};
use common::wire::SlotInfo;
use coordinator::directory::StudyDirectory;
use coordinator::http::bind;
use ledger::Ledger;

/// 2026-01-05T00:00Z, a Monday.
const BEGIN: i64 = 1_767_571_200_000;
const ZONES: [&str; 4] = ["DE", "FR", "PL", "SE"];
const HOURS: i64 = 168;
/// Events of one commit.
const BATCH: usize = 2000;

const PAGES: [&str; 14] = [
    "/api/v1/study",
    "/api/v1/front",
    "/api/v1/hypervolume",
    "/api/v1/trials",
    "/api/v1/trials?sort=error&limit=100",
    "/api/v1/trials?fidelity=full&state=finished&sort=error&order=descending",
    "/api/v1/trials?zone=DE&sort=energy&offset=5000&limit=500",
    "/api/v1/trials/25000",
    "/api/v1/workers",
    "/api/v1/workers?limit=1000",
    "/api/v1/zones",
    "/api/v1/tree",
    "/metrics",
    "/",
];

fn main() -> Result<()> {
    let mut numbers = std::env::args().skip(1).map(|word| word.parse::<u64>());
    let trials = numbers.next().transpose().context("TRIALS")?.unwrap_or(50_000);
    let workers = numbers.next().transpose().context("WORKERS")?.unwrap_or(1_000);
    let rounds = numbers.next().transpose().context("ROUNDS")?.unwrap_or(100);
    let folder = std::env::temp_dir().join(format!("ce-nas-bench-http-{}", std::process::id()));
    let measured = measure(&folder, trials, workers, rounds);
    // Whatever came of it, a few hundred megabytes go with it.
    let _ = std::fs::remove_dir_all(&folder);
    measured
}

fn measure(folder: &Path, trials: u64, workers: u64, rounds: u64) -> Result<()> {
    let begun = Instant::now();
    let events = write(&folder.join("ledger.sqlite"), trials, workers)?;
    println!(
        "{trials} trials, {workers} workers: {events} events, written in {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    let begun = Instant::now();
    let http = Http { listen: "127.0.0.1:0".into(), token_file: "auto".into() };
    let directory = StudyDirectory::new(folder);
    let (serving, _ringer) = bind(&http, &directory)?.context("it listens")?.show(&directory)?;
    let mut client = Client::connect(serving.at)?;
    while client.get("/readyz")?.0 != 200 {
        std::thread::sleep(Duration::from_millis(100));
    }
    let ready_s = begun.elapsed().as_secs_f64();
    let read_mib = resident_mib()?;
    println!("read and ready in {ready_s:.1} s, {read_mib} MiB resident; {rounds} rounds\n");
    println!("{:<75} {:>9} {:>8} {:>8} {:>8}", "page", "bytes", "p50 ms", "p95 ms", "max ms");
    for page in PAGES {
        let mut spans = Vec::new();
        let mut bytes = 0;
        for _ in 0..rounds {
            let begun = Instant::now();
            let (status, length) = client.get(page)?;
            spans.push(begun.elapsed().as_secs_f64() * 1000.0);
            bytes = length;
            if status != 200 {
                bail!("{page}: {status}");
            }
        }
        spans.sort_by(f64::total_cmp);
        let at = |share: f64| spans[((spans.len() - 1) as f64 * share).round() as usize];
        println!("{page:<75} {bytes:>9} {:>8.2} {:>8.2} {:>8.2}", at(0.5), at(0.95), at(1.0));
    }
    println!("\n{} MiB resident after all pages", resident_mib()?);
    Ok(())
}

/// What this process holds: the history of the study, and whoever asks.
fn resident_mib() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("the kernel tells")?;
    let kib: u64 = line.split_whitespace().next().context("a number")?.parse()?;
    Ok(kib / 1024)
}

/// One connection that is kept.
struct Client {
    reader: BufReader<TcpStream>,
}

impl Client {
    fn connect(at: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(at)?;
        stream.set_nodelay(true)?;
        Ok(Self { reader: BufReader::new(stream) })
    }

    /// The status, and how many bytes came.
    fn get(&mut self, path: &str) -> Result<(u16, usize)> {
        write!(self.reader.get_mut(), "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
        let (mut status, mut length) = (0, 0);
        loop {
            let mut line = String::new();
            self.reader.read_line(&mut line)?;
            if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
                status = rest[..3].parse()?;
            }
            if let Some(rest) = line.to_lowercase().strip_prefix("content-length:") {
                length = rest.trim().parse()?;
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body)?;
        Ok((status, length))
    }
}

/// A week of a large fleet, as its coordinator would have written it.
fn write(path: &Path, trials: u64, workers: u64) -> Result<u64> {
    let mut ledger = Ledger::open(path)?;
    let mut batch =
        vec![started()?, Event::CoordinatorStarted { version: "bench".into(), host: "here".into() }];
    batch.extend((0..workers).map(joined));
    let span = HOURS * HOUR_MS;
    let mut hour = 0;
    for trial in 0..trials {
        let at = span * i64::try_from(trial)? / i64::try_from(trials)?;
        while hour * HOUR_MS <= at {
            batch.extend(hourly(hour));
            hour += 1;
        }
        batch.extend(of_trial(trial, trials, workers, at));
        if batch.len() >= BATCH {
            ledger.append(Timestamp(BEGIN + at), &batch)?;
            batch.clear();
        }
    }
    ledger.append(Timestamp(BEGIN + span), &batch)?;
    Ok(ledger.len()?)
}

fn started() -> Result<Event> {
    let settings =
        ["study.name=bench", "budget.hours=200", "budget.carbon_g=5000000", "evaluation.evaluator=rehearsal"];
    let config = load(None, [], &settings.map(String::from))?;
    let spec = Box::new(config.study_spec()?);
    let clock = GridClock { wall_origin: Timestamp(BEGIN), grid_origin: Timestamp(BEGIN), hour_s: 3600.0 };
    Ok(Event::StudyStarted { spec, clock, version: "bench".into(), config: toml::to_string(&config)? })
}

fn name(worker: u64) -> WorkerName {
    WorkerName::new(format!("gpu-{worker:04}"))
}

fn joined(worker: u64) -> Event {
    let slots = (0..2).map(|slot| SlotInfo {
        slot: SlotId(slot),
        device: "NVIDIA H100 80GB HBM3".into(),
        memory_mb: 81_559,
        meter: "NVML GPU-8f3a".into(),
    });
    Event::WorkerJoined {
        worker: name(worker),
        session: SessionId(worker),
        origin: Timestamp(BEGIN),
        zone: Zone::new(ZONES[worker as usize % ZONES.len()]),
        slots: slots.collect(),
        version: "bench".into(),
        host: format!("node-{worker:04}"),
    }
}

fn hourly(hour: i64) -> Vec<Event> {
    let intensity = |zone: usize, hour: i64| 100.0 + 80.0 * zone as f64 + 60.0 * (hour as f64 / 4.0).sin();
    let begin = Timestamp(BEGIN).hour();
    let samples = ZONES.iter().enumerate().map(|(number, zone)| CarbonSample {
        zone: Zone::new(*zone),
        hour: begin.plus(hour),
        intensity: Intensity(intensity(number, hour)),
        kind: SignalKind::AverageLifecycle,
        provenance: Provenance::Measured("bench".into()),
    });
    let mut events = vec![Event::CarbonObserved { samples: samples.collect() }];
    for (number, zone) in ZONES.iter().enumerate() {
        let row =
            |ahead: i64| (0..9).map(|level| intensity(number, hour + ahead) + f64::from(level)).collect();
        let forecast = Forecast {
            zone: Zone::new(*zone),
            issued_at: begin.plus(hour),
            model: "ensemble".into(),
            levels: (1..10).map(|level| f64::from(level) / 10.0).collect(),
            quantiles: (1..=96).map(row).collect(),
        };
        events.push(Event::ForecastIssued { forecast: Box::new(forecast) });
    }
    let shares = Shares { train: 300, sample: 100, rest: 100 };
    let zones = ZONES.iter().map(|zone| (Zone::new(*zone), shares)).collect();
    let reason = "the next hours are cleaner than nine in ten of the coming day".into();
    events.push(Event::AllocationDecided {
        allocation: Allocation { zones, policy: "planner".into(), reason },
    });
    events
}

/// Proposed, worked on with two windows, finished; the last thousand still run.
fn of_trial(trial: u64, trials: u64, workers: u64, at: i64) -> Vec<Event> {
    let worker = trial % workers;
    let task = TaskId { trial: TrialId(trial), attempt: Attempt(0) };
    let genes = (0..6).map(|place| (trial / 5_u64.pow(place) % 5) as u32).collect();
    let fidelity = match trial / 15_625 {
        _ if trial % 20 == 7 => Fidelity::Full,
        turn if trial % 4 == 1 => Fidelity::Rung(12 + turn as u32),
        turn => Fidelity::Rung(40 + turn as u32),
    };
    let epochs = if fidelity == Fidelity::Full { 200 } else { 12 };
    let subject = Subject::Network { architecture: Architecture::new(genes), fidelity };
    let window = |start: i64, end: i64| Event::EnergySpent {
        worker: name(worker),
        session: SessionId(worker),
        measurement: Measurement {
            slot: SlotId((trial / workers % 2) as u16),
            task: Some(task),
            start: Millis(start),
            end: Millis(end),
            joules: Joules((end - start) as f64 * 0.4),
            method: Method::Counter,
            meter: "NVML GPU-8f3a".into(),
        },
    };
    let curve = (1..=epochs).map(|epoch| CurvePoint {
        epoch,
        training_loss: 2.0 / f64::from(epoch),
        validation_error: Some(0.9 / f64::from(epoch)),
    });
    let spread = (trial.wrapping_mul(2_654_435_761) % 100_000) as f64 / 100_000.0;
    let evaluation = Evaluation {
        validation_error: 0.05 + 0.5 * spread,
        test_error: (fidelity == Fidelity::Full).then_some(0.06 + 0.5 * spread),
        parameters: Some(100_000 + ((1.0 - spread) * 1_000_000.0) as u64 + trial % 997 * 300),
        flops: Some(1_000_000 + trial),
        latency_ms: None,
        joules_per_inference: None,
        device: "NVIDIA H100 80GB HBM3".into(),
        seconds: Seconds(60.0),
        curve: curve.collect(),
        artifacts: Vec::new(),
    };
    let origin = Origin::Search { region: "+-+".into(), widened: false };
    let mut events = vec![
        Event::TrialProposed { trial: TrialId(trial), subject, origin },
        Event::TaskLeased {
            task,
            worker: name(worker),
            session: SessionId(worker),
            slot: SlotId((trial / workers % 2) as u16),
            resume: None,
        },
        window(at, at + 30_000),
        window(at + 30_000, at + 60_000),
    ];
    if trial + 1000 < trials {
        events.push(Event::TrialFinished { task, evaluation: Box::new(evaluation) });
    }
    events
}
