//! Owns the blob store, on a thread of its own: blobs are hashed and synced here while the coordinator hears others. It answers
//! workers itself, each in the order in which it asked.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::Duration;

use actix::prelude::*;
use common::blob::BlobId;
use common::id::WorkerName;
use common::time::{Millis, Timestamp};
use common::wire::{Chunk, ToWorker};
use ledger::Ledger;
use transport::ServerSender;

use super::coordinator::{Coordinator, Take};
use super::gateway::{Listening, send};
use super::window::Place;
use crate::background;
use crate::blob_store::{self, BlobStore, Freed, Inventory};
use crate::clock;
use crate::core::Input;
use crate::snapshot;

/// What is left behind in a day does not fill a disk: what may is asked for sooner.
const SWEEP: Duration = Duration::from_secs(24 * 3_600);
/// How often it is looked whether uploads were given up.
const LOOK: Duration = Duration::from_secs(60);
/// An inventory reads the whole history, on a thread of the lowest priority: a long one takes seconds, whatever workers do.
const BETWEEN_INVENTORIES: Millis = Millis(60_000);
/// A worker asks again after two seconds, then ever later: so many of its questions are half a minute, longer than a share is away that
/// will be back in a moment.
const UNREADABLE_TRIES: u32 = 5;

#[derive(Debug)]
pub struct BlobKeeper {
    store: BlobStore,
    sender: ServerSender,
    ledger: PathBuf,
    /// Of the history as this process found it.
    found: Inventory,
    counting: Option<JoinHandle<()>>,
    /// When an inventory of this process was known last.
    counted: Option<Timestamp>,
    /// How often in a row a worker asked for what lies here and can't be read.
    unreadable: BTreeMap<(BlobId, WorkerName), u32>,
    /// Who is told of what is missing.
    coordinator: Option<Addr<Coordinator>>,
}

/// A worker brings a piece.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct Bring {
    pub worker: WorkerName,
    pub chunk: Chunk,
    /// Given back once it is answered.
    pub _place: Place,
}

/// A worker asks for a piece.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct Fetch {
    pub worker: WorkerName,
    pub blob: BlobId,
    pub offset: u64,
    pub _place: Place,
}

#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct Forget(pub BlobId);

/// This worker may not come in any more.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct Gone(pub WorkerName);

/// What the history names by now.
#[derive(Debug, Message)]
#[rtype(result = "()")]
struct Counted(Result<Inventory, ledger::Error>);

impl BlobKeeper {
    /// `found` is what the history at `ledger` names as this process begins.
    pub fn new(store: BlobStore, sender: ServerSender, ledger: PathBuf, found: Inventory) -> Self {
        let unreadable = BTreeMap::new();
        Self { store, sender, ledger, found, counting: None, counted: None, unreadable, coordinator: None }
    }

    fn sweep(&mut self, inventory: &Inventory) {
        match self.store.sweep(inventory, clock::now()) {
            Ok(Freed { blobs: 0, .. }) => {}
            Ok(Freed { blobs, bytes }) => {
                tracing::info!(blobs, bytes, "blobs that the history does not name are removed");
            }
            Err(error) => tracing::error!(%error, "the blobs could not be looked through"),
        }
    }

    /// Reads the history's names beside the running coordinator, and sweeps once they are known; not where that is under way, or was
    /// done a moment ago.
    fn count(&mut self, context: &mut Context<Self>) {
        let is_recent = self.counted.is_some_and(|at| clock::now().since(at) < BETWEEN_INVENTORIES);
        if is_recent || self.counting.as_ref().is_some_and(|counting| !counting.is_finished()) {
            return;
        }
        let (path, tell) = (self.ledger.clone(), context.address());
        let count = move || {
            let state = Ledger::read_only(&path).and_then(|ledger| snapshot::fold(&ledger));
            tell.do_send(Counted(state.map(|state| Inventory::of(&state))));
        };
        match background::spawn("inventory", count) {
            Ok(counting) => self.counting = Some(counting),
            Err(error) => tracing::error!(%error, "what the history names could not be asked"),
        }
    }

    fn over_quota(&mut self, worker: &WorkerName, error: &blob_store::Error, context: &mut Context<Self>) {
        if !self.store.is_counted(worker) {
            // Reports may have named it all by now; the worker asks again.
            return self.count(context);
        }
        let reason = error.to_string();
        tracing::error!(%worker, reason, "a worker is sent away");
        send(&self.sender, worker, &ToWorker::Refused { reason });
    }

