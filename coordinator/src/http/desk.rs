//! What all handlers share: the history, the latest pulse, and the way to the coordinator.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use actix::prelude::*;
use common::event::Record;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

use super::history::History;
use super::problem::{Trouble, unavailable};
use super::pulse::{Curves, Pulse};
use crate::actor::{Coordinator, Look};

/// A pulse serves all who ask within so long.
const FRESH: Duration = Duration::from_secs(1);
/// A coordinator that is busy for longer is shown by its last pulse.
const PATIENCE: Duration = Duration::from_millis(250);
/// Who may follow events at once: each is a connection that stays.
pub const FOLLOWERS: usize = 64;

#[derive(Debug)]
pub struct Desk {
    history: RwLock<History>,
    /// The last event taken in, for those who wait for more.
    head: watch::Sender<u64>,
    /// None where a ledger is shown without a coordinator.
    pub coordinator: Option<Addr<Coordinator>>,
    pulse: tokio::sync::Mutex<Option<(Instant, Arc<Pulse>)>>,
    curves: Mutex<Curves>,
    pub followers: Arc<Semaphore>,
    /// The study's directory.
    pub directory: PathBuf,
}

impl Desk {
    pub fn new(directory: PathBuf, coordinator: Option<Addr<Coordinator>>) -> Self {
        Self {
            history: RwLock::default(),
            head: watch::Sender::new(0),
            coordinator,
            pulse: tokio::sync::Mutex::default(),
            curves: Mutex::default(),
            followers: Arc::new(Semaphore::new(FOLLOWERS)),
            directory,
        }
    }

    pub fn read<T>(&self, of: impl FnOnce(&History) -> T) -> T {
        // A fold that panicked has told its own story; what is there can still be read.
        of(&self.history.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The same once the whole history is known and has a study in it.
    pub fn told<T>(&self, of: impl FnOnce(&History) -> T) -> Result<T, Trouble> {
        self.read(|history| match (history.caught_up, &history.state.study) {
            (false, _) => Err(unavailable("the history is still being read: try again in a moment")),
            (true, None) => Err(unavailable("the study has not begun yet: try again in a moment")),
            (true, Some(_)) => Ok(of(history)),
        })
    }

    /// Records in order; those after `tells_from` are told to whoever follows, if anybody does.
    pub fn take_in(&self, records: &[Record], tells_from: u64) {
        let Some(last) = records.last() else { return };
        let is_followed = self.followers.available_permits() < FOLLOWERS;
        let mut history = self.history.write().unwrap_or_else(PoisonError::into_inner);
        for record in records {
            history.apply(record, is_followed && record.sequence > tells_from);
        }
        drop(history);
        self.head.send_replace(last.sequence);
    }

    pub fn caught_up(&self) {
        if !self.read(|history| history.caught_up) {
            self.history.write().unwrap_or_else(PoisonError::into_inner).caught_up = true;
        }
    }

    /// Changes whenever there is more to tell.
    pub fn head(&self) -> watch::Receiver<u64> {
        self.head.subscribe()
    }

    /// The coordinator's own word, not older than a second unless it is busy. Without a coordinator nothing is known.
    pub async fn pulse(&self) -> Arc<Pulse> {
        let mut kept = self.pulse.lock().await;
        if let Some((taken, pulse)) = &*kept
            && taken.elapsed() < FRESH
        {
            return pulse.clone();
        }
        let asked = self.coordinator.as_ref().map(|coordinator| coordinator.send(Look(Pulse::of)));
        let answer = match asked {
            Some(asked) => tokio::time::timeout(PATIENCE, asked).await.ok().and_then(Result::ok).flatten(),
            None => None,
        };
        match (answer, &*kept) {
            (None, Some((_, old))) => old.clone(),
            (answer, _) => {
                let pulse = Arc::new(answer.unwrap_or_default());
                self.curves.lock().unwrap_or_else(PoisonError::into_inner).on_pulse(&pulse);
                *kept = Some((Instant::now(), pulse.clone()));
                pulse
            }
        }
    }

    pub fn curves<T>(&self, of: impl FnOnce(&Curves) -> T) -> T {
        of(&self.curves.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
