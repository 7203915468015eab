//! Programs of the user's own through the door that the worker uses: good ones, and all the ways to be bad. Each bad one costs its
//! own task: `failure` goes on with a good one in the same slot.

#[path = "command/programs.rs"]
mod programs;

use std::fs;

use common::fidelity::Fidelity;
use common::study::EvaluatorSpec;
use common::trial::{ArtifactKind, Failure, Subject};
use evaluation::conformance::check_evaluator;
use evaluation::{Job, Options, Outcome, Program, Wish, build};
use programs::*;

fn check_crash(script: &str, settings: &[&str], why: &str) {
    let failure = failure(script, settings);
    assert!(failure.can_retry() && failure.to_string().contains(why), "{failure}");
}

fn check_refusal(script: &str, why: &str) {
    let failure = failure(script, &[]);
    assert!(!failure.can_retry() && failure.to_string().contains(why), "{failure}");
}

#[test]
fn a_program_conforms() {
    let make = || build(&spec(GOOD, &[]), &Options::default()).unwrap();
    check_evaluator(make, &architecture(), 5);
}

#[test]
fn what_it_finds_is_taken_over() {
    let scratch = tempfile::tempdir().unwrap();
    let mut evaluator = command(GOOD, &[], scratch.path());
    let mut executor = Executor::new(Wish::GoOn, Moment::Never);
    let Ok(Outcome::Finished(finding)) = evaluator.evaluate(&job(&full()), &mut executor) else { panic!() };
    let evaluation = &finding.evaluation;
    assert_eq!((evaluation.validation_error, evaluation.test_error), (0.55, Some(0.25)));
    assert_eq!((evaluation.latency_ms, evaluation.curve.len()), (Some(1.5), 5));
    assert!(evaluation.parameters > Some(1000), "what the space counts is not the program's to say");
    assert_eq!(finding.artifacts, [(ArtifactKind::Weights, b"weights of 7\n".to_vec())]);
    let done: Vec<f64> = executor.progress.iter().map(|step| step.done).collect();
    assert_eq!(done, [0.2, 0.4, 0.6, 0.8, 1.0]);
    assert_eq!(executor.progress[0].training_loss, Some(4.5));
    let log = fs::read_to_string(scratch.path().join("logs/000001.log")).unwrap();
    assert!(log.contains("epoch 1\n") && log.contains("\"result\""), "{log}");
    assert!(!scratch.path().join("task").exists(), "the task's folder goes with it");
}

#[test]
fn a_training_goes_on_elsewhere_from_what_was_kept_on_the_way() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut executor = Executor::new(Wish::Checkpoint, Moment::Steps(2));
    let subject = full();
    let outcome = command(GOOD, &[], here.path()).evaluate(&job(&subject), &mut executor);
    let Ok(Outcome::Finished(reference)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(executor.kept.len(), 1, "kept once, and gone on");
    assert!((0.4..1.0).contains(&executor.kept[0].progress), "{}", executor.kept[0].progress);
    let mut later = Executor::new(Wish::GoOn, Moment::Never);
    let resumed = Job { resume: Some(&executor.kept[0].bytes), ..job(&subject) };
    let outcome = command(GOOD, &[], there.path()).evaluate(&resumed, &mut later);
    let Ok(Outcome::Finished(finding)) = outcome else { panic!("{outcome:?}") };
    assert!(later.progress.len() < 4, "the first epochs are not trained again: {:?}", later.progress);
    assert_eq!(finding.evaluation.curve, reference.evaluation.curve);
    assert!(finding.evaluation.seconds > later_seconds(&later), "time of both attempts");
}

fn later_seconds(executor: &Executor) -> common::unit::Seconds {
    common::unit::Seconds(0.05 * executor.progress.len() as f64)
}

#[test]
fn a_program_that_hangs_is_killed() {
    let settings = ["evaluation.command_silence_s=1"];
    check_crash("while :; do sleep 1; done", &settings, "hung: not a word for");
    check_crash("echo hello; exec sleep 1000", &settings, "hung");
    check_crash("exec >&- 2>&-; exec sleep 1000", &settings, "hung");
    let settings = ["evaluation.command_limit_s=1"];
    check_crash("while :; do echo busy; sleep 0.05; done", &settings, "longer than 1 s");
}

