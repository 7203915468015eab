//! A queue whose items each hold a ticket for the room they take. The room is what bounds it:
//! frames by count (a peer's queue) or by bytes (a server's intake). It knows nothing of peers.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// Charged for each frame beside its bytes, so that empty frames can't pile up for free.
const FRAME_OVERHEAD_BYTES: usize = 256;

/// Room in a queue. It is given back when the ticket is dropped.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    places: Arc<Semaphore>,
    total: usize,
}

pub(crate) type Ticket = OwnedSemaphorePermit;

#[derive(Debug)]
pub(crate) struct Parcel<T> {
    pub(crate) item: T,
    pub(crate) _ticket: Ticket,
}

pub(crate) type Inlet<T> = mpsc::UnboundedSender<Parcel<T>>;
pub(crate) type Outlet<T> = mpsc::UnboundedReceiver<Parcel<T>>;

/// The channel is unbounded because each parcel's ticket bounds it.
pub(crate) fn mailbox<T>() -> (Inlet<T>, Outlet<T>) {
    mpsc::unbounded_channel()
}

impl Room {
    pub(crate) fn new(total: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(total)), total }
    }

    /// One place, or `None` when there is none.
    pub(crate) fn try_one(&self) -> Option<Ticket> {
        self.places.clone().try_acquire_owned().ok()
    }

    /// Waits for the room that a frame takes. A frame larger than the whole room gets all of it.
    pub(crate) async fn for_frame(&self, bytes: usize) -> Ticket {
        let places = bytes.saturating_add(FRAME_OVERHEAD_BYTES).min(self.total);
        let places = u32::try_from(places).expect("limits keep rooms within 32 bits");
        self.places.clone().acquire_many_owned(places).await.expect("this semaphore is never closed")
    }
}
