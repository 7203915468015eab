//! What an operator may ask of a running study, by the real programs: `ce-nas pause`, `resume`, `budget`, `workers drain`, `cancel`,
//! `retry`, `warm-start` and `stop`, with workers that rehearse. Whatever is asked, the books stay in order.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use common::event::Event;
use common::id::TrialId;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use system_tests::lab::books::audit;
use system_tests::lab::patience::until;
use system_tests::lab::study::History;
use system_tests::lab::{Ended, REHEARSAL, Study, programs};

/// Until somebody says that it is enough; trainings of three seconds, whatever the grid is like.
const LONG: [&str; 8] = [
    "--set",
    "budget.hours=100000",
    "--set",
    "training.epochs=30",
    "--set",
    "ladder.one_shot=false",
    "--set",
    "allocation.policy=greedy",
];

fn asks(study: &Study, words: &[&str]) -> Ended {
    let directory = study.directory.to_str().expect("plain text");
    study.ce_nas(&[words, &["--dir", directory]].concat())
}

fn has(kind: &'static str) -> impl Fn(&History) -> bool {
    move |history| history.events().any(|event| event.kind() == kind)
}

/// Once the API is there and has read the history.
fn is_ready(study: &Study) {
    until("the coordinator takes orders", || {
        asks(study, &["budget", "--json"]).code.filter(|code| *code == 0)
    });
}

#[test]
fn a_paused_study_is_paused_after_a_restart_and_goes_on_when_told() {
    let study = Study::new(REHEARSAL);
    asks(&study, &["pause"]).with(1).saying(&["no coordinator is at work on the study", "ce-nas run --dir"]);
    let mut first = study.run(&LONG);
    study.until("both workers are at work", |seen| seen.leased().len() == 2);
    is_ready(&study);
    asks(&study, &["pause"]).with(0).saying(&["paused"]);
    asks(&study, &["pause"]).with(0).saying(&["paused already"]);
    let paused = study.until("all work is in safety", |seen| seen.leased().is_empty());
    let begun = |history: &History| history.events().filter(|event| event.kind() == "task_leased").count();
    first.kill();
    asks(&study, &["resume"]).with(1).saying(&["no coordinator answers at http://127.0.0.1:"]);

    let mut second = study.run(&LONG);
    study.until("the second coordinator is heard", |seen| {
        seen.lives() == 2 && seen.this_life().filter(|event| event.kind() == "acknowledged").count() > 4
    });
    is_ready(&study);
    assert_eq!(begun(&study.history()), begun(&paused), "nothing was handed out meanwhile");
    let told = asks(&study, &["resume", "--json"]).with(0);
    let told: Value = serde_json::from_str(&told.out).expect("JSON");
    assert_eq!(told["changed"], true);
    let suspended: BTreeSet<TrialId> = paused
        .events()
        .filter_map(|event| match event {
            Event::TaskSuspended { task, .. } => Some(task.trial),
            _ => None,
        })
        .collect();
    study.until("what was put in safety goes on", |seen| {
        let begun = seen.this_life().filter_map(|event| match event {
            Event::TaskLeased { task, .. } => Some(task.trial),
            _ => None,
        });
        suspended.is_subset(&begun.collect()) && seen.leased().len() == 2
    });

    asks(&study, &["stop", "--reason", "seen enough"]).with(0).saying(&["The study ends now."]);
    second.end().with(0).saying(&["study finished: stopped by the operator: seen enough"]);
    asks(&study, &["pause"]).with(1).saying(&["no coordinator is at work on the study"]);
    audit(&study.directory).check_report(&study.directory);
}

#[test]
fn drained_workers_leave_and_new_limits_end_the_study() {
    let study = Study::new(REHEARSAL);
    let mut running = study.run(&LONG);
    study.until("both workers are at work", |seen| seen.leased().len() == 2);
    is_ready(&study);
    asks(&study, &["workers", "drain", "nobody"]).with(1).saying(&["there is no worker nobody"]);
    asks(&study, &["workers", "drain"]).with(2).saying(&["--all"]);
    asks(&study, &["workers", "drain", "local-0"]).with(0).saying(&["local-0 gets nothing new"]);
    let left = |history: &History| {
        history.events().any(|event| {
            matches!(event, Event::WorkerLost { worker, reason, .. } if worker.as_str() == "local-0" && reason.starts_with("left"))
        })
    };
    let gone = study.until("the drained worker has left", left);
    assert!(!gone.events().any(|event| event.kind() == "task_failed"), "nobody is blamed");
    until("its process has ended", || (!study.workers().contains_key("local-0")).then_some(()));
    let before = study.history().finished().len();
    study.until("the other goes on", |seen| seen.finished().len() > before);

    let shown = asks(&study, &["budget"]).with(0);
    assert!(shown.out.contains("100000") && shown.out.contains("unlimited"), "{}", shown.out);
    asks(&study, &["budget", "--trainings", "0"]).with(2);
    asks(&study, &["budget", "--hours", "unlimited"]).with(1).saying(&["limit at least one"]);
    asks(&study, &["budget", "--trainings", "1", "--carbon-g", "1000"]).with(0).saying(&["1 full trainings"]);
    running.end().with(0).saying(&["study finished: all 1 full trainings are done"]);
    audit(&study.directory).check_report(&study.directory);
}