#[test]
fn a_program_that_floods_costs_neither_memory_nor_disk() {
    // 200 MB on each stream and 20 MB without an end of line are enough to show that none of it is kept.
    let flood = "yes 'all work and no play' | head -c 200000000";
    let script = format!("{flood} >&2; {flood}; head -c 20000000 /dev/zero; echo; {GOOD}");
    let scratch = tempfile::tempdir().unwrap();
    let before = peak_kib();
    finishes(&mut *command(&script, &[], scratch.path()));
    let grown = peak_kib() - before;
    assert!(grown < 20_000, "{grown} KiB for 420 MB of talk");
    let log = fs::read(scratch.path().join("logs/000001.log")).unwrap();
    assert!(log.len() < 1_500_000 && log.starts_with(b"all work"), "{} bytes", log.len());
    assert!(log.ends_with(b"\"parameters\":3}\n"), "the end is kept");
}

/// Most memory that this process has held at once.
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn a_flood_of_messages_is_made_to_wait() {
    let script = format!("yes '{{\"type\":\"progress\",\"done\":0.1}}' | head -n 20000; {GOOD}");
    let scratch = tempfile::tempdir().unwrap();
    let mut executor = Executor::new(Wish::GoOn, Moment::Never);
    let outcome = command(&script, &[], scratch.path()).evaluate(&job(&full()), &mut executor);
    assert!(matches!(outcome, Ok(Outcome::Finished(_))), "{outcome:?}");
    assert_eq!(executor.progress.len(), 20_005, "none is lost");
}

#[test]
fn a_program_that_crashes_or_is_killed_may_be_tried_again() {
    check_crash("echo 'out of luck' >&2; kill -SEGV $$", &[], "SIGSEGV; its last words: out of luck");
    check_crash("kill -KILL $$", &[], "SIGKILL");
    check_crash("kill -TERM $$", &[], "SIGTERM");
    check_crash("echo 'Traceback: no' >&2; exit 1", &[], "exit code 1; its last words: Traceback: no");
    check_crash("exit 75", &[], "exit code 75");
    check_crash(&format!("({GOOD}); kill -ABRT $$"), &[], "SIGABRT");
}

#[test]
fn a_program_that_talks_nonsense_is_not_tried_again() {
    let result = |figures: &str| format!("echo '{{\"type\":\"result\",{figures}}}'; exec sleep 1000");
    check_refusal("echo '{\"type\":'; exec sleep 1000", "no message");
    check_refusal("echo \"{'type': 'result'}\"", "no message");
    check_refusal("printf '{'; head -c 100000 /dev/zero; exec sleep 1000", "more than 65536 bytes");
    check_refusal(&result("\"validation_error\":NaN"), "NaN");
    check_refusal(&result("\"validation_error\":1.5"), "between 0 and 1");
    check_refusal(&result("\"validation_error\":0.5,\"latency_ms\":-3"), "positive");
    check_refusal(&result("\"accuracy\":0.5"), "accuracy");
    check_refusal("echo 'done: 93 %'", "without a result");
    check_refusal("head -c 1000000 /dev/urandom; head -c 1000000 /dev/urandom >&2", "");
    check_refusal("echo 'no such layer' >&2; exit 65", "no such layer");
    let loss = "echo '{\"type\":\"progress\",\"epoch\":1,\"training_loss\":NaN}'; exec sleep 1000";
    assert_eq!(failure(loss, &[]), Failure::Diverged);
}

#[test]
fn what_it_leaves_in_the_background_ends_with_it() {
    let scratch = tempfile::tempdir().unwrap();
    // A child, one that ignores all requests, one in a session of its own, one detached as a daemon detaches itself.
    let mark = mark();
    let ignore = format!("trap '' TERM HUP INT; sleep {mark}; sleep {mark}");
    let forks = format!(
        "sleep {mark} & (sh -c \"{ignore}\" &) ; setsid sleep {mark} & (setsid sh -c 'sleep {mark} & exit' &)"
    );
    let script = format!("{forks}; sleep 0.3; {GOOD}");
    finishes(&mut *command(&script, &[], scratch.path()));
    assert_eq!(found(&format!("sleep {mark}")), None, "gone when the task is over");

    let script = format!("{forks}; sleep 0.3; kill -SEGV $$");
    let outcome = train(&mut *command(&script, &[], scratch.path()));
    assert!(matches!(outcome, Err(Failure::Crashed(_))), "{outcome:?}");
    assert_eq!(found(&format!("sleep {mark}")), None);
}

