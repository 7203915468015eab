//! A whole list as models see it. Of thousands of views, hundreds are the same in a group of numbers: what is the same is
//! compared once.

use std::collections::BTreeMap;

use super::view::Layout;

/// The views of a list, in its order.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    views: Vec<Box<[f64]>>,
    /// By group of the layout.
    parts: Vec<Parts>,
}

/// One group's numbers.
#[derive(Debug)]
pub(crate) struct Parts {
    width: usize,
    /// Each combination that occurs: `[distinct, width]`.
    distinct: Vec<f64>,
    /// Which of them is each view's, in the order of the list.
    pub(crate) of: Vec<u32>,
}

impl Listing {
    pub(crate) fn new(layout: &Layout, views: Vec<Box<[f64]>>) -> Self {
        let part = |range: &std::ops::Range<usize>| {
            let mut places = BTreeMap::new();
            let (mut distinct, mut of) = (Vec::new(), Vec::with_capacity(views.len()));
            for view in &views {
                let numbers = &view[range.clone()];
                let key: Vec<u64> = numbers.iter().map(|number| number.to_bits()).collect();
                let next = places.len() as u32;
                of.push(*places.entry(key).or_insert_with(|| {
                    distinct.extend_from_slice(numbers);
                    next
                }));
            }
            Parts { width: range.len(), distinct, of }
        };
        let parts = layout.groups.iter().map(part).collect();
        Self { views, parts }
    }

    pub(crate) fn len(&self) -> usize {
        self.views.len()
    }

    pub(crate) fn view(&self, place: usize) -> &[f64] {
        &self.views[place]
    }

    pub(crate) fn parts(&self) -> &[Parts] {
        &self.parts
    }
}

impl Parts {
    pub(crate) fn distinct(&self) -> impl Iterator<Item = &[f64]> {
        self.distinct.chunks_exact(self.width)
    }
}

#[cfg(test)]
mod tests {
    use super::super::view::{Feature, Measure};
    use super::*;

    #[test]
    fn what_is_the_same_in_a_group_is_there_once() {
        let feature = Feature { measure: Measure::Apart, rate: 1.0 };
        let layout = Layout::plain(vec![feature; 3], vec![0..2, 2..3]);
        let views = [[1.0, 2.0, 3.0], [1.0, 2.0, 4.0], [2.0, 1.0, 3.0], [1.0, 2.0, 3.0]];
        let list = Listing::new(&layout, views.iter().map(|view| view.to_vec().into_boxed_slice()).collect());
        let found: Vec<(Vec<&[f64]>, &[u32])> =
            list.parts().iter().map(|parts| (parts.distinct().collect(), &*parts.of)).collect();
        assert_eq!(found[0], (vec![&[1.0, 2.0][..], &[2.0, 1.0]], &[0, 0, 1, 0][..]));
        assert_eq!(found[1], (vec![&[3.0][..], &[4.0]], &[0, 1, 0, 0][..]));
        assert_eq!((list.len(), list.view(2)), (4, &[2.0, 1.0, 3.0][..]));
    }
}
