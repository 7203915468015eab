//! What the keeper tells unasked, heard by an actor that stands for the coordinator.

use common::event::{Event, Record};
use tokio::sync::mpsc;

use super::*;
use crate::report::sample::{self, Wishes};

struct Listener(mpsc::UnboundedSender<FromLedger>);

impl Actor for Listener {
    type Context = Context<Self>;
}

impl Handler<FromLedger> for Listener {
    type Result = ();

    fn handle(&mut self, told: FromLedger, _: &mut Self::Context) {
        self.0.send(told).unwrap();
    }
}

#[test]
fn broken_laws_of_a_long_history_are_told() {
    let mut records = sample::study(Wishes::default());
    records.extend(sample::repeated_proposal(&records));
    let end = records.last().unwrap().at;
    // Long enough for a snapshot.
    let turns = [Event::StudyPaused, Event::StudyResumed];
    let mut moments: Vec<Moment> =
        records.into_iter().map(|Record { at, event, .. }| (at, vec![event])).collect();
    moments.push((end, turns.iter().cycle().take(snapshot::WORTH as usize).cloned().collect()));
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(folder.path().join("ledger.sqlite")).unwrap();

    let (sender, mut told) = mpsc::unbounded_channel();
    let heard = System::new().block_on(async move {
        let tell = Listener(sender).start().recipient();
        let keeper = LedgerKeeper::new(ledger).start();
        keeper.send(Append { moments: moments.into(), tell }).await.unwrap().unwrap();
        told.recv().await.unwrap()
    });
    let FromLedger::Broken(laws) = heard else { panic!("{heard:?}") };
    assert_eq!(laws.iter().map(|violation| violation.law).collect::<Vec<_>>(), ["T-2"]);
}
