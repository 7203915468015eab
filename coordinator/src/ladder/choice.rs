//! What a free slot begins.

use std::collections::VecDeque;

use common::energy::Purpose;
use common::fidelity::Fidelity;
use common::trial::{Origin, Subject};
use lamoo::Promotion;

use super::contender::{Contender, Promises};
use super::{Candidate, Choice, Standing, Supernet, first_training, purpose};

/// Shares of short trainings after which a full one is due, whatever is promised. What short trainings say of full ones is learnt from
/// full ones: where all of them fall short of the reference, a model may see nothing in any promotion, and would never learn better.
const MOST_SHARES: usize = 10;

/// What is on offer besides those that climb.
type Stock = VecDeque<Candidate>;
/// Whether the budgets can pay for a full training that takes so many times the usual.
type Fits<'f> = dyn Fn(f64) -> bool + 'f;

impl Standing {
    /// What a slot that may train should begin; takes from `stock` where the choice is an unscored candidate. `promotions` are
    /// the model's promises for [`Standing::promotable`], empty without a model; `fits` says whether the budgets can pay for
    /// one more of a purpose that takes so many times the usual.
    pub fn next_training(
        &self,
        stock: &mut VecDeque<Candidate>,
        promotions: &[Promotion],
        fits: &dyn Fn(Purpose, f64) -> bool,
    ) -> Option<Choice> {
        if let Supernet::Wanted(part) = self.supernet
            && fits(Purpose::Supernet, 1.0)
        {
            let subject = part.map_or(Subject::Supernet, Subject::SubSupernet);
            return Some(Choice { subject, origin: Origin::Study });
        }
        let promises = Promises::new(promotions);
        let is_modelled = !promises.is_empty() || stock.iter().any(|candidate| candidate.promise.is_some());
        let full_fits = |times: f64| fits(Purpose::Full, times);
        let due = match is_modelled {
            true => self
                .promotion_by_promise(stock, &promises, &full_fits)
                .or_else(|| self.promotion_overdue(&promises, &full_fits)),
            false => self.promotion_by_share(&full_fits),
        };
        if let Some(contender) = due {
            return Some(self.to_full(contender));
        }
        if fits(purpose(first_training(&self.rules.ladder)), 1.0) {
            let choice = self.due_score(&promises).or_else(|| match is_modelled {
                true => self.newcomer(stock, &promises),
                false => self.unmodelled(stock, &full_fits),
            });
            if choice.is_some() {
                return choice;
            }
        }
        self.best_to_full(&promises, usize::MAX, &full_fits)
    }

    /// What a slot that samples should score.
    pub fn next_score(
        &self,
        stock: &mut VecDeque<Candidate>,
        fits: &dyn Fn(Purpose, f64) -> bool,
    ) -> Option<Choice> {
        if !self.can_score() || !fits(Purpose::OneShot, 1.0) {
            return None;
        }
        let Candidate { architecture, origin, .. } = stock.pop_front()?;
        let subject = Subject::Network { architecture, fidelity: Fidelity::OneShot };
        Some(Choice { subject, origin })
    }

    /// A full training is due when it promises something, and at least as much as the best newcomer. With nobody to compare
    /// it with it is not due, though it may still be the best there is.
    fn promotion_by_promise(
        &self,
        stock: &Stock,
        promises: &Promises<'_>,
        fits: &Fits<'_>,
    ) -> Option<&Contender> {
        let newcomer = stock.iter().filter_map(|candidate| candidate.promise).max_by(f64::total_cmp)?;
        let (contender, promise) = promises.best(&self.rungs, fits)?;
        (promise > 0.0 && promise >= newcomer).then_some(contender)
    }

    /// The best there is, where full trainings have become rare.
    fn promotion_overdue(&self, promises: &Promises<'_>, fits: &Fits<'_>) -> Option<&Contender> {
        let most = MOST_SHARES * self.rules.ladder.rungs_per_full as usize;
        if self.rungs.len() < (self.fulls_begun.len() + 1).saturating_mul(most) {
            return None;
        }
        self.best_rung(promises, usize::MAX, fits)
    }

