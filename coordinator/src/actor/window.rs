//! Places before the blob keeper. The transport bounds what waits for the gateway; this, what waits behind it for the disk.
//!
//! What finds no place is dropped, as if it had been lost on the way: its worker asks again after a silence. To let it wait would
//! make heartbeats wait behind it, and a slow disk would cost workers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use common::id::WorkerName;
use common::wire::CHUNK_BYTES;

/// Twice what a worker has on its way: two uploads of four pieces each.
const OF_ONE: usize = 16 * CHUNK_BYTES;
/// As much as waits in the transport at most.
const OF_ALL: usize = 256 * CHUNK_BYTES;

#[derive(Debug, Clone, Default)]
pub(super) struct Window(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    by_worker: BTreeMap<WorkerName, usize>,
    all: usize,
}

/// Given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    window: Window,
    worker: WorkerName,
    bytes: usize,
}

impl Window {
    pub fn place(&self, worker: &WorkerName, bytes: usize) -> Option<Place> {
        self.with(|waiting| {
            let of_worker = waiting.by_worker.get(worker).copied().unwrap_or(0).saturating_add(bytes);
            let all = waiting.all.saturating_add(bytes);
            (of_worker <= OF_ONE && all <= OF_ALL).then(|| {
                waiting.by_worker.insert(worker.clone(), of_worker);
                waiting.all = all;
            })
        })?;
        Some(Place { window: self.clone(), worker: worker.clone(), bytes })
    }

    fn with<T>(&self, change: impl FnOnce(&mut Waiting) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Self { window, worker, bytes } = self;
        window.with(|waiting| {
            waiting.all -= *bytes;
            let Some(of_worker) = waiting.by_worker.get_mut(worker) else { return };
            *of_worker -= *bytes;
            if *of_worker == 0 {
                waiting.by_worker.remove(worker);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_given_back_and_nobody_takes_all() {
        let window = Window::default();
        let name = |number: usize| WorkerName::new(format!("w{number}"));
        assert!(window.place(&name(0), usize::MAX).is_none());
        let mut places: Vec<Place> =
            std::iter::from_fn(|| window.place(&name(0), CHUNK_BYTES)).take(1_000).collect();
        assert_eq!(places.len(), OF_ONE / CHUNK_BYTES);
        assert!(window.place(&name(1), CHUNK_BYTES).is_some(), "others have theirs");
        for number in 1..100 {
            places.extend(std::iter::from_fn(|| window.place(&name(number), CHUNK_BYTES)).take(1_000));
        }
        assert_eq!(places.len(), OF_ALL / CHUNK_BYTES);
        places.remove(0);
        assert!(window.place(&name(0), CHUNK_BYTES).is_some());
        drop(places);
        window.with(|waiting| assert!(waiting.by_worker.is_empty() && waiting.all == 0));
    }
}
