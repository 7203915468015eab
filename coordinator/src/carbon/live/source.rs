//! A zone served by a live service: hours once known are kept, the present one is asked for, the service's own forecast stands by.
//!
//! Whoever has no time to wait gets what is known by then; the question goes on by itself, and its answer serves the next time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use common::carbon::{CarbonSample, SignalKind};
use common::id::Zone;
use common::time::{GridHour, Millis};

use super::asker::{Asker, Hours};
use super::client::Client;
use super::memory::Slot;
use super::service::Service;
use super::{Clock, Trouble};
use crate::carbon::{CarbonSource, Error};

/// Requests that one look into the past may cost a study; the rest of it is asked for at the next look.
const REQUESTS_PER_LOOK: usize = 3;

#[derive(Debug)]
pub struct Live {
    asker: Arc<Asker>,
    /// Whether a question that nobody had the time to wait for is still under way.
    under_way: Arc<AtomicBool>,
}

impl Live {
    /// `client` is shared by the zones of one service: its budget and its waiting are the service's.
    pub fn new(zone: Zone, service: Box<dyn Service>, client: Arc<Mutex<Client>>, clock: Clock) -> Self {
        Self::remembering(zone, service, client, clock, Slot::default())
    }

    /// Begins with what the file `slot` holds, and keeps there what is told.
    pub fn remembering(
        zone: Zone,
        service: Box<dyn Service>,
        client: Arc<Mutex<Client>>,
        clock: Clock,
        slot: Slot,
    ) -> Self {
        let asker = Arc::new(Asker::new(zone, service, client, clock, slot));
        Self { asker, under_way: Arc::default() }
    }

    /// What the service tells of `[from, before)`, oldest first, in as many questions as that takes; and what stopped it, if it was
    /// stopped. For whoever waits.
    pub fn look_back(&self, from: GridHour, before: GridHour) -> (Vec<CarbonSample>, Option<Trouble>) {
        let stopped = self.asker.look_back(from, before, usize::MAX).err();
        (self.known(from, before), stopped)
    }

    /// For how long the service, or this zone of it, is left in peace after a failure.
    pub fn waits(&self) -> Option<Millis> {
        self.asker.waits()
    }

    /// The service's own forecast, from `from` on.
    pub fn ask_coming(&self, from: GridHour) -> Result<Hours, Trouble> {
        self.asker.ask_coming(from)
    }

    /// What `question` comes to within `patience`; None when it takes longer, or an earlier one still does.
    fn within<T: Send + 'static>(
        &self,
        patience: Millis,
        question: impl FnOnce(&Asker) -> T + Send + 'static,
    ) -> Option<T> {
        if self.under_way.swap(true, Ordering::SeqCst) {
            return None;
        }
        let (asker, over) = (self.asker.clone(), Over(self.under_way.clone()));
        let (sender, answer) = mpsc::channel();
        let asking = std::thread::Builder::new().name("carbon service".into()).spawn(move || {
            let answer = question(&asker);
            drop(over);
            // Nobody waits any more where it took too long.
            let _ = sender.send(answer);
        });
        asking.ok()?;
        answer.recv_timeout(Duration::from_millis(u64::try_from(patience.0).unwrap_or(0))).ok()
    }

    fn sample(&self, hour: GridHour, asked: Result<(), Trouble>) -> Result<CarbonSample, Error> {
        let known = {
            let known = self.asker.known();
            // What a service that fails expected of the hour stands behind those that answer: `foreseen`.
            if asked.is_ok() { known.of(hour) } else { known.hours.get(&hour).cloned() }
        };
        known.ok_or_else(|| self.error(asked.err().unwrap_or(Trouble::Silent)))
    }

    fn known(&self, from: GridHour, before: GridHour) -> Vec<CarbonSample> {
        self.asker.known().hours.range(from..before).map(|(_, sample)| sample.clone()).collect()
    }

    /// The same `trouble` with the service's name.
    pub fn error(&self, trouble: Trouble) -> Error {
        Error::Live { service: self.asker.service.name(), trouble }
    }
}

/// Says that a question is over, also when it panicked.
struct Over(Arc<AtomicBool>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

/// One look of a study, which has others: what stops it is told where the present hour is asked for.
fn look_back(asker: &Asker, from: GridHour, before: GridHour) {
    if let Err(trouble) = asker.look_back(from, before, REQUESTS_PER_LOOK) {
        tracing::debug!(zone = %asker.zone, %trouble, "no more hours of the past");
    }
}

fn beginning(before: GridHour, hours: usize) -> GridHour {
    before.plus(-i64::try_from(hours).unwrap_or(i64::MAX).min(before.0))
}

impl CarbonSource for Live {
    fn zone(&self) -> &Zone {
        &self.asker.zone
    }

    fn kind(&self) -> SignalKind {
        self.asker.service.kind()
    }

    fn observe(&mut self, hour: GridHour) -> Result<CarbonSample, Error> {
        self.sample(hour, self.asker.look_up(hour))
    }

    fn observe_within(&mut self, hour: GridHour, patience: Millis) -> Result<CarbonSample, Error> {
        let asked = self.within(patience, move |asker| asker.look_up(hour));
        self.sample(hour, asked.unwrap_or(Err(Trouble::Late)))
    }

    fn foreseen(&self, hour: GridHour) -> Option<CarbonSample> {
        self.asker.known().forecast.get(&hour).cloned()
    }

    fn history(&self, before: GridHour, hours: usize) -> Vec<CarbonSample> {
        let from = beginning(before, hours);
        look_back(&self.asker, from, before);
        self.known(from, before)
    }

    fn history_within(&self, before: GridHour, hours: usize, patience: Millis) -> Vec<CarbonSample> {
        let from = beginning(before, hours);
        self.within(patience, move |asker| look_back(asker, from, before));
        self.known(from, before)
    }

    fn by_now(&self, from: GridHour, before: GridHour) -> Vec<CarbonSample> {
        self.known(from, before)
    }

    fn span(&self) -> Option<(GridHour, GridHour)> {
        None
    }

    fn describe(&self) -> String {
        self.asker.service.name().into()
    }
}
