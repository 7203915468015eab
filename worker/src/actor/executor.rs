//! One thread per slot that runs the evaluator. Wishes reach it by an atomic that it looks at between batches; what it
//! has to say goes to the core. A panic ends the task, not the worker: the evaluator is built anew.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use anyhow::Context as _;
use bytes::Bytes;
use common::id::{SlotId, TaskId};
use common::study::StudySpec;
use common::time::Millis;
use common::trial::Failure;
use common::unit::{Joules, Seconds};
use common::wire::Assignment;
use evaluation::{Control, Evaluator, Job, Outcome, Wish};

use super::Ears;
use super::meter::Total;
use crate::clock::Clock;
use crate::effect::Ask;
use crate::input::{Ending, Input, Kept, Step};

/// Between two progress inputs: the core sends fewer still, and its mailbox is no place for one per batch.
const PROGRESS_EVERY: Millis = Millis(500);
/// Characters of a panic's text that a report carries.
const MOST_REASON: usize = 1_000;

const GO_ON: u8 = 0;
const CHECKPOINT: u8 = 1;
const SUSPEND: u8 = 2;
const CANCEL: u8 = 3;

/// Makes a slot's evaluator, on its thread.
pub(super) type Builder = Box<dyn Fn(&StudySpec) -> Result<Box<dyn Evaluator>, evaluation::Error> + Send>;

/// The handle of a slot's thread.
#[derive(Debug)]
pub(super) struct Executor {
    orders: Sender<Order>,
    wish: Arc<AtomicU8>,
    busy: Arc<AtomicBool>,
}

#[derive(Debug)]
enum Order {
    Prepare(Box<StudySpec>),
    Start { assignment: Box<Assignment>, supernet: Option<Bytes>, resume: Option<Bytes> },
}

impl Executor {
    pub(super) fn spawn(
        slot: SlotId,
        builder: Builder,
        clock: Clock,
        energy: Total,
        ears: Ears,
    ) -> anyhow::Result<Self> {
        let (orders, inbox) = channel();
        let (wish, busy) = (Arc::new(AtomicU8::new(GO_ON)), Arc::new(AtomicBool::new(false)));
        let (spec, evaluator) = (None, None);
        let mut bench =
            Bench { builder, clock, energy, ears, wish: wish.clone(), busy: busy.clone(), spec, evaluator };
        std::thread::Builder::new()
            .name(format!("slot-{slot}"))
            .spawn(move || bench.run(&inbox))
            .context("can't start a thread for a slot")?;
        Ok(Self { orders, wish, busy })
    }

    pub(super) fn prepare(&self, spec: Box<StudySpec>) {
        self.order(Order::Prepare(spec));
    }

    pub(super) fn start(&self, assignment: Box<Assignment>, supernet: Option<Bytes>, resume: Option<Bytes>) {
        // The core starts a task only after the last has ended, so no wish of this one can be lost here.
        self.wish.store(GO_ON, Ordering::Release);
        self.busy.store(true, Ordering::Release);
        self.order(Order::Start { assignment, supernet, resume });
    }

    /// Stronger wishes replace weaker ones, never the other way round.
    pub(super) fn ask(&self, ask: Ask) {
        let wish = match ask {
            Ask::Checkpoint => CHECKPOINT,
            Ask::Suspend => SUSPEND,
            Ask::Cancel => CANCEL,
        };
        self.wish.fetch_max(wish, Ordering::AcqRel);
    }

    pub(super) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Acquire)
    }

    fn order(&self, order: Order) {
        // The thread ends only with this handle.
        let _ = self.orders.send(order);
    }
}

/// What the thread works with.
struct Bench {
    builder: Builder,
    clock: Clock,
    energy: Total,
    ears: Ears,
    wish: Arc<AtomicU8>,
    busy: Arc<AtomicBool>,
    spec: Option<Box<StudySpec>>,
    evaluator: Option<Box<dyn Evaluator>>,
}

impl Bench {
    fn run(&mut self, inbox: &Receiver<Order>) {
        while let Ok(order) = inbox.recv() {
            match order {
                Order::Prepare(spec) => {
                    self.spec = Some(spec);
                    self.evaluator = None;
                    self.build();
                }
                Order::Start { assignment, supernet, resume } => {
                    let task = assignment.task;
                    let ending = self.evaluate(&assignment, supernet.as_deref(), resume.as_deref());
                    self.busy.store(false, Ordering::Release);
                    self.ears.hear(Input::Ended { task, ending });
                }
            }
        }
    }

