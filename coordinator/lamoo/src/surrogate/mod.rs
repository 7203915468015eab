//! The surrogate: a Gaussian process for each objective, learnt from all fidelities, and what it expects an architecture to
//! add to the front.

mod belief;
mod descent;
mod effort;
mod factor;
mod gain;
mod kernel;
mod learn;
mod listing;
mod memory;
mod model;
mod price;
mod process;
mod scale;
mod view;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use common::architecture::Architecture;
use common::fidelity::Fidelity;
use moo::Front;

pub use memory::Memory;

use crate::sampler::Pool;
use crate::{Error, Knowledge, Observation, Promotion};
use belief::Belief;
use gain::ExpectedGain;
use memory::Learnt;
use model::{Key, Shown};
use price::Price;

/// Neighbours of the front that tell the price of effort where the space can't be listed.
const MOST_NEAR: usize = 256;

/// What a surrogate is asked about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'q> {
    pub(crate) pool: &'q Pool<'q>,
    pub(crate) observations: &'q [Observation],
    /// The first step that trains: what it takes tells what full trainings take.
    pub(crate) fidelity: Fidelity,
    /// Own forms.
    pub(crate) pending: &'q BTreeSet<Architecture>,
    pub(crate) knowledge: &'q dyn Knowledge,
    pub(crate) reference: &'q [f64],
    /// How many full trainings may still end, begun or not; none where there is no end to it.
    pub(crate) affordable: Option<f64>,
}

/// Models that know all observations, and suppose what is pending.
#[derive(Debug)]
pub struct Surrogate<'q> {
    question: Question<'q>,
    learnt: &'q mut Learnt,
    /// Objectives that training does not change, as any fidelity showed them.
    shown: BTreeMap<Architecture, Vec<f64>>,
    /// The same by place in the list: a list is looked through at every choice.
    shown_at: BTreeMap<usize, Vec<f64>>,
    front: Front<()>,
    gain: ExpectedGain,
    price: Price,
    /// What each place of the list would add if all went well, whatever it takes; until something is supposed: to weigh a whole list
    /// takes longest of all.
    gains: OnceCell<Vec<(usize, f64)>>,
    /// What each place of the list is expected to add, whatever it takes, where it was asked; until something is supposed.
    expected: Vec<OnceCell<f64>>,
}

impl<'q> Surrogate<'q> {
    pub(crate) fn learn(question: Question<'q>, memory: &'q mut Memory) -> Result<Self, Error> {
        let learnt = memory.learnt(&question);
        let scope = question.pool.scope();
        let mut front = Front::new(question.reference)?;
        let mut shown = BTreeMap::new();
        let levels = levels(question.observations);
        let ranks = ranks(question.observations)?;
        let mut by_objective = vec![BTreeMap::<Key, Shown>::new(); question.reference.len()];
        for (observation, rank) in question.observations.iter().zip(ranks) {
            let own = scope.own(&observation.architecture);
            if observation.fidelity == Fidelity::Full {
                front.insert(&observation.objectives, ())?;
            }
            let level = levels[&observation.fidelity];
            for (objective, value) in observation.objectives.iter().enumerate() {
                let level = if question.knowledge.is_trained(objective) { level } else { 0 };
                by_objective[objective].insert((own.clone(), level), Shown { value: *value, rank });
            }
            shown.insert(own, observation.objectives.clone());
        }
        learnt.keep(|own| shown.contains_key(own) || question.pending.contains(own));
        for own in shown.keys().chain(question.pending) {
            learnt.see(scope, own);
        }
        let learns = |objective: &usize| question.knowledge.is_learnt(*objective);
        for objective in (0..question.reference.len()).filter(learns) {
            let is_trained = question.knowledge.is_trained(objective);
            let level_count = if is_trained { levels.len().max(1) } else { 1 };
            learnt.update(objective, &by_objective[objective], level_count);
        }
        learnt.learn_efforts(&question);
        let (gain, price) = (ExpectedGain::beyond(&front), Price::default());
        let expected = vec![OnceCell::new(); question.pool.all().map_or(0, <[_]>::len)];
        let at =
            |(own, values): (&Architecture, &Vec<f64>)| Some((question.pool.place(own)?, values.clone()));
        let shown_at = shown.iter().filter_map(at).collect();
        let mut surrogate =
            Self { question, learnt, shown, shown_at, front, gain, price, gains: OnceCell::new(), expected };
        for own in question.pending {
            surrogate.suppose(own);
        }
        surrogate.price = surrogate.ask_the_price().unwrap_or_default();
        Ok(surrogate)
    }

