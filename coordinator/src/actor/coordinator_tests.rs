//! A coordinator in this process whose parts fail it, and whose disk is full.

use std::path::Path;

use common::config::load;
use common::id::{SessionId, SlotId, Zone};
use common::time::Millis;
use common::trial::{Checkpoint, Failure};
use common::wire::{self, Assignment, FromWorker, Hello, Report, SlotInfo};
use transport::{Client, ClientOptions, ClientSecurity, Connection, Transport, ZeroMq};

use super::*;
use crate::launch::{self, Running};

async fn running(folder: &Path) -> Running {
    let directory = format!("study.directory={}", folder.join("study").display());
    let settings = [
        directory.as_str(),
        "coordinator.listen=tcp://127.0.0.1:0",
        "coordinator.security=null",
        "http.listen=off",
        "evaluation.evaluator=rehearsal",
        "allocation.policy=fixed",
        "allocation.fixed_train=1",
        "allocation.fixed_sample=0",
        "ladder.one_shot=false",
    ];
    let opened = launch::open(load(None, [], &settings.map(str::to_owned)).unwrap(), &[]).unwrap();
    launch::start(opened, None, Box::new(|_, _| {})).await.unwrap()
}

/// A defect: who takes it panics.
#[derive(Debug, Message)]
#[rtype(result = "()")]
struct Defect;

impl Handler<Defect> for LedgerKeeper {
    type Result = ();

    fn handle(&mut self, _: Defect, _: &mut Self::Context) {
        panic!("a defect of the test's");
    }
}

impl Handler<Defect> for BlobKeeper {
    type Result = ();

    fn handle(&mut self, _: Defect, _: &mut Self::Context) {
        panic!("a defect of the test's");
    }
}

/// To be done to one of the coordinator's parts.
type Deed = fn(&Parts);

#[derive(Message)]
#[rtype(result = "()")]
struct Befall(Deed);

impl Handler<Befall> for Coordinator {
    type Result = ();

    fn handle(&mut self, Befall(parts): Befall, _: &mut Self::Context) {
        parts(&self.parts);
    }
}

#[test]
fn a_part_that_panicked_ends_the_coordinator() {
    let befalls: [(&str, Deed); 2] = [
        ("ledger keeper", |parts| parts.ledger.do_send(Defect)),
        ("blob keeper", |parts| parts.blobs.do_send(Defect)),
    ];
    for (name, befalls) in befalls {
        let folder = tempfile::tempdir().unwrap();
        let exit = System::new().block_on(async {
            let running = running(folder.path()).await;
            running.coordinator.send(Befall(befalls)).await.unwrap();
            running.exit.await.unwrap()
        });
        assert!(matches!(exit, Exit::Lost { part } if part == name), "{exit:?}");
    }
}

/// A worker at the other end of the wire, played by hand.
struct Player {
    client: Client,
    session: SessionId,
    deliveries: u64,
}

impl Player {
    async fn join(running: &Running) -> Self {
        let security = ClientSecurity::Null { name: "player".parse().unwrap() };
        let client = ZeroMq.connect(ClientOptions::new(running.endpoint.clone(), security)).await.unwrap();
        client.watch().until(|now| *now == Connection::Connected).await;
        let session = SessionId(1);
        let slot =
            SlotInfo { slot: SlotId(0), device: "none".into(), memory_mb: 1_000, meter: "none".into() };
        let player = Self { client, session, deliveries: 0 };
        player.say(&FromWorker::Hello(Hello {
            session,
            clock: Millis(0),
            zone: Zone::new("DE"),
            slots: vec![slot],
            version: launch::VERSION.into(),
            host: "here".into(),
            held: Vec::new(),
        }));
        player
    }

    fn say(&self, message: &FromWorker) {
        self.client.send(wire::encode(message)).unwrap();
    }

    fn report(&mut self, report: Report) {
        self.deliveries += 1;
        self.say(&FromWorker::Delivery { session: self.session, number: self.deliveries, report });
    }

    /// The first message that is what is waited for.
    async fn hear<T>(&mut self, pick: impl Fn(ToWorker) -> Option<T>) -> T {
        loop {
            let frame = self.client.recv().await.unwrap();
            if let Some(picked) = pick(wire::decode(&frame).unwrap()) {
                return picked;
            }
        }
    }

    async fn assignment(&mut self) -> Assignment {
        let assigned = |message| if let ToWorker::Assign(work) = message { Some(*work) } else { None };
        self.hear(assigned).await
    }
}

#[test]
fn what_the_store_lacked_while_the_disk_was_full_is_no_crash() {
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        let running = running(folder.path()).await;
        let mut player = Player::join(&running).await;
        let task = player.assignment().await.task;
        let half = Checkpoint { blob: BlobId::of(b"never brought"), progress: 0.5 };
        player.report(Report::Suspended { task, checkpoint: Some(half) });
        let again = player.assignment().await;
        assert_eq!((again.task.trial, again.resume), (task.trial, Some(half)));

        let held_up = |reason: Option<&str>| FromLedger::HeldUp(reason.map(str::to_owned));
        running.coordinator.send(held_up(Some("no space left"))).await.unwrap();
        // What it was not sent for, too.
        for blob in [BlobId::of(b"else"), half.blob] {
            player.say(&FromWorker::Download { blob, offset: 0 });
            player.hear(|message| (message == ToWorker::BlobMissing { blob }).then_some(())).await;
        }
        running.coordinator.send(held_up(None)).await.unwrap();
        player.report(Report::Failed { task: again.task, failure: Failure::for_want_of(half.blob) });
        let anew = player.assignment().await;
        assert_eq!((anew.task.trial, anew.resume), (task.trial, None));
        let crashes =
            |glance: &Glance<'_>| glance.core.state().trials.values().map(|trial| trial.crashes).sum::<u32>();
        assert_eq!(running.coordinator.send(Look(crashes)).await.unwrap(), Some(0));
    });
}
