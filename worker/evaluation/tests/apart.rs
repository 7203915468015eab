//! Evaluations in a process of their own: what it owes like any evaluator, and what its death, its hanging and its crashes cost. The
//! process is this test's own program, at the one test that is left out otherwise; a worker's does the same.

#[cfg(feature = "torch")]
#[path = "torch/bright.rs"]
mod bright;

use std::fs;
use std::time::{Duration, Instant};

use common::architecture::Architecture;
use common::config;
use common::fidelity::Fidelity;
use common::seed::Seed;
use common::study::StudySpec;
use common::trial::{Failure, Subject};
use common::unit::{Joules, Seconds};
use evaluation::conformance::{Script, check_evaluator};
use evaluation::{Apart, Control, Evaluator, Finding, Job, Kept, Options, Outcome, Patience, Step, Wish};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const PATIENCE: Patience = Patience { stop: Duration::from_secs(10), silence: Duration::from_secs(60) };

fn words() -> Vec<String> {
    let own = std::env::current_exe().unwrap().into_os_string().into_string().unwrap();
    [&own, "--ignored", "--exact", "the_process", "--nocapture"].map(Into::into).into()
}

#[test]
#[ignore = "is what the other tests start"]
fn the_process() {
    evaluation::serve().unwrap();
}

/// Rehearsed trainings of four epochs, each of so many seconds.
fn rehearsed(epoch_s: f64) -> StudySpec {
    let settings = [
        "evaluation.evaluator=rehearsal".to_owned(),
        format!("evaluation.rehearsal_epoch_s={epoch_s}"),
        "training.epochs=4".into(),
        "supernet.epochs=4".into(),
        "ladder.rung_epochs=2".into(),
    ];
    config::load(None, [], &settings).unwrap().study_spec().unwrap()
}

fn apart(epoch_s: f64, patience: Patience) -> Apart {
    Apart::new(rehearsed(epoch_s), words(), patience, &Options::default()).unwrap()
}

fn cell() -> Architecture {
    Architecture::new(vec![3, 4, 2, 1, 0, 1])
}

fn full() -> Subject {
    Subject::Network { architecture: cell(), fidelity: Fidelity::Full }
}

fn job(subject: &Subject) -> Job<'_> {
    Job { subject, supernet: None, resume: None, trial_seed: Seed(4) }
}

/// An executor that does something at a question and answers it and all later ones by `wish`.
struct Meddling<F: FnMut()> {
    at: usize,
    meddle: F,
    wish: Wish,
    asked: usize,
}

impl<F: FnMut()> Meddling<F> {
    fn new(at: usize, wish: Wish, meddle: F) -> Self {
        Self { at, meddle, wish, asked: 0 }
    }
}

impl<F: FnMut()> Control for Meddling<F> {
    fn wish(&mut self) -> Wish {
        self.asked += 1;
        if self.asked == self.at {
            (self.meddle)();
        }
        if self.asked < self.at { Wish::GoOn } else { self.wish }
    }
    fn progress(&mut self, _: Step) {}
    fn keep(&mut self, _: Kept) {}
    fn elapsed(&mut self) -> Seconds {
        Seconds::ZERO
    }
    fn energy(&mut self) -> Option<Joules> {
        None
    }
}

fn children(of: &str) -> Vec<i32> {
    let text = fs::read_to_string(of).unwrap_or_default();
    text.split_whitespace().map(|word| word.parse().unwrap()).collect()
}

/// The evaluator's process, below its guard; this thread has no other.
fn process() -> Pid {
    let guard = children("/proc/thread-self/children")[0];
    Pid::from_raw(children(&format!("/proc/{guard}/task/{guard}/children"))[0])
}

fn send(signal: Signal) -> impl FnMut() {
    move || {
        let process = process();
        kill(process, signal).unwrap();
        // Its threads stop one by one, when each is next at work.
        while signal == Signal::SIGSTOP && !is_stopped(process) {
            std::thread::yield_now();
        }
    }
}

fn is_stopped(process: Pid) -> bool {
    let mut threads = fs::read_dir(format!("/proc/{process}/task")).unwrap().flatten();
    threads.all(|thread| fs::read_to_string(thread.path().join("status")).unwrap().contains("State:\tT"))
}

fn finish(evaluator: &mut dyn Evaluator) -> Finding {
    match evaluator.evaluate(&job(&full()), &mut Script::undisturbed()) {
        Ok(Outcome::Finished(finding)) => finding,
        other => panic!("{other:?}"),
    }
}

