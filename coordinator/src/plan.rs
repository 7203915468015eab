//! Turns an allocation (so many slots of a zone train, sample, rest) into a role for each slot. Pure.
//!
//! Slots keep what they do where they can: a task is suspended only when the counts demand it. Planning twice changes
//! nothing (law A-2).

use std::collections::BTreeMap;

use common::allocation::Allocation;
use common::fidelity::Role;

use crate::fleet::{LiveSlot, SlotKey, slot_ref};
use crate::rising::rising;

/// The role of each of `slots`, in their order, which is that of their keys. Slots beyond the allocation's count rest until the next
/// decision; counts beyond the slots that may do so are cut, resting first and training last (law A-1).
pub fn roles(
    allocation: &Allocation,
    slots: &[LiveSlot<'_>],
    present: &BTreeMap<SlotKey, Role>,
) -> Vec<Role> {
    let mut told_to = rising(present, slot_ref);
    let told: Vec<Option<Role>> = slots.iter().map(|slot| told_to(slot.key).copied()).collect();
    let mut planned = vec![Role::Rest; slots.len()];
    for (zone, shares) in &allocation.zones {
        let mut open: Vec<usize> = (0..slots.len()).filter(|place| slots[*place].zone == zone).collect();
        for (role, wanted) in [(Role::Train, shares.train), (Role::Sample, shares.sample)] {
            let other = if role == Role::Train { Role::Sample } else { Role::Train };
            // Whoever is at it goes on, then whoever was told to, then who is good for nothing else, then who needs the least energy for
            // the same work; the order of keys breaks ties.
            let standing = |place: usize| {
                let slot = &slots[place];
                (slot.holding != Some(role), told[place] != Some(role), slot.may(other))
            };
            let joules = |place: usize| slots[place].pace.joules;
            let mut able: Vec<usize> = open.iter().copied().filter(|place| slots[*place].may(role)).collect();
            let wanted = wanted as usize;
            if wanted < able.len() {
                // Which ones is the question, not their order: a fleet may have ten thousand.
                able.select_nth_unstable_by(wanted, |&a, &b| {
                    let by_joules = || joules(a).total_cmp(&joules(b));
                    standing(a).cmp(&standing(b)).then_with(by_joules).then(a.cmp(&b))
                });
                able.truncate(wanted);
            }
            able.iter().for_each(|place| planned[*place] = role);
            open.retain(|place| planned[*place] == Role::Rest);
        }
    }
    planned
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::owned;
    use allocation::Pace;
    use common::allocation::Shares;
    use common::id::{SlotId, WorkerName, Zone};

    /// Names live as long as the tests.
    fn slot(worker: &str, zone: &str, holding: Option<Role>) -> LiveSlot<'static> {
        LiveSlot {
            key: (Box::leak(Box::new(WorkerName::new(worker))), SlotId(0)),
            zone: Box::leak(Box::new(Zone::new(zone))),
            holding,
            may_train: true,
            may_sample: true,
            pace: Pace::default(),
        }
    }

    fn allocation(zone: &str, train: u32, sample: u32, rest: u32) -> Allocation {
        let zones = BTreeMap::from([(Zone::new(zone), Shares { train, sample, rest })]);
        Allocation { zones, ..Allocation::default() }
    }

    fn check(allocation: &Allocation, slots: &[LiveSlot<'_>], expected: &[(&str, Role)]) {
        let planned = roles(allocation, slots, &BTreeMap::new());
        let workers = slots.iter().map(|slot| slot.key.0.as_str());
        assert_eq!(workers.zip(planned.clone()).collect::<Vec<_>>(), expected);
        let told = slots.iter().map(|slot| owned(slot.key)).zip(planned.clone()).collect();
        assert_eq!(roles(allocation, slots, &told), planned, "A-2: planning twice changes nothing");
    }

    #[test]
    fn a_running_training_keeps_its_slot() {
        let slots = [slot("a", "DE", None), slot("b", "DE", Some(Role::Train)), slot("c", "DE", None)];
        let expected = [("a", Role::Sample), ("b", Role::Train), ("c", Role::Rest)];
        check(&allocation("DE", 1, 1, 1), &slots, &expected);
    }

    #[test]
    fn a1_counts_are_cut_to_the_slots_there_are() {
        check(&allocation("DE", 5, 5, 5), &[slot("a", "DE", None)], &[("a", Role::Train)]);
    }

    #[test]
    fn an_unmentioned_slot_rests() {
        check(&allocation("DE", 1, 0, 0), &[slot("a", "PL", None)], &[("a", Role::Rest)]);
        check(&Allocation::default(), &[slot("a", "DE", Some(Role::Train))], &[("a", Role::Rest)]);
    }

    #[test]
    fn a_slot_is_given_no_role_that_it_has_too_little_for() {
        let small = LiveSlot { may_train: false, ..slot("a", "DE", None) };
        let large = LiveSlot { may_sample: false, ..slot("b", "DE", None) };
        let expected = [("a", Role::Sample), ("b", Role::Train)];
        check(&allocation("DE", 1, 1, 0), &[small.clone(), large.clone()], &expected);
        check(&allocation("DE", 2, 0, 0), &[small, large], &[("a", Role::Rest), ("b", Role::Train)]);
    }

    #[test]
    fn of_free_slots_those_train_that_need_the_least_energy() {
        let hungry = LiveSlot { pace: Pace { seconds: 0.5, joules: 1.5 }, ..slot("a", "DE", None) };
        let thrifty = LiveSlot { pace: Pace { seconds: 1.5, joules: 0.5 }, ..slot("b", "DE", None) };
        let expected = [("a", Role::Rest), ("b", Role::Train)];
        check(&allocation("DE", 1, 0, 1), &[hungry.clone(), thrifty.clone()], &expected);
        let at_it = LiveSlot { holding: Some(Role::Train), ..hungry };
        let expected = [("a", Role::Train), ("b", Role::Rest)];
        check(&allocation("DE", 1, 0, 1), &[at_it, thrifty], &expected);
    }

    #[test]
    fn everything_may_rest() {
        let slots = [slot("a", "DE", Some(Role::Train)), slot("b", "DE", None)];
        check(&allocation("DE", 0, 0, 2), &slots, &[("a", Role::Rest), ("b", Role::Rest)]);
    }
}
