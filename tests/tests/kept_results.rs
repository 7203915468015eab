//! What a worker has finished while nobody was there to be told, and that its process did not live to tell: a successor on the same
//! machine delivers it, with real processes and real kills.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use common::event::Event;
use common::id::TaskId;
use system_tests::lab::books::audit;
use system_tests::lab::patience::until;
use system_tests::lab::study::History;
use system_tests::lab::{REHEARSAL, Study};

/// How often each task was handed out.
fn handed_out(seen: &History) -> BTreeMap<TaskId, usize> {
    let mut times = BTreeMap::new();
    for event in seen.events() {
        if let Event::TaskLeased { task, .. } = event {
            *times.entry(*task).or_default() += 1;
        }
    }
    times
}

fn finished_tasks(seen: &History) -> Vec<TaskId> {
    let finished =
        |event: &Event| if let Event::TrialFinished { task, .. } = event { Some(*task) } else { None };
    seen.events().filter_map(finished).collect()
}

#[test]
fn a_result_survives_its_worker_and_counts_once() {
    let study = Study::new(REHEARSAL);
    study.keys_for("faithful");
    let slow = ["--set", "evaluation.rehearsal_epoch_s=0.5"];
    let longer = [&slow[..], &["--set", "budget.hours=40"]].concat();
    let mut first = study.coordinator(&longer);
    let endpoint = study.endpoint();
    let mut worker = study.worker_at(&endpoint, "faithful", &slow);
    let told = |worker: &str, task: &TaskId| worker.contains(&format!("task {task} finished"));
    // Until there is something in hand as the coordinator dies that was begun and not ended.
    study.until("the worker is at work", |seen| !seen.finished().is_empty() && !seen.leased().is_empty());
    first.kill();
    let before = study.history();
    let in_hand: BTreeSet<TaskId> = before.leased().into_keys().collect();
    let ended = until("the worker finishes alone what it has", || {
        let said = worker.said();
        in_hand.iter().find(|task| told(&said, task)).copied()
    });
    let outbox = study.path("faithful").join("work/outbox");
    until("the result is on its disk", || fs::read_dir(&outbox).ok()?.next().map(drop));
    worker.kill();
    assert!(!finished_tasks(&study.history()).contains(&ended), "nobody was told");

    let mut second = study.coordinator(&longer);
    let mut successor = study.worker_at(&endpoint, "faithful", &slow);
    let seen = study.until("the result is in the ledger", |seen| finished_tasks(seen).contains(&ended));
    assert_eq!(finished_tasks(&seen).iter().filter(|task| task.trial == ended.trial).count(), 1);
    let times: Vec<usize> = handed_out(&seen)
        .into_iter()
        .filter(|(task, _)| task.trial == ended.trial)
        .map(|(_, times)| times)
        .collect();
    assert_eq!(times, [1], "it was not trained again");
    second.end().with(0).saying(&["study finished"]);
    let said = successor.end().with(0);
    said.saying(&["an earlier start of this worker left reports", "are delivered"]);
    let lost = |event: &Event| matches!(event, Event::TaskFailed { .. });
    assert!(!study.history().events().any(lost), "nothing was in hand that could be lost");
    assert_eq!(fs::read_dir(&outbox).expect("the folder").count(), 0, "what is delivered is not kept");
    audit(&study.directory).check_report(&study.directory);
}