/// Whatever happened to the process before, the next task finds a new one, which works.
fn check_alive(evaluator: &mut dyn Evaluator, lost: Pid) {
    let found = finish(evaluator).evaluation;
    assert_eq!(found.curve.len(), 4);
    assert_ne!(process(), lost, "a new one");
    assert!(!fs::exists(format!("/proc/{lost}")).unwrap(), "nothing is left of the old one");
}

fn crashed(result: Result<Outcome, Failure>) -> String {
    match result {
        Err(Failure::Crashed(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_rehearsal_apart_conforms() {
    check_evaluator(|| Box::new(apart(0.02, PATIENCE)), &cell(), 2);
}

#[test]
fn a_process_lives_from_task_to_task_and_finds_what_it_finds_here() {
    let mut evaluator = apart(0.01, PATIENCE);
    let first = process();
    let (found, again) = (finish(&mut evaluator), finish(&mut evaluator));
    assert_eq!(process(), first);
    let here = finish(&mut *evaluation::build(&rehearsed(0.01), &Options::default()).unwrap());
    for finding in [found, again] {
        assert_eq!(finding.evaluation.curve, here.evaluation.curve);
        assert_eq!(finding.artifacts, here.artifacts);
    }
    drop(evaluator);
    assert!(children("/proc/thread-self/children").is_empty(), "it goes with its evaluator");
}

#[test]
fn killed_it_costs_its_own_task() {
    let mut evaluator = apart(0.1, PATIENCE);
    let lost = process();
    let mut control = Meddling::new(3, Wish::GoOn, send(Signal::SIGKILL));
    let reason = crashed(evaluator.evaluate(&job(&full()), &mut control));
    assert!(reason.contains("ended by SIGKILL") && reason.contains("log:"), "{reason}");
    check_alive(&mut evaluator, lost);
}

#[test]
fn aborting_it_costs_its_own_task() {
    let mut evaluator = apart(0.1, PATIENCE);
    let lost = process();
    let mut control = Meddling::new(3, Wish::GoOn, send(Signal::SIGABRT));
    let reason = crashed(evaluator.evaluate(&job(&full()), &mut control));
    assert!(reason.contains("ended by SIGABRT"), "{reason}");
    check_alive(&mut evaluator, lost);
}

#[test]
#[allow(clippy::disallowed_methods)] // A real process ends in real time.
fn dead_between_two_tasks_it_costs_none() {
    let mut evaluator = apart(0.01, PATIENCE);
    finish(&mut evaluator);
    let lost = process();
    kill(lost, Signal::SIGKILL).unwrap();
    let gone = Instant::now() + Duration::from_secs(10);
    while fs::exists(format!("/proc/{lost}")).unwrap() && Instant::now() < gone {
        std::thread::yield_now();
    }
    check_alive(&mut evaluator, lost);
}

#[test]
fn hanging_it_is_ended_with_its_task() {
    let silence = Duration::from_secs(3);
    let mut evaluator = apart(0.1, Patience { silence, ..PATIENCE });
    let lost = process();
    let mut control = Meddling::new(3, Wish::GoOn, send(Signal::SIGSTOP));
    let reason = crashed(evaluator.evaluate(&job(&full()), &mut control));
    assert!(reason.contains("hung: not a word for 3 s"), "{reason}");
    check_alive(&mut evaluator, lost);
}

#[test]
fn hanging_while_it_should_stop_it_is_ended_and_nothing_failed() {
    for (wish, outcome) in [(Wish::Suspend, Outcome::Suspended(None)), (Wish::Cancel, Outcome::Cancelled)] {
        let stop = Duration::from_millis(500);
        let mut evaluator = apart(0.1, Patience { stop, ..PATIENCE });
        let lost = process();
        let mut control = Meddling::new(3, wish, send(Signal::SIGSTOP));
        assert_eq!(evaluator.evaluate(&job(&full()), &mut control), Ok(outcome));
        check_alive(&mut evaluator, lost);
    }
}

#[test]
fn it_keeps_to_the_processors_beside_its_device() {
    let list = |status: String| {
        let line = status.lines().find(|line| line.starts_with("Cpus_allowed_list:")).unwrap();
        line.split_whitespace().last().unwrap().to_owned()
    };
    // Of each of its threads: here the one that evaluates is not its first.
    let allowed = |options: &Options| -> Vec<String> {
        let _evaluator = Apart::new(rehearsed(0.1), words(), PATIENCE, options).unwrap();
        let threads = fs::read_dir(format!("/proc/{}/task", process())).unwrap().flatten();
        threads.map(|thread| list(fs::read_to_string(thread.path().join("status")).unwrap())).collect()
    };
    let anywhere = list(fs::read_to_string("/proc/thread-self/status").unwrap());
    assert!(allowed(&Options::default()).iter().all(|found| *found == anywhere));
    let last = anywhere.rsplit(['-', ',']).next().unwrap();
    let near = Options { near_cpus: vec![last.parse().unwrap()], ..Options::default() };
    assert!(allowed(&near).iter().any(|found| found == last));
}

#[test]
fn killed_before_it_is_ready_it_is_started_again_a_few_times() {
    let folder = tempfile::tempdir().unwrap();
    let count = folder.path().join("starts");
    // Ends itself as somebody else would, so many times.
    let start = |deaths: u32| {
        fs::write(&count, "").unwrap();
        let script = r#"echo >>"$0"; [ $(wc -l <"$0") -gt $1 ] || kill -9 $$; shift; exec "$@""#;
        let mut all: Vec<String> = ["sh", "-c", script].map(Into::into).into();
        all.extend([count.display().to_string(), deaths.to_string()]);
        all.extend(words());
        Apart::new(rehearsed(0.01), all, PATIENCE, &Options::default())
    };
    assert!(finish(&mut start(2).unwrap()).evaluation.validation_error < 1.0);
    let reason = start(3).unwrap_err().to_string();
    assert!(reason.contains("was ended by SIGKILL"), "{reason}");
    assert_eq!(fs::read_to_string(&count).unwrap().lines().count(), 3);
}

#[test]
fn a_program_that_is_no_evaluator_is_told_from_one() {
    let refusal = |words: &[&str]| {
        let words = words.iter().map(ToString::to_string).collect();
        Apart::new(rehearsed(0.1), words, PATIENCE, &Options::default()).unwrap_err().to_string()
    };
    assert!(refusal(&["/nowhere/program"]).contains("can be started"));
    let mistaken = refusal(&["sh", "-c", "echo 'no such flag; see --help' >&2; exit 2"]);
    assert!(mistaken.contains("exit code 2") && mistaken.contains("--help"), "{mistaken}");
    let babbling = refusal(&["sh", "-c", "printf 'not a frame at all' >&0; sleep 60"]);
    assert!(babbling.contains("talked nonsense"), "{babbling}");
}

#[cfg(feature = "torch")]
mod torch {
    use evaluation::{DeviceChoice, build};

    use super::bright::Bright;
    use super::*;

    fn options(images: &Bright) -> Options {
        Options { data: Some(images.path().to_owned()), device: DeviceChoice::Cpu, ..Options::default() }
    }

    fn apart(images: &Bright) -> Apart {
        Apart::new(images.spec(), words(), PATIENCE, &options(images)).unwrap()
    }

    #[test]
    fn libtorch_apart_conforms() {
        let images = Bright::new();
        check_evaluator(|| Box::new(apart(&images)), &cell(), 2);
    }

    #[test]
    fn libtorch_finds_apart_what_it_finds_here() {
        let images = Bright::new();
        let here = finish(&mut *build(&images.spec(), &options(&images)).unwrap());
        let there = finish(&mut apart(&images));
        assert_eq!(here.evaluation.curve, there.evaluation.curve);
        assert!(here.artifacts[0] == there.artifacts[0], "the same weights, bit for bit");
    }

    #[test]
    fn a_supernet_is_brought_once_and_again_after_a_death() {
        let images = Bright::new();
        let mut evaluator = apart(&images);
        let trained = evaluator.evaluate(&job(&Subject::Supernet), &mut Script::undisturbed());
        let Ok(Outcome::Finished(trained)) = trained else { panic!("{trained:?}") };
        let subject = Subject::Network { architecture: cell(), fidelity: Fidelity::OneShot };
        let job = Job { supernet: Some(&trained.artifacts[0].1), ..job(&subject) };
        let mut score = || match evaluator.evaluate(&job, &mut Script::undisturbed()) {
            Ok(Outcome::Finished(finding)) => finding.evaluation.validation_error,
            other => panic!("{other:?}"),
        };
        let scores = [score(), score()];
        kill(process(), Signal::SIGKILL).unwrap();
        // Whether the death is seen before the task or in it, it is over with it.
        let _ = evaluator.evaluate(&job, &mut Script::undisturbed());
        let mut score = || match evaluator.evaluate(&job, &mut Script::undisturbed()) {
            Ok(Outcome::Finished(finding)) => finding.evaluation.validation_error,
            other => panic!("{other:?}"),
        };
        assert_eq!([scores[0], scores[1]], [score(); 2]);
    }

    #[test]
    fn what_keeps_it_from_working_is_told_with_its_cure() {
        let images = Bright::new();
        let nowhere = Options { data: Some("/nowhere".into()), ..options(&images) };
        let error = Apart::new(images.spec(), words(), PATIENCE, &nowhere).unwrap_err().to_string();
        assert!(error.contains("/nowhere") && error.contains("data.path"), "{error}");
    }
}
