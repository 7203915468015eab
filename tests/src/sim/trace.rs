//! A golden trace: one line an event, so that the difference between two runs reads as prose.

use std::collections::VecDeque;

use common::blob::BlobId;
use common::event::Event;
use common::id::TaskId;
use common::time::{Millis, Timestamp};
use common::wire::{Chunk, FromWorker, Report, ToWorker};

/// Lines kept for the report of a failure.
const TAIL: usize = 50;

#[derive(Debug, Default)]
pub struct Trace {
    begun: Timestamp,
    tail: VecDeque<String>,
    hash: u64,
    lines: u64,
    /// All lines, where somebody wants to compare them.
    whole: Option<Vec<String>>,
}

impl Trace {
    pub fn new(begun: Timestamp, keep: bool) -> Self {
        Self { begun, whole: keep.then(Vec::new), hash: 0xcbf2_9ce4_8422_2325, ..Self::default() }
    }

    pub fn line(&mut self, at: Timestamp, text: &str) {
        let Millis(elapsed) = at.since(self.begun);
        let line = format!("{:>9.3} {text}", elapsed as f64 / 1000.0);
        // FNV-1a: enough to tell two runs apart.
        for byte in line.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        self.lines += 1;
        if let Some(whole) = &mut self.whole {
            whole.push(line.clone());
        }
        if self.tail.len() == TAIL {
            self.tail.pop_front();
        }
        self.tail.push_back(line);
    }

    pub fn hash(&self) -> u64 {
        self.hash
    }

    pub fn lines(&self) -> u64 {
        self.lines
    }

    pub fn tail(&self) -> String {
        self.tail.iter().map(|line| format!("{line}\n")).collect()
    }

    pub fn into_whole(self) -> Vec<String> {
        self.whole.unwrap_or_default()
    }
}

/// A message's kind and its line.
pub fn from_worker(message: &FromWorker) -> (&'static str, String) {
    match message {
        FromWorker::Hello(hello) => {
            ("hello", format!("hello {} holding {}", hello.session, list(&hello.held)))
        }
        FromWorker::Heartbeat { session, held, .. } => {
            ("heartbeat", format!("heartbeat {session} holding {}", list(held)))
        }
        FromWorker::Delivery { session, number, report } => {
            ("delivery", format!("delivery {session}/{number} {}", report_line(report)))
        }
        FromWorker::Remembers { session, acknowledged } => {
            ("remembers", format!("remembers {session}/{acknowledged}"))
        }
        FromWorker::Progress { progress, .. } => {
            ("progress", format!("progress {} {:.2}", progress.task, progress.done))
        }
        FromWorker::Vitals { vitals, .. } => ("vitals", format!("vitals, {} lines", vitals.log.len())),
        FromWorker::Upload(chunk) => ("upload", chunk_line("upload", chunk)),
        FromWorker::Download { blob, offset } => {
            ("download", format!("download {} at {offset}", short(*blob)))
        }
        FromWorker::Enrol { .. } => ("enrol", "enrol".into()),
    }
}

pub fn to_worker(message: &ToWorker) -> (&'static str, String) {
    match message {
        ToWorker::Welcome { session, acknowledged, .. } => {
            ("welcome", format!("welcome {session}, {acknowledged} taken in"))
        }
        ToWorker::Refused { reason } => ("refused", format!("refused: {reason}")),
        ToWorker::WhoAreYou { session } => ("who_are_you", format!("who are you, {session}?")),
        ToWorker::BeginAnew { session } => ("begin_anew", format!("begin anew, {session}")),
        ToWorker::Assign(assignment) => {
            let from = assignment.resume.map_or(0.0, |checkpoint| checkpoint.progress);
            ("assign", format!("assign {} to slot {} from {from:.2}", assignment.task, assignment.slot))
        }
        ToWorker::Suspend { task } => ("suspend", format!("suspend {task}")),
        ToWorker::Cancel { task } => ("cancel", format!("cancel {task}")),
        ToWorker::Acknowledge { session, number } => {
            ("acknowledge", format!("acknowledge {session}/{number}"))
        }
        ToWorker::UploadedTo { blob, received } => {
            ("uploaded_to", format!("uploaded {} to {received}", short(*blob)))
        }
        ToWorker::Chunk(chunk) => ("chunk", chunk_line("chunk", chunk)),
        ToWorker::BlobMissing { blob } => ("blob_missing", format!("blob {} is missing", short(*blob))),
        ToWorker::Enrolled { name } => ("enrolled", format!("enrolled as {name}")),
        ToWorker::StudyOver { reason } => ("study_over", format!("study over: {reason}")),
    }
}

