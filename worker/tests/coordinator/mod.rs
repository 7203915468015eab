//! The coordinator's side, played by hand as the wire's documentation has it, and a worker on a thread of its own.
#![allow(dead_code)] // each test binary uses a part

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::architecture::Architecture;
use common::blob::BlobId;
use common::energy::Measurement;
use common::fidelity::Fidelity;
use common::id::{Attempt, SessionId, SlotId, TaskId, TrialId};
use common::study::StudySpec;
use common::time::Millis;
use common::trial::{Checkpoint, Evaluation, Subject};
use common::unit::Watts;
use common::wire::{
    self, Assignment, CHUNK_BYTES, Chunk, FromWorker, Hello, LogLine, Report, SlotInfo, ToWorker,
};
use energy::{Scripted, SlotMeter};
use tokio::sync::mpsc;
use transport::memory::Network;
use transport::{
    ClientOptions, ClientSecurity, Endpoint, PeerName, Server, ServerOptions, ServerSecurity, Transport,
};
use worker::{Clock, Ended, Options, Recent, Setup};

/// No step of these tests takes longer than seconds; a hang is to end with a message.
const HANG: Duration = Duration::from_secs(60);

static SESSIONS: AtomicU64 = AtomicU64::new(1);

pub fn network() -> Network {
    Network::new()
}

pub fn task(trial: u64) -> TaskId {
    TaskId { trial: TrialId(trial), attempt: Attempt(0) }
}

pub fn subject(fidelity: Fidelity) -> Subject {
    Subject::Network { architecture: Architecture::new(vec![3, 3, 3, 3, 3, 3]), fidelity }
}

/// Four epochs of a third of a second.
fn spec() -> StudySpec {
    let settings = [
        "evaluation.evaluator=rehearsal",
        "evaluation.rehearsal_epoch_s=0.3",
        "training.epochs=4",
        "supernet.epochs=1",
        "ladder.rung_epochs=1",
    ];
    let settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
    common::config::load(None, [], &settings).unwrap().study_spec().unwrap()
}

pub struct Coordinator {
    server: Option<Server>,
    pub endpoint: Endpoint,
    peer: PeerName,
    pub spec: StudySpec,
    /// Answers every hello with this.
    pub refusal: Option<String>,
    pub seen: Seen,
}

/// What a coordinator would have on disk, and counts.
#[derive(Debug, Default)]
pub struct Seen {
    pub hello: Option<Hello>,
    pub session: Option<SessionId>,
    pub acknowledged: u64,
    pub reports: Vec<Report>,
    pub blobs: BTreeMap<BlobId, Vec<u8>>,
    pub held: Vec<TaskId>,
    pub heartbeats: usize,
    pub progress: usize,
    /// What it told of its log.
    pub log: Vec<LogLine>,
    pub downloads: usize,
}

impl Seen {
    pub fn finished(&self, trial: u64) -> Option<&Evaluation> {
        self.reports.iter().find_map(|report| match report {
            Report::Finished { task, evaluation } if task.trial == TrialId(trial) => Some(&**evaluation),
            _ => None,
        })
    }

    pub fn suspended(&self, trial: u64) -> Option<Option<Checkpoint>> {
        self.reports.iter().find_map(|report| match report {
            Report::Suspended { task, checkpoint } if task.trial == TrialId(trial) => Some(*checkpoint),
            _ => None,
        })
    }

    /// Last reports of a trial's tasks, suspensions aside.
    pub fn ends(&self, trial: u64) -> usize {
        let ends = |report: &&Report| match report {
            Report::Finished { task, .. } | Report::Failed { task, .. } => task.trial == TrialId(trial),
            _ => false,
        };
        self.reports.iter().filter(ends).count()
    }

    pub fn windows(&self, slot: u16) -> Vec<Measurement> {
        let window = |report: &Report| match report {
            Report::Energy(measurement) if measurement.slot == SlotId(slot) => Some(measurement.clone()),
            _ => None,
        };
        self.reports.iter().filter_map(window).collect()
    }
}

