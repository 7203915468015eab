//! What the slots draw between two reports: a budget has to end a study before the worker's next report could overdraw it.

use std::collections::BTreeMap;

use common::energy::Measurement;
use common::id::{SessionId, WorkerName, Zone};
use common::time::{Millis, Timestamp};
use common::unit::{Grams, Joules, Seconds, Watts};

use crate::core::{Core, Lease};
use crate::fleet::SlotKey;

/// Time that a stop may take to reach every slot: what it costs is kept back.
const STOPPING: Millis = Millis(5_000);

/// Since when a slot's energy is not booked, and what it drew before.
#[derive(Debug, Clone, Copy)]
struct Unbooked {
    since: Timestamp,
    watts: Watts,
    was_at_work: bool,
    /// Up to where it is booked, by the clock of this session.
    up_to: (SessionId, Millis),
}

/// The last window of each slot. Lost in a restart without harm: the next reports bring it back.
#[derive(Debug, Default)]
pub(crate) struct Draws(BTreeMap<SlotKey, Unbooked>);

impl Draws {
    /// `origin` is the wall time of the session's zero.
    pub fn on_window(
        &mut self,
        worker: &WorkerName,
        session: SessionId,
        origin: Timestamp,
        window: &Measurement,
    ) {
        let seconds = (window.end.0 - window.start.0) as f64 / 1000.0;
        let watts = if seconds > 0.0 { window.joules.0 / seconds } else { 0.0 };
        let was_at_work = window.task.is_some();
        let up_to = (session, window.end);
        let unbooked = Unbooked { since: origin + window.end, watts: Watts(watts), was_at_work, up_to };
        self.0.insert((worker.clone(), window.slot), unbooked);
    }

    /// E-1: whether some of the window is booked, as far as this process knows. A session tells its windows in their order.
    pub fn is_booked(&self, worker: &WorkerName, session: SessionId, window: &Measurement) -> bool {
        let last = self.0.get(&(worker.clone(), window.slot)).map(|last| last.up_to);
        last.is_some_and(|(of, end)| of == session && window.start < end)
    }

    /// This machine slept for so long, and perhaps all workers with it: what was drawn meanwhile, if anything, their reports will tell.
    pub fn pass_over(&mut self, span: Millis) {
        self.0.values_mut().for_each(|last| last.since = last.since + span);
    }

    pub fn forget(&mut self, worker: &WorkerName) {
        self.0.retain(|(name, _), _| name != worker);
    }
}

/// Power of a zone's slots now, and what they drew since it was last booked.
#[derive(Debug, Clone, Copy, Default)]
struct Running {
    watts: Watts,
    unbooked: Joules,
}

/// What has to be reckoned with beside the books.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Reserve {
    pub carbon: Grams,
    pub energy: Joules,
}

impl Core {
    /// Joules and grams that were drawn and not yet booked.
    pub(crate) fn unbooked(&self) -> Reserve {
        self.reserve(|running| running.unbooked)
    }

    /// What stopping everything now would still take.
    pub(crate) fn stopping(&self) -> Reserve {
        self.reserve(|running| running.watts.over(Seconds(STOPPING.seconds())))
    }

    /// When the first budget will be used up at the present draw; none within the present hour's figures if nothing draws.
    pub fn runs_out_at(&self) -> Option<Timestamp> {
        let rate = self.reserve(|running| running.watts.over(Seconds(1.0)));
        let (left, kept) = (self.left(), self.stopping());
        let seconds = |left: f64, rate: f64| if rate > 0.0 { (left / rate).max(0.0) } else { f64::INFINITY };
        let carbon = left.carbon.map(|left| seconds(left.0 - kept.carbon.0, rate.carbon.0));
        let energy = left.energy.map(|left| seconds(left.0 - kept.energy.0, rate.energy.0));
        let first = carbon.into_iter().chain(energy).fold(f64::INFINITY, f64::min);
        // A day is further than any figure of the present hour reaches.
        (first < 86_400.0).then(|| self.now() + Millis::from_seconds(first) + Millis(1))
    }

    fn reserve(&self, of: impl Fn(Running) -> Joules) -> Reserve {
        let mut reserve = Reserve::default();
        let budget = self.budget();
        if budget.carbon_g.get().is_none() && budget.energy_kwh.get().is_none() {
            // Nobody asks where nothing is limited.
            return reserve;
        }
        for (zone, running) in self.running_by_zone() {
            let joules = of(running);
            reserve.energy += joules;
            reserve.carbon += joules.emissions(self.state.account.intensity(&zone, self.this_hour()).0);
        }
        reserve
    }

    fn running_by_zone(&self) -> BTreeMap<Zone, Running> {
        let leases: BTreeMap<SlotKey, (Watts, &Lease)> = self
            .state
            .leases()
            .map(|(trial, lease)| {
                let (seconds, joules) = self.expected(trial.subject.purpose());
                let watts = if seconds.0 > 0.0 { joules.0 / seconds.0 } else { 0.0 };
                ((lease.worker.clone(), lease.slot), (Watts(watts), lease))
            })
            .collect();
        let mut zones: BTreeMap<Zone, Running> = BTreeMap::new();
        for (name, record) in self.state.workers.iter().filter(|(_, record)| record.alive) {
            let running = zones.entry(record.zone.clone()).or_default();
            for info in &record.slots {
                let key = (name.clone(), info.slot);
                let last = self.draws.0.get(&key);
                let (watts, since) = match (leases.get(&key), last) {
                    (Some((watts, lease)), None) => (*watts, lease.since),
                    (Some((watts, lease)), Some(last)) => {
                        let seen = if last.was_at_work { last.watts.0 } else { 0.0 };
                        (Watts(watts.0.max(seen)), last.since.max(lease.since))
                    }
                    (None, Some(last)) if !last.was_at_work => (last.watts, last.since),
                    (None, _) => continue,
                };
                running.watts = Watts(running.watts.0 + watts.0);
                running.unbooked += watts.over(Seconds(self.now().since(since).seconds().max(0.0)));
            }
        }
        zones
    }
}