#[test]
fn many_children_all_end() {
    let (scratch, mark) = (tempfile::tempdir().unwrap(), mark());
    let script = format!("n=0; while [ $n -lt 300 ]; do sleep {mark} & n=$((n + 1)); done; kill -KILL $$");
    let outcome = train(&mut *command(&script, &[], scratch.path()));
    assert!(matches!(outcome, Err(Failure::Crashed(_))), "{outcome:?}");
    assert_eq!(found(&format!("sleep {mark}")), None);
}

#[test]
fn a_program_that_ignores_sigterm_is_killed_after_its_time() {
    let (scratch, mark) = (tempfile::tempdir().unwrap(), mark());
    let script = format!(
        "trap '' TERM; echo '{{\"type\":\"progress\",\"done\":0.5}}'; while :; do sleep {mark}; done"
    );
    let mut evaluator = command(&script, &["evaluation.command_stop_s=0.5"], scratch.path());
    for (wish, expected) in [(Wish::Suspend, Outcome::Suspended(None)), (Wish::Cancel, Outcome::Cancelled)] {
        let mut executor = Executor::new(wish, Moment::Steps(1));
        assert_eq!(evaluator.evaluate(&job(&full()), &mut executor), Ok(expected));
        assert_eq!(found(&format!("sleep {mark}")), None);
    }
    finishes(&mut *command(GOOD, &[], scratch.path()));
}

#[test]
fn half_a_checkpoint_is_not_kept() {
    let scratch = tempfile::tempdir().unwrap();
    let begun = "echo '{\"type\":\"progress\",\"done\":0.5}'";
    let dir = "dir=$(sed -n 's/.*\"checkpoint\": \"\\([^\"]*\\)\".*/\\1/p' \"$CE_NAS_TASK\")";
    let dies =
        |how: &str| format!("{how}; {dir}; echo half >\"$dir/state\"; {begun}; while :; do sleep 0.05; done");
    for how in [":", "trap 'exit 1' TERM", "trap 'kill -KILL $$' TERM"] {
        let mut executor = Executor::new(Wish::Suspend, Moment::Steps(1));
        let outcome = command(&dies(how), &[], scratch.path()).evaluate(&job(&full()), &mut executor);
        assert_eq!(outcome, Ok(Outcome::Suspended(None)), "{how}");
    }
    let mut executor = Executor::new(Wish::Suspend, Moment::Steps(1));
    let leaves = dies("trap 'exit 75' TERM");
    let outcome = command(&leaves, &[], scratch.path()).evaluate(&job(&full()), &mut executor);
    let Ok(Outcome::Suspended(Some(kept))) = outcome else { panic!("{outcome:?}") };
    assert_eq!(kept.progress, 0.5);
}

#[test]
fn it_can_not_fill_the_disk() {
    let dir = "dir=$(sed -n 's/.*\"checkpoint\": \"\\([^\"]*\\)\".*/\\1/p' \"$CE_NAS_TASK\")";
    let settings = ["evaluation.command_disk_mb=5"];
    let check = |script: &str, why: &str| {
        let failure = failure(script, &settings);
        assert!(!failure.can_retry() && failure.to_string().contains(why), "{failure}");
    };
    check(
        &format!("{dir}; while :; do head -c 1000000 /dev/zero >>\"$dir/state\"; sleep 0.05; done"),
        "command_disk_mb allows 5000000",
    );
    check(&format!("{dir}; n=0; while :; do n=$((n + 1)); : >\"$dir/$n\"; done"), "bytes in its folders");
    // A checkpoint that nothing but its links make too large, or that holds what is no file.
    let saves = |what: &str| {
        format!(
            "trap 'exit 75' TERM; {dir}; {what}; echo '{{\"type\":\"progress\",\"done\":0.5}}'; while :; do sleep 0.05; done"
        )
    };
    for (what, why) in [
        ("head -c 3000000 /dev/zero >\"$dir/a\"; ln -s a \"$dir/b\"", "more than 5000000 bytes"),
        ("ln -s /dev/zero \"$dir/state\"", "neither a file nor a folder"),
        ("mkfifo \"$dir/pipe\"", "neither a file nor a folder"),
    ] {
        let scratch = tempfile::tempdir().unwrap();
        let mut executor = Executor::new(Wish::Suspend, Moment::Steps(1));
        let outcome = command(&saves(what), &settings, scratch.path()).evaluate(&job(&full()), &mut executor);
        let Err(failure) = outcome else { panic!("{outcome:?}") };
        assert!(!failure.can_retry() && failure.to_string().contains(why), "{failure}");
    }
}

