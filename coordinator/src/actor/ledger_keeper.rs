//! Owns the ledger, on a thread of its own: a disk may be slow. Appends are answered in the order they came.

use actix::prelude::*;
use common::event::Event;
use common::time::Timestamp;
use ledger::Ledger;

#[derive(Debug)]
pub struct LedgerKeeper {
    ledger: Ledger,
}

/// Make these events durable; answered with the sequence number of the last.
#[derive(Debug, Message)]
#[rtype(result = "Result<u64, ledger::Error>")]
pub(super) struct Append {
    pub at: Timestamp,
    pub events: Vec<Event>,
}

impl LedgerKeeper {
    pub fn new(ledger: Ledger) -> Self {
        Self { ledger }
    }
}

impl Actor for LedgerKeeper {
    type Context = Context<Self>;
}

impl Handler<Append> for LedgerKeeper {
    type Result = Result<u64, ledger::Error>;

    fn handle(&mut self, append: Append, _: &mut Self::Context) -> Self::Result {
        self.ledger.append(append.at, &append.events).map(|sequences| sequences.end - 1)
    }
}
