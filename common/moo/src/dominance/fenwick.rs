//! A Fenwick tree: what was added at a level or below, by any rule that knows no order and no loss, such as sums and
//! maxima.

/// Values at `levels` places, all 0 at first; 0 must change nothing under `fold`.
pub(crate) struct Fenwick<F> {
    nodes: Vec<usize>,
    fold: F,
}

impl<F: Fn(usize, usize) -> usize> Fenwick<F> {
    pub(crate) fn new(levels: usize, fold: F) -> Self {
        Self { nodes: vec![0; levels + 1], fold }
    }

    pub(crate) fn add(&mut self, level: usize, value: usize) {
        let mut node = level + 1;
        while node < self.nodes.len() {
            self.nodes[node] = (self.fold)(self.nodes[node], value);
            node += node & node.wrapping_neg();
        }
    }

    /// Everything added at this level or below.
    pub(crate) fn up_to(&self, level: usize) -> usize {
        let (mut node, mut folded) = (level + 1, 0);
        while node > 0 {
            folded = (self.fold)(folded, self.nodes[node]);
            node &= node - 1;
        }
        folded
    }

    /// Forgets everything that touched this level.
    pub(crate) fn clear(&mut self, level: usize) {
        let mut node = level + 1;
        while node < self.nodes.len() {
            self.nodes[node] = 0;
            node += node & node.wrapping_neg();
        }
    }
}
