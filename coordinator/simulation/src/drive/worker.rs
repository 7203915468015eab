//! A worker that evaluates by looking up: it takes assignments, holds each for the time its work takes, meters exactly, suspends and
//! resumes, and reports in numbered deliveries.
//!
//! It keeps no outbox: on a perfect network each delivery arrives once and in order.

use common::blob::BlobId;
use common::energy::{Measurement, Method, Purpose};
use common::fidelity::{Fidelity, Role};
use common::id::{SessionId, SlotId, TaskId, WorkerName, Zone};
use common::time::{Millis, Timestamp};
use common::trial::{Artifact, ArtifactKind, Checkpoint, Evaluation, Failure, Subject};
use common::unit::{Joules, Seconds, Watts};
use common::wire::{Assignment, FromWorker, Hello, Progress, Report, SlotInfo, ToWorker};

use super::study::Study;
use crate::table::{CellId, Level, Table};
use crate::world::{Task, Work};

const DEVICE: &str = "tabulated";

#[derive(Debug)]
pub struct Worker<'a> {
    table: &'a dyn Table,
    work: Work,
    scores: Level,
    mean_epoch_s: f64,
    name: WorkerName,
    zone: Zone,
    session: SessionId,
    /// The session clock's zero.
    origin: Timestamp,
    slots: Vec<Slot>,
    deliveries: u64,
    dispatches: u64,
    over: bool,
}

/// When a task will end, unless it is taken away before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct End {
    pub at: Timestamp,
    pub slot: SlotId,
    pub dispatch: u64,
}

#[derive(Debug)]
struct Slot {
    id: SlotId,
    running: Option<Running>,
    /// Power since the present window began.
    watts: Watts,
    since: Timestamp,
}

#[derive(Debug)]
struct Running {
    task: TaskId,
    subject: Subject,
    dispatch: u64,
    /// When work proper begins: after resuming.
    from: Timestamp,
    /// Share done before.
    before: f64,
    total: Seconds,
}

impl Running {
    /// Share done; nothing is done while resuming.
    fn done(&self, now: Timestamp) -> f64 {
        (self.before + now.since(self.from).seconds().max(0.0) / self.total.0).min(1.0)
    }
}

impl<'a> Worker<'a> {
    pub fn new(study: &Study<'a>, index: u64, zone: Zone, slots: u16, origin: Timestamp) -> Self {
        let slot = |id| Slot { id: SlotId(id), running: None, watts: study.work.released, since: origin };
        Self {
            table: study.table,
            work: study.work,
            scores: study.scores,
            mean_epoch_s: study.table.mean_epoch_s(),
            name: WorkerName::new(format!("{zone}-tabulated")),
            zone,
            session: SessionId(index + 1),
            origin,
            slots: (0..slots).map(slot).collect(),
            deliveries: 0,
            dispatches: 0,
            over: false,
        }
    }

    pub fn name(&self) -> &WorkerName {
        &self.name
    }

    pub fn slots(&self) -> impl Iterator<Item = SlotId> {
        self.slots.iter().map(|slot| slot.id)
    }

    pub fn hello(&self, now: Timestamp) -> FromWorker {
        let info = |slot: &Slot| SlotInfo {
            slot: slot.id,
            device: DEVICE.into(),
            memory_mb: 0,
            meter: DEVICE.into(),
        };
        FromWorker::Hello(Hello {
            session: self.session,
            clock: now.since(self.origin),
            zone: self.zone.clone(),
            slots: self.slots.iter().map(info).collect(),
            version: env!("CARGO_PKG_VERSION").into(),
            host: DEVICE.into(),
            held: self.held(),
        })
    }

    /// Energy up to now, progress, and a sign of life.
    pub fn beat(&mut self, now: Timestamp) -> Vec<FromWorker> {
        if self.over {
            return Vec::new();
        }
        let mut messages: Vec<FromWorker> =
            (0..self.slots.len()).filter_map(|slot| self.close_window(slot, now)).collect();
        for running in self.slots.iter().filter_map(|slot| slot.running.as_ref()) {
            let (task, done) = (running.task, running.done(now));
            let progress = Progress { task, done, epoch: 0, training_loss: None, validation_error: None };
            messages.push(FromWorker::Progress { session: self.session, progress });
        }
        let (session, clock) = (self.session, now.since(self.origin));
        messages.push(FromWorker::Heartbeat { session, clock, held: self.held() });
        messages
    }

