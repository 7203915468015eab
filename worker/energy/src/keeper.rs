//! One slot's meter and its windows together: what a worker's executor talks to.

use common::energy::Measurement;
use common::id::{SlotId, TaskId};
use common::time::Millis;
use common::unit::Joules;

use crate::error::Error;
use crate::meter::PowerMeter;
use crate::window::{Reading, Windows};

/// Samples a slot's meter when told the time.
pub struct Meterkeeper {
    meter: Box<dyn PowerMeter>,
    windows: Windows,
    total: Joules,
    /// The machine slept, and the meter has not begun anew since.
    slept: bool,
}

/// What one look at the meter brought.
#[derive(Debug, Default)]
#[must_use]
pub struct Taken {
    /// Windows that closed, in order.
    pub closed: Vec<Measurement>,
    /// Why the meter could not be read; the span is settled by the next good reading.
    pub trouble: Option<Error>,
}

impl Meterkeeper {
    /// `interval`: the longest window. The meter must answer once.
    pub fn open(
        slot: SlotId,
        mut meter: Box<dyn PowerMeter>,
        interval: Millis,
        now: Millis,
    ) -> Result<Self, Error> {
        let reading = read(meter.as_mut(), now)?;
        let total = reading.total;
        Ok(Self { meter, windows: Windows::open(slot, interval, now, reading), total, slept: false })
    }

    pub fn describe(&self) -> String {
        self.meter.describe()
    }

    /// The running total as of the last good reading.
    pub fn total(&self) -> Joules {
        self.total
    }

    /// When a window is next to be closed; sampling more often does no harm and follows changing power better.
    pub fn due(&self) -> Millis {
        self.windows.due()
    }

    pub fn holder(&self) -> Option<TaskId> {
        self.windows.holder()
    }

    pub fn sample(&mut self, now: Millis) -> Taken {
        let (reading, trouble) = self.look(now);
        Taken { closed: self.windows.on_reading(now, reading.as_ref()), trouble }
    }

    /// From now on `task` holds the slot, or nobody does.
    pub fn hand_over(&mut self, now: Millis, task: Option<TaskId>) -> Taken {
        let (reading, trouble) = self.look(now);
        self.meter.set_busy(now, task.is_some());
        Taken { closed: self.windows.on_holder(now, task, reading.as_ref()), trouble }
    }

    /// The machine slept since the last look: the open window ends there, and all begins anew now.
    pub fn wake(&mut self, now: Millis) -> Taken {
        let closed = self.windows.on_wake(now);
        self.slept = true;
        let Taken { closed: none, trouble } = self.sample(now);
        Taken { closed: [closed, none].concat(), trouble }
    }

    pub fn close(mut self, now: Millis) -> Taken {
        let (reading, trouble) = self.look(now);
        Taken { closed: self.windows.close(now, reading.as_ref()), trouble }
    }

    fn look(&mut self, now: Millis) -> (Option<Reading>, Option<Error>) {
        match self.read(now) {
            Ok(reading) => {
                self.total = self.total.max(reading.total);
                (Some(reading), None)
            }
            Err(error) => (None, Some(error)),
        }
    }

    fn read(&mut self, now: Millis) -> Result<Reading, Error> {
        if self.slept {
            self.meter.wake(now)?;
            self.slept = false;
        }
        read(self.meter.as_mut(), now)
    }
}

fn read(meter: &mut dyn PowerMeter, now: Millis) -> Result<Reading, Error> {
    let total = meter.sample(now)?;
    if !total.is_finite() {
        return Err(Error::Unread { meter: meter.describe(), reason: format!("its total is {}", total.0) });
    }
    Ok(Reading { total, method: meter.method(), meter: meter.describe() })
}

impl std::fmt::Debug for Meterkeeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meterkeeper")
            .field("meter", &self.meter.describe())
            .field("windows", &self.windows)
            .finish_non_exhaustive()
    }
}
