//! Who holds which slot, found out once for a page: the state knows it by trial.

use std::collections::BTreeMap;

use common::fidelity::Role;

use super::Seen;
use crate::core::{Lease, State, Trial};
use crate::fleet::SlotKey;
use crate::http::model::Fleet;

/// Leases by their slot.
pub fn holders(state: &State) -> BTreeMap<SlotKey, (&Trial, &Lease)> {
    state.leases().map(|(trial, lease)| ((lease.worker.clone(), lease.slot), (trial, lease))).collect()
}

pub fn counted(seen: &Seen<'_>) -> Fleet {
    let state = &seen.history.state;
    let mut fleet = Fleet::default();
    for (trial, _) in state.leases() {
        match trial.subject.role() {
            Role::Sample => fleet.scoring += 1,
            Role::Train | Role::Rest => fleet.training += 1,
        }
    }
    for (name, record) in &state.workers {
        if !record.alive {
            fleet.workers_gone += 1;
            continue;
        }
        fleet.workers += 1;
        fleet.slots += record.slots.len() as u64;
        let rests = |slot| seen.pulse.roles.get(&(name.clone(), slot)).is_none_or(|role| *role == Role::Rest);
        fleet.resting += record.slots.iter().filter(|info| rests(info.slot)).count() as u64;
    }
    // A training that is just being put in safety still holds a slot that is to rest.
    let free = fleet.slots.saturating_sub(fleet.training + fleet.scoring);
    fleet.resting = fleet.resting.min(free);
    fleet.ready = free - fleet.resting;
    fleet
}
