//! What becomes of frames between coordinator and workers: delayed, lost, repeated, overtaken, cut off.

use std::collections::BTreeMap;

use common::id::WorkerName;
use common::time::{Millis, Timestamp};

use super::random::Dice;

/// Which way a frame travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    ToCoordinator,
    ToWorker,
}

/// How the network behaves as a whole. Independent delays make frames overtake one another.
#[derive(Debug, Clone, Copy)]
pub struct Weather {
    pub delay_ms: (i64, i64),
    /// Share of the frames that take ten times as long.
    pub slow: f64,
    pub lost: f64,
    pub repeated: f64,
    /// Share of the frames that arrive cut short; the codec must refuse each.
    pub truncated: f64,
}

impl Weather {
    pub const CALM: Self = Self { delay_ms: (1, 5), slow: 0.0, lost: 0.0, repeated: 0.0, truncated: 0.0 };
    pub const STORM: Self =
        Self { delay_ms: (1, 400), slow: 0.05, lost: 0.1, repeated: 0.1, truncated: 0.02 };
}

/// Loses the first frames of one kind: the network's malice in a named scenario.
#[derive(Debug, Clone)]
pub struct Lose {
    pub way: Way,
    /// The message's name in the trace, such as `assign`.
    pub kind: &'static str,
    pub times: u32,
}

#[derive(Debug)]
pub struct Network {
    pub weather: Weather,
    dice: Dice,
    /// Until when the way from or to a worker is cut.
    cut_to_coordinator: BTreeMap<WorkerName, Timestamp>,
    cut_to_worker: BTreeMap<WorkerName, Timestamp>,
    lose: Vec<Lose>,
}

/// A copy of a frame on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copy {
    pub after: Millis,
    pub truncated: bool,
}

impl Network {
    pub fn new(weather: Weather, dice: Dice, lose: Vec<Lose>) -> Self {
        let (cut_to_coordinator, cut_to_worker) = (BTreeMap::new(), BTreeMap::new());
        Self { weather, dice, cut_to_coordinator, cut_to_worker, lose }
    }

    pub fn cut(&mut self, way: Way, worker: &WorkerName, until: Timestamp) {
        self.cuts(way).insert(worker.clone(), until);
    }

    /// The copies of a frame that will arrive: none, one or two.
    pub fn carry(&mut self, way: Way, worker: &WorkerName, kind: &str, now: Timestamp) -> Vec<Copy> {
        if self.cuts(way).get(worker).is_some_and(|until| now < *until) {
            return Vec::new();
        }
        if let Some(rule) =
            self.lose.iter_mut().find(|rule| rule.way == way && rule.kind == kind && rule.times > 0)
        {
            rule.times -= 1;
            return Vec::new();
        }
        if self.dice.happens(self.weather.lost) {
            return Vec::new();
        }
        let copies = if self.dice.happens(self.weather.repeated) { 2 } else { 1 };
        (0..copies).map(|_| self.copy()).collect()
    }

    fn copy(&mut self) -> Copy {
        let factor = if self.dice.happens(self.weather.slow) { 10 } else { 1 };
        let Millis(delay) = self.dice.millis(self.weather.delay_ms);
        Copy { after: Millis(delay * factor), truncated: self.dice.happens(self.weather.truncated) }
    }

    /// How much of a cut frame is left.
    pub fn truncate(&mut self, length: usize) -> usize {
        (self.dice.share() * length as f64) as usize
    }

    fn cuts(&mut self, way: Way) -> &mut BTreeMap<WorkerName, Timestamp> {
        match way {
            Way::ToCoordinator => &mut self.cut_to_coordinator,
            Way::ToWorker => &mut self.cut_to_worker,
        }
    }
}