impl Coordinator {
    pub async fn bind<T: Transport>(transport: &T) -> Self {
        Self::bind_with(transport, ServerSecurity::Null).await
    }

    pub async fn bind_with<T: Transport>(transport: &T, security: ServerSecurity) -> Self {
        let options = ServerOptions::new("tcp://127.0.0.1:0".parse().unwrap(), security);
        let server = transport.bind(options).await.unwrap();
        let endpoint = server.endpoint().clone();
        let peer = "worker".parse().unwrap();
        Self { server: Some(server), endpoint, peer, spec: spec(), refusal: None, seen: Seen::default() }
    }

    /// Goes away as a killed process does, and comes back with what it had on disk.
    pub async fn restart<T: Transport>(mut self, transport: &T, away: Duration) -> Self {
        self.server.take().unwrap().close().await;
        tokio::time::sleep(away).await;
        let options = ServerOptions::new(self.endpoint.clone(), ServerSecurity::Null);
        self.server = Some(transport.bind(options).await.unwrap());
        self.seen.hello = None;
        self
    }

    /// The next worker is another process.
    pub fn forget_worker(mut self) -> Self {
        self.seen = Seen { blobs: std::mem::take(&mut self.seen.blobs), ..Seen::default() };
        self
    }

    pub fn say(&self, message: &ToWorker) {
        // A worker that is away will be told again by whoever relies on it.
        let _ = self.server.as_ref().unwrap().send(&self.peer, wire::encode(message));
    }

    pub fn assign(&self, trial: u64, slot: u16, subject: Subject) {
        self.hand_out(task(trial), slot, subject, None, None);
    }

    pub fn resume(&self, trial: u64, slot: u16, subject: Subject, from: Checkpoint) {
        self.hand_out(task(trial), slot, subject, None, Some(from));
    }

    pub fn retry(&self, trial: u64, attempt: u32, subject: Subject, from: Checkpoint) {
        let task = TaskId { attempt: Attempt(attempt), ..task(trial) };
        self.hand_out(task, 0, subject, None, Some(from));
    }

    pub fn score(&self, trial: u64, slot: u16, subject: Subject, supernet: BlobId) {
        self.hand_out(task(trial), slot, subject, Some(supernet), None);
    }

    fn hand_out(
        &self,
        task: TaskId,
        slot: u16,
        subject: Subject,
        supernet: Option<BlobId>,
        resume: Option<Checkpoint>,
    ) {
        let assignment = Assignment { task, slot: SlotId(slot), subject, supernet, resume };
        self.say(&ToWorker::Assign(Box::new(assignment)));
    }

    /// Listens and answers until `enough`.
    pub async fn until(&mut self, enough: impl Fn(&Seen) -> bool) {
        let listen = async {
            while !enough(&self.seen) {
                let (peer, frame) = self.server.as_mut().unwrap().recv().await.unwrap();
                assert_eq!(peer, self.peer);
                self.on_message(wire::decode(&frame).unwrap());
            }
        };
        let done = tokio::time::timeout(HANG, listen).await;
        assert!(done.is_ok(), "waited in vain; so far: {:?}", self.seen);
    }

    /// Listens and answers until the worker has gone.
    pub async fn see_off(&mut self, rig: Rig) -> Ended {
        tokio::select! {
            ended = rig.ended => ended.unwrap(),
            () = self.until(|_| false) => unreachable!("never enough"),
        }
    }