    /// One full training for so many short ones. Where a model is still to come, it shall have its say first.
    fn promotion_by_share(&self, fits: &Fits<'_>) -> Option<&Contender> {
        let is_young = self.rules.has_model && self.rungs.len() < self.rules.initial_samples;
        let share = self.rungs.len() / self.rules.ladder.rungs_per_full as usize;
        let due = !is_young && self.fulls_begun.len() < share;
        due.then(|| self.rungs.best_by_rank(usize::MAX, fits)).flatten()
    }

    /// One first training for so many scores.
    fn due_score(&self, promises: &Promises<'_>) -> Option<Choice> {
        let share = self.scored.len() / self.rules.ladder.scores_per_rung as usize;
        (self.trusts_scores() && self.promoted_scores < share).then(|| self.best_score(promises)).flatten()
    }

    /// The one that promises most of all that have not been trained, scored or not.
    fn newcomer(&self, stock: &mut Stock, promises: &Promises<'_>) -> Option<Choice> {
        let scored = promises.best(&self.scored, &|_| true);
        // Of equals the first: the searcher named it first.
        let place = (0..stock.len()).rev().max_by(|a, b| promise(&stock[*a]).total_cmp(&promise(&stock[*b])));
        let beats = |place: usize| scored.is_none_or(|(_, scored)| promise(&stock[place]) >= scored);
        match place.filter(|place| beats(*place)) {
            Some(place) => stock.remove(place).map(|candidate| self.take(candidate)),
            None => self.best_score(promises),
        }
    }

    /// Without a model nothing is due: rather than idle, the best there is.
    fn unmodelled(&self, stock: &mut Stock, fits: &Fits<'_>) -> Option<Choice> {
        let none = Promises::new(&[]);
        let from_stock = |stock: &mut Stock| stock.pop_front().map(|candidate| self.take(candidate));
        let to_full = || self.best_to_full(&none, 1, fits);
        let is_initial = self.first_begun() < self.rules.initial_samples;
        let first = if is_initial { from_stock(stock) } else { None };
        let next = first.or_else(|| self.trusts_scores().then(|| self.best_score(&none)).flatten());
        // A model that is to come is better served by newcomers than by an early promotion.
        match self.rules.has_model {
            true => next.or_else(|| from_stock(stock)).or_else(to_full),
            false => next.or_else(to_full).or_else(|| from_stock(stock)),
        }
    }

    fn take(&self, Candidate { architecture, origin, .. }: Candidate) -> Choice {
        let fidelity = first_training(&self.rules.ladder);
        Choice { subject: Subject::Network { architecture, fidelity }, origin }
    }

    fn best_score(&self, promises: &Promises<'_>) -> Option<Choice> {
        let promised = promises.best(&self.scored, &|_| true).map(|(contender, _)| contender);
        let contender = promised.or_else(|| self.scored.best_by_rank(usize::MAX, &|_| true))?;
        Some(promote(contender, Fidelity::OneShot, first_training(&self.rules.ladder)))
    }

    fn best_to_full(&self, promises: &Promises<'_>, layers: usize, fits: &Fits<'_>) -> Option<Choice> {
        self.best_rung(promises, layers, fits).map(|contender| self.to_full(contender))
    }

    /// Among those of the lowest `layers`, where no promise tells.
    fn best_rung(&self, promises: &Promises<'_>, layers: usize, fits: &Fits<'_>) -> Option<&Contender> {
        let promised = promises.best(&self.rungs, fits).map(|(contender, _)| contender);
        promised.or_else(|| self.rungs.best_by_rank(layers, fits))
    }

    fn to_full(&self, contender: &Contender) -> Choice {
        promote(contender, first_training(&self.rules.ladder), Fidelity::Full)
    }
}

fn promote(contender: &Contender, from: Fidelity, to: Fidelity) -> Choice {
    let architecture = contender.architecture.clone();
    Choice { subject: Subject::Network { architecture, fidelity: to }, origin: Origin::Promotion { from } }
}

/// Of nothing said, less than of anything.
fn promise(candidate: &Candidate) -> f64 {
    candidate.promise.filter(|promise| !promise.is_nan()).unwrap_or(f64::NEG_INFINITY)
}
