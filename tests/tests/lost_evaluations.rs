//! A real study whose evaluations die under it: each has a process of its own, and its death costs one attempt.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use common::event::Event;
use common::fidelity::Fidelity;
use common::id::TrialId;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use system_tests::lab::books::audit;
use system_tests::lab::patience::{until, within};
use system_tests::lab::study::History;
use system_tests::lab::{Study, images, programs};

/// A death that costs an attempt is in the ledger by then.
const TOLD: Duration = Duration::from_secs(10);

/// Processes that evaluate for the worker `worker`: its grandchildren, below a guard.
fn evaluators(worker: i32) -> Vec<i32> {
    let children = |process: i32| -> Vec<i32> {
        let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
        let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
        lists
            .flat_map(|list| list.split_whitespace().filter_map(|word| word.parse().ok()).collect::<Vec<_>>())
            .collect()
    };
    children(worker).into_iter().flat_map(children).collect()
}

fn is_training_fully(seen: &History) -> bool {
    let fulls = seen.events().filter_map(|event| match event {
        Event::TrialProposed { trial, subject, .. } => {
            (subject.fidelity() == Some(Fidelity::Full)).then_some(*trial)
        }
        _ => None,
    });
    let fulls: BTreeSet<TrialId> = fulls.collect();
    seen.leased().keys().any(|task| fulls.contains(&task.trial))
}

/// Why attempts failed.
fn crashes(seen: &History) -> Vec<String> {
    let failed = seen.events().filter_map(|event| match event {
        Event::TaskFailed { failure, .. } => Some(failure.to_string()),
        _ => None,
    });
    failed.collect()
}

#[test]
fn a_study_outlives_the_killing_of_its_evaluations() {
    if !programs::has_torch() {
        return;
    }
    let study = Study::new(images::SETTINGS);
    let data = study.path("images");
    images::write(&data);
    // At work in every hour, and long enough to be hit: a plan that rests has nothing to kill.
    let long =
        ["training.epochs=400", "ladder.one_shot=false", "allocation.policy=greedy", "budget.trainings=3"];
    let long: Vec<&str> = long.iter().flat_map(|setting| ["--set", setting]).collect();
    let data = format!("data.path={}", data.display());
    let mut run = study.run(&[&long[..], &["--set", &data]].concat());
    // A first result: the evaluations' process is ready.
    study.until("a first result is there", |seen| !seen.finished().is_empty());
    let worker = *study.workers().values().next().and_then(|ids| ids.first()).expect("the worker is there");
    let mut lost = BTreeSet::new();
    for signal in [Signal::SIGKILL, Signal::SIGABRT] {
        let is_told = || crashes(&study.history()).iter().any(|reason| reason.contains(signal.as_str()));
        loop {
            // A short rung would be over before the signal comes.
            study.until("a full training is at work", is_training_fully);
            let alive = || evaluators(worker).into_iter().find(|process| !lost.contains(process));
            let evaluator = until("it evaluates", alive);
            kill(Pid::from_raw(evaluator), signal).expect("it is there");
            lost.insert(evaluator);
            until("it is gone", || (!evaluators(worker).contains(&evaluator)).then_some(()));
            assert_eq!(study.workers().values().next(), Some(&vec![worker]), "the worker lives on");
            // A death between two tasks costs none, and another is due.
            if within(TOLD, || is_told().then_some(())).is_some() {
                break;
            }
        }
    }
    run.end().with(0);
    let crashes = crashes(&study.history());
    assert!(crashes.len() <= lost.len(), "each death costs one attempt at most: {crashes:?}");
    assert!(crashes.iter().all(|reason| reason.contains("was ended by SIG")), "{crashes:?}");
    let books = audit(&study.directory);
    books.check_report(&study.directory);
    assert!(!books.front().is_empty(), "a front was found");
}
