//! All that there is to evaluate, where it can be listed: there, an honest sampler enumerates.

use std::sync::Arc;

use common::architecture::Architecture;
use common::space::SearchSpace;

use crate::Scope;

/// A scope and, where it is small enough, the list of all its own forms.
#[derive(Debug, Clone)]
pub struct Pool<'a> {
    scope: Scope<'a>,
    all: Option<Arc<[Architecture]>>,
}

impl<'a> Pool<'a> {
    pub fn new(scope: Scope<'a>) -> Self {
        Self { scope, all: scope.list().map(Arc::from) }
    }

    /// With a list made before by [`Pool::new`] of the same scope.
    pub(crate) fn with(scope: Scope<'a>, all: Option<Arc<[Architecture]>>) -> Self {
        Self { scope, all }
    }

    pub fn scope(&self) -> &Scope<'a> {
        &self.scope
    }

    pub fn space(&self) -> &'a dyn SearchSpace {
        self.scope.space
    }

    /// Every own form that is admitted, in lexicographic order; none where they are too many.
    pub fn all(&self) -> Option<&[Architecture]> {
        self.all.as_deref()
    }

    /// Where an own form stands in the list.
    pub(crate) fn place(&self, own: &Architecture) -> Option<usize> {
        self.all()?.binary_search(own).ok()
    }

    pub(crate) fn shared(&self) -> Option<Arc<[Architecture]>> {
        self.all.clone()
    }
}
