//! Owns the ledger, on a thread of its own: a disk may be slow, or full. Appends are answered in the order they came; one that
//! the disk refuses holds up those behind it until there is room. Now and then the history is folded into a snapshot beside it.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use actix::prelude::*;
use ledger::Ledger;

use crate::background;
use crate::laws::Violation;
use crate::news::Moment;
use crate::snapshot::{self, Written};

/// How often a refused append is tried again: soon enough after somebody made room, and nothing to a disk that is in trouble.
const RETRY: Duration = Duration::from_secs(1);
/// An append that takes longer is told of: all of a fleet waits for it.
const SLOW: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub struct LedgerKeeper {
    ledger: Ledger,
    /// Where the last snapshot of this process ends.
    snapshot: u64,
    writing: Option<JoinHandle<Option<u64>>>,
}

/// Make these events durable; answered with the sequence number of the last.
#[derive(Debug, Message)]
#[rtype(result = "Result<u64, ledger::Error>")]
pub(super) struct Append {
    pub moments: Arc<[Moment]>,
    pub tell: Recipient<FromLedger>,
}

/// What the ledger tells unasked.
#[derive(Debug, Clone, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub(super) enum FromLedger {
    /// What keeps it from growing; none: nothing any more.
    HeldUp(Option<String>),
    /// Laws that its history breaks, found where it was folded into a snapshot.
    Broken(Vec<Violation>),
}

impl LedgerKeeper {
    pub fn new(ledger: Ledger) -> Self {
        Self { ledger, snapshot: 0, writing: None }
    }

    /// Folds the history up to here on a thread of its own, when it has grown enough. The first of each process is folded from the
    /// beginning: so the snapshot that this process began with is checked.
    fn take_snapshot(&mut self, length: u64, tell: Recipient<FromLedger>) {
        if self.writing.as_ref().is_some_and(JoinHandle::is_finished)
            && let Some(written) = self.writing.take()
        {
            // One that failed is not tried again at each append: it is due when the ledger has grown once more.
            self.snapshot = written.join().ok().flatten().unwrap_or(length);
        }
        if self.writing.is_some() || !snapshot::is_due(length, self.snapshot) {
            return;
        }
        let (path, from_scratch) = (self.ledger.path().to_owned(), self.snapshot == 0);
        let write = move || match snapshot::write(&path, from_scratch) {
            Ok(Written { sequence, broken }) => {
                tracing::info!(sequence, "a snapshot of the ledger is written");
                tell.do_send(FromLedger::Broken(broken));
                Some(sequence)
            }
            Err(error) => {
                tracing::error!(%error, "no snapshot of the ledger was written");
                tell.do_send(FromLedger::Broken(error.violation().into_iter().collect()));
                None
            }
        };
        self.writing = background::spawn("snapshot", write).ok();
    }
}

impl Actor for LedgerKeeper {
    type Context = Context<Self>;
}

impl Handler<Append> for LedgerKeeper {
    type Result = Result<u64, ledger::Error>;

    #[allow(clippy::disallowed_methods)] // the thread is the ledger's: it knows its disk by the clock, and may sleep
    fn handle(&mut self, append: Append, _: &mut Self::Context) -> Self::Result {
        let mut told = None;
        loop {
            let moments = append.moments.iter().map(|(at, events)| (*at, events.as_slice()));
            let began = Instant::now();
            match self.ledger.append_all(moments) {
                Ok(sequences) => {
                    tell_if_slow(began.elapsed(), sequences.end - sequences.start);
                    if told.is_some() {
                        append.tell.do_send(FromLedger::HeldUp(None));
                    }
                    let last = sequences.end - 1;
                    self.take_snapshot(last, append.tell);
                    return Ok(last);
                }
                Err(error) if error.can_retry() => {
                    let reason = Some(error.to_string());
                    if told != reason {
                        append.tell.do_send(FromLedger::HeldUp(reason.clone()));
                        told = reason;
                    }
                    // Nothing may overtake this append.
                    std::thread::sleep(RETRY);
                }
                Err(error) => return Err(error),
            }
        }
    }
}

fn tell_if_slow(took: Duration, events: u64) {
    if took > SLOW {
        let took_ms = took.as_millis();
        tracing::warn!(
            took_ms,
            events,
            "the disk was slow to make events durable: work waited to be handed out"
        );
    }
}

#[cfg(test)]
#[path = "ledger_keeper_tests.rs"]
mod tests;
