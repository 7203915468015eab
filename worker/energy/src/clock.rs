//! How much processor time a slot has used.
//!
//! Several slots may live in one process, and libtorch's threads belong to no slot for sure: some are shared, some come
//! and go. So the process's CPU time (with that of what it has started, see `family`) is divided, exactly and simply: what passes between two looks is shared among the
//! slots that held a task then, in proportion to their cores; among all slots when none did. The slots' times add up to
//! the process's; with one slot a process (the default) each is exact, with several a slot that waits for data is
//! charged like its neighbour that computes.

use std::sync::{Arc, Mutex, PoisonError};

use common::time::Millis;
use common::unit::Seconds;

use crate::error::Error;

/// Processor time of one slot.
pub trait CpuClock: Send {
    /// CPU seconds used so far, over all cores; never falls.
    fn used(&mut self, now: Millis) -> Result<Seconds, Error>;

    fn set_busy(&mut self, _now: Millis, _busy: bool) {}
}

/// Reads the CPU seconds of a process.
pub type ProcessTime = Box<dyn FnMut() -> Result<Seconds, Error> + Send>;

/// One slot's part of a process's CPU time.
#[derive(Debug)]
pub struct SlotClock {
    shared: Arc<Mutex<Shared>>,
    slot: usize,
}

struct Shared {
    process: ProcessTime,
    settled: Seconds,
    accounts: Vec<Account>,
}

#[derive(Debug)]
struct Account {
    cores: f64,
    busy: bool,
    used: Seconds,
}

/// Divides a process's CPU time, from now on, among slots of so many cores.
pub fn divide(mut process: ProcessTime, cores: &[f64]) -> Result<Vec<SlotClock>, Error> {
    let settled = process()?;
    let accounts = cores.iter().map(|&cores| Account { cores, busy: false, used: Seconds::ZERO }).collect();
    let shared = Arc::new(Mutex::new(Shared { process, settled, accounts }));
    Ok((0..cores.len()).map(|slot| SlotClock { shared: Arc::clone(&shared), slot }).collect())
}

impl Shared {
    fn settle(&mut self) -> Result<(), Error> {
        let total = (self.process)()?.max(self.settled);
        let passed = total - self.settled;
        self.settled = total;
        let anyone = !self.accounts.iter().any(|account| account.busy);
        let counts = |account: &Account| anyone || account.busy;
        let cores: f64 =
            self.accounts.iter().filter(|account| counts(account)).map(|account| account.cores).sum();
        for account in self.accounts.iter_mut().filter(|account| counts(account)) {
            account.used += passed * (account.cores / cores);
        }
        Ok(())
    }
}

impl CpuClock for SlotClock {
    fn used(&mut self, _now: Millis) -> Result<Seconds, Error> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.settle()?;
        Ok(shared.accounts[self.slot].used)
    }

    fn set_busy(&mut self, _now: Millis, busy: bool) {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        // Where the look fails, the next one divides the whole span by the new state: nothing is lost.
        _ = shared.settle();
        shared.accounts[self.slot].busy = busy;
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("settled", &self.settled)
            .field("accounts", &self.accounts)
            .finish_non_exhaustive()
    }
}

/// For a device that can't say how busy it is: one core, fully used whenever the slot holds a task. An upper bound.
#[derive(Debug)]
pub struct Occupancy {
    busy: bool,
    latest: Millis,
    used: Seconds,
}

impl Occupancy {
    pub fn new(now: Millis) -> Self {
        Self { busy: false, latest: now, used: Seconds::ZERO }
    }
}

impl CpuClock for Occupancy {
    fn used(&mut self, now: Millis) -> Result<Seconds, Error> {
        let now = now.max(self.latest);
        if self.busy {
            self.used += Seconds((now.0 - self.latest.0) as f64 / 1000.0);
        }
        self.latest = now;
        Ok(self.used)
    }

    fn set_busy(&mut self, now: Millis, busy: bool) {
        _ = self.used(now); // can't fail
        self.busy = busy;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_slots_share_what_the_process_used() {
        let total = Arc::new(Mutex::new(100.0));
        let source = Arc::clone(&total);
        let mut clocks = divide(Box::new(move || Ok(Seconds(*source.lock().unwrap()))), &[1.0, 3.0]).unwrap();
        let mut check = |passed: f64, expected: [f64; 2]| {
            *total.lock().unwrap() += passed;
            let used = [0, 1].map(|slot| clocks[slot].used(Millis(0)).unwrap().0);
            assert_eq!(used, expected);
            clocks[0].set_busy(Millis(0), true);
        };
        check(4.0, [1.0, 3.0]); // nobody is busy: by cores
        check(5.0, [6.0, 3.0]); // the first alone is
        clocks[1].set_busy(Millis(0), true);
        *total.lock().unwrap() += 8.0;
        clocks[0].set_busy(Millis(0), false); // settles first
        *total.lock().unwrap() += 1.0;
        assert_eq!(clocks[1].used(Millis(0)).unwrap(), Seconds(10.0));
        assert_eq!(clocks[0].used(Millis(0)).unwrap(), Seconds(8.0));
    }
}
