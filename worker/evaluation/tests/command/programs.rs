//! Small programs in sh that a test starts as a user's own, and an executor with a real clock.
#![allow(clippy::disallowed_methods)] // real programs run in real time

use std::path::Path;
use std::time::{Duration, Instant};

use common::architecture::Architecture;
use common::fidelity::Fidelity;
use common::seed::Seed;
use common::study::{EvaluatorSpec, StudySpec};
use common::trial::{Failure, Subject};
use common::unit::{Joules, Seconds};
use evaluation::{Control, Evaluator, Finding, Job, Kept, Options, Outcome, Step, Wish, build};

/// No step of these tests takes longer than seconds; a hang is to end with a message.
pub const HANG: Duration = Duration::from_secs(60);

/// What a well-behaved program does, in sh: reads its task, saves when asked, leaves when told.
pub const GOOD: &str = include_str!("good.sh");

/// A study whose program is `script`, with `settings`.
pub fn spec(script: &str, settings: &[&str]) -> StudySpec {
    let words = serde_json::to_string(&["sh", "-c", script]).unwrap();
    let mut all = vec![
        "evaluation.evaluator=command".to_owned(),
        format!("evaluation.command={words}"),
        "evaluation.command_fidelities=[\"full\", \"rung\", \"one_shot\"]".into(),
        "evaluation.command_stop_s=10".into(),
        "training.epochs=5".into(),
        "supernet.epochs=3".into(),
        "ladder.rung_epochs=1".into(),
    ];
    all.extend(settings.iter().map(ToString::to_string));
    common::config::load(None, [], &all).unwrap().study_spec().unwrap()
}

pub fn command(script: &str, settings: &[&str], scratch: &Path) -> Box<dyn Evaluator> {
    let spec = spec(script, settings);
    assert!(matches!(spec.evaluator, EvaluatorSpec::Command(_)));
    build(&spec, &Options { scratch: Some(scratch.into()), ..Options::default() }).unwrap()
}

pub fn architecture() -> Architecture {
    Architecture::new(vec![3, 1, 2, 1, 4, 3])
}

/// An executor in real time: one wish, after so many seconds or at a sign of life.
pub struct Executor {
    began: Instant,
    wish: Wish,
    at: Moment,
    pub progress: Vec<Step>,
    pub kept: Vec<Kept>,
}

#[derive(Clone, Copy)]
pub enum Moment {
    Never,
    /// After this many progress messages.
    Steps(usize),
}

impl Executor {
    pub fn new(wish: Wish, at: Moment) -> Self {
        Self { began: Instant::now(), wish, at, progress: Vec::new(), kept: Vec::new() }
    }
}

impl Control for Executor {
    fn wish(&mut self) -> Wish {
        assert!(self.began.elapsed() < HANG, "the program is not let go of");
        match self.at {
            Moment::Steps(steps) if self.progress.len() >= steps => {
                // Checkpoints are asked for once, the others until they are granted.
                if self.wish == Wish::Checkpoint {
                    self.at = Moment::Never;
                }
                self.wish
            }
            _ => Wish::GoOn,
        }
    }
    fn progress(&mut self, progress: Step) {
        self.progress.push(progress);
    }
    fn keep(&mut self, checkpoint: Kept) {
        self.kept.push(checkpoint);
    }
    fn elapsed(&mut self) -> Seconds {
        Seconds(self.began.elapsed().as_secs_f64())
    }
    fn energy(&mut self) -> Option<Joules> {
        None
    }
}

pub fn full() -> Subject {
    Subject::Network { architecture: architecture(), fidelity: Fidelity::Full }
}

pub fn job(subject: &Subject) -> Job<'_> {
    Job { subject, supernet: None, resume: None, trial_seed: Seed(7) }
}

/// A full training, undisturbed.
pub fn train(evaluator: &mut dyn Evaluator) -> Result<Outcome, Failure> {
    evaluator.evaluate(&job(&full()), &mut Executor::new(Wish::GoOn, Moment::Never))
}

/// How it fails; and that the next, well-behaved program fares well in the same slot.
pub fn failure(script: &str, settings: &[&str]) -> Failure {
    let scratch = tempfile::tempdir().unwrap();
    let failure = match train(&mut *command(script, settings, scratch.path())) {
        Err(failure) => failure,
        Ok(outcome) => panic!("it should fail, not {outcome:?}: {script}"),
    };
    finishes(&mut *command(GOOD, &[], scratch.path()));
    failure
}

pub fn finishes(evaluator: &mut dyn Evaluator) -> Finding {
    match train(evaluator) {
        Ok(Outcome::Finished(finding)) => finding,
        other => panic!("it should finish, not {other:?}"),
    }
}

/// Waits until a process has `mark` in its command line.
pub fn appears(mark: &str) {
    wait("no process ever has it", || found(mark).is_some());
}

/// Waits until none has.
pub fn gone(mark: &str) {
    wait("it is still there", || found(mark).is_none());
}

fn wait(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < HANG, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A process with `mark` in its command line.
pub fn found(mark: &str) -> Option<String> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter(|process| process.file_name().to_string_lossy().bytes().all(|byte| byte.is_ascii_digit()))
        .filter_map(|process| {
            // A zombie has none.
            let line = std::fs::read(process.path().join("cmdline")).ok()?;
            Some(String::from_utf8_lossy(&line).replace('\0', " "))
        })
        .find(|line| line.contains(mark))
}

/// A number of seconds that no other process sleeps for.
pub fn mark() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{}.{}", 100_000 + NEXT.fetch_add(1, Ordering::Relaxed), std::process::id())
}
