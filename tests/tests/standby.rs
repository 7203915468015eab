//! A second coordinator stands by, and takes over when the first one dies: with real processes, a real kill and a worker that goes
//! on training.

use std::time::Duration;

use common::event::Event;
use system_tests::lab::books::audit;
use system_tests::lab::patience::{pause, until, within};
use system_tests::lab::{REHEARSAL, Study, free_ports};

/// How long a study may be without a coordinator.
const TAKEN_OVER: Duration = Duration::from_secs(15);

#[test]
fn a_standby_takes_over_from_a_coordinator_that_dies() {
    let study = Study::new(REHEARSAL);
    study.keys_for("faithful");
    let longer = ["--set", "budget.hours=40", "--set", "evaluation.rehearsal_epoch_s=0.3"];
    let mut first = study.coordinator(&longer);
    let mut worker = study.worker("faithful", &["--set", "evaluation.rehearsal_epoch_s=0.3"]);
    study.until("the worker is at work", |seen| !seen.finished().is_empty() && !seen.leased().is_empty());
    // Only now: of two that start at once, either may be the first.
    let mut second = study.coordinator(&[&longer[..], &["--standby"]].concat());
    pause(Duration::from_secs(2));
    assert!(second.is_running() && second.said().contains("standing by"), "{}", second.said());
    let before = study.history();
    assert_eq!(before.lives(), 1, "one coordinator at a time");

    first.kill();
    let heard = within(TAKEN_OVER, || {
        let seen = study.history();
        let reported = seen.this_life().any(|event| matches!(event, Event::Acknowledged { .. }));
        (seen.lives() == 2 && reported).then_some(seen)
    });
    let seen = heard.unwrap_or_else(|| panic!("nobody took over: {}", second.said()));
    assert!(second.said().contains("taking over"), "{}", second.said());
    assert!(seen.sessions().values().all(|sessions| *sessions == 1), "the worker's session goes on");
    let crashed = |event: &Event| matches!(event, Event::TaskFailed { .. } | Event::WorkerLost { .. });
    assert!(!seen.events().any(crashed), "nothing is lost by the change");

    // A third waits in its turn, and one that does not wait is told why it can't begin.
    let mut third = study.coordinator(&[&longer[..], &["--standby"]].concat());
    study.coordinator(&longer).end().with(1).saying(&["is being written by process"]);
    second.end().with(0).saying(&["study finished"]);
    worker.end().with(0).saying(&["the study is over"]);
    third.end().with(0).saying(&["this study is finished"]);
    let finished = study.history().finished();
    assert!(before.finished().iter().all(|trial| finished.contains(trial)), "no finished trial is lost");
    audit(&study.directory).check_report(&study.directory);
}

#[test]
fn workers_find_a_standby_at_another_address() {
    let study = Study::new(REHEARSAL);
    study.keys_for("faithful");
    let addresses = free_ports().map(|port| format!("tcp://127.0.0.1:{port}"));
    let listens = addresses.each_ref().map(|address| format!("coordinator.listen={address}"));
    let longer = ["--set", "budget.hours=40", "--set", "evaluation.rehearsal_epoch_s=0.3", "--set"];
    let mut first = study.coordinator(&[&longer[..], &[listens[0].as_str()]].concat());
    let slow = ["--set", "evaluation.rehearsal_epoch_s=0.3"];
    // The one that is not there yet comes first: a worker that starts finds its coordinator behind it as well.
    let both = format!("{},{}", addresses[1], addresses[0]);
    let mut worker = study.worker_at(&both, "faithful", &slow);
    study.until("the worker is at work", |seen| !seen.finished().is_empty() && !seen.leased().is_empty());
    let mut second = study.coordinator(&[&longer[..], &[listens[1].as_str(), "--standby"]].concat());
    until("the second stands by", || second.said().contains("standing by").then_some(()));

    first.kill();
    let heard = within(TAKEN_OVER, || {
        let seen = study.history();
        let reported = seen.this_life().any(|event| matches!(event, Event::Acknowledged { .. }));
        (seen.lives() == 2 && reported).then_some(seen)
    });
    let seen = heard.unwrap_or_else(|| panic!("nobody was found: {}\n{}", second.said(), worker.said()));
    assert!(seen.sessions().values().all(|sessions| *sessions == 1), "the worker's session goes on");
    second.end().with(0).saying(&["study finished"]);
    worker.end().with(0).saying(&["the study is over"]);
    audit(&study.directory).check_report(&study.directory);
}
