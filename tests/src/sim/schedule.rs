//! The heap of what is to come: earliest first, and first scheduled first among equals. What was postponed keeps its turn.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use common::time::Timestamp;

#[derive(Debug)]
pub struct Schedule<E> {
    heap: BinaryHeap<Reverse<Entry<E>>>,
    count: u64,
    /// Of what was popped last.
    turn: Turn,
}

/// When something was to happen at first, and how many were scheduled before it: its place among all that happens at one moment.
type Turn = (Timestamp, u64);

#[derive(Debug)]
struct Entry<E> {
    key: (Timestamp, Turn),
    what: E,
}

impl<E> Default for Schedule<E> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), count: 0, turn: Turn::default() }
    }
}

impl<E> Schedule<E> {
    pub fn push(&mut self, at: Timestamp, what: E) {
        self.count += 1;
        self.heap.push(Reverse(Entry { key: (at, (at, self.count)), what }));
    }

    /// What was popped last, at a later moment: behind all that was to happen before it, however often either was postponed.
    pub fn postpone(&mut self, at: Timestamp, what: E) {
        self.heap.push(Reverse(Entry { key: (at, self.turn), what }));
    }

    pub fn pop(&mut self) -> Option<(Timestamp, E)> {
        let Reverse(Entry { key: (at, turn), what }) = self.heap.pop()?;
        self.turn = turn;
        Some((at, what))
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<E> Eq for Entry<E> {}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_postponed_keeps_its_turn() {
        let mut schedule = Schedule::default();
        // Scheduled first, to happen last.
        for (at, what) in [(26, "later"), (20, "first"), (26, "last")] {
            schedule.push(Timestamp(at), what);
        }
        // Once for what was there, and once more for that alone.
        let (_, first) = schedule.pop().unwrap();
        schedule.postpone(Timestamp(30), first);
        let (_, later) = schedule.pop().unwrap();
        schedule.postpone(Timestamp(40), later);
        let (_, last) = schedule.pop().unwrap();
        schedule.postpone(Timestamp(40), last);
        let (at, first) = schedule.pop().unwrap();
        assert_eq!((at, first), (Timestamp(30), "first"));
        schedule.postpone(Timestamp(40), first);
        let order: Vec<_> = std::iter::from_fn(|| schedule.pop()).map(|(_, what)| what).collect();
        assert_eq!(order, ["first", "later", "last"]);
    }
}