#[test]
fn a_local_worker_that_left_comes_back_and_a_drained_one_once_it_is_released() {
    let study = Study::new(REHEARSAL);
    let options = [&LONG[..], &["--set", "local.workers=1"]].concat();
    let at_work = |sessions: usize| {
        move |seen: &History| seen.leased().len() == 1 && seen.sessions().values().copied().eq([sessions])
    };
    let mut first = study.run(&options);
    study.until("it is at work", at_work(1));
    is_ready(&study);
    // As whoever tidies up the machine would.
    let id = study.workers()["local-0"][0];
    kill(Pid::from_raw(id), Signal::SIGTERM).expect("it is there");
    study.until("it is back at work", at_work(2));

    asks(&study, &["workers", "drain", "local-0"]).with(0);
    let is_gone = || (!study.workers().contains_key("local-0")).then_some(());
    until("the drained one has left", is_gone);
    let held = |times: usize| {
        let log = fs::read_to_string(study.directory.join("coordinator.log")).expect("a log");
        (log.matches("it is started once it is released").count() == times).then_some(())
    };
    until("it is waited for", || held(1));
    first.kill();
    let mut second = study.run(&options);
    until("it is waited for again", || held(2));
    assert!(second.is_running() && is_gone().is_some(), "others may still work for this study");
    is_ready(&study);
    asks(&study, &["workers", "release", "local-0"]).with(0);
    study.until("it is at work again", at_work(3));
    asks(&study, &["stop"]).with(0);
    second.end().with(0);
    audit(&study.directory).check_report(&study.directory);
}

#[test]
fn trials_are_given_up_tried_again_and_known_from_elsewhere() {
    let study = Study::new(REHEARSAL);
    let mut running = study.run(&LONG);
    study.until("both workers are at work", |seen| seen.leased().len() == 2);
    is_ready(&study);
    // One that has just ended can't be cancelled, and the next will do.
    let task = until("one that runs is cancelled", || {
        let task = *study.history().leased().keys().next()?;
        let cancelled = asks(&study, &["cancel", &task.trial.to_string()]);
        cancelled.out.contains("is cancelled").then_some(task)
    });
    let trial = task.trial.to_string();
    study.until("it is cancelled", has("trial_cancelled"));
    asks(&study, &["cancel", &trial]).with(0).saying(&["already"]);
    asks(&study, &["cancel", "99999"]).with(1).saying(&["there is no trial 99999"]);
    asks(&study, &["retry", &trial]).with(0).saying(&["waits for a slot again"]);
    study.until("it has a result after all", |seen| seen.finished().contains(&task.trial));
    asks(&study, &["retry", &trial]).with(1).saying(&["has its result already"]);

    let known = study.path("known.csv");
    let best = "|none~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|";
    fs::write(&known, format!("architecture,fidelity,error\n{best},full,0.01\n")).expect("a file");
    let path = known.to_str().expect("plain text");
    asks(&study, &["warm-start", path]).with(0).saying(&["One result is taken as given."]);
    asks(&study, &["warm-start", path]).with(0).saying(&["Nothing new"]);
    fs::write(&known, format!("architecture,error\n{best},NaN\n")).expect("a file");
    asks(&study, &["warm-start", path]).with(1).saying(&["another file of this name"]);
    let slip = study.path("slip.csv");
    fs::rename(&known, &slip).expect("another name");
    asks(&study, &["warm-start", slip.to_str().expect("plain text")]).with(1).saying(&["slip.csv, line 2"]);

    asks(&study, &["stop"]).with(0);
    running.end().with(0).saying(&["study finished: stopped by the operator"]);
    let books = audit(&study.directory);
    books.check_report(&study.directory);
    assert!(books.front()[0][0] == 0.01, "what is known is on the front: {:?}", books.front());
}

