//! How many jobs there shall be: decides, purely, from the queue, the plan's wish and the limits what to submit and what to cancel. All
//! that must survive this process stands in Slurm's queue; what is remembered here only makes it patient.

use std::collections::{BTreeMap, BTreeSet};

use common::time::{Millis, Timestamp};

use super::job::{Job, JobId, Phase};

/// A job that ends sooner after its start than this did no work.
const SHORT: Millis = Millis(60_000);
const MINUTE: Millis = Millis(60_000);
/// After one that did none, and at most, until the next is submitted.
const FIRST_WAIT: Millis = Millis(30_000);
const LONGEST_WAIT: Millis = Millis(1_800_000);

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Workers, also while the plan rests; and at most.
    pub min: u32,
    pub max: u32,
    /// So long before a job's time limit its successor is put in the queue.
    pub lead: Millis,
    /// So long before its time limit a job is told to leave.
    pub grace: Millis,
    /// So long the plan must have had too many before some are sent home.
    pub linger: Millis,
}

/// What the study wants, as far as it could be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    Workers {
        wanted: u32,
        /// Those with nothing to do now.
        resting: BTreeSet<u32>,
        /// Those that somebody drained: they leave by themselves, and their places stay empty.
        drained: BTreeSet<u32>,
    },
    /// It could not be asked, or is between two coordinators.
    Unknown,
    /// It is finished: workers leave by themselves, most of them.
    Over,
}

/// Of earlier looks.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// Wanted when it last could be asked.
    wanted: Option<u32>,
    /// Drained when it last could be asked.
    drained: BTreeSet<u32>,
    surplus_since: Option<Timestamp>,
    /// Since when the study is known to be finished.
    over_since: Option<Timestamp>,
    /// The jobs of the last look.
    seen: BTreeMap<JobId, Seen>,
    /// Cancelled by us: no failure when it is gone.
    cancelled: BTreeSet<JobId>,
    /// Attempts in a row that came to nothing.
    failures: u32,
    failed_at: Option<Timestamp>,
    not_before: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    index: u32,
    /// First seen running.
    started: Option<Timestamp>,
    /// So near its time limit that it may leave at any moment.
    may_leave: bool,
}

/// What to do now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    pub submit: Vec<Batch>,
    pub cancel: Vec<JobId>,
    /// The study is finished and the queue is empty.
    pub is_over: bool,
    /// Jobs that ended right after their start.
    pub failed: Vec<JobId>,
    /// Until when nothing is submitted, because what was came to nothing.
    pub waits_until: Option<Timestamp>,
    /// Workers there shall be; none where nobody knows.
    pub target: Option<u32>,
}

/// Workers to be submitted as one array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    pub indices: Vec<u32>,
    /// They take the place of this job once it has ended.
    pub after: Option<JobId>,
}

pub fn decide(queue: &[Job], wish: &Wish, limits: &Limits, memory: &mut Memory, now: Timestamp) -> Step {
    let mut step = Step::default();
    if *wish == Wish::Over {
        let since = *memory.over_since.get_or_insert(now);
        // A worker that the end reached leaves by itself. One that began as it came, or was cut off from it, would hold its node to the
        // time limit: SIGTERM ends it.
        let is_late = now.since(since) >= limits.linger;
        let goes = |job: &&Job| match job.phase {
            Phase::Waiting(_) | Phase::Stuck(_) => true,
            Phase::Running => is_late,
            Phase::Leaving => false,
        };
        step.cancel = queue.iter().filter(goes).map(|job| job.id.clone()).collect();
        step.is_over = queue.is_empty();
        step.target = Some(0);
        return step;
    }
    if let Wish::Workers { wanted, drained, .. } = wish {
        memory.wanted = Some((*wanted).clamp(limits.min, limits.max));
        memory.drained.clone_from(drained);
    }
    step.failed = memory.look(queue, limits, now);
    let workers = Workers::of(queue, &memory.drained);
    step.cancel = workers.superfluous.clone();
    // Whatever the study wants, more than `max` are never right.
    let target = memory.wanted.unwrap_or(workers.present.len() as u32).min(limits.max);
    step.target = memory.wanted.map(|_| target);
    let leave = leaving(&workers, wish, limits, target, memory, now);
    for index in &leave {
        step.cancel.extend(queue.iter().filter(|job| job.index == *index).map(|job| job.id.clone()));
    }
    memory.cancelled.extend(step.cancel.iter().cloned());
    step.waits_until = memory.not_before.filter(|until| *until > now);
    if step.waits_until.is_none() && memory.wanted.is_some() {
        let in_place =
            workers.present.union(&memory.drained).filter(|index| **index <= limits.max).count() as u32;
        let missing = target.saturating_sub(in_place) as usize;
        let is_free = |index: &u32| !workers.named.contains(index) && !memory.drained.contains(index);
        let free: Vec<u32> = (1..=limits.max).filter(is_free).take(missing).collect();
        if !free.is_empty() && *wish != Wish::Unknown {
            step.submit.push(Batch { indices: free, after: None });
        }
        let ends_soon =
            |job: &&Job| job.phase == Phase::Running && job.left.is_some_and(|left| left < limits.lead);
        for job in queue.iter().filter(ends_soon) {
            let stays = !leave.contains(&job.index)
                && !workers.waiting.contains(&job.index)
                && !memory.drained.contains(&job.index);
            if stays && !step.cancel.contains(&job.id) {
                step.submit.push(Batch { indices: vec![job.index], after: Some(job.id.clone()) });
            }
        }
    }
    step
}

