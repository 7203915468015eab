//! A set of small integers that finds the nearest member on either side: a tree of 64-bit words, each bit of which says
//! whether the word below it holds anything. Three levels reach 262,144 members, so a search touches three words at most,
//! where a balanced tree would walk seventeen nodes.
//!
//! The sweeps know all their coordinates beforehand and so can speak of ranks; whoever learns of points one at a time
//! keeps a [`crate::staircase::Staircase`].

const BITS: usize = 64;

/// A subset of `0..capacity`.
#[derive(Debug)]
pub(crate) struct RankSet {
    /// The members first; above them, one bit a word, until one word is left.
    levels: Vec<Vec<u64>>,
}

impl RankSet {
    pub(crate) fn new(capacity: usize) -> Self {
        let mut levels = Vec::new();
        // One place more than there are members, for the question what comes before the end.
        let mut words = capacity + 1;
        while levels.is_empty() || words > 1 {
            words = words.div_ceil(BITS);
            levels.push(vec![0; words]);
        }
        Self { levels }
    }

    pub(crate) fn insert(&mut self, mut rank: usize) {
        for level in &mut self.levels {
            let word = &mut level[rank / BITS];
            let was_empty = *word == 0;
            *word |= 1 << (rank % BITS);
            if !was_empty {
                return;
            }
            rank /= BITS;
        }
    }

    pub(crate) fn remove(&mut self, mut rank: usize) {
        for level in &mut self.levels {
            let word = &mut level[rank / BITS];
            *word &= !(1 << (rank % BITS));
            if *word != 0 {
                return;
            }
            rank /= BITS;
        }
    }

    /// The largest member below `rank`.
    pub(crate) fn before(&self, mut rank: usize) -> Option<usize> {
        for (height, level) in self.levels.iter().enumerate() {
            let below = level[rank / BITS] & ((1 << (rank % BITS)) - 1);
            if below != 0 {
                let highest = |word: u64| BITS - 1 - word.leading_zeros() as usize;
                let top = rank / BITS * BITS + highest(below);
                return Some(self.descend(top, height, highest));
            }
            rank /= BITS;
        }
        None
    }

    /// The smallest member above `rank`.
    pub(crate) fn after(&self, mut rank: usize) -> Option<usize> {
        for (height, level) in self.levels.iter().enumerate() {
            // Two shifts, because shifting by 64 at once is no shift at all.
            let above = level[rank / BITS] & (u64::MAX << (rank % BITS) << 1);
            if above != 0 {
                let lowest = |word: u64| word.trailing_zeros() as usize;
                let top = rank / BITS * BITS + lowest(above);
                return Some(self.descend(top, height, lowest));
            }
            rank /= BITS;
        }
        None
    }

    /// From a bit of the level at `height` down to a member, taking the bit that `choose` picks of each word.
    fn descend(&self, bit: usize, height: usize, choose: impl Fn(u64) -> usize) -> usize {
        self.levels[..height].iter().rev().fold(bit, |word, level| word * BITS + choose(level[word]))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn neighbours_are_those_of_an_ordered_set(
            capacity in prop_oneof![1_usize..200, 4_000_usize..4_200, 262_000_usize..262_300, Just(64 * 64)],
            steps in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..200),
        ) {
            let (mut set, mut model) = (RankSet::new(capacity), BTreeSet::new());
            for (index, adds) in steps {
                let rank = index.index(capacity);
                if adds {
                    set.insert(rank);
                    model.insert(rank);
                } else {
                    set.remove(rank);
                    model.remove(&rank);
                }
                for asked in [0, rank.saturating_sub(1), rank, capacity - 1, capacity] {
                    prop_assert_eq!(set.before(asked), model.range(..asked).next_back().copied());
                    prop_assert_eq!(set.after(asked), model.range(asked + 1..).next().copied());
                }
            }
        }
    }
}