    /// Makes the evaluator unless there is one. Says why if it can't be.
    fn build(&mut self) {
        let (None, Some(spec)) = (&self.evaluator, &self.spec) else { return };
        match catch_unwind(AssertUnwindSafe(|| (self.builder)(spec))) {
            Ok(Ok(evaluator)) => self.evaluator = Some(evaluator),
            Ok(Err(error)) => self.cannot_prepare(error.to_string()),
            Err(panic) => self.cannot_prepare(text_of(&*panic)),
        }
    }

    fn cannot_prepare(&self, reason: String) {
        let reason = format!("this machine can't evaluate for the study: {reason}");
        self.ears.hear(Input::CannotPrepare { reason });
    }

    fn evaluate(
        &mut self,
        assignment: &Assignment,
        supernet: Option<&[u8]>,
        resume: Option<&[u8]>,
    ) -> Ending {
        self.build();
        let (Some(evaluator), Some(spec)) = (&mut self.evaluator, &self.spec) else {
            // The worker is about to leave; the task goes to another machine as it came.
            return Ending::Suspended(None);
        };
        let trial_seed = spec.seed.derive("trial", assignment.task.trial.0);
        let job = Job { subject: &assignment.subject, supernet, resume, trial_seed };
        let mut line = Line {
            task: assignment.task,
            wish: &self.wish,
            clock: self.clock,
            begun: self.clock.exact(),
            progress_due: Millis(0),
            energy: &self.energy,
            ears: &self.ears,
        };
        match catch_unwind(AssertUnwindSafe(|| evaluator.evaluate(&job, &mut line))) {
            Ok(Ok(outcome)) => ending_of(outcome),
            Ok(Err(failure)) => Ending::Failed(shortened(failure)),
            Err(panic) => {
                // What a panic leaves behind is not to be trusted.
                self.evaluator = None;
                Ending::Failed(Failure::Crashed(text_of(&*panic)))
            }
        }
    }
}

/// The evaluator's line to the core, for one task.
struct Line<'a> {
    task: TaskId,
    wish: &'a AtomicU8,
    clock: Clock,
    begun: Seconds,
    progress_due: Millis,
    energy: &'a Total,
    ears: &'a Ears,
}

impl Control for Line<'_> {
    fn wish(&mut self) -> Wish {
        match self.wish.load(Ordering::Acquire) {
            GO_ON => Wish::GoOn,
            CHECKPOINT => {
                // Answered once; a stronger wish that comes in between stays.
                let _ = self.wish.compare_exchange(CHECKPOINT, GO_ON, Ordering::AcqRel, Ordering::Acquire);
                Wish::Checkpoint
            }
            SUSPEND => Wish::Suspend,
            _ => Wish::Cancel,
        }
    }

    fn progress(&mut self, step: Step) {
        let now = self.clock.now();
        if now < self.progress_due {
            return;
        }
        self.progress_due = Millis(now.0 + PROGRESS_EVERY.0);
        self.ears.hear(Input::Progressed { task: self.task, step });
    }

    fn keep(&mut self, checkpoint: evaluation::Kept) {
        self.ears.hear(Input::Kept { task: self.task, kept: kept_of(checkpoint) });
    }

    fn elapsed(&mut self) -> Seconds {
        self.clock.exact() - self.begun
    }

    fn energy(&mut self) -> Option<Joules> {
        Some(self.energy.get())
    }
}

fn ending_of(outcome: Outcome) -> Ending {
    match outcome {
        Outcome::Finished(finding) => Ending::Finished {
            evaluation: Box::new(finding.evaluation),
            artifacts: finding.artifacts.into_iter().map(|(kind, bytes)| (kind, bytes.into())).collect(),
        },
        Outcome::Suspended(kept) => Ending::Suspended(kept.map(kept_of)),
        Outcome::Cancelled => Ending::Cancelled,
    }
}

fn kept_of(kept: evaluation::Kept) -> Kept {
    Kept { bytes: kept.bytes.into(), progress: kept.progress }
}

fn shortened(failure: Failure) -> Failure {
    let short = |text: String| text.chars().take(MOST_REASON).collect();
    match failure {
        Failure::Diverged => Failure::Diverged,
        Failure::Refused(why) => Failure::Refused(short(why)),
        Failure::Crashed(why) => Failure::Crashed(short(why)),
    }
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("the evaluator panicked").chars().take(MOST_REASON).collect()
}

#[cfg(test)]
#[path = "executor_tests.rs"]
mod tests;
