//! What trainings take on each kind of device beside what they take on the mean, learnt from those that ran from their beginning to
//! their end on one slot.

use std::collections::BTreeMap;

use allocation::Pace;
use common::energy::Purpose;
use common::unit::{Joules, Seconds};
use serde::{Deserialize, Serialize};

use super::index::Costs;

/// A device is taken for a mean one as if it had done so many trainings as such: networks differ, and the first may be a small one.
const PRIOR: f64 = 2.0;

/// Sums by purpose and by the device in words.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Paces {
    done: BTreeMap<Purpose, BTreeMap<String, Costs>>,
}

impl Paces {
    /// A training of this purpose was done here, as a whole.
    pub(super) fn trained(&mut self, purpose: Purpose, device: &str, seconds: Seconds, joules: Joules) {
        let of_purpose = self.done.entry(purpose).or_default();
        if !of_purpose.contains_key(device) {
            of_purpose.insert(device.to_owned(), Costs::default());
        }
        of_purpose.get_mut(device).expect("it is there now").add((seconds.0, joules.0));
    }

    /// Joules of such a training were told after its result.
    pub(super) fn spent_late(&mut self, purpose: Purpose, device: &str, joules: Joules) {
        if let Some(costs) = self.done.get_mut(&purpose).and_then(|done| done.get_mut(device)) {
            costs.joules += joules.0;
        }
    }

    /// Each training counts in units of the mean of its purpose, so that short and full ones tell together.
    pub fn of(&self, device: &str) -> Pace {
        let (mut count, mut seconds, mut joules) = (PRIOR, PRIOR, PRIOR);
        for done in self.done.values() {
            let Some(own) = done.get(device) else { continue };
            let all = done.values().fold(Costs::default(), |sum, costs| sum.plus(costs));
            let mean = |of_all: f64| of_all / f64::from(all.count);
            if mean(all.seconds) > 0.0 && mean(all.joules) > 0.0 {
                count += f64::from(own.count);
                seconds += own.seconds / mean(all.seconds);
                joules += own.joules / mean(all.joules);
            }
        }
        Pace { seconds: seconds / count, joules: joules / count }
    }

    /// As `of`, none for a device that has done nothing.
    pub fn known(&self, device: &str) -> Option<Pace> {
        self.done.values().any(|done| done.contains_key(device)).then(|| self.of(device))
    }

    /// Of every device that has done something.
    pub fn all(&self) -> BTreeMap<&str, Pace> {
        let devices = self.done.values().flat_map(BTreeMap::keys);
        devices.map(|device| (device.as_str(), self.of(device))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(done: &[(Purpose, &str, f64, f64, u32)]) -> Paces {
        let mut paces = Paces::default();
        for (purpose, device, seconds, joules, times) in done {
            for _ in 0..*times {
                paces.trained(*purpose, device, Seconds(*seconds), Joules(*joules));
            }
        }
        paces
    }

    #[test]
    fn one_device_is_the_mean_and_an_unknown_one_is_taken_for_it() {
        let paces = after(&[(Purpose::Full, "A100", 100.0, 3e4, 7)]);
        for device in ["A100", "H100"] {
            assert_eq!(paces.of(device), Pace::default());
        }
    }

    #[test]
    fn a_device_of_half_the_speed_is_found_out() {
        let paces = after(&[(Purpose::Full, "H100", 100.0, 3e4, 50), (Purpose::Full, "T4", 300.0, 1e4, 50)]);
        let (fast, slow) = (paces.of("H100"), paces.of("T4"));
        assert!((slow.seconds / fast.seconds - 3.0).abs() < 0.15, "{slow:?} {fast:?}");
        assert!((slow.joules / fast.joules - 1.0 / 3.0).abs() < 0.05, "{slow:?} {fast:?}");
        assert_eq!(paces.all().len(), 2);
    }

    #[test]
    fn short_trainings_tell_of_devices_too_and_one_training_tells_little() {
        let mixed = [
            (Purpose::Rung, "H100", 10.0, 1e3, 20),
            (Purpose::Rung, "T4", 30.0, 1e3, 20),
            (Purpose::Full, "H100", 100.0, 1e4, 5),
        ];
        assert!(after(&mixed).of("T4").seconds > 1.4);
        let one = after(&[(Purpose::Full, "H100", 100.0, 1e4, 9), (Purpose::Full, "T4", 1_000.0, 1e4, 1)]);
        assert!(one.of("T4").seconds < 3.0, "{:?}", one.of("T4"));
    }

    #[test]
    fn joules_that_come_late_count() {
        let mut paces = after(&[(Purpose::Full, "a", 1.0, 10.0, 9), (Purpose::Full, "b", 1.0, 10.0, 9)]);
        paces.spent_late(Purpose::Full, "b", Joules(90.0));
        assert!(paces.of("b").joules > paces.of("a").joules);
        paces.spent_late(Purpose::Rung, "c", Joules(90.0));
        assert_eq!(paces.of("c"), Pace::default());
    }
}
