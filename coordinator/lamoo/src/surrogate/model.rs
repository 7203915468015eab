//! One objective's model: its scale, its kernel's parameters, its observations.
//!
//! Parameters are learnt anew when the observations have grown by a tenth; in between, new ones are only taken in.

use std::collections::BTreeMap;

use common::architecture::Architecture;

use super::belief::Belief;
use super::kernel::Parameters;
use super::learn::Lesson;
use super::listing::Listing;
use super::process::Process;
use super::scale::Scale;
use super::view::Layout;

/// Observations from which parameters are learnt, the latest: a few dozen numbers need no more, and the time grows with
/// their cube.
const MOST_LEARNT_FROM: usize = 200;
/// Share of the observations that teach, those of the lowest ranks, where there are more than enough.
const TEACHING: f64 = 0.75;
const ENOUGH: usize = 100;
/// Observations that a process holds.
const MOST_HELD: usize = 512;
/// Of more observations, those of the lowest ranks are held, leaving room for the next.
const HELD_AFRESH: usize = 384;
/// Share by which the observations grow between two lessons.
const GROWTH: f64 = 0.1;
/// Scales are compared anew at a lesson that has so many more observations than the last comparison had.
const COMPARISON_GROWTH: f64 = 0.5;

/// An architecture's view, and whether it is worth a training.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) view: Box<[f64]>,
    /// Whether nothing of it can learn: the input does not reach the output.
    pub(crate) is_idle: bool,
}

/// What was observed of an objective: at a level, as it was measured. By own form and level; lower ranks are better.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shown {
    pub(crate) value: f64,
    pub(crate) rank: usize,
}

pub(crate) type Key = (Architecture, usize);

#[derive(Debug, Default)]
pub(crate) struct Model {
    /// In the order in which they came.
    order: Vec<Key>,
    known: BTreeMap<Key, f64>,
    level_count: usize,
    scale: Option<Scale>,
    process: Option<Process>,
    /// Observations at the last lesson, and at the last comparison of scales.
    learnt_at: usize,
    compared_at: usize,
    /// Observations of the process that are real: what follows them is only believed.
    real: usize,
    /// What idle networks show, where at least two did and agree.
    idle: Option<f64>,
    looseness: f64,
}

impl Model {
    /// Brings the model up to `shown`. `seen` gives the views of all that is observed.
    pub(crate) fn update(
        &mut self,
        layout: &Layout,
        list: &Listing,
        seen: &BTreeMap<Architecture, Seen>,
        shown: &BTreeMap<Key, Shown>,
        level_count: usize,
    ) {
        if let Some(process) = &mut self.process {
            process.truncate(self.real);
        }
        let holds = self.known.iter().all(|(key, value)| shown.get(key).is_some_and(|s| s.value == *value));
        if !holds || level_count != self.level_count {
            *self = Self { level_count, ..Self::default() };
        }
        let fresh: Vec<Key> = shown.keys().filter(|key| !self.known.contains_key(*key)).cloned().collect();
        for key in &fresh {
            self.known.insert(key.clone(), shown[key].value);
            self.order.push(key.clone());
        }
        let idle = self.agreed_idle(seen);
        let is_idle = |key: &Key| idle.is_some() && seen[&key.0].is_idle;
        let grown = self.order.len() as f64 >= self.learnt_at as f64 * (1.0 + GROWTH);
        let full = self.real + fresh.len() > MOST_HELD;
        let sinks = |floor: f64| fresh.iter().any(|key| shown[key].value <= floor && !is_idle(key));
        let broken = self.scale.and_then(|scale| scale.floor).is_some_and(sinks);
        if self.process.is_none() || grown || full || broken || idle != self.idle {
            self.idle = idle;
            let mut held: Vec<&Key> = self.order.iter().filter(|key| !is_idle(key)).collect();
            if held.len() > HELD_AFRESH && held.len() + held.len() / 10 > MOST_HELD {
                held.sort_by_key(|key| (shown[*key].rank, key.1));
                held.truncate(HELD_AFRESH);
                held.reverse();
            }
            let held: Vec<Key> = held.into_iter().cloned().collect();
            self.learn(layout, list, seen, &held, shown);
        } else {
            for key in fresh.iter().filter(|key| !is_idle(key)) {
                self.observe(layout, list, &seen[&key.0].view, key.1, self.known[key]);
                self.real += 1;
            }
        }
    }

