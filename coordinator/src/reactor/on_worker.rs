//! Messages from workers: who they are, that they live, what they hold.

use common::event::Event;
use common::id::{SessionId, TaskId, WorkerName};
use common::time::{Millis, Timestamp};
use common::trial::Failure;
use common::wire::{FromWorker, Hello, ToWorker};

use crate::core::Core;
use crate::mutation::{Mutation, planted};
use crate::reactor::plausible;

/// An assignment that a worker does not hold after so many heartbeats was lost on the way and is sent again.
const BEATS_BEFORE_REPEAT: i64 = 2;
/// Each admission of a process that is new, or another than it was, writes to the ledger and moves work. One that comes and goes with a
/// bad line is admitted every ten seconds, one that crashes as it starts every few.
const MOST_ADMISSIONS: usize = 20;
const ADMISSIONS_WITHIN: Millis = Millis(60_000);
/// Tasks held by mistake that one message has cancelled; the next one names what is left.
const MOST_CANCELS: usize = 1_000;

/// What a worker is told that somebody wants gone.
pub(crate) fn words_to_the_drained(worker: &WorkerName) -> String {
    format!("this worker is drained: it is given nothing until `ce-nas workers release {worker}`")
}

impl Core {
    pub(crate) fn on_message(&mut self, worker: WorkerName, message: FromWorker) {
        match message {
            FromWorker::Hello(hello) => self.on_hello(worker, hello),
            FromWorker::Heartbeat { session, held, .. } => self.on_heartbeat(&worker, session, &held),
            FromWorker::Delivery { session, number, report } => {
                self.on_delivery(&worker, session, number, report);
            }
            FromWorker::Remembers { session, acknowledged } => {
                self.on_remembers(&worker, session, acknowledged);
            }
            FromWorker::Progress { session, progress } => {
                if self.knows(&worker, session) && self.state.lease(progress.task).is_some() {
                    self.progress.insert(progress.task, progress);
                }
            }
            FromWorker::Vitals { session, vitals } => self.on_vitals(worker, session, vitals),
            // Blobs pass between the gateway and the store; the core hears of one when a report names it.
            FromWorker::Upload(_) | FromWorker::Download { .. } => {}
            // The gateway hears guests; a member has no use for it.
            FromWorker::Enrol { .. } => {}
        }
    }

    /// Whether this is the live session of an admitted worker.
    pub(crate) fn knows(&self, worker: &WorkerName, session: SessionId) -> bool {
        self.state.workers.get(worker).is_some_and(|record| record.alive && record.session == session)
    }

    /// It is there at this moment. Most of what a fleet says is no more than that.
    pub(crate) fn hear(&mut self, worker: &WorkerName) {
        let now = self.now();
        match self.heard.get_mut(worker) {
            Some(heard) => *heard = now,
            None => drop(self.heard.insert(worker.clone(), now)),
        }
    }

    fn on_hello(&mut self, worker: WorkerName, hello: Hello) {
        if self.is_over() {
            // Whoever worked for the study may still deliver what it holds.
            if self.knows(&worker, hello.session) {
                self.hear(&worker);
                self.welcome(&worker, hello.session);
            }
            let reason = self.state.finished.as_ref().map(|(_, reason)| reason.clone()).unwrap_or_default();
            return self.send(&worker, ToWorker::StudyOver { reason });
        }
        if let Some(reason) = plausible::fault_of_hello(&hello) {
            return self.send(&worker, ToWorker::Refused { reason });
        }
        let unchanged = self.knows(&worker, hello.session)
            && self
                .state
                .workers
                .get(&worker)
                .is_some_and(|r| r.slots == hello.slots && r.zone == hello.zone);
        if !unchanged {
            if self.is_restless(&worker) {
                let reason = format!(
                    "a worker of this name has begun anew {MOST_ADMISSIONS} times within a minute: start it again in another \
                     minute, and let no two processes use one key"
                );
                return self.send(&worker, ToWorker::Refused { reason });
            }
            // A restarted process is told from its predecessor by its session: what the old one held is gone.
            if let Some(former) = self.state.workers.get(&worker).filter(|r| r.alive).map(|r| r.session)
                && former != hello.session
            {
                self.take_back(&worker, former, self.now() - hello.clock);
                self.lose(&worker, former, "its process was replaced by a new one");
            }
            if self.is_turned_away(&worker, hello.session) {
                let reason = words_to_the_drained(&worker);
                return self.send(&worker, ToWorker::Refused { reason });
            }
            let event = Event::WorkerJoined {
                worker: worker.clone(),
                session: hello.session,
                origin: self.now() - hello.clock,
                zone: hello.zone,
                slots: hello.slots,
                version: hello.version,
                host: hello.host,
            };
            self.record(event);
            self.decide_again();
        }
        self.hear(&worker);
        self.welcome(&worker, hello.session);
        self.compare_held(&worker, hello.session, &hello.held);
    }

    /// Drained, and come back as another process: whatever starts workers anew does not take a drain back. The process that was
    /// drained itself is welcome to deliver what it holds.
    fn is_turned_away(&self, worker: &WorkerName, session: SessionId) -> bool {
        let record = self.state.workers.get(worker);
        record.is_some_and(|record| record.turned_away && record.session != session)
    }