/// Who shall go: those who do so anyway first, then those in the queue, those at rest, and the highest.
fn leaving(
    workers: &Workers,
    wish: &Wish,
    limits: &Limits,
    target: u32,
    memory: &mut Memory,
    now: Timestamp,
) -> BTreeSet<u32> {
    let surplus = (workers.present.len() as u32).saturating_sub(target) as usize;
    if surplus == 0 {
        memory.surplus_since = None;
        return BTreeSet::new();
    }
    let since = *memory.surplus_since.get_or_insert(now);
    let above_all = workers.present.len() as u32 > limits.max;
    if now.since(since) < limits.linger && !above_all {
        return BTreeSet::new();
    }
    let nobody = BTreeSet::new();
    let resting = if let Wish::Workers { resting, .. } = wish { resting } else { &nobody };
    let mut order: Vec<u32> = workers.present.iter().copied().collect();
    order.sort_by_key(|index| {
        let stays = !memory.drained.contains(index);
        (stays, workers.running.contains(index), !resting.contains(index), std::cmp::Reverse(*index))
    });
    order.into_iter().take(surplus).collect()
}

/// The queue, by worker.
#[derive(Debug, Default)]
struct Workers {
    /// With a job of any kind: the name is taken.
    named: BTreeSet<u32>,
    /// Running, or about to.
    present: BTreeSet<u32>,
    running: BTreeSet<u32>,
    waiting: BTreeSet<u32>,
    /// A second job of a worker that waits already, one of a drained worker, and whatever would wait for ever.
    superfluous: Vec<JobId>,
}

impl Workers {
    fn of(queue: &[Job], drained: &BTreeSet<u32>) -> Self {
        let mut workers = Self::default();
        for job in queue {
            workers.named.insert(job.index);
            let is_first = match job.phase {
                Phase::Running => workers.running.insert(job.index),
                Phase::Waiting(_) if drained.contains(&job.index) => false,
                Phase::Waiting(_) => workers.waiting.insert(job.index),
                Phase::Stuck(_) => false,
                Phase::Leaving => continue,
            };
            if !is_first {
                workers.superfluous.push(job.id.clone());
            }
        }
        workers.present = workers.running.union(&workers.waiting).copied().collect();
        workers
    }
}

impl Memory {
    /// A submission was refused, or came to nothing.
    pub fn submission_failed(&mut self, now: Timestamp) {
        self.failures += 1;
        self.failed_at = Some(now);
        self.not_before = Some(now + wait_after(self.failures));
    }

    /// Compares with the last look; the jobs that ended without having done anything.
    fn look(&mut self, queue: &[Job], limits: &Limits, now: Timestamp) -> Vec<JobId> {
        let there: BTreeSet<&JobId> = queue.iter().map(|job| &job.id).collect();
        let gone = std::mem::take(&mut self.seen).into_iter();
        let (kept, gone): (BTreeMap<_, _>, BTreeMap<_, _>) = gone.partition(|(id, _)| there.contains(id));
        let is_short = |seen: &Seen| {
            !seen.may_leave
                && !self.drained.contains(&seen.index)
                && seen.started.is_none_or(|started| now.since(started) < SHORT)
        };
        let failed: Vec<JobId> = gone
            .into_iter()
            .filter(|(id, seen)| is_short(seen) && !self.cancelled.contains(id))
            .map(|(id, _)| id)
            .collect();
        self.cancelled.retain(|id| there.contains(id));
        for job in queue {
            let before = kept.get(&job.id).and_then(|seen| seen.started);
            let started = before.or_else(|| (job.phase == Phase::Running).then_some(now));
            // Slurm counts in minutes, and may give its signal one early.
            let may_leave = job.left.is_some_and(|left| left.0 < limits.grace.0 + MINUTE.0);
            self.seen.insert(job.id.clone(), Seen { index: job.index, started, may_leave });
        }
        // What started before the trouble says nothing of it.
        let works =
            |at: &Timestamp| now.since(*at) >= SHORT && self.failed_at.is_none_or(|failed| *at > failed);
        if self.seen.values().filter_map(|seen| seen.started.as_ref()).any(works) {
            (self.failures, self.failed_at, self.not_before) = (0, None, None);
        }
        let is_stuck = |job: &Job| matches!(job.phase, Phase::Stuck(_)) && !self.cancelled.contains(&job.id);
        if !failed.is_empty() || queue.iter().any(is_stuck) {
            self.submission_failed(now);
        }
        failed
    }
}

fn wait_after(failures: u32) -> Millis {
    let doublings = failures.saturating_sub(1).min(16);
    Millis(FIRST_WAIT.0.saturating_mul(1 << doublings)).min(LONGEST_WAIT)
}
