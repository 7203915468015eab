//! Where an observation stands: by what its fidelity tells, and among those of its own.

use std::collections::{BTreeMap, BTreeSet};

use common::fidelity::Fidelity;

use crate::{Error, Observation};

/// 0 for the full fidelity, then the longer before the shorter, scores last.
pub(super) fn levels(observations: &[Observation]) -> BTreeMap<Fidelity, usize> {
    let mut found: BTreeSet<Fidelity> = observations.iter().map(|observation| observation.fidelity).collect();
    found.insert(Fidelity::Full);
    found.into_iter().rev().enumerate().map(|(level, fidelity)| (fidelity, level)).collect()
}

/// Of each observation among those of its fidelity.
pub(super) fn ranks(observations: &[Observation]) -> Result<Vec<usize>, Error> {
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
