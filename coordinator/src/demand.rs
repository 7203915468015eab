//! What the plan wants of machines that may come: a launcher offers slots of a zone, and is told how many of them would be put to work
//! now. Pure: the question is made of the core, and the policy's answer is read. Nothing is promised, and nothing is kept.

use std::collections::BTreeSet;

use allocation::Situation;
use common::allocation::{Allocation, Shares};
use common::fidelity::Role;
use common::id::{WorkerName, Zone};
use common::time::GridHour;

use crate::core::{Core, Phase};
use crate::fleet::owned;

/// Slots that a launcher could bring, those that it has brought already among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub zone: Zone,
    pub slots: u32,
    /// How the names of its workers begin; none where it has brought nobody.
    pub prefix: Option<String>,
}

/// What is wanted of an offer.
#[derive(Debug, Clone, PartialEq)]
pub struct Demand {
    pub hour: GridHour,
    pub standing: Standing,
    /// Slots of the zone that are there besides.
    pub others: u32,
    /// Of the zone's slots, the offered and the others together.
    pub shares: Shares,
    /// Slots of the offer that would be put to work.
    pub wanted: u32,
    /// Why; the policy's own words where it was asked.
    pub reason: String,
    /// Workers of the launcher with no slot at work or ready for it, by name: who goes first, should some go.
    pub resting: BTreeSet<WorkerName>,
    /// Workers of the launcher that somebody drained: nobody is wanted in their place.
    pub drained: BTreeSet<WorkerName>,
}

/// Whether a study can use anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Running,
    Paused,
    /// This process is about to end, and another will go on.
    Draining,
    Finished,
}

/// The way to an answer.
#[derive(Debug)]
pub(crate) enum Question {
    /// This hour's decision is under way.
    TooEarly,
    /// No policy need be asked.
    Answered(Demand),
    ForPolicy {
        situation: Box<Situation>,
        others: u32,
    },
}

impl Offer {
    pub(crate) fn names(&self, worker: &WorkerName) -> bool {
        self.prefix.as_ref().is_some_and(|prefix| worker.as_str().starts_with(prefix.as_str()))
    }
}

impl Core {
    pub(crate) fn question(&self, offer: &Offer) -> Question {
        let (standing, reason) = match &self.state.finished {
            Some((_, reason)) => (Standing::Finished, format!("the study is finished: {reason}")),
            None if self.draining => {
                (Standing::Draining, "the coordinator is about to end; the study goes on another time".into())
            }
            None if self.state.paused.is_some() => (Standing::Paused, "the study is paused".into()),
            None if self.hourly.hour.is_none() || self.hourly.phase != Phase::Done => {
                return Question::TooEarly;
            }
            None => {
                let (situation, others) = self.situation_if(offer);
                return Question::ForPolicy { situation: Box::new(situation), others };
            }
        };
        let (_, others) = self.situation_if(offer);
        let shares = Shares { rest: others.saturating_add(offer.slots), ..Shares::default() };
        Question::Answered(Demand {
            hour: self.this_hour(),
            standing,
            others,
            shares,
            wanted: 0,
            reason,
            resting: self.resting(offer),
            drained: self.drained(offer),
        })
    }

    /// What the policy's answer says of the offer. Whoever is there already is put to work first.
    pub(crate) fn demand(&self, offer: &Offer, others: u32, allocation: Allocation) -> Demand {
        let shares = allocation.shares(&offer.zone);
        Demand {
            hour: self.this_hour(),
            standing: Standing::Running,
            others,
            shares,
            wanted: (shares.train + shares.sample).saturating_sub(others).min(offer.slots),
            reason: allocation.reason,
            resting: self.resting(offer),
            drained: self.drained(offer),
        }
    }

    fn drained(&self, offer: &Offer) -> BTreeSet<WorkerName> {
        let drained = self.state.workers.iter().filter(|(_, record)| record.turned_away);
        drained.map(|(name, _)| name).filter(|name| offer.names(name)).cloned().collect()
    }

    fn resting(&self, offer: &Offer) -> BTreeSet<WorkerName> {
        let slots = self.live_slots();
        let of_offer = || slots.iter().filter(|slot| offer.names(slot.key.0));
        let at_work = of_offer()
            .filter(|slot| slot.holding.is_some() || self.slots.role(&owned(slot.key)) != Role::Rest);
        let at_work: BTreeSet<&WorkerName> = at_work.map(|slot| slot.key.0).collect();
        of_offer().map(|slot| slot.key.0).filter(|name| !at_work.contains(name)).cloned().collect()
    }
}