    fn on_missing(&self, worker: &WorkerName, blob: BlobId) {
        // First, so that the core knows why the worker gives its task back.
        if let Some(coordinator) = &self.coordinator {
            coordinator.do_send(Take(Input::BlobMissing { worker: worker.clone(), blob }));
        }
        send(&self.sender, worker, &ToWorker::BlobMissing { blob });
    }

    /// A worker that is not answered asks again, and its slot waits: at last what can't be read is missing.
    fn on_unreadable(&mut self, worker: &WorkerName, blob: BlobId, error: &blob_store::Error) {
        let failures = self.unreadable.entry((blob, worker.clone())).or_default();
        *failures += 1;
        let failures = *failures;
        if failures == 1 {
            tracing::error!(%worker, %error, "a blob could not be read; the worker asks again");
        }
        if failures == UNREADABLE_TRIES {
            tracing::error!(%worker, %error, "a blob can't be read: it counts as missing");
        }
        if failures >= UNREADABLE_TRIES {
            self.on_missing(worker, blob);
        }
    }
}

impl Actor for BlobKeeper {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        let found = std::mem::take(&mut self.found);
        self.sweep(&found);
        context.run_interval(SWEEP, |this, context| this.count(context));
        context.run_interval(LOOK, |this, _| this.store.give_up_untouched(clock::now()));
    }
}

impl Handler<Listening> for BlobKeeper {
    type Result = ();

    fn handle(&mut self, Listening(coordinator): Listening, _: &mut Self::Context) {
        self.coordinator = Some(coordinator);
    }
}

impl Handler<Bring> for BlobKeeper {
    type Result = ();

    fn handle(&mut self, bring: Bring, context: &mut Self::Context) {
        let Bring { worker, chunk, .. } = &bring;
        match self.store.receive(worker, chunk, clock::now()) {
            Ok(received) => {
                send(&self.sender, worker, &ToWorker::UploadedTo { blob: chunk.blob, received });
                if received == chunk.total && self.store.wants_inventory(worker) {
                    self.count(context);
                }
            }
            // Others first.
            Err(blob_store::Error::Unproven(_)) => context.notify(bring),
            Err(error @ blob_store::Error::OverQuota(_)) => self.over_quota(worker, &error, context),
            Err(error @ blob_store::Error::Io { .. }) => {
                tracing::error!(%worker, %error, "a blob could not be stored; the worker keeps it and tries again");
            }
            Err(error) => tracing::warn!(%worker, %error, "a piece of a blob was refused"),
        }
    }
}

impl Handler<Fetch> for BlobKeeper {
    type Result = ();

    fn handle(&mut self, fetch: Fetch, context: &mut Self::Context) {
        let Fetch { worker, blob, offset, .. } = &fetch;
        let piece = self.store.piece(*blob, *offset);
        match piece {
            // Others first.
            Err(blob_store::Error::Unproven(_)) => return context.notify(fetch),
            Err(error) => return self.on_unreadable(worker, *blob, &error),
            Ok(Some(chunk)) => send(&self.sender, worker, &ToWorker::Chunk(chunk)),
            Ok(None) => self.on_missing(worker, *blob),
        }
        self.unreadable.retain(|(unreadable, _), _| unreadable != blob);
    }
}

impl Handler<Forget> for BlobKeeper {
    type Result = ();

    fn handle(&mut self, Forget(blob): Forget, _: &mut Self::Context) {
        self.store.forget(blob);
    }
}

impl Handler<Gone> for BlobKeeper {
    type Result = ();

    fn handle(&mut self, Gone(worker): Gone, _: &mut Self::Context) {
        self.store.give_up_of(&worker);
    }
}

impl Handler<Counted> for BlobKeeper {
    type Result = ();

    fn handle(&mut self, Counted(counted): Counted, _: &mut Self::Context) {
        self.counted = Some(clock::now());
        match counted {
            Ok(inventory) => self.sweep(&inventory),
            Err(error) => {
                tracing::error!(%error, "what the history names could not be read: nothing is removed");
            }
        }
    }
}

#[cfg(test)]
#[path = "blob_keeper_tests.rs"]
mod tests;
