//! The archive of a search: the non-dominated points seen so far, each with what it belongs to, and the hypervolume
//! they cover. Laws M-1 (the hypervolume never falls) and M-2 (no member dominates another) hold after each insertion.
//!
//! Two objectives are kept as a staircase: O(log n) plus the steps replaced. More are measured against the limit set.

use crate::Error;
use crate::dominance::dominates;
use crate::hypervolume::{self, exclusive};
use crate::policy::{check_bounded, check_reference, lexicographic};
use crate::staircase::Staircase;

/// One non-dominated point and what it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct Member<T> {
    /// `[m]`, minimised.
    pub objectives: Vec<f64>,
    pub payload: T,
}

/// What became of a point offered to a [`Front`].
#[derive(Debug, Clone, PartialEq)]
pub enum Insertion<T> {
    /// It is a member now; `gain` is the hypervolume it added (0 outside the reference), `removed` those it dominates.
    Added { gain: f64, removed: Vec<Member<T>> },
    /// A member dominates it.
    Dominated,
    /// A member has exactly these objectives: the first to reach them keeps the place.
    Tied,
}

/// An incremental Pareto front with its hypervolume at a fixed reference point.
#[derive(Debug, Clone)]
pub struct Front<T> {
    reference: Vec<f64>,
    /// In lexicographic order of their objectives.
    members: Vec<Member<T>>,
    /// The area of the plane, kept for two objectives only.
    staircase: Option<Staircase>,
    hypervolume: f64,
}

impl<T> Front<T> {
    /// An empty front; `reference` is `[m]` and finite.
    pub fn new(reference: &[f64]) -> Result<Self, Error> {
        check_reference(reference)?;
        let staircase = match *reference {
            [x, y] => Some(Staircase::new((x, y))),
            _ => None,
        };
        Ok(Self { reference: reference.to_vec(), members: Vec::new(), staircase, hypervolume: 0.0 })
    }

    /// Offers a point. Refuses NaN, minus infinity and another number of objectives, and then stays as it was.
    pub fn insert(&mut self, objectives: &[f64], payload: T) -> Result<Insertion<T>, Error> {
        check_bounded(self.members.len(), objectives, self.reference.len())?;
        let place =
            self.members.partition_point(|member| lexicographic(&member.objectives, objectives).is_lt());
        if self.members.get(place).is_some_and(|member| member.objectives == objectives) {
            return Ok(Insertion::Tied);
        }
        // Only members before its lexicographic place can dominate it, only members after can be dominated.
        if self.members[..place].iter().rev().any(|member| dominates(&member.objectives, objectives)) {
            return Ok(Insertion::Dominated);
        }
        let gain = match &mut self.staircase {
            Some(staircase) => staircase.insert(objectives[0], objectives[1]),
            None => self.exclusive(objectives),
        };
        let removed: Vec<_> =
            self.members.extract_if(place.., |member| dominates(objectives, &member.objectives)).collect();
        self.members.insert(place, Member { objectives: objectives.to_vec(), payload });
        self.hypervolume += gain;
        Ok(Insertion::Added { gain, removed })
    }

    /// How much hypervolume a point would add: 0 for one dominated, tied or outside the reference.
    pub fn gain(&self, objectives: &[f64]) -> Result<f64, Error> {
        check_bounded(self.members.len(), objectives, self.reference.len())?;
        Ok(match &self.staircase {
            Some(staircase) => staircase.gain(objectives[0], objectives[1]),
            None => self.exclusive(objectives),
        })
    }

    pub fn hypervolume(&self) -> f64 {
        self.hypervolume
    }

    pub fn reference(&self) -> &[f64] {
        &self.reference
    }

    /// In lexicographic order of their objectives, whatever the order they came in.
    pub fn members(&self) -> &[Member<T>] {
        &self.members
    }

    pub fn len(&self) -> usize {
        self.members.len()
    }

    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether a member dominates these objectives; the same objectives do not.
    pub fn dominates(&self, objectives: &[f64]) -> bool {
        self.members.iter().any(|member| dominates(&member.objectives, objectives))
    }

    /// What each member covers alone, in the order of [`Front::members`].
    pub fn contributions(&self) -> Vec<f64> {
        let rows: Vec<&[f64]> = self.members.iter().map(|member| member.objectives.as_slice()).collect();
        hypervolume::contributions(&rows, &self.reference).expect("members were checked when they came")
    }

    fn exclusive(&self, objectives: &[f64]) -> f64 {
        exclusive(objectives, self.members.iter().map(|member| member.objectives.as_slice()), &self.reference)
    }
}
