//! What is searched, and when two encodings are one and the same.

use std::collections::BTreeSet;

use common::architecture::Architecture;
use common::space::SearchSpace;

/// Encodings up to which a space is listed: a few milliseconds and megabytes.
const MOST_ENCODINGS: u64 = 100_000;

/// Which encodings count as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Identity {
    /// Those that compute the same function: only canonical forms are evaluated, and only trainable ones. For studies that
    /// pay for their trainings.
    Function,
    /// None: each has a result of its own, be it by chance or by what a machine makes of it. For tables.
    Encoding,
}

/// A space, and what of it is searched.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    pub space: &'a dyn SearchSpace,
    pub identity: Identity,
    /// All there is, in own forms; none for the whole space.
    pub listed: Option<&'a BTreeSet<Architecture>>,
}

impl<'a> Scope<'a> {
    /// Every function of the space that can be trained, once.
    pub fn functions(space: &'a dyn SearchSpace) -> Self {
        Self { space, identity: Identity::Function, listed: None }
    }

    /// The rows of a table, each for itself.
    pub fn rows(space: &'a dyn SearchSpace, listed: &'a BTreeSet<Architecture>) -> Self {
        Self { space, identity: Identity::Encoding, listed: Some(listed) }
    }

    /// The form that stands for `architecture`: two are the same when their own forms are.
    pub fn own(&self, architecture: &Architecture) -> Architecture {
        match self.identity {
            Identity::Function => self.space.canonical(architecture),
            Identity::Encoding => architecture.clone(),
        }
    }

    /// Whether an own form may be evaluated.
    pub fn admits(&self, own: &Architecture) -> bool {
        self.listed.is_none_or(|listed| listed.contains(own))
            && (self.identity == Identity::Encoding || self.space.trainable(own))
    }

    /// Every own form that is admitted, in lexicographic order; none where there are too many to list.
    pub fn list(&self) -> Option<Vec<Architecture>> {
        if let Some(listed) = self.listed {
            return Some(listed.iter().filter(|own| self.admits(own)).cloned().collect());
        }
        let small = self.space.size().is_some_and(|size| size <= MOST_ENCODINGS);
        let stands = |form: &Architecture| self.own(form) == *form && self.admits(form);
        small.then(|| self.space.enumerate().filter(stands).collect())
    }
}