    /// Whether it was admitted as often of late as anybody may be; else, this time counts as well.
    fn is_restless(&mut self, worker: &WorkerName) -> bool {
        let now = self.now();
        let recent = self.admitted.entry(worker.clone()).or_default();
        recent.retain(|at| now.since(*at) < ADMISSIONS_WITHIN);
        let is_restless = recent.len() >= MOST_ADMISSIONS;
        if !is_restless {
            recent.push(now);
        }
        is_restless
    }

    fn welcome(&mut self, worker: &WorkerName, session: SessionId) {
        let (Some(spec), Some(record)) = (self.state.spec(), self.state.workers.get(worker)) else { return };
        let message = ToWorker::Welcome {
            session,
            spec: Box::new(spec.clone()),
            heartbeat: self.options.heartbeat,
            acknowledged: record.acknowledged.get(&session).copied().unwrap_or_default(),
        };
        self.send(worker, message);
    }

    fn on_heartbeat(&mut self, worker: &WorkerName, session: SessionId, held: &[TaskId]) {
        if !self.knows(worker, session) {
            return self.send(worker, ToWorker::WhoAreYou { session });
        }
        self.hear(worker);
        self.compare_held(worker, session, held);
    }

    /// Sets right what lost frames left askew: tasks held without a lease, and leases without a task.
    fn compare_held(&mut self, worker: &WorkerName, session: SessionId, held: &[TaskId]) {
        let is_astray = |task: &&TaskId| {
            self.state.lease(**task).is_none_or(|lease| lease.worker != *worker || lease.session != session)
        };
        let astray: Vec<TaskId> = held.iter().filter(is_astray).take(MOST_CANCELS).copied().collect();
        for task in astray {
            self.send(worker, ToWorker::Cancel { task });
        }
        let patience = Millis(self.options.heartbeat.0 * BEATS_BEFORE_REPEAT);
        let now = self.now();
        let mut lost: Vec<TaskId> = self
            .leased_to(worker, session)
            .filter(|task| !held.contains(task))
            .filter(|task| self.assigned.get(task).is_none_or(|sent| now.since(sent.at) > patience))
            .collect();
        lost.sort_unstable();
        lost.into_iter().for_each(|task| self.send_assignment(task));
    }

    /// A successor delivers what a dead process left before it says hello, and what that one is given meanwhile nobody begins. It waits for
    /// another, and nobody is blamed: `since` the successor lives, its predecessor does not.
    fn take_back(&mut self, worker: &WorkerName, former: SessionId, since: Timestamp) {
        let leases = self.state.leases_of(worker).map(|(_, lease)| lease);
        let given = leases.filter(|lease| lease.session == former && lease.since > since);
        let mut given: Vec<TaskId> = given.map(|lease| lease.task).collect();
        given.sort_unstable();
        given.into_iter().for_each(|task| self.put_down(task));
    }

    /// A session is over. Its leases are void; each counts as a crash of its trial, all together as one failure of the worker.
    pub(crate) fn lose(&mut self, worker: &WorkerName, session: SessionId, reason: &str) {
        let failure = Failure::Crashed(format!("worker {worker} was lost: {reason}"));
        let held = self.tasks_of(worker, session);
        for &task in held.iter().filter(|_| !planted(Mutation::LeavesLeasesWithTheLost)) {
            self.attempt_vanished(task, failure.clone());
        }
        if !held.is_empty() {
            self.consider_quarantine(worker, &failure.to_string());
        }
        self.record(Event::WorkerLost { worker: worker.clone(), session, reason: reason.into() });
        self.drop_roles_of(worker);
        self.draws.forget(worker);
        self.decide_again();
    }

    /// Its connection is cut: nothing of it will be heard again. That is somebody's decision, and no fault of its trials.
    pub(crate) fn on_revoked(&mut self, worker: &WorkerName) {
        let alive = self.state.workers.get(worker).filter(|record| record.alive);
        if let Some(session) = alive.map(|record| record.session) {
            self.part_with(worker, session, "its key was revoked".into());
            self.draws.forget(worker);
        }
    }

    /// A session is over by somebody's will: what it still held waits for another, and nobody is blamed.
    pub(crate) fn part_with(&mut self, worker: &WorkerName, session: SessionId, reason: String) {
        for task in self.tasks_of(worker, session) {
            self.put_down(task);
        }
        self.record(Event::WorkerLost { worker: worker.clone(), session, reason });
        self.drop_roles_of(worker);
        self.decide_again();
    }

    /// The trial waits, with the checkpoint that it has.
    fn put_down(&mut self, task: TaskId) {
        self.record(Event::TaskSuspended { task, checkpoint: None });
        self.ended(task);
    }

    pub(crate) fn tasks_of(&self, worker: &WorkerName, session: SessionId) -> Vec<TaskId> {
        let mut tasks: Vec<TaskId> = self.leased_to(worker, session).collect();
        tasks.sort_unstable();
        tasks
    }

    fn leased_to(&self, worker: &WorkerName, session: SessionId) -> impl Iterator<Item = TaskId> {
        let held = self.state.leases_of(worker).filter(move |(_, lease)| lease.session == session);
        held.map(|(_, lease)| lease.task)
    }
}
