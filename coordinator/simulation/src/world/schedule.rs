//! Virtual time: what will happen, in the order of its key and, among equal keys, of its entry.
//!
//! The count makes the order total, so that one seed makes one run whatever a heap does inside.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// Seconds since a study's start, in a total order.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Moment(pub f64);

impl Eq for Moment {}

impl Ord for Moment {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Moment {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Happenings `T` at keys `K`: a moment, or a moment and what decides among equal ones.
#[derive(Debug)]
pub struct Schedule<K: Ord, T> {
    heap: BinaryHeap<Reverse<Entry<K, T>>>,
    count: u64,
}

#[derive(Debug)]
struct Entry<K, T> {
    key: K,
    count: u64,
    what: T,
}

impl<K: Ord, T> Schedule<K, T> {
    pub fn new() -> Self {
        Self { heap: BinaryHeap::new(), count: 0 }
    }

    pub fn push(&mut self, key: K, what: T) {
        self.heap.push(Reverse(Entry { key, count: self.count, what }));
        self.count += 1;
    }

    /// What comes next, without taking it.
    pub fn peek(&self) -> Option<(&K, &T)> {
        self.heap.peek().map(|Reverse(entry)| (&entry.key, &entry.what))
    }

    pub fn pop(&mut self) -> Option<(K, T)> {
        self.heap.pop().map(|Reverse(entry)| (entry.key, entry.what))
    }
}

impl<K: Ord, T> Default for Schedule<K, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Ord, T> Ord for Entry<K, T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key).then(self.count.cmp(&other.count))
    }
}

impl<K: Ord, T> PartialOrd for Entry<K, T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K: Ord, T> PartialEq for Entry<K, T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<K: Ord, T> Eq for Entry<K, T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_orders_and_entry_decides_among_equals() {
        let mut schedule = Schedule::new();
        for (at, what) in [(2.0, 'd'), (1.0, 'a'), (1.0, 'b'), (1.5, 'c'), (1.0, 'x')] {
            schedule.push(Moment(at), what);
        }
        assert_eq!(schedule.peek(), Some((&Moment(1.0), &'a')));
        let order: String = std::iter::from_fn(|| schedule.pop()).map(|(_, what)| what).collect();
        assert_eq!(order, "abxcd");
    }
}
