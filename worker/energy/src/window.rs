//! Cuts one slot's running total into windows: pure, no meter, no clock.
//!
//! Windows touch: each begins where its predecessor ended, so that no span is booked twice or not at all, and their
//! joules add up to the total. Only where the machine slept is there a gap: nobody knows what it drew.
//!
//! A window ends when the reporting interval is over, when the slot changes hands, when the method changes, and at the
//! last good reading before a failing one. The span of a failure is settled by the next good reading; tasks that came or
//! went meanwhile share its joules by time.

use common::energy::{Measurement, Method};
use common::id::{SlotId, TaskId};
use common::time::Millis;
use common::unit::Joules;

/// What a meter said.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Running total.
    pub total: Joules,
    pub method: Method,
    pub meter: String,
}

/// The open window of a slot.
#[derive(Debug, Clone)]
pub struct Windows {
    slot: SlotId,
    interval: Millis,
    start: Millis,
    start_total: Joules,
    /// The last good reading and its time; not before `start`.
    good: Reading,
    good_at: Millis,
    /// Who held the slot since `start`, each with the time it began; never empty, the first begins at `start`. More than
    /// one only while the meter fails.
    holders: Vec<(Millis, Option<TaskId>)>,
    failing: bool,
}

impl Windows {
    /// Begins with a good reading and nobody on the slot.
    pub fn open(slot: SlotId, interval: Millis, now: Millis, reading: Reading) -> Self {
        Self {
            slot,
            interval,
            start: now,
            start_total: reading.total,
            good: reading,
            good_at: now,
            holders: vec![(now, None)],
            failing: false,
        }
    }

    /// When a reading is next due.
    pub fn due(&self) -> Millis {
        Millis(self.start.0 + self.interval.0)
    }

    pub fn holder(&self) -> Option<TaskId> {
        self.holders.last().and_then(|&(_, holder)| holder)
    }

    /// A reading, or none because the meter failed.
    pub fn on_reading(&mut self, now: Millis, reading: Option<&Reading>) -> Vec<Measurement> {
        let now = now.max(self.latest());
        let mut closed = Vec::new();
        match reading {
            None => {
                if !self.failing {
                    self.settle(self.good_at, false, &mut closed);
                }
                self.failing = true;
            }
            Some(reading) => {
                if reading.method != self.good.method {
                    self.settle(self.good_at, false, &mut closed);
                }
                self.accept(now, reading);
                if self.failing || now >= self.due() {
                    self.settle(now, false, &mut closed);
                }
                self.failing = false;
            }
        }
        closed
    }

    /// From now on `task` holds the slot, or nobody does.
    pub fn on_holder(
        &mut self,
        now: Millis,
        task: Option<TaskId>,
        reading: Option<&Reading>,
    ) -> Vec<Measurement> {
        let now = now.max(self.latest());
        let mut closed = self.on_reading(now, reading);
        if reading.is_some() {
            self.settle(now, false, &mut closed);
        }
        match self.holders.last_mut() {
            Some((since, holder)) if *since == now => *holder = task,
            _ => self.holders.push((now, task)),
        }
        closed
    }

    /// The machine slept since the last good reading: the open window ends with that reading, and the next one begins now. What nobody
    /// had read before the sleep is left out.
    pub fn on_wake(&mut self, now: Millis) -> Vec<Measurement> {
        let now = now.max(self.latest());
        let mut closed = Vec::new();
        self.settle(self.good_at, false, &mut closed);
        self.holders = vec![(now, self.holder())];
        (self.start, self.good_at) = (now, now);
        closed
    }

    /// The end: what is open is closed. After a failing meter the last span, whose joules nobody knows, is left out.
    pub fn close(mut self, now: Millis, reading: Option<&Reading>) -> Vec<Measurement> {
        let now = now.max(self.latest());
        let mut closed = self.on_reading(now, reading);
        if reading.is_some() {
            self.settle(now, true, &mut closed);
        }
        closed
    }

    fn latest(&self) -> Millis {
        self.holders.last().map_or(self.good_at, |&(since, _)| since.max(self.good_at))
    }

    fn accept(&mut self, now: Millis, reading: &Reading) {
        self.good = Reading { total: reading.total.max(self.good.total), ..reading.clone() };
        self.good_at = now;
    }

    /// Closes `[start, end)` at the last good total, one window a holder; `end` is the time of that total. A window of no
    /// length is not made: its joules, if any, go to the next one, or are kept when there is none (`last`).
    fn settle(&mut self, end: Millis, last: bool, closed: &mut Vec<Measurement>) {
        let joules = self.good.total - self.start_total;
        if end <= self.start && !(last && joules > Joules::ZERO) {
            return;
        }
        let span_ms = (end.0 - self.start.0) as f64;
        // Whoever came at the very end has no part in it.
        let count = self.holders.iter().filter(|(since, _)| *since < end).count().max(1);
        let mut booked = Joules::ZERO;
        for (index, &(since, task)) in self.holders[..count].iter().enumerate() {
            let ends_all = index + 1 == count;
            let until = if ends_all { end } else { self.holders[index + 1].0 };
            // The last one takes the remainder, so that rounding loses nothing.
            let part = if ends_all {
                (joules - booked).max(Joules::ZERO)
            } else {
                joules * ((until.0 - since.0) as f64 / span_ms)
            };
            booked += part;
            closed.push(Measurement {
                slot: self.slot,
                task,
                start: since,
                end: until,
                joules: part,
                method: self.good.method,
                meter: self.good.meter.clone(),
            });
        }
        let holder = self.holder();
        self.holders = vec![(end, holder)];
        (self.start, self.start_total) = (end, self.good.total);
    }
}