#[test]
fn it_is_asked_for_nothing_that_it_does_not_offer() {
    let scratch = tempfile::tempdir().unwrap();
    let settings = ["evaluation.command_fidelities=[\"full\"]", "ladder.rung_epochs=0"];
    let mut evaluator = command("exit 1", &settings, scratch.path());
    let architecture = architecture();
    let of = |fidelity| Subject::Network { architecture: architecture.clone(), fidelity };
    for subject in [Subject::Supernet, of(Fidelity::OneShot), of(Fidelity::Rung(2))] {
        let outcome = evaluator.evaluate(&job(&subject), &mut Executor::new(Wish::GoOn, Moment::Never));
        let Err(Failure::Refused(why)) = outcome else { panic!("{outcome:?}") };
        assert!(why.contains("command_fidelities"), "{why}");
    }
    finishes(&mut *command(GOOD, &settings, scratch.path()));
}

#[test]
fn a_machine_without_the_program_says_so_and_may_name_another() {
    let mut study = spec(GOOD, &[]);
    let EvaluatorSpec::Command(command) = &mut study.evaluator else { panic!() };
    let good = std::mem::replace(&mut command.words, vec!["no-such-program".into()]);
    let refusal = |options: &Options| build(&study, options).err().unwrap().to_string();
    let message = refusal(&Options::default());
    assert!(message.contains("no-such-program") && message.contains("worker.command"), "{message}");
    let stranger = Options { program: Program::Refused, ..Options::default() };
    assert!(refusal(&stranger).contains("without keys"));
    let own = Options { program: Program::OfTheMachine(good), ..Options::default() };
    finishes(&mut *build(&study, &own).unwrap());
}

#[test]
fn its_surroundings_are_its_slots() {
    let script = format!("echo \"[$CUDA_VISIBLE_DEVICES] [$OMP_NUM_THREADS]\"; ulimit -c; {GOOD}");
    let scratch = tempfile::tempdir().unwrap();
    let device = evaluation::DeviceChoice::Cuda(2);
    let options = Options { scratch: Some(scratch.path().into()), threads: 3, device, ..Options::default() };
    finishes(&mut *build(&spec(&script, &[]), &options).unwrap());
    let log = fs::read_to_string(scratch.path().join("logs/000001.log")).unwrap();
    assert!(log.starts_with("[2] [3]\n0\n"), "{log}");
}

/// The worker's part in the test below: a process that waits for a program's end.
#[test]
#[ignore = "started by another test, to be killed"]
fn a_worker_to_be_killed() {
    let script = std::env::var("CE_NAS_TEST_SCRIPT").unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let _ = train(&mut *command(&script, &[], scratch.path()));
}

#[test]
fn when_the_worker_is_killed_nothing_of_the_program_is_left() {
    let mark = mark();
    let script = format!("trap '' TERM; sleep {mark} & setsid sleep {mark} & while :; do sleep {mark}; done");
    let mut worker = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_worker_to_be_killed", "--ignored", "--nocapture"])
        .env("CE_NAS_TEST_SCRIPT", &script)
        .spawn()
        .unwrap();
    appears(&format!("sleep {mark}"));
    worker.kill().unwrap();
    worker.wait().unwrap();
    gone(&format!("sleep {mark}"));
    gone(&script);
}
