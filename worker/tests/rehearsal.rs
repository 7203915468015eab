//! A whole worker, threads and all, with the rehearsing evaluator; the coordinator's side is played by hand.

mod coordinator;

use std::time::Duration;

use common::fidelity::Fidelity;
use common::trial::{ArtifactKind, Failure, Subject};
use common::unit::Joules;
use common::wire::{Report, ToWorker};
use transport::memory::Network;
use transport::{Transport, ZeroMq};
use worker::Exit;

use coordinator::{Coordinator, Rig, network, subject, task};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// The life of a task, from admission to a polite end.
async fn a_task_is_worked_on_and_delivered<T: Transport + Clone + 'static>(transport: T) {
    let mut coordinator = Coordinator::bind(&transport).await;
    let rig = Rig::start(transport, &coordinator, 1);
    coordinator.until(|seen| seen.hello.is_some()).await;
    coordinator.until(|seen| seen.heartbeats > 1).await;
    coordinator.assign(1, 0, subject(Fidelity::Full));
    coordinator.assign(1, 0, subject(Fidelity::Full));
    coordinator.until(|seen| seen.held.contains(&task(1))).await;
    coordinator.until(|seen| seen.finished(1).is_some()).await;
    let evaluation = coordinator.seen.finished(1).unwrap();
    assert!(evaluation.device.contains("rehearsal") && evaluation.test_error.is_some());
    for kind in [ArtifactKind::Weights, ArtifactKind::TorchScript] {
        let artifact = evaluation.artifact(kind).unwrap();
        assert_eq!(
            coordinator.seen.blobs[&artifact.blob].len() as u64,
            artifact.bytes,
            "uploaded before the report"
        );
    }
    assert!(coordinator.seen.progress > 0);
    coordinator.until(|seen| seen.held.is_empty()).await;
    coordinator.say(&ToWorker::StudyOver { reason: "enough".into() });
    let ended = coordinator.see_off(rig).await;
    assert_eq!(ended.exit, Exit::Done { reason: "enough".into() });
    assert!(matches!(coordinator.seen.reports.last(), Some(Report::Leaving { .. })));

    let seen = &coordinator.seen;
    assert_eq!(seen.ends(1), 1, "delivered once");
    // The scripted meter draws ten watts: windows adjoin, so the joules are ten times the seconds from first to last.
    let windows = seen.windows(0);
    assert!(windows.windows(2).all(|pair| pair[0].end == pair[1].start), "{windows:?}");
    let span = windows.last().unwrap().end.seconds() - windows[0].start.seconds();
    let joules: Joules = windows.iter().map(|window| window.joules).sum();
    assert!((joules.0 - 10.0 * span).abs() < 1e-6, "{joules} in {span} s");
    assert!(windows.iter().any(|window| window.task == Some(task(1)) && window.joules.0 > 0.0));
}

#[test]
fn a_task_is_worked_on_and_delivered_in_memory() {
    runtime().block_on(a_task_is_worked_on_and_delivered(Network::new()));
}

#[test]
fn a_task_is_worked_on_and_delivered_over_tcp() {
    runtime().block_on(a_task_is_worked_on_and_delivered(ZeroMq));
}

