//! Which connection a name means. Pure: no sockets, no clock.
//!
//! A worker that restarts comes back under its old name while its old connection may still look
//! alive (a cable pulled, a process frozen). The newest instance wins at once, and what it
//! displaced is refused from then on. Without that memory, two living processes with one key
//! would take the name from each other for ever, each on its next reconnect.

use std::collections::{BTreeMap, VecDeque};

use crate::PeerName;
use crate::routing::RoutingId;

/// Displaced instances remembered for each name. A process displaced that often long ago has
/// surely ended.
const DISPLACED_REMEMBERED: usize = 16;

/// Names remembered. With keys the allow list is the bound; without, a local process could invent
/// names without end. Six times the largest fleet that was tried.
const MAX_NAMES: usize = 1 << 16;

#[derive(Debug, Default)]
pub(crate) struct Roster {
    seats: BTreeMap<PeerName, Seat>,
}

#[derive(Debug)]
struct Seat {
    current: RoutingId,
    displaced: VecDeque<RoutingId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("a newer process under the same name took its place")]
    Displaced,
    #[error("more than {MAX_NAMES} names were announced")]
    TooManyNames,
}

impl Roster {
    /// Lets an authenticated instance take its seat.
    pub(crate) fn admit(&mut self, name: &PeerName, id: &RoutingId) -> Result<(), Refusal> {
        let Some(seat) = self.seats.get_mut(name) else {
            if self.seats.len() >= MAX_NAMES {
                return Err(Refusal::TooManyNames);
            }
            let seat = Seat { current: id.clone(), displaced: VecDeque::new() };
            self.seats.insert(name.clone(), seat);
            return Ok(());
        };
        if seat.current == *id {
            return Ok(());
        }
        if seat.displaced.contains(id) {
            return Err(Refusal::Displaced);
        }
        let previous = std::mem::replace(&mut seat.current, id.clone());
        // A foreign peer without an instance looks the same after its restart: never hold it off.
        if previous.has_instance() {
            seat.displaced.push_back(previous);
            if seat.displaced.len() > DISPLACED_REMEMBERED {
                seat.displaced.pop_front();
            }
        }
        Ok(())
    }

    /// Takes their seats from those who have no right to their name any more.
    pub(crate) fn retain(&mut self, mut keeps: impl FnMut(&PeerName, &RoutingId) -> bool) {
        self.seats.retain(|name, seat| keeps(name, &seat.current));
    }

    /// The instance that holds the name. It may be away.
    pub(crate) fn current(&self, name: &PeerName) -> Option<&RoutingId> {
        self.seats.get(name).map(|seat| &seat.current)
    }

    pub(crate) fn is_current(&self, name: &PeerName, id: &[u8]) -> bool {
        self.current(name).is_some_and(|current| current.as_bytes() == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(instance: &str) -> RoutingId {
        RoutingId::new("w", instance)
    }

    fn name() -> PeerName {
        "w".parse().unwrap()
    }

    #[test]
    fn the_newest_instance_holds_the_name_and_the_older_stays_out() {
        let mut roster = Roster::default();
        roster.admit(&name(), &id("1")).unwrap();
        roster.admit(&name(), &id("1")).unwrap();
        roster.admit(&name(), &id("2")).unwrap();
        assert_eq!(roster.admit(&name(), &id("1")), Err(Refusal::Displaced));
        assert!(roster.is_current(&name(), id("2").as_bytes()));
        roster.admit(&name(), &id("3")).unwrap();
        assert_eq!(roster.admit(&name(), &id("2")), Err(Refusal::Displaced));
    }

    #[test]
    fn a_peer_without_an_instance_is_never_held_off() {
        let mut roster = Roster::default();
        roster.admit(&name(), &id("")).unwrap();
        roster.admit(&name(), &id("1")).unwrap();
        roster.admit(&name(), &id("")).unwrap();
        assert_eq!(roster.admit(&name(), &id("1")), Err(Refusal::Displaced));
    }

    #[test]
    fn memory_is_bounded() {
        let mut roster = Roster::default();
        for instance in 0..1000 {
            roster.admit(&name(), &id(&instance.to_string())).unwrap();
        }
        assert_eq!(roster.seats[&name()].displaced.len(), DISPLACED_REMEMBERED);
        for other in 0..MAX_NAMES - 1 {
            roster.admit(&format!("n{other}").parse().unwrap(), &id("1")).unwrap();
        }
        assert_eq!(roster.admit(&"late".parse().unwrap(), &id("1")), Err(Refusal::TooManyNames));
    }
}