    /// `roles`: what the coordinator wants of each slot, which decides whether an empty one is powered.
    pub fn on_message(
        &mut self,
        message: ToWorker,
        roles: &[Role],
        now: Timestamp,
    ) -> (Vec<FromWorker>, Option<End>) {
        match message {
            ToWorker::Assign(assignment) => self.on_assign(*assignment, now),
            ToWorker::Suspend { task } => (self.give_up(task, roles, now, true), None),
            ToWorker::Cancel { task } => (self.give_up(task, roles, now, false), None),
            ToWorker::StudyOver { reason } => (self.leave(reason, now), None),
            // Acknowledgements concern an outbox, the rest concerns blobs; neither exists here.
            _ => (Vec::new(), None),
        }
    }

    pub fn on_roles(&mut self, roles: &[Role], now: Timestamp) -> Vec<FromWorker> {
        if self.over {
            return Vec::new();
        }
        let mut messages = Vec::new();
        for (index, role) in roles.iter().enumerate() {
            let watts = self.work.unoccupied(*role);
            if self.slots[index].running.is_none() && self.slots[index].watts != watts {
                messages.extend(self.close_window(index, now));
                self.slots[index].watts = watts;
            }
        }
        messages
    }

    /// A task came to its end, unless it was taken away before.
    pub fn on_end(&mut self, slot: SlotId, dispatch: u64, role: Role, now: Timestamp) -> Vec<FromWorker> {
        let index = usize::from(slot.0);
        if self.slots[index].running.as_ref().is_none_or(|running| running.dispatch != dispatch) {
            return Vec::new();
        }
        let mut messages: Vec<FromWorker> = self.close_window(index, now).into_iter().collect();
        let Some(Running { task, subject, total, .. }) = self.slots[index].running.take() else {
            return messages;
        };
        self.slots[index].watts = self.work.unoccupied(role);
        let report = match self.evaluate(&subject, total) {
            Some(evaluation) => Report::Finished { task, evaluation: Box::new(evaluation) },
            None => Report::Failed { task, failure: Failure::Refused("not in the table".into()) },
        };
        messages.push(self.deliver(report));
        messages
    }

    fn on_assign(&mut self, assignment: Assignment, now: Timestamp) -> (Vec<FromWorker>, Option<End>) {
        let Assignment { task, slot, subject, resume, .. } = assignment;
        let index = usize::from(slot.0);
        if self.over || self.slots.get(index).is_none_or(|slot| slot.running.is_some()) {
            return (Vec::new(), None);
        }
        let Some(total) = self.seconds(&subject) else {
            let failure = Failure::Refused("not in the table".into());
            return (vec![self.deliver(Report::Failed { task, failure })], None);
        };
        let messages = self.close_window(index, now).into_iter().collect();
        let before = resume.map_or(0.0, |checkpoint| checkpoint.progress);
        let pause_s = if resume.is_some() { self.work.resume_s } else { 0.0 };
        let dispatch = self.dispatches;
        self.dispatches += 1;
        let from = now + Millis::from_seconds(pause_s);
        let at = from + Millis::from_seconds(total.0 * (1.0 - before));
        self.slots[index].watts = self.work.watts(subject.purpose());
        self.slots[index].running = Some(Running { task, subject, dispatch, from, before, total });
        (messages, Some(End { at, slot, dispatch }))
    }

    /// Stops a task; `keeps` its progress and says so, or drops it in silence.
    fn give_up(&mut self, task: TaskId, roles: &[Role], now: Timestamp, keeps: bool) -> Vec<FromWorker> {
        let holds = |slot: &Slot| slot.running.as_ref().is_some_and(|running| running.task == task);
        let Some(index) = self.slots.iter().position(holds) else { return Vec::new() };
        let mut messages: Vec<FromWorker> = self.close_window(index, now).into_iter().collect();
        let Some(running) = self.slots[index].running.take() else { return messages };
        self.slots[index].watts = self.work.unoccupied(roles[index]);
        if keeps {
            let checkpoint = running.subject.role().eq(&Role::Train).then(|| Checkpoint {
                blob: BlobId::of(format!("checkpoint of task {task}").as_bytes()),
                progress: running.done(now),
            });
            messages.push(self.deliver(Report::Suspended { task, checkpoint }));
        }
        messages
    }

