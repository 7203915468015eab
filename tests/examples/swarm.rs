//! Many workers in one process, each with a socket of its own, that beat, take what they are given and finish it after a while.
//! They compute nothing: what is measured is the coordinator. `scripts/bench-cluster` starts several of these beside one.
//!
//! `swarm ENDPOINT FIRST COUNT TASK_MS`: workers `w{FIRST}` to `w{FIRST + COUNT - 1}`, until their coordinator says that the study
//! is over. The last line is JSON: tasks finished, and milliseconds from a result to the next assignment.

use std::time::Duration;

use common::id::{SessionId, SlotId, TaskId, Zone};
use common::time::Millis;
use common::trial::Evaluation;
use common::unit::Seconds;
use common::wire::{self, FromWorker, Hello, Report, SlotInfo, ToWorker};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};
use transport::{ClientOptions, ClientSecurity, Connection, Endpoint, Transport, ZeroMq};

const BEAT: Duration = Duration::from_secs(2);
/// A delivery that is not acknowledged for so long is sent again.
const REPEAT: Duration = Duration::from_secs(2);
/// Workers of one process come one after the other, as those of a cluster do.
const BETWEEN_TWO: Duration = Duration::from_millis(1);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [endpoint, first, count, task_ms] = &words[..] else {
        eprintln!("usage: swarm ENDPOINT FIRST COUNT TASK_MS");
        std::process::exit(2);
    };
    let endpoint: Endpoint = endpoint.parse().expect("an endpoint");
    let (first, count): (u64, u64) = (first.parse().expect("a number"), count.parse().expect("a number"));
    let task = Duration::from_millis(task_ms.parse().expect("milliseconds"));
    let mut workers = JoinSet::new();
    for number in first..first + count {
        workers.spawn(work(endpoint.clone(), number, task));
        tokio::time::sleep(BETWEEN_TWO).await;
    }
    let mut waits_ms: Vec<f64> = Vec::new();
    let mut finished = 0;
    while let Some(told) = workers.join_next().await {
        let told = told.expect("a worker does not panic");
        finished += told.finished;
        waits_ms.extend(told.waits_ms);
    }
    waits_ms.sort_by(f64::total_cmp);
    let at = |share: f64| waits_ms.get((waits_ms.len() as f64 * share) as usize).copied().unwrap_or(0.0);
    println!("{{\"finished\": {finished}, \"p50_ms\": {:.2}, \"p99_ms\": {:.2}}}", at(0.5), at(0.99));
}

#[derive(Default)]
struct Told {
    finished: u64,
    waits_ms: Vec<f64>,
}

/// One worker's life.
async fn work(endpoint: Endpoint, number: u64, task: Duration) -> Told {
    let name = format!("w{number}").parse().expect("a name");
    let options = ClientOptions::new(endpoint, ClientSecurity::Null { name });
    let client = ZeroMq.connect(options).await.expect("a client");
    let (sender, mut receiver, mut watch) = client.split();
    watch.until(|now| *now == Connection::Connected).await;
    let session = SessionId(number + 1);
    let began = Instant::now();
    let clock = || Millis(i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX));
    let say = |message: &FromWorker| {
        // What is lost is said again.
        let _ = sender.send(wire::encode(message));
    };
    let mut told = Told::default();
    let mut is_member = false;
    let mut held: Option<TaskId> = None;
    let mut unheard: Option<(u64, FromWorker)> = None;
    let mut delivery = 0;
    let mut ended: Option<Instant> = None;
    let done = tokio::time::sleep(Duration::ZERO);
    tokio::pin!(done);
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut repeat = tokio::time::interval(REPEAT);
    repeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            frame = receiver.recv() => {
                let Some(frame) = frame else { return told };
                match wire::decode::<ToWorker>(&frame) {
                    Ok(ToWorker::Welcome { acknowledged, .. }) => {
                        is_member = true;
                        delivery = delivery.max(acknowledged);
                    }
                    Ok(ToWorker::WhoAreYou { .. }) => is_member = false,
                    Ok(ToWorker::Assign(assignment)) if held != Some(assignment.task) => {
                        told.waits_ms.extend(ended.take().map(|ended| ended.elapsed().as_secs_f64() * 1000.0));
                        held = Some(assignment.task);
                        done.as_mut().reset(Instant::now() + task);
                    }
                    Ok(ToWorker::Acknowledge { number, .. }) => {
                        unheard = unheard.filter(|(waiting, _)| *waiting > number);
                    }
                    Ok(ToWorker::Suspend { task } | ToWorker::Cancel { task }) if held == Some(task) => held = None,
                    Ok(ToWorker::StudyOver { .. }) => {
                        delivery += 1;
                        let report = Report::Leaving { reason: "the study is over".into() };
                        say(&FromWorker::Delivery { session, number: delivery, report });
                        receiver.close().await;
                        return told;
                    }
                    _ => {}
                }
            }
            () = &mut done, if held.is_some() => {
                let Some(task) = held.take() else { continue };
                delivery += 1;
                let report = Report::Finished { task, evaluation: Box::new(evaluation()) };
                let message = FromWorker::Delivery { session, number: delivery, report };
                say(&message);
                unheard = Some((delivery, message));
                ended = Some(Instant::now());
                told.finished += 1;
            }
            _ = beat.tick() => {
                if is_member {
                    say(&FromWorker::Heartbeat { session, clock: clock(), held: held.into_iter().collect() });
                } else {
                    say(&FromWorker::Hello(hello(session, clock(), held)));
                }
            }
            _ = repeat.tick() => {
                if let Some((_, message)) = &unheard {
                    say(message);
                }
            }
        }
    }
}

fn hello(session: SessionId, clock: Millis, held: Option<TaskId>) -> Hello {
    let slot = SlotInfo { slot: SlotId(0), device: "none".into(), memory_mb: 0, meter: "none".into() };
    Hello {
        session,
        clock,
        zone: Zone::new("LOCAL"),
        slots: vec![slot],
        version: "swarm".into(),
        host: "here".into(),
        held: held.into_iter().collect(),
    }
}

fn evaluation() -> Evaluation {
    Evaluation {
        validation_error: 0.5,
        test_error: Some(0.5),
        parameters: Some(1_000_000),
        flops: Some(1_000_000),
        latency_ms: None,
        joules_per_inference: None,
        device: "none".into(),
        seconds: Seconds(1.0),
        curve: Vec::new(),
        artifacts: Vec::new(),
    }
}