#[test]
fn a_training_that_is_suspended_resumes_elsewhere() {
    runtime().block_on(async {
        let network = network();
        let mut coordinator = Coordinator::bind(&network).await;
        let first = Rig::start(network.clone(), &coordinator, 1);
        coordinator.until(|seen| seen.hello.is_some()).await;
        coordinator.assign(1, 0, subject(Fidelity::Full));
        coordinator.until(|seen| seen.progress > 0).await;
        coordinator.say(&ToWorker::Suspend { task: task(1) });
        coordinator.until(|seen| seen.suspended(1).is_some()).await;
        let checkpoint = coordinator.seen.suspended(1).unwrap().expect("a training keeps its work");
        assert!(coordinator.seen.blobs.contains_key(&checkpoint.blob) && checkpoint.progress > 0.0);
        first.stop();
        assert_eq!(coordinator.see_off(first).await.exit, Exit::Stopped);

        // Another machine: its cache is empty, so the checkpoint is fetched.
        let mut coordinator = coordinator.forget_worker();
        let second = Rig::start(network, &coordinator, 1);
        coordinator.until(|seen| seen.hello.is_some()).await;
        coordinator.resume(2, 0, subject(Fidelity::Full), checkpoint);
        coordinator.until(|seen| seen.ends(2) > 0).await;
        assert_eq!(coordinator.seen.downloads, 1);
        // A rehearsed checkpoint belongs to its trial, and this is another.
        let refused = |report: &Report| matches!(report, Report::Failed { failure: Failure::Refused(_), .. });
        assert!(coordinator.seen.reports.iter().any(refused), "{:?}", coordinator.seen.reports);
        coordinator.retry(1, 1, subject(Fidelity::Full), checkpoint);
        coordinator.until(|seen| seen.ends(1) > 0).await;
        let evaluation = coordinator.seen.finished(1).expect("resumed and finished");
        assert_eq!(evaluation.curve.len(), 4);
        second.stop();
        coordinator.see_off(second).await;
    });
}

async fn a_result_survives_the_coordinator<T: Transport + Clone + 'static>(transport: T) {
    let mut coordinator = Coordinator::bind(&transport).await;
    let rig = Rig::start(transport.clone(), &coordinator, 1);
    coordinator.until(|seen| seen.hello.is_some()).await;
    coordinator.assign(1, 0, subject(Fidelity::Full));
    coordinator.until(|seen| seen.progress > 0).await;
    let mut coordinator = coordinator.restart(&transport, Duration::from_millis(2_500)).await;
    coordinator.until(|seen| seen.finished(1).is_some()).await;
    coordinator.until(|seen| seen.held.is_empty()).await;
    assert_eq!(coordinator.seen.ends(1), 1);
    let windows = coordinator.seen.windows(0);
    assert!(
        windows.windows(2).all(|pair| pair[0].end == pair[1].start),
        "no window lost or repeated: {windows:?}"
    );
    rig.stop();
    assert_eq!(coordinator.see_off(rig).await.exit, Exit::Stopped);
    assert!(matches!(coordinator.seen.reports.last(), Some(Report::Leaving { .. })));
}

#[test]
fn a_result_survives_the_coordinator_in_memory() {
    runtime().block_on(a_result_survives_the_coordinator(Network::new()));
}

#[test]
fn a_result_survives_the_coordinator_over_tcp() {
    runtime().block_on(a_result_survives_the_coordinator(ZeroMq));
}

#[test]
fn a_worker_that_can_not_evaluate_says_why_and_goes() {
    if cfg!(feature = "torch") {
        println!("skipped: this build could evaluate with libtorch");
        return;
    }
    runtime().block_on(async {
        let network = network();
        let mut coordinator = Coordinator::bind(&network).await;
        coordinator.spec.evaluator = common::study::EvaluatorSpec::Torch;
        let rig = Rig::start(network, &coordinator, 1);
        let exit = coordinator.see_off(rig).await.exit;
        assert!(exit.code() == 1 && exit.to_string().contains("--features torch"), "{exit}");
    });
}

#[test]
fn scoring_with_a_supernet_fetches_it_once() {
    runtime().block_on(async {
        let network = network();
        let mut coordinator = Coordinator::bind(&network).await;
        let rig = Rig::start(network, &coordinator, 2);
        coordinator.until(|seen| seen.hello.is_some()).await;
        coordinator.assign(0, 1, Subject::Supernet);
        coordinator.until(|seen| seen.finished(0).is_some()).await;
        let supernet = coordinator.seen.finished(0).unwrap().artifact(ArtifactKind::Supernet).unwrap().blob;
        for trial in 1..6 {
            coordinator.score(trial, (trial % 2) as u16, subject(Fidelity::OneShot), supernet);
            coordinator.until(|seen| seen.finished(trial).is_some()).await;
        }
        assert_eq!(coordinator.seen.downloads, 1);
        rig.stop();
        coordinator.see_off(rig).await;
    });
}
