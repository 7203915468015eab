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
mod rank;
mod scale;
mod view;
mod weighing;

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
        let levels = rank::levels(question.observations);
        let ranks = rank::ranks(question.observations)?;
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

    /// What an own form would add if all went as well as an optimist hopes.
    pub(crate) fn hope(&mut self, own: &Architecture, place: Option<usize>) -> f64 {
        if place.is_none() {
            self.see(own);
        }
        let optimistic: Vec<f64> = self.beliefs(own, place).iter().map(Belief::optimistic).collect();
        self.priced(self.front.gain(&optimistic).unwrap_or(0.0), own, place)
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