    fn on_message(&mut self, message: FromWorker) {
        match message {
            FromWorker::Hello(hello) => {
                let session = hello.session;
                self.seen.session = Some(session);
                self.seen.hello = Some(hello);
                if let Some(reason) = self.refusal.clone() {
                    return self.say(&ToWorker::Refused { reason });
                }
                let acknowledged = self.seen.acknowledged;
                let (spec, heartbeat) = (Box::new(self.spec.clone()), Millis(200));
                self.say(&ToWorker::Welcome { session, spec, heartbeat, acknowledged });
            }
            FromWorker::Heartbeat { session, .. } if self.seen.hello.is_none() => {
                self.say(&ToWorker::WhoAreYou { session });
            }
            FromWorker::Heartbeat { held, .. } => {
                self.seen.heartbeats += 1;
                self.seen.held = held;
            }
            FromWorker::Delivery { session, number, report } => {
                if number == self.seen.acknowledged + 1 {
                    self.seen.acknowledged = number;
                    self.seen.reports.push(report);
                }
                self.say(&ToWorker::Acknowledge { session, number: self.seen.acknowledged });
            }
            FromWorker::Progress { .. } => self.seen.progress += 1,
            FromWorker::Vitals { vitals, .. } => self.seen.log.extend(vitals.log),
            // No member says the one, and nobody is given cause for the other.
            FromWorker::Enrol { .. } | FromWorker::Remembers { .. } => {}
            FromWorker::Upload(chunk) => {
                let stored = self.seen.blobs.entry(chunk.blob).or_default();
                if chunk.offset == stored.len() as u64 {
                    stored.extend(chunk.bytes);
                }
                let received = stored.len() as u64;
                self.say(&ToWorker::UploadedTo { blob: chunk.blob, received });
            }
            FromWorker::Download { blob, offset } => {
                self.seen.downloads += usize::from(offset == 0);
                let Some(bytes) = self.seen.blobs.get(&blob) else {
                    return self.say(&ToWorker::BlobMissing { blob });
                };
                let end = (offset as usize + CHUNK_BYTES).min(bytes.len());
                let (total, bytes) = (bytes.len() as u64, bytes[offset as usize..end].to_vec());
                self.say(&ToWorker::Chunk(Chunk { blob, offset, total, bytes }));
            }
        }
    }
}

/// A meter that draws ten watts whatever happens.
fn ten_watts(slot: u16) -> SlotMeter {
    let meter = Box::new(Scripted::constant(Watts(10.0), Millis(0)));
    SlotMeter { slot: SlotId(slot), meter, shortfall: None }
}

/// A worker on a thread of its own.
pub struct Rig {
    stop: mpsc::UnboundedSender<()>,
    ended: tokio::sync::oneshot::Receiver<Ended>,
    _directory: tempfile::TempDir,
}

impl Rig {
    pub fn start<T: Transport + 'static>(transport: T, coordinator: &Coordinator, slots: u16) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (stop, stops) = mpsc::unbounded_channel();
        let (done, ended) = tokio::sync::oneshot::channel();
        let info =
            |slot| SlotInfo { slot: SlotId(slot), device: "CPU".into(), memory_mb: 1, meter: "10 W".into() };
        let options = Options {
            session: SessionId(SESSIONS.fetch_add(1, Ordering::Relaxed)),
            zone: "DE".into(),
            slots: (0..slots).map(info).collect(),
            version: "test".into(),
            host: "here".into(),
            checkpoint: Millis(60_000),
            give_up: Some(Millis(30_000)),
        };
        let security = ClientSecurity::Null { name: coordinator.peer.clone() };
        let clock = Clock::start();
        let setup = Setup {
            options,
            transport,
            connections: vec![ClientOptions::new(coordinator.endpoint.clone(), security)],
            blobs: directory.path().join("blobs"),
            outbox: directory.path().join("outbox"),
            evaluations: (0..slots).map(|_| evaluation::Options::default()).collect(),
            meters: (0..slots).map(ten_watts).collect(),
            thermometers: Vec::new(),
            recent: Recent::new(clock),
            report: Millis(500),
            clock,
        };
        std::thread::spawn(move || {
            let result = actix::System::new().block_on(worker::serve(setup, stops));
            let _ = done.send(result.unwrap());
        });
        Self { stop, ended, _directory: directory }
    }

    pub fn stop(&self) {
        self.stop.send(()).unwrap();
    }
}
