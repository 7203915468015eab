//! All canonical forms of a space that is small enough to hold: there, an honest sampler enumerates.

use std::cell::OnceCell;

use common::architecture::Architecture;
use common::space::SearchSpace;

/// Encodings up to which a space is enumerated: a few milliseconds and megabytes for one proposal.
const MOST_ENCODINGS: u64 = 100_000;

/// A space, and its canonical forms once somebody asks for them.
#[derive(Debug)]
pub struct Pool<'a> {
    space: &'a dyn SearchSpace,
    all: OnceCell<Option<Vec<Architecture>>>,
}

impl<'a> Pool<'a> {
    pub fn new(space: &'a dyn SearchSpace) -> Self {
        Self { space, all: OnceCell::new() }
    }

    pub fn space(&self) -> &'a dyn SearchSpace {
        self.space
    }

    /// Every canonical form in lexicographic order, trainable or not; none where the space is too large.
    pub fn all(&self) -> Option<&[Architecture]> {
        let enumerate = || {
            let small = self.space.size().is_some_and(|size| size <= MOST_ENCODINGS);
            let own = |architecture: &Architecture| self.space.canonical(architecture) == *architecture;
            small.then(|| self.space.enumerate().filter(own).collect())
        };
        self.all.get_or_init(enumerate).as_deref()
    }
}
