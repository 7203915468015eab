//! The archive of a search: the non-dominated points seen so far, each with what it belongs to, and the hypervolume
//! they cover. Laws M-1 (the hypervolume never falls) and M-2 (no member dominates another) hold after each insertion.

mod space;

use crate::Error;
use crate::boxes::{Cuboid, non_dominated_boxes};
use crate::contributions::contributions;
use crate::dominance::dominates;
use crate::order::lexicographic;
use crate::policy::{check_covering, check_reference};

use space::Space;

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
    space: Space,
    hypervolume: f64,
}

impl<T> Front<T> {
    /// An empty front; `reference` is `[m]` and finite.
    pub fn new(reference: &[f64]) -> Result<Self, Error> {
        check_reference(reference)?;
        let space = Space::below(reference);
        Ok(Self { reference: reference.to_vec(), members: Vec::new(), space, hypervolume: 0.0 })
    }

    /// Offers a point. Refuses NaN, minus infinity, a volume beyond all numbers and another number of objectives, and then
    /// stays as it was.
    pub fn insert(&mut self, objectives: &[f64], payload: T) -> Result<Insertion<T>, Error> {
        check_covering(self.members.len(), objectives, &self.reference)?;
        let place =
            self.members.partition_point(|member| lexicographic(&member.objectives, objectives).is_lt());
        if self.members.get(place).is_some_and(|member| member.objectives == objectives) {
            return Ok(Insertion::Tied);
        }
        if self.is_dominated_at(place, objectives) {
            return Ok(Insertion::Dominated);
        }
        let rows = self.members.iter().map(|member| member.objectives.as_slice());
        let gain = self.space.insert(objectives, rows, &self.reference);
        let removed = self.remove_dominated_from(place, objectives);
        self.members.insert(place, Member { objectives: objectives.to_vec(), payload });
        self.hypervolume += gain;
        Ok(Insertion::Added { gain, removed })
    }

    /// How much hypervolume a point would add: 0 for one dominated, tied or outside the reference.
    ///
    /// With two objectives O(log n) and the steps it would replace; with three to five, one pass over the corners of the
    /// space that is left, sixteen at a time; beyond, what cutting all members out of its box costs.
    pub fn gain(&self, objectives: &[f64]) -> Result<f64, Error> {
        check_covering(self.members.len(), objectives, &self.reference)?;
        Ok(self.gain_of(objectives))
    }

    /// [`Front::gain`] of each of `points`, `[n, m]`, in their order, up to rounding.
    ///
    /// For scoring a whole table: with three to five objectives, the boxes of the space that is left are first put in an
    /// order in which most of them are out of a point's reach.
    pub fn gains<P: AsRef<[f64]>>(&self, points: &[P]) -> Result<Vec<f64>, Error> {
        for (index, point) in points.iter().enumerate() {
            check_covering(index, point.as_ref(), &self.reference)?;
        }
        Ok(self.space.gains(points, self.rows(), &self.reference))
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
        let rows: Vec<&[f64]> = self.rows().collect();
        contributions(&rows, &self.reference).expect("members were checked when they came")
    }

    /// The space that no member dominates, as [`non_dominated_boxes`].
    pub fn boxes(&self) -> Vec<Cuboid> {
        let rows: Vec<&[f64]> = self.rows().collect();
        non_dominated_boxes(&rows, &self.reference).expect("members were checked when they came")
    }

    fn gain_of(&self, objectives: &[f64]) -> f64 {
        self.space.gain(objectives, self.rows(), &self.reference)
    }

    /// Only members before its lexicographic place can dominate a point; of two objectives, only the one right before.
    fn is_dominated_at(&self, place: usize, objectives: &[f64]) -> bool {
        let asked = if objectives.len() <= 2 { 1 } else { place };
        let mut before = self.members[..place].iter().rev().take(asked);
        before.any(|member| dominates(&member.objectives, objectives))
    }

    /// Only members from its lexicographic place on can be dominated; of two objectives, those right after.
    fn remove_dominated_from(&mut self, place: usize, objectives: &[f64]) -> Vec<Member<T>> {
        let is_dominated = |member: &Member<T>| dominates(objectives, &member.objectives);
        if objectives.len() <= 2 {
            let count = self.members[place..].partition_point(is_dominated);
            return self.members.drain(place..place + count).collect();
        }
        self.members.extract_if(place.., |member| is_dominated(member)).collect()
    }

    fn rows(&self) -> impl Iterator<Item = &[f64]> + Clone {
        self.members.iter().map(|member| member.objectives.as_slice())
    }
}
