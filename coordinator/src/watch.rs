//! How the workers are, as they told last: temperatures and the ends of their logs. For the screen; nobody decides by it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use common::id::{SessionId, SlotId, WorkerName};
use common::time::Timestamp;
use common::unit::Celsius;
use common::wire::{LogLevel, MOST_CHARACTERS, MOST_LINES, Vitals};

use crate::core::Core;

/// Slots that a worker is believed to have, however many it names.
const MOST_SLOTS: usize = 256;

/// By worker. Shared, so that a look at a thousand workers copies no line.
#[derive(Debug, Clone, Default)]
pub struct Watch(BTreeMap<WorkerName, Arc<Watched>>);

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Watched {
    pub temperatures: BTreeMap<SlotId, Celsius>,
    /// Oldest first.
    pub log: VecDeque<LoggedLine>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedLine {
    /// By the coordinator's clock.
    pub at: Timestamp,
    pub level: LogLevel,
    pub text: String,
}

impl Watch {
    pub fn of(&self, worker: &WorkerName) -> Option<&Watched> {
        self.0.get(worker).map(Arc::as_ref)
    }

    pub fn temperature(&self, worker: &WorkerName, slot: SlotId) -> Option<Celsius> {
        self.of(worker)?.temperatures.get(&slot).copied()
    }

    /// `now` as the message came in.
    fn take_in(&mut self, worker: WorkerName, vitals: Vitals, now: Timestamp) {
        let watched = Arc::make_mut(self.0.entry(worker).or_default());
        let finite = vitals.temperatures.into_iter().filter(|(_, temperature)| temperature.is_finite());
        watched.temperatures = finite.take(MOST_SLOTS).collect();
        let sent = vitals.clock;
        for line in vitals.log.into_iter().take(MOST_LINES) {
            // A line is not of the future, and not from before its session.
            let age = (sent.0 - line.clock.0).clamp(0, sent.0.max(0));
            if watched.log.len() == MOST_LINES {
                watched.log.pop_front();
            }
            let text =
                line.text.chars().filter(|letter| !letter.is_control()).take(MOST_CHARACTERS).collect();
            watched.log.push_back(LoggedLine {
                at: now - common::time::Millis(age),
                level: line.level,
                text,
            });
        }
    }
}

impl Core {
    pub(crate) fn on_vitals(&mut self, worker: WorkerName, session: SessionId, vitals: Vitals) {
        if self.knows(&worker, session) {
            let now = self.now();
            self.watch.take_in(worker, vitals, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use common::time::Millis;
    use common::wire::LogLine;

    use super::*;

    fn line(clock: i64, text: &str) -> LogLine {
        LogLine { clock: Millis(clock), level: LogLevel::Info, text: text.into() }
    }

    fn told(vitals: Vec<Vitals>) -> Watched {
        let mut watch = Watch::default();
        let name = WorkerName::new("a");
        for vitals in vitals {
            watch.take_in(name.clone(), vitals, Timestamp(100_000));
        }
        watch.of(&name).unwrap().clone()
    }

    #[test]
    fn lines_are_dated_by_our_clock() {
        let log = vec![line(4_000, "early"), line(5_000, "late"), line(9_000, "ahead"), line(-7, "before")];
        let watched = told(vec![Vitals { clock: Millis(5_000), temperatures: Vec::new(), log }]);
        let dated: Vec<_> = watched.log.iter().map(|line| (line.at.0, line.text.as_str())).collect();
        assert_eq!(dated, [(99_000, "early"), (100_000, "late"), (100_000, "ahead"), (95_000, "before")]);
    }

    #[test]
    fn a_flood_is_cut_and_the_latest_stays() {
        let flood = |from: i64| Vitals {
            clock: Millis(from + 1000),
            temperatures: (0..2000).map(|slot| (SlotId(slot), Celsius(50.0))).collect(),
            log: (from..from + 1000).map(|at| line(at, &"ä".repeat(5000))).collect(),
        };
        let watched = told(vec![flood(0), flood(1000)]);
        assert_eq!((watched.log.len(), watched.temperatures.len()), (MOST_LINES, MOST_SLOTS));
        assert!(watched.log.iter().all(|line| line.text.chars().count() == MOST_CHARACTERS));
    }

    #[test]
    fn the_last_word_on_temperatures_counts() {
        let of = |degrees: f64| Vitals {
            clock: Millis(0),
            temperatures: vec![(SlotId(0), Celsius(degrees))],
            log: Vec::new(),
        };
        assert_eq!(told(vec![of(50.0), of(60.0)]).temperatures[&SlotId(0)], Celsius(60.0));
        assert!(told(vec![of(50.0), of(f64::NAN)]).temperatures.is_empty());
    }
}
