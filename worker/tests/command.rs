//! A whole worker whose study is evaluated by a program of the user's own; the coordinator's side is played by hand.

mod coordinator;

use common::fidelity::Fidelity;
use common::study::{Ability, CommandSpec, EvaluatorSpec};
use common::trial::{ArtifactKind, Failure, Subject};
use common::unit::Seconds;
use common::wire::{Report, ToWorker};
use coordinator::{Coordinator, Rig, network, subject, task};
use transport::memory::Network;
use worker::Exit;

const GOOD: &str = include_str!("../evaluation/tests/command/good.sh");

async fn coordinator(network: &Network, script: &str) -> Coordinator {
    let mut coordinator = Coordinator::bind(network).await;
    coordinator.spec.evaluator = EvaluatorSpec::Command(CommandSpec {
        words: ["sh", "-c", script].map(String::from).to_vec(),
        abilities: vec![Ability::Full, Ability::Rung, Ability::OneShot],
        stop: Seconds(10.0),
        silence: Seconds(60.0),
        limit: None,
        disk_bytes: 1_000_000,
    });
    coordinator
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

#[test]
fn a_supernet_is_scored_with_by_another_program() {
    run(async {
        let network = network();
        let mut coordinator = coordinator(&network, GOOD).await;
        let rig = Rig::start(network, &coordinator, 2);
        coordinator.until(|seen| seen.hello.is_some()).await;
        coordinator.assign(0, 0, Subject::Supernet);
        coordinator.until(|seen| seen.finished(0).is_some()).await;
        let supernet = coordinator.seen.finished(0).unwrap().artifact(ArtifactKind::Supernet).unwrap().blob;
        coordinator.score(1, 1, subject(Fidelity::OneShot), supernet);
        coordinator.assign(2, 0, subject(Fidelity::Full));
        coordinator.until(|seen| seen.finished(1).is_some() && seen.finished(2).is_some()).await;
        assert!(coordinator.seen.finished(2).unwrap().artifact(ArtifactKind::Weights).is_some());
        assert!(coordinator.seen.progress > 0);
        rig.stop();
        assert_eq!(coordinator.see_off(rig).await.exit, Exit::Stopped);
    });
}

#[test]
fn what_it_saved_goes_on_with_another_worker() {
    run(async {
        let network = network();
        // Slow enough to be interrupted on the way.
        let mut coordinator = coordinator(&network, &GOOD.replace("sleep 0.05", "sleep 0.3")).await;
        let first = Rig::start(network.clone(), &coordinator, 1);
        coordinator.until(|seen| seen.hello.is_some()).await;
        coordinator.assign(1, 0, subject(Fidelity::Full));
        coordinator.until(|seen| seen.progress > 0).await;
        coordinator.say(&ToWorker::Suspend { task: task(1) });
        coordinator.until(|seen| seen.suspended(1).is_some()).await;
        let checkpoint = coordinator.seen.suspended(1).unwrap().expect("it saved what it had done");
        assert!(checkpoint.progress > 0.0);
        first.stop();
        coordinator.see_off(first).await;

        let mut coordinator = coordinator.forget_worker();
        let second = Rig::start(network, &coordinator, 1);
        coordinator.until(|seen| seen.hello.is_some()).await;
        coordinator.retry(1, 1, subject(Fidelity::Full), checkpoint);
        coordinator.until(|seen| seen.ends(1) > 0).await;
        let evaluation = coordinator.seen.finished(1).expect("resumed and finished");
        assert_eq!((evaluation.curve.len(), coordinator.seen.downloads), (4, 1));
        second.stop();
        coordinator.see_off(second).await;
    });
}

#[test]
fn a_worker_that_leaves_puts_its_program_in_safety() {
    run(async {
        let network = network();
        let mut coordinator = coordinator(&network, &GOOD.replace("sleep 0.05", "sleep 0.3")).await;
        let rig = Rig::start(network, &coordinator, 1);
        coordinator.until(|seen| seen.hello.is_some()).await;
        coordinator.assign(1, 0, subject(Fidelity::Full));
        coordinator.until(|seen| seen.progress > 0).await;
        rig.stop();
        let ended = coordinator.see_off(rig).await;
        assert!(ended.exit == Exit::Stopped && !ended.busy, "{ended:?}");
        assert!(coordinator.seen.suspended(1).is_some_and(|checkpoint| checkpoint.is_some()));
    });
}

#[test]
fn a_task_that_crashes_leaves_its_worker_and_its_neighbour_alone() {
    run(async {
        let network = network();
        let script = format!("grep -q '\"kind\": \"rung\"' \"$CE_NAS_TASK\" && kill -SEGV $$\n{GOOD}");
        let mut coordinator = coordinator(&network, &script).await;
        let rig = Rig::start(network, &coordinator, 2);
        coordinator.until(|seen| seen.hello.is_some()).await;
        coordinator.assign(1, 0, subject(Fidelity::Full));
        coordinator.assign(2, 1, subject(Fidelity::Rung(1)));
        coordinator.until(|seen| seen.ends(1) > 0 && seen.ends(2) > 0).await;
        assert!(coordinator.seen.finished(1).is_some());
        let crashed = |report: &Report| matches!(report, Report::Failed { task: of, failure: Failure::Crashed(why) } if *of == task(2) && why.contains("SIGSEGV"));
        assert!(coordinator.seen.reports.iter().any(crashed), "{:?}", coordinator.seen.reports);
        rig.stop();
        coordinator.see_off(rig).await;
    });
}
