//! Reads the slots' power meters a few times a second and hands closed windows in. On a thread of its own, so that
//! nothing stretches a reading. How windows are cut is `energy`'s affair.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, Handler, Message};
use common::id::{SlotId, TaskId};
use common::time::Millis;
use common::unit::{Celsius, Joules};
use energy::{Meterkeeper, Taken, Thermometer};

use super::Ears;
use crate::clock::Clock;
use crate::input::Input;

/// Often enough to integrate a power reading, and to tell an inference's joules.
const SAMPLE: Duration = Duration::from_millis(200);
/// Between two looks at the thermometers.
const FEEL: Duration = Duration::from_secs(5);
/// Between two complaints about a meter that can't be read.
const COMPLAIN: Millis = Millis(60_000);
/// A shorter sleep is booked as if the machine had been awake: two clocks may differ by less (see [`Clock::now_and_slept`]).
const A_SLEEP: Millis = Millis(1_000);

/// A slot's running total, for the evaluator on another thread. Clones are the same total.
#[derive(Debug, Clone)]
pub(super) struct Total(Arc<AtomicU64>);

impl Total {
    pub(super) fn new(total: Joules) -> Self {
        Self(Arc::new(AtomicU64::new(total.0.to_bits())))
    }

    pub(super) fn get(&self) -> Joules {
        Joules(f64::from_bits(self.0.load(Ordering::Relaxed)))
    }

    fn set(&self, total: Joules) {
        self.0.store(total.0.to_bits(), Ordering::Relaxed);
    }
}

/// How warm the devices were when last felt. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Warmth(Arc<Mutex<Vec<(SlotId, Celsius)>>>);

impl Warmth {
    pub(super) fn get(&self) -> Vec<(SlotId, Celsius)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, felt: Vec<(SlotId, Celsius)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = felt;
    }
}

#[derive(Message)]
#[rtype(result = "()")]
pub(super) enum Ask {
    /// The slot's energy belongs to `task` from now on.
    Attribute { slot: SlotId, task: Option<TaskId> },
    /// Close all windows; none follows.
    Stop,
}

/// All meters of the machine.
#[derive(Debug)]
pub(super) struct Meters {
    slots: Vec<Metered>,
    thermometers: Vec<(SlotId, Thermometer)>,
    warmth: Warmth,
    clock: Clock,
    sleeps: Sleeps,
    ears: Ears,
}

/// Notices each sleep of the machine once.
#[derive(Debug, Default)]
struct Sleeps {
    noticed: Millis,
}

impl Sleeps {
    /// `slept`: for how long altogether.
    fn is_over_one(&mut self, slept: Millis) -> bool {
        let is_new = slept.0 - self.noticed.0 >= A_SLEEP.0;
        if is_new {
            self.noticed = slept;
        }
        is_new
    }
}

#[derive(Debug)]
pub(super) struct Metered {
    slot: SlotId,
    keeper: Meterkeeper,
    total: Total,
    complain_at: Millis,
}

impl Metered {
    pub(super) fn open(meter: energy::SlotMeter, report: Millis, now: Millis) -> Result<Self, energy::Error> {
        let slot = meter.slot;
        let keeper = Meterkeeper::open(slot, meter.meter, report, now)?;
        let total = Total::new(keeper.total());
        Ok(Self { slot, keeper, total, complain_at: Millis(0) })
    }

    pub(super) fn total(&self) -> Total {
        self.total.clone()
    }
}

impl Meters {
    pub(super) fn new(
        slots: Vec<Metered>,
        thermometers: Vec<(SlotId, Thermometer)>,
        warmth: Warmth,
        clock: Clock,
        ears: Ears,
    ) -> Self {
        Self { slots, thermometers, warmth, clock, sleeps: Sleeps::default(), ears }
    }

    /// The time. After a sleep of the machine all meters begin anew first: nobody knows what it drew, and no instrument is to say.
    fn now(&mut self) -> Millis {
        let (now, slept) = self.clock.now_and_slept();
        if self.sleeps.is_over_one(slept) {
            tracing::info!("the machine slept: what it drew meanwhile is not known, and not booked");
            for metered in &mut self.slots {
                let taken = metered.keeper.wake(now);
                hand_in(metered.slot, taken, now, &mut metered.complain_at, &self.ears);
            }
        }
        now
    }

    fn feel(&self) {
        let felt = self.thermometers.iter().filter_map(|(slot, sensor)| Some((*slot, sensor.read()?)));
        self.warmth.set(felt.collect());
    }

    fn sample(&mut self) {
        let now = self.now();
        for metered in &mut self.slots {
            let taken = metered.keeper.sample(now);
            metered.total.set(metered.keeper.total());
            hand_in(metered.slot, taken, now, &mut metered.complain_at, &self.ears);
        }
    }
}

fn hand_in(slot: SlotId, taken: Taken, now: Millis, complain_at: &mut Millis, ears: &Ears) {
    for measurement in taken.closed {
        ears.hear(Input::Measured(measurement));
    }
    if let Some(error) = taken.trouble
        && now >= *complain_at
    {
        tracing::warn!(%slot, %error, "the power meter can't be read; its span is settled by the next good reading");
        *complain_at = Millis(now.0 + COMPLAIN.0);
    }
}

impl Actor for Meters {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.run_interval(SAMPLE, |meters, _| meters.sample());
        self.feel();
        if !self.thermometers.is_empty() {
            context.run_interval(FEEL, |meters, _| meters.feel());
        }
    }
}

impl Handler<Ask> for Meters {
    type Result = ();

    fn handle(&mut self, ask: Ask, _: &mut Self::Context) {
        let now = self.now();
        match ask {
            Ask::Attribute { slot, task } => {
                if let Some(metered) = self.slots.iter_mut().find(|metered| metered.slot == slot) {
                    let taken = metered.keeper.hand_over(now, task);
                    hand_in(slot, taken, now, &mut metered.complain_at, &self.ears);
                }
            }
            Ask::Stop => {
                for mut metered in self.slots.drain(..) {
                    let taken = metered.keeper.close(now);
                    hand_in(metered.slot, taken, now, &mut metered.complain_at, &self.ears);
                }
                self.ears.hear(Input::MetersStopped);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sleep_is_noticed_once() {
        let mut sleeps = Sleeps::default();
        let hour = 3_600_000;
        let looks = [0, 3, 999, 0, hour, hour - 700, hour + 2, hour + 999, hour + 1_000, 3 * hour, 3 * hour];
        let noticed: Vec<i64> =
            looks.into_iter().filter(|slept| sleeps.is_over_one(Millis(*slept))).collect();
        assert_eq!(noticed, [hour, hour + 1_000, 3 * hour]);
    }
}