/// One line of the ledger, with what matters of it.
pub fn event(event: &Event) -> String {
    let kind = event.kind();
    match event {
        Event::WorkerJoined { worker, session, .. } => format!("{kind} {worker} in session {session}"),
        Event::WorkerQuarantined { worker, reason, .. } => format!("quarantined {worker}: {reason}"),
        Event::WorkerReleased { worker, reason, .. } => format!("released {worker}: {reason}"),
        Event::WorkerLost { worker, session, reason } => {
            format!("{kind} {worker} in session {session}: {reason}")
        }
        Event::Acknowledged { worker, session, delivery } => format!("{kind} {worker} {session}/{delivery}"),
        Event::AllocationDecided { allocation } => {
            let shares = allocation.zones.iter();
            let shares = shares.map(|(zone, s)| format!(" {zone} {}/{}/{}", s.train, s.sample, s.rest));
            format!("{kind}{}", shares.collect::<String>())
        }
        Event::TrialProposed { trial, subject, .. } => format!("{kind} {trial} {}", subject.purpose()),
        Event::TaskLeased { task, worker, slot, .. } => format!("{kind} {task} to {worker} slot {slot}"),
        Event::TaskCheckpointed { task, checkpoint } => {
            format!("{kind} {task} at {:.2}", checkpoint.progress)
        }
        Event::TaskSuspended { task, checkpoint } => {
            format!("{kind} {task} at {:.2}", checkpoint.map_or(0.0, |checkpoint| checkpoint.progress))
        }
        Event::TaskFailed { task, failure, again_at, .. } => {
            let again = again_at.map_or(String::new(), |at| format!(", again at {at}"));
            format!("{kind} {task} {failure}{again}")
        }
        Event::TrialFinished { task, evaluation } => {
            format!("{kind} {task} {:.3}", evaluation.validation_error)
        }
        Event::EvaluationGiven { trial, evaluation, .. } => {
            format!("{kind} {trial} {:.3}", evaluation.validation_error)
        }
        Event::WorkerDraining { worker, session, .. } => format!("{kind} {worker} in session {session}"),
        Event::TrialCancelled { trial } | Event::TrialRetried { trial } => format!("{kind} {trial}"),
        Event::TrialFailed { trial, reason } => format!("{kind} {trial}: {reason}"),
        Event::EnergySpent { worker, measurement, .. } => {
            let task = measurement.task.map_or("idle".into(), |task| task.to_string());
            format!("{kind} {worker} {task} {:.1}", measurement.joules)
        }
        Event::StudyFinished { reason } => format!("{kind}: {reason}"),
        _ => kind.into(),
    }
}

fn report_line(report: &Report) -> String {
    match report {
        Report::Energy(measurement) => format!("energy {:.1}", measurement.joules),
        Report::Checkpointed { task, checkpoint } => {
            format!("checkpointed {task} at {:.2}", checkpoint.progress)
        }
        Report::Suspended { task, .. } => format!("suspended {task}"),
        Report::Finished { task, .. } => format!("finished {task}"),
        Report::Failed { task, failure } => format!("failed {task}: {failure}"),
        Report::Leaving { reason } => format!("leaving: {reason}"),
    }
}

fn chunk_line(kind: &str, chunk: &Chunk) -> String {
    format!("{kind} {} {}+{}/{}", short(chunk.blob), chunk.offset, chunk.bytes.len(), chunk.total)
}

fn short(blob: BlobId) -> String {
    blob.to_string()[..8].into()
}

fn list(tasks: &[TaskId]) -> String {
    let tasks: Vec<String> = tasks.iter().map(ToString::to_string).collect();
    format!("[{}]", tasks.join(" "))
}
