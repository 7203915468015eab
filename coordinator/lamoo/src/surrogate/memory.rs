//! What a study keeps between two questions, to save time: the list of the space, views, models with their parameters.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use common::architecture::Architecture;

use super::Question;
use super::belief::Belief;
use super::effort::{self, Effort, Makeup};
use super::listing::Listing;
use super::model::{Key, Model, Seen, Shown};
use super::view::Layout;
use crate::Scope;
use crate::sampler::Pool;

/// One study's own: its space, its objectives and what is known of them must stay the same. `Memory::default()` remembers nothing.
///
/// The surrogate's parameters are learnt from time to time, so that an answer depends, a little, on the questions before
/// it; the same questions in the same order have the same answers.
#[derive(Debug, Default)]
pub struct Memory {
    listed: Option<Option<Arc<[Architecture]>>>,
    learnt: Option<Learnt>,
}

impl Memory {
    pub(crate) fn pool<'a>(&mut self, scope: Scope<'a>) -> Pool<'a> {
        let listed = self.listed.get_or_insert_with(|| Pool::new(scope).shared());
        Pool::with(scope, listed.clone())
    }

    pub(super) fn learnt(&mut self, question: &Question<'_>) -> &mut Learnt {
        self.learnt.get_or_insert_with(|| Learnt::new(question))
    }
}

#[derive(Debug)]
pub(super) struct Learnt {
    layout: Layout,
    /// Views of the whole list, in its order.
    list: Listing,
    idle: Vec<bool>,
    /// What needs no evaluation, by objective and place: asked once, for a list is weighed at every choice.
    facts: Vec<Vec<Option<f64>>>,
    seen: BTreeMap<Architecture, Seen>,
    models: BTreeMap<usize, Model>,
    makeup: Makeup,
    /// Of the whole list, in its order.
    makeups: Vec<Vec<f64>>,
    effort: Effort,
    /// Of the whole list, in its order, where they were asked: a question weighs the list for each candidate it wants.
    efforts: Vec<OnceCell<f64>>,
}

impl Learnt {
    fn new(question: &Question<'_>) -> Self {
        let scope = question.pool.scope();
        let layout = Layout::of(scope);
        let all = question.pool.all().unwrap_or_default();
        let list = Listing::new(&layout, all.iter().map(|own| layout.view(scope, own)).collect());
        let idle = all.iter().map(|own| !scope.space.trainable(own)).collect();
        let known = |objective| all.iter().map(|own| question.knowledge.known(objective, own)).collect();
        let facts = (0..question.reference.len()).map(known).collect();
        let makeup = Makeup::of(scope);
        let makeups = all.iter().map(|own| makeup.features(scope, own)).collect();
        let (seen, models) = (BTreeMap::new(), BTreeMap::new());
        let (effort, efforts) = (Effort::default(), Vec::new());
        Self { layout, list, idle, facts, seen, models, makeup, makeups, effort, efforts }
    }

    /// What is known of an objective at a place of the list.
    pub(super) fn fact(&self, objective: usize, place: usize) -> Option<f64> {
        self.facts[objective][place]
    }

    /// Makes sure of an own form's view.
    pub(super) fn see(&mut self, scope: &Scope<'_>, own: &Architecture) {
        if !self.seen.contains_key(own) {
            let view = self.layout.view(scope, own);
            self.seen.insert(own.clone(), Seen { view, is_idle: !scope.space.trainable(own) });
        }
    }

    /// Forgets the views of all others: what was only weighed would pile up over a long study.
    pub(super) fn keep(&mut self, is_kept: impl Fn(&Architecture) -> bool) {
        self.seen.retain(|own, _| is_kept(own));
    }

    pub(super) fn update(&mut self, objective: usize, shown: &BTreeMap<Key, Shown>, levels: usize) {
        let model = self.models.entry(objective).or_default();
        model.update(&self.layout, &self.list, &self.seen, shown, levels);
    }

    pub(super) fn suppose(&mut self, objective: usize, own: &Architecture, value: f64) {
        if let (Some(model), Some(seen)) = (self.models.get_mut(&objective), self.seen.get(own)) {
            model.suppose(&self.layout, &self.list, &seen.view, value);
        }
    }

    /// Learns what trainings take from those of the first step that trains.
    pub(super) fn learn_efforts(&mut self, question: &Question<'_>) {
        let scope = question.pool.scope();
        let latest = question.observations.iter().rev().filter(|seen| seen.fidelity == question.fidelity);
        let told = latest.filter_map(|seen| {
            let effort = seen.effort.filter(|effort| effort.is_finite() && *effort > 0.0)?;
            Some((&seen.architecture, effort))
        });
        let lesson = |(architecture, effort)| (self.makeup.features(scope, &scope.own(architecture)), effort);
        let lessons: Vec<(Vec<f64>, f64)> = told.take(effort::MOST).map(lesson).collect();
        self.effort = Effort::learn(&lessons);
        self.efforts.clear();
        self.efforts.resize(self.makeups.len(), OnceCell::new());
    }

    pub(super) fn knows_efforts(&self) -> bool {
        self.effort.is_known()
    }

    /// Of a full training, where the usual takes 1.
    pub(super) fn effort(&self, scope: &Scope<'_>, own: &Architecture, place: Option<usize>) -> f64 {
        match place {
            Some(place) => *self.efforts[place].get_or_init(|| self.effort.of(&self.makeups[place])),
            None => self.effort.of(&self.makeup.features(scope, own)),
        }
    }

    /// What no effort is below.
    pub(super) fn least_effort(&self) -> f64 {
        self.effort.least()
    }

    /// By its place in the list, or else by its view, which must have been seen.
    pub(super) fn believe(&self, objective: usize, own: &Architecture, place: Option<usize>) -> Belief {
        let Some(model) = self.models.get(&objective) else { return Belief::Certain(f64::INFINITY) };
        if let Some(place) = place {
            return model.believe(&self.layout, self.list.view(place), Some(place), self.idle[place]);
        }
        match self.seen.get(own) {
            Some(seen) => model.believe(&self.layout, &seen.view, None, seen.is_idle),
            None => Belief::Certain(f64::INFINITY),
        }
    }
}
