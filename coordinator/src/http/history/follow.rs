//! Follows the ledger on a thread of its own: reads it from the beginning, then hears what is appended, and reads again where it
//! missed something.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use common::event::Record;
use ledger::Ledger;

use super::TAIL;
use crate::http::desk::Desk;
use crate::news::News;

/// Appends that wait to be heard; whoever lags further behind reads them in the ledger.
const UNHEARD: usize = 64;
/// Events taken in under one lock: a page waits a few milliseconds at most.
const BATCH: usize = 256;
/// The ledger is looked at so often even if nobody rang: the bell may have been missed, its file is the truth.
const PATIENCE: Duration = Duration::from_secs(1);
/// A ledger that can't be read is tried again; a disk may come back.
const RETRY: Duration = Duration::from_secs(2);

/// Heard by whoever follows the ledger.
#[derive(Debug)]
pub struct Bell(Receiver<News>);

/// Rung after each append, with what it made durable; costs the coordinator less than a microsecond, and never makes it wait.
#[derive(Debug, Clone)]
pub struct Ringer(SyncSender<News>);

pub fn bell() -> (Ringer, Bell) {
    let (ringer, bell) = sync_channel(UNHEARD);
    (Ringer(ringer), Bell(bell))
}

impl Ringer {
    pub fn ring(&self, news: &News) {
        match self.0.try_send(news.clone()) {
            Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
        }
    }
}

/// Until the ringer is gone.
pub fn follow(path: &PathBuf, desk: &Desk, bell: &Bell) {
    loop {
        match Ledger::read_only(path) {
            Ok(ledger) => {
                if follow_open(&ledger, desk, bell).is_none() {
                    return;
                }
            }
            Err(error) => tracing::warn!(%error, "the API can't read the ledger; it tries again"),
        }
        if matches!(bell.0.recv_timeout(RETRY), Err(RecvTimeoutError::Disconnected)) {
            return;
        }
    }
}

/// None once nobody rings any more; some after an error, when it has to be opened anew.
fn follow_open(ledger: &Ledger, desk: &Desk, bell: &Bell) -> Option<()> {
    let mut news = None;
    loop {
        let heard = news.take().is_some_and(|news| hear(&news, desk));
        if !heard && let Err(error) = take_in(ledger, desk) {
            tracing::warn!(%error, "the API can't read on in the ledger; it tries again");
            return Some(());
        }
        desk.caught_up();
        match bell.0.recv_timeout(PATIENCE) {
            Ok(rung) => news = Some(rung),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                // What was written last is told, too.
                let _ = take_in(ledger, desk);
                return None;
            }
        }
    }
}

/// False where something was missed before.
fn hear(news: &News, desk: &Desk) -> bool {
    let known = desk.read(|history| history.sequence);
    let Some(records) = news.after(known) else { return false };
    let records: Vec<Record> = records.collect();
    records.chunks(BATCH).for_each(|batch| desk.take_in(batch, 0));
    true
}

fn take_in(ledger: &Ledger, desk: &Desk) -> Result<(), ledger::Error> {
    let known = desk.read(|history| history.sequence);
    let tells_from = ledger.len()?.saturating_sub(TAIL as u64);
    let mut batch: Vec<Record> = Vec::with_capacity(BATCH);
    for record in ledger.read(known + 1) {
        batch.push(record?);
        if batch.len() == BATCH {
            desk.take_in(&batch, tells_from);
            batch.clear();
        }
    }
    desk.take_in(&batch, tells_from);
    Ok(())
}