    /// What full trainings of these are expected to add.
    pub(crate) fn promotions(&mut self, promotable: &[Architecture]) -> Vec<Promotion> {
        let scope = *self.question.pool.scope();
        promotable
            .iter()
            .map(|architecture| {
                let own = scope.own(architecture);
                self.learnt.see(&scope, &own);
                Promotion { architecture: architecture.clone(), promise: self.promise(&own, None) }
            })
            .collect()
    }

    /// The hypervolume that an own form's full training is expected to add, at the price of what it takes.
    pub(crate) fn promise(&self, own: &Architecture, place: Option<usize>) -> f64 {
        self.priced(self.expected(own, place), own, place)
    }

    /// The same whatever it takes.
    fn expected(&self, own: &Architecture, place: Option<usize>) -> f64 {
        let expected = || self.gain.of(&self.beliefs(own, place));
        place.map_or_else(expected, |place| *self.expected[place].get_or_init(expected))
    }

    fn priced(&self, gain: f64, own: &Architecture, place: Option<usize>) -> f64 {
        if gain <= 0.0 || self.price.is_free() {
            return gain;
        }
        self.price.promise(gain, self.learnt.effort(self.question.pool.scope(), own, place))
    }

    /// By the training after the next, of all that can be listed or stands near the front.
    fn ask_the_price(&mut self) -> Option<Price> {
        if !self.learnt.knows_efforts() {
            return None;
        }
        let near = if self.question.pool.all().is_some() { Vec::new() } else { self.near_front() };
        let weighed: Vec<(&Architecture, Option<usize>, f64)> = match self.question.pool.all() {
            Some(all) => self.gains().iter().map(|&(place, hope)| (&all[place], Some(place), hope)).collect(),
            None => near.iter().map(|own| (own, None, f64::INFINITY)).collect(),
        };
        // What is expected is less than what is hoped.
        type Expect<'e> = &'e dyn Fn(&Architecture, Option<usize>) -> f64;
        let foremost = |expect: Expect<'_>| {
            let mut best: Option<(&Architecture, Option<usize>, f64)> = None;
            for &(own, place, hope) in &weighed {
                if best.is_some_and(|(_, _, most)| hope <= most) {
                    break;
                }
                let expected = expect(own, place);
                if best.is_none_or(|(_, _, most)| expected > most) {
                    best = Some((own, place, expected));
                }
            }
            best
        };
        let (next, place, _) = foremost(&|own, place| self.expected(own, place))?;
        let mut front = self.front.clone();
        let values: Vec<f64> = self.beliefs(next, place).iter().map(Belief::median).collect();
        front.insert(&values, ()).ok()?;
        let after = ExpectedGain::beyond(&front);
        let (own, place, gain) = foremost(&|own, place| after.of(&self.beliefs(own, place)))?;
        let effort = self.learnt.effort(self.question.pool.scope(), own, place);
        let fulls = self.question.observations.iter().filter(|seen| seen.fidelity == Fidelity::Full);
        let trainings = self.question.affordable.map(|more| fulls.count() as f64 + more.max(0.0));
        // Before anything is reached, what the first is believed to reach stands for it.
        let reached = if self.front.is_empty() { front.hypervolume() } else { self.front.hypervolume() };
        Some(Price::of(reached, gain, effort, trainings))
    }

    /// Neighbours of what is on the front, by what was shown of it.
    fn near_front(&mut self) -> Vec<Architecture> {
        let scope = *self.question.pool.scope();
        let fulls = self.question.observations.iter().filter(|seen| seen.fidelity == Fidelity::Full);
        let on_front = fulls
            .filter(|seen| self.front.members().iter().any(|member| *member.objectives == *seen.objectives));
        let neighbours = on_front.flat_map(|seen| scope.space.neighbours(&seen.architecture)).take(MOST_NEAR);
        let near: BTreeSet<Architecture> = neighbours.map(|near| scope.own(&near)).collect();
        near.iter().for_each(|own| self.see(own));
        near.into_iter().collect()
    }

    /// What an own form would add if all went as well as an optimist hopes.
    pub(crate) fn hope(&mut self, own: &Architecture, place: Option<usize>) -> f64 {
        if place.is_none() {
            self.see(own);
        }
        let optimistic: Vec<f64> = self.beliefs(own, place).iter().map(Belief::optimistic).collect();
        self.priced(self.front.gain(&optimistic).unwrap_or(0.0), own, place)
    }

    /// The most promising of the list, of those that are open.
    pub(crate) fn foremost(&self, is_open: impl Fn(&Architecture) -> bool) -> Option<(&Architecture, f64)> {
        let all = self.question.pool.all()?;
        let least = self.learnt.least_effort();
        let mut best: Option<(&Architecture, f64)> = None;
        for &(place, hope) in self.gains() {
            let falls_short = |promise: f64| best.is_some_and(|(_, most)| promise <= most);
            // What is expected is less than what is hoped, and no place takes less than the least.
            if falls_short(self.price.promise(hope, least)) {
                break;
            }
            let own = &all[place];
            if falls_short(self.priced(hope, own, Some(place))) {
                continue;
            }
            let promise = self.promise(own, Some(place));
            if !falls_short(promise) && is_open(own) {
                best = Some((own, promise));
            }
        }
        best
    }

    /// What each place of the list would add if all went as well as an optimist hopes, whatever it takes; places that even then
    /// add nothing are left out, the most first.
    fn gains(&self) -> &[(usize, f64)] {
        self.gains.get_or_init(|| self.weigh_all())
    }

    fn weigh_all(&self) -> Vec<(usize, f64)> {
        let all = self.question.pool.all().unwrap_or_default();
        let objectives = self.question.reference.len();
        let mut optimistic = Vec::with_capacity(all.len() * objectives);
        for (place, own) in all.iter().enumerate() {
            let of = |objective| self.belief(objective, own, Some(place)).optimistic();
            optimistic.extend((0..objectives).map(of));
        }
        let optimistic: Vec<&[f64]> = optimistic.chunks_exact(objectives).collect();
        let Ok(gains) = self.front.gains(&optimistic) else { return Vec::new() };
        let mut hopes: Vec<(usize, f64)> =
            gains.into_iter().enumerate().filter(|(_, gain)| *gain > 0.0).collect();
        hopes.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        hopes
    }

    /// Goes on as if `own` had shown what is believed of it.
    pub(crate) fn suppose(&mut self, own: &Architecture) {
        let scope = *self.question.pool.scope();
        self.gains.take();
        self.expected.fill(OnceCell::new());
        self.learnt.see(&scope, own);
        let values: Vec<f64> = self.beliefs(own, None).iter().map(Belief::median).collect();
        for (objective, value) in values.iter().enumerate() {
            if self.question.knowledge.is_learnt(objective) {
                self.learnt.suppose(objective, own, *value);
            }
        }
        // Refused only where a model has nothing to say yet.
        if self.front.insert(&values, ()).is_ok() {
            self.gain = ExpectedGain::beyond(&self.front);
        }
    }

    /// Of the front, with what is supposed.
    pub(crate) fn hypervolume(&self) -> f64 {
        self.front.hypervolume()
    }

    pub(crate) fn see(&mut self, own: &Architecture) {
        let scope = *self.question.pool.scope();
        self.learnt.see(&scope, own);
    }

    fn beliefs(&self, own: &Architecture, place: Option<usize>) -> Vec<Belief> {
        (0..self.question.reference.len()).map(|objective| self.belief(objective, own, place)).collect()
    }

    fn belief(&self, objective: usize, own: &Architecture, place: Option<usize>) -> Belief {
        let knowledge = self.question.knowledge;
        let known = match place {
            Some(place) => self.learnt.fact(objective, place),
            None => knowledge.known(objective, own),
        };
        if let Some(value) = known {
            return Belief::Certain(value);
        }
        let shown = match place {
            _ if knowledge.is_trained(objective) => None,
            Some(place) => self.shown_at.get(&place),
            None => self.shown.get(own),
        };
        match shown {
            Some(shown) => Belief::Certain(shown[objective]),
            None => self.learnt.believe(objective, own, place),
        }
    }
}

/// 0 for the full fidelity, then the longer before the shorter, scores last.
fn levels(observations: &[Observation]) -> BTreeMap<Fidelity, usize> {
    let mut found: BTreeSet<Fidelity> = observations.iter().map(|observation| observation.fidelity).collect();
    found.insert(Fidelity::Full);
    found.into_iter().rev().enumerate().map(|(level, fidelity)| (fidelity, level)).collect()
}

/// Of each observation among those of its fidelity.
fn ranks(observations: &[Observation]) -> Result<Vec<usize>, Error> {
    let mut ranks = vec![0; observations.len()];
    for fidelity in levels(observations).into_keys() {
        let of_fidelity = (0..observations.len()).filter(|index| observations[*index].fidelity == fidelity);
        let places: Vec<usize> = of_fidelity.collect();
        let rows: Vec<&[f64]> = places.iter().map(|place| &*observations[*place].objectives).collect();
        for (place, rank) in places.iter().zip(moo::ranks(&rows)?) {
            ranks[*place] = rank;
        }
    }
    Ok(ranks)
}
