//! Owns what is kept of reports, on a thread where a slow disk holds nobody up. Everything is done in the order it was asked for.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use anyhow::Context as _;
use common::id::SessionId;

use super::Ears;
use crate::input::Input;
use crate::journal::Item;
use crate::shelf::Shelf;

#[derive(Debug)]
pub(super) struct Store {
    asks: Asks,
    thread: JoinHandle<()>,
}

/// The way to the store's thread.
#[derive(Debug, Clone)]
pub(super) struct Asks(Sender<Ask>);

#[derive(Debug)]
enum Ask {
    Put { session: SessionId, items: Vec<Item> },
    Discard { session: SessionId },
    Close,
}

impl Store {
    pub(super) fn spawn(shelf: Shelf, ears: Ears) -> anyhow::Result<Self> {
        let (sender, asks) = channel();
        let thread =
            std::thread::Builder::new().name("store".into()).spawn(move || serve(shelf, &asks, &ears));
        let thread = thread.context("can't start the thread that keeps reports")?;
        Ok(Self { asks: Asks(sender), thread })
    }

    pub(super) fn asks(&self) -> Asks {
        self.asks.clone()
    }

    /// Lets everything be written that was asked for.
    pub(super) fn close(self) {
        self.asks.say(Ask::Close);
        let _ = self.thread.join();
    }
}

impl Asks {
    pub(super) fn put(&self, session: SessionId, items: Vec<Item>) {
        self.say(Ask::Put { session, items });
    }

    pub(super) fn discard(&self, session: SessionId) {
        self.say(Ask::Discard { session });
    }

    fn say(&self, ask: Ask) {
        // Nobody listens after the end, when nothing is said any more either.
        let _ = self.0.send(ask);
    }
}

fn serve(mut shelf: Shelf, asks: &Receiver<Ask>, ears: &Ears) {
    for ask in asks {
        match ask {
            Ask::Put { session, items } => {
                shelf.put(session, items);
                ears.hear(Input::Secured { session });
            }
            Ask::Discard { session } => shelf.discard(session),
            Ask::Close => return,
        }
    }
}