#[test]
fn with_a_token_file_only_those_who_have_it_are_heard() {
    let study = Study::new(REHEARSAL);
    let token = study.path("token");
    fs::write(&token, "0123456789abcdef0123456789abcdef\n").expect("a token");
    let path = token.to_str().expect("plain text").to_owned();
    let setting = format!("http.token_file={path}");
    let options = ["--set", setting.as_str(), "--set", "local.workers=1"];
    let mode = |mode| fs::set_permissions(&token, fs::Permissions::from_mode(mode)).expect("a mode");
    mode(0o644);
    study.coordinator(&options).end().with(1).saying(&["chmod 600"]);
    mode(0o600);
    let mut running = study.coordinator(&options);
    study.until("the study has begun", has("study_started"));
    until("it is heard", || asks(&study, &["budget", "--token-file", &path]).code.filter(|code| *code == 0));
    asks(&study, &["pause"]).with(1).saying(&["show the token", "--token-file FILE"]);
    asks(&study, &["pause", "--token-file", &path]).with(0).saying(&["paused"]);
    let told = asks(&study, &["budget", "--token-file", &path, "--json"]).with(0);
    let budgets: Value = serde_json::from_str(&told.out).expect("JSON");
    assert_eq!(budgets[2]["limit"], json!(18.0));
    asks(&study, &["stop", "--token-file", &path]).with(0);
    running.end().with(0);
    assert!(!study.path("study").join("http").exists(), "nobody is sent where nobody listens");
}

/// Where the study's coordinator takes orders, by the file that it wrote.
fn address(study: &Study) -> String {
    let text = fs::read_to_string(study.directory.join("http")).expect("its address");
    text.lines().next().expect("a line").to_owned()
}

#[test]
fn an_order_for_one_study_is_not_obeyed_by_another_that_has_its_port() {
    let (gone, other) = (Study::new(REHEARSAL), Study::new(REHEARSAL));
    let mut killed = gone.coordinator(&LONG);
    is_ready(&gone);
    killed.kill();
    let url = address(&gone);
    let listen = format!("http.listen={}", url.trim_start_matches("http://"));
    let mut running = other.coordinator(&[&LONG[..], &["--set", &listen]].concat());
    is_ready(&other);
    assert_eq!(address(&other), url, "the port of the one that is gone");
    for order in [&["stop"][..], &["pause"], &["budget"], &["budget", "--hours", "1"]] {
        asks(&gone, order).with(1).saying(&["another coordinator answers at", &url, "nothing was done"]);
    }
    // As an earlier release left it: nobody knows better.
    fs::write(gone.directory.join("http"), &url).expect("a file");
    asks(&gone, &["budget"]).with(0);
    other.ce_nas(&["budget", "--url", &url]).with(0);
    let quiet = |event: &Event| !matches!(event.kind(), "study_paused" | "budget_changed" | "study_finished");
    assert!(running.is_running() && other.history().events().all(quiet));
    asks(&other, &["stop"]).with(0);
    running.end().with(0);
}

/// What a program reads of the study at `url` and in its directory, which must be the same.
fn read_both_ways(study: &Study, url: &str) {
    for words in [["trials", "--json"], ["front", "--json"], ["workers", "--json"]] {
        let there = study.ce_nas(&[&words[..], &["--url", url]].concat()).with(0).out;
        let here = asks(study, &words).with(0).out;
        assert!(here == there && here.len() > 20, "{words:?}: {here}\n{there}");
    }
}

#[test]
fn a_study_is_read_from_its_address_while_it_runs_and_after_its_end() {
    let study = Study::new(REHEARSAL);
    let mut running = study.run(&LONG);
    is_ready(&study);
    until("there is a front", || (asks(&study, &["front", "--json"]).with(0).out.len() > 20).then_some(()));
    let url = &address(&study);
    let status = study.ce_nas(&["status", "--url", url, "--json"]).with(0);
    let status: Value = serde_json::from_str(&status.out).expect("JSON");
    assert_eq!(status["state"], "running");
    let forecast = study.ce_nas(&["forecast", "show", "--url", url]).with(0);
    assert!(forecast.out.contains(&format!("the study at {url}")), "{}", forecast.out);
    asks(&study, &["page"]).with(0).saying(&["a coordinator is at work on this study", url]);
    asks(&study, &["stop", "--reason", "seen enough"]).with(0);
    running.end().with(0);
    study.ce_nas(&["status", "--url", url]).with(1).saying(&["no coordinator answers at"]);

    let mut command = programs::command("ce-nas");
    command.args(["page", "--listen", "127.0.0.1:0", "--dir"]).arg(&study.directory);
    let mut page = study.process(command);
    let url = until("the page's address", || {
        let said = page.said();
        Some(said.strip_prefix("page and API at ")?.split_once(',')?.0.to_owned())
    });
    read_both_ways(&study, &url);
    until("the history is read", || {
        study.ce_nas(&["pause", "--url", &url]).err.contains("no coordinator is at work").then_some(())
    });
    page.signal(Signal::SIGINT);
    page.end().with(0);
}
