//! A coordinator in this process whose parts fail it.

use std::path::Path;

use common::config::load;

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