    fn leave(&mut self, reason: String, now: Timestamp) -> Vec<FromWorker> {
        if self.over {
            return Vec::new();
        }
        let mut messages: Vec<FromWorker> =
            (0..self.slots.len()).filter_map(|slot| self.close_window(slot, now)).collect();
        messages.push(self.deliver(Report::Leaving { reason }));
        self.slots.iter_mut().for_each(|slot| slot.running = None);
        self.over = true;
        messages
    }

    /// Books what the slot drew since its window began; none where that is nothing.
    fn close_window(&mut self, index: usize, now: Timestamp) -> Option<FromWorker> {
        let slot = &mut self.slots[index];
        let since = std::mem::replace(&mut slot.since, now);
        let joules: Joules = slot.watts.over(Seconds(now.since(since).seconds())) * self.work.pue;
        let measurement = Measurement {
            slot: slot.id,
            task: slot.running.as_ref().map(|running| running.task),
            start: since.since(self.origin),
            end: now.since(self.origin),
            joules,
            method: Method::Tabulated,
            meter: DEVICE.into(),
        };
        (joules.0 > 0.0).then(|| self.deliver(Report::Energy(measurement)))
    }

    fn deliver(&mut self, report: Report) -> FromWorker {
        self.deliveries += 1;
        FromWorker::Delivery { session: self.session, number: self.deliveries, report }
    }

    fn held(&self) -> Vec<TaskId> {
        self.slots.iter().filter_map(|slot| slot.running.as_ref()).map(|running| running.task).collect()
    }

    /// How long the whole of it takes; none for what the table does not know.
    fn seconds(&self, subject: &Subject) -> Option<Seconds> {
        let seconds = |task: Task| self.work.seconds(&task, self.table, self.mean_epoch_s);
        Some(match subject {
            Subject::SubSupernet(part) => seconds(Task::SubSupernet(part.option)),
            Subject::Supernet => seconds(Task::Supernet),
            // Refused before a study begins: no table tells what it teaches.
            Subject::RegionSupernet(_) => return None,
            Subject::Network { architecture, .. } => {
                let cell = self.table.find(architecture)?;
                seconds(match subject.purpose() {
                    Purpose::OneShot => Task::Score(vec![cell]),
                    Purpose::Rung => Task::Short(cell),
                    _ => Task::Full(cell),
                })
            }
        })
    }

    fn evaluate(&self, subject: &Subject, seconds: Seconds) -> Option<Evaluation> {
        let Subject::Network { architecture, fidelity } = subject else {
            let blob = BlobId::of(b"tabulated supernet");
            let artifacts = vec![Artifact { kind: ArtifactKind::Supernet, blob, bytes: 0 }];
            return Some(Evaluation { artifacts, ..blank(seconds) });
        };
        let level = match fidelity {
            Fidelity::OneShot => self.scores,
            Fidelity::Rung(_) => Level::Short,
            Fidelity::Full => Level::Full,
        };
        let cell: CellId = self.table.find(architecture)?;
        let (row, cost) = (self.table.row(cell), self.table.space().cost(architecture));
        let [error_percent, energy_mj] = row.objectives(level);
        Some(Evaluation {
            validation_error: error_percent / 100.0,
            test_error: (level == Level::Full).then_some(error_percent / 100.0),
            parameters: cost.map(|cost| cost.parameters),
            flops: cost.map(|cost| cost.flops),
            joules_per_inference: Some(energy_mj / 1000.0),
            ..blank(seconds)
        })
    }
}

/// An evaluation that says nothing but how long it took.
fn blank(seconds: Seconds) -> Evaluation {
    Evaluation {
        validation_error: 1.0,
        test_error: None,
        parameters: None,
        flops: None,
        latency_ms: None,
        joules_per_inference: None,
        device: DEVICE.into(),
        seconds,
        curve: Vec::new(),
        artifacts: Vec::new(),
    }
}
