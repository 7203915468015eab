//! A slot's thread with evaluators that misbehave.

use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use common::id::{Attempt, TrialId};
use common::trial::Subject;

use super::*;

/// No answer takes longer than moments; a hang is to end with a message.
const HANG: Duration = Duration::from_secs(30);

/// Panics at its first task; asks at its second what it is to do until told to go.
struct Moody {
    calm: bool,
}

impl Evaluator for Moody {
    fn name(&self) -> &str {
        "moody"
    }

    fn evaluate(&mut self, _: &Job, control: &mut dyn Control) -> Result<Outcome, Failure> {
        assert!(self.calm, "not today");
        loop {
            match control.wish() {
                Wish::GoOn => control.pause(Seconds(0.001)),
                Wish::Checkpoint => control.keep(evaluation::Kept { bytes: vec![1], progress: 0.1 }),
                Wish::Suspend => return Ok(Outcome::Suspended(None)),
                Wish::Cancel => return Ok(Outcome::Cancelled),
            }
        }
    }
}

struct Rig {
    executor: Executor,
    heard: Receiver<Input>,
}

fn rig(builder: Builder) -> Rig {
    let (sender, heard) = channel();
    let sender = Mutex::new(sender);
    let ears = Ears::new(move |input| drop(sender.lock().unwrap().send(input)));
    let energy = Total::new(Joules(0.0));
    let executor = Executor::spawn(SlotId(0), builder, Clock::start(), energy, ears).unwrap();
    Rig { executor, heard }
}

fn moody() -> Rig {
    let built = AtomicUsize::new(0);
    rig(Box::new(move |_| Ok(Box::new(Moody { calm: built.fetch_add(1, Ordering::Relaxed) > 0 }))))
}

impl Rig {
    fn prepare(&self) {
        let spec = common::config::load(None, [], &[]).unwrap().study_spec().unwrap();
        self.executor.prepare(Box::new(spec));
    }

    fn start(&self, trial: u64) {
        let task = TaskId { trial: TrialId(trial), attempt: Attempt(0) };
        let subject = Subject::Supernet;
        let assignment = Assignment { task, slot: SlotId(0), subject, supernet: None, resume: None };
        self.executor.start(Box::new(assignment), None, None);
    }

    fn hear(&self) -> Input {
        self.heard.recv_timeout(HANG).expect("the executor says nothing")
    }

    fn ending(&self) -> Ending {
        match self.hear() {
            Input::Ended { ending, .. } => ending,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_panic_ends_the_task_and_not_the_worker() {
    let rig = moody();
    rig.prepare();
    rig.start(1);
    assert_eq!(rig.ending(), Ending::Failed(Failure::Crashed("not today".into())));
    rig.start(2);
    rig.executor.ask(Ask::Checkpoint);
    assert!(matches!(rig.hear(), Input::Kept { .. }), "built anew");
    rig.executor.ask(Ask::Suspend);
    assert_eq!(rig.ending(), Ending::Suspended(None));
    assert!(!rig.executor.is_busy());
}

#[test]
fn a_stronger_wish_wins_and_none_outlives_its_task() {
    let rig = moody();
    rig.prepare();
    rig.start(1);
    rig.ending();
    rig.start(2);
    rig.executor.ask(Ask::Cancel);
    rig.executor.ask(Ask::Suspend);
    assert_eq!(rig.ending(), Ending::Cancelled);
    rig.executor.ask(Ask::Cancel);
    rig.start(3);
    rig.executor.ask(Ask::Suspend);
    assert_eq!(rig.ending(), Ending::Suspended(None), "the late wish was for the task before");
}

#[test]
fn without_an_evaluator_tasks_go_back_as_they_came() {
    let rig = rig(Box::new(|_| Err(evaluation::Error::WithoutTorch)));
    rig.prepare();
    let Input::CannotPrepare { reason } = rig.hear() else { panic!() };
    assert!(reason.contains("--features torch"), "{reason}");
    rig.start(1);
    assert!(matches!(rig.hear(), Input::CannotPrepare { .. }), "it may have been put right meanwhile");
    assert_eq!(rig.ending(), Ending::Suspended(None));
}