    /// What is believed of the architecture with this view at the full fidelity; `place` is where it stands in the list.
    pub(crate) fn believe(
        &self,
        layout: &Layout,
        view: &[f64],
        place: Option<usize>,
        is_idle: bool,
    ) -> Belief {
        if let (Some(value), true) = (self.idle, is_idle) {
            return Belief::Certain(value);
        }
        let (Some(process), Some(scale)) = (&self.process, &self.scale) else {
            return Belief::Certain(f64::INFINITY);
        };
        let (mean, variance) = match place {
            Some(place) => process.listed(place),
            None => process.predict(layout, view),
        };
        let drawn = if layout.is_noisy { process.noise() } else { 0.0 };
        let deviation = ((variance + drawn) * self.looseness).sqrt().max(1e-9);
        Belief::on(scale, mean, deviation)
    }

    /// Takes in what is only believed, until the next update.
    pub(crate) fn suppose(&mut self, layout: &Layout, list: &Listing, view: &[f64], value: f64) {
        self.observe(layout, list, view, 0, value);
    }

    fn observe(&mut self, layout: &Layout, list: &Listing, view: &[f64], level: usize, value: f64) {
        if let (Some(process), Some(scale)) = (&mut self.process, &self.scale) {
            process.observe(layout, list, &[(view, level, scale.apply(value))]);
        }
    }

    fn agreed_idle(&self, seen: &BTreeMap<Architecture, Seen>) -> Option<f64> {
        let mut idle = self.known.iter().filter(|(key, _)| seen[&key.0].is_idle).map(|(_, value)| *value);
        let first = idle.next()?;
        let mut agreeing = 1;
        for value in idle {
            if (value - first).abs() > 1e-9 * first.abs() {
                return None;
            }
            agreeing += 1;
        }
        (agreeing > 1).then_some(first)
    }

    fn learn(
        &mut self,
        layout: &Layout,
        list: &Listing,
        seen: &BTreeMap<Architecture, Seen>,
        held: &[Key],
        shown: &BTreeMap<Key, Shown>,
    ) {
        self.learnt_at = self.order.len();
        if held.is_empty() {
            (self.process, self.real) = (None, 0);
            return;
        }
        let values: Vec<f64> = held.iter().map(|key| self.known[key]).collect();
        let teachers = teachers(held, shown);
        let taught: Vec<f64> = teachers.iter().map(|key| self.known[*key]).collect();
        let lesson = |scale: &Scale| Lesson {
            layout,
            views: teachers.iter().map(|key| &*seen[&key.0].view).collect(),
            levels: teachers.iter().map(|key| key.1).collect(),
            values: taught.iter().map(|value| scale.apply(*value)).collect(),
            level_count: self.level_count,
        };
        let before = self.process.as_ref().map(|process| process.parameters().clone());
        let due = held.len() as f64 >= self.compared_at as f64 * (1.0 + COMPARISON_GROWTH);
        let scales = match self.scale {
            Some(scale) if !due => {
                // Where the floor is above a new value, it must sink.
                let fits = scale.floor.is_none_or(|floor| values.iter().all(|value| *value > floor));
                if fits { vec![Scale::centred(scale.floor, &values)] } else { Scale::candidates(&values) }
            }
            _ => Scale::candidates(&values),
        };
        if scales.len() > 1 {
            self.compared_at = held.len();
        }
        let mut best: Option<(f64, Scale, Parameters)> = None;
        for scale in scales {
            let (parameters, posterior) = lesson(&scale).learn(before.as_ref());
            let evidence = posterior + scale.log_density(&taught);
            if best.as_ref().is_none_or(|(most, _, _)| evidence > *most) {
                best = Some((evidence, scale, parameters));
            }
        }
        let Some((_, scale, parameters)) = best else { return };
        let mut process = Process::new(parameters, list.len());
        let observations = held.iter().zip(&values);
        let observations: Vec<(&[f64], usize, f64)> =
            observations.map(|(key, value)| (&*seen[&key.0].view, key.1, scale.apply(*value))).collect();
        process.observe(layout, list, &observations);
        self.looseness = looseness(held.len());
        (self.real, self.scale, self.process) = (process.len(), Some(scale), Some(process));
    }
}

/// The observations from which parameters are learnt: of many, without the worst, which would bend a model to what nobody asks
/// of it any more.
fn teachers<'a>(held: &'a [Key], shown: &BTreeMap<Key, Shown>) -> Vec<&'a Key> {
    let mut places: Vec<usize> = (0..held.len()).collect();
    places.sort_by_key(|&place| (shown[&held[place]].rank, place));
    places.truncate(ENOUGH.max((held.len() as f64 * TEACHING).ceil() as usize));
    places.sort_unstable();
    let latest = places.len().saturating_sub(MOST_LEARNT_FROM);
    places[latest..].iter().map(|&place| &held[place]).collect()
}

/// By how much variances are stretched: parameters taken as certain, and a world that is not quite normal, make predictions
/// too sure; the fewer observations, the more.
fn looseness(observations: usize) -> f64 {
    1.5 + 3.0 / observations as f64
}
