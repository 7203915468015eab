//! Dominance among many objectives, sixty-four points at a time: the points that are no worse in one objective are the
//! bits set so far in a walk along that objective's order; those no worse in all objectives are the intersection. This is
//! O(n² m / 64), and what it asks of memory is one block of columns, not all n².

use crate::order::{lexicographic_order, rising};

/// Up to so many points, bits count quicker in three objectives too than divide and conquer (measured: the two cross
/// between 2,000 and 8,000).
pub(super) const FEW: usize = 4096;

/// Columns of one block: eight words, one line of cache.
const BLOCK: usize = 512;
const WORDS: usize = BLOCK / 64;

type Row = [u64; WORDS];

/// How many of `points`, `[n, m]`, dominate each.
pub(super) fn numbers<P: AsRef<[f64]>>(points: &[P]) -> Vec<usize> {
    let mut ordered = Ordered::new(points);
    let all: Vec<usize> = (0..points.len()).collect();
    let mut numbers = vec![0; points.len()];
    for start in (0..points.len()).step_by(BLOCK) {
        let rows = &all[start..];
        ordered.keep(rows);
        // Whatever comes later in a row's own block is a copy of it or does not dominate it.
        for (slot, bits) in ordered.no_worse(&rows[..rows.len().min(BLOCK)]).iter().enumerate() {
            numbers[rows[slot]] += count(&first_of(bits, slot));
        }
    }
    ordered.in_the_order_given(numbers)
}

/// The layer of each of `points`, `[n, m]`: one more than the last layer of those that dominate it.
pub(crate) fn ranks<P: AsRef<[f64]>>(points: &[P]) -> Vec<usize> {
    let mut ordered = Ordered::new(points);
    let distinct = ordered.distinct();
    let mut ranks = vec![0; points.len()];
    let mut rest = distinct.as_slice();
    while let Some((block, later)) = split(rest) {
        let dominators = ordered.dominators_within(block);
        for (slot, bits) in dominators.iter().enumerate() {
            ranks[block[slot]] =
                ranks[block[slot]].max(below_last(bits, &dominators, |column| ranks[block[column]]));
        }
        // With the last layers in front, the first bit of each later row is the one that counts.
        let mut block = block.to_vec();
        block.sort_by_key(|&column| std::cmp::Reverse(ranks[column]));
        ordered.keep(later);
        for (&row, bits) in later.iter().zip(ordered.no_worse(&block)) {
            if let Some(column) = ones(&bits).next() {
                ranks[row] = ranks[row].max(ranks[block[column]] + 1);
            }
        }
        rest = later;
    }
    ordered.in_the_order_given(ranks)
}

/// The indices of those of `points`, `[n, m]`, that no other dominates.
pub(crate) fn non_dominated<P: AsRef<[f64]>>(points: &[P]) -> Vec<usize> {
    let mut ordered = Ordered::new(points);
    let mut rest = ordered.distinct();
    let mut kept = vec![0; points.len()];
    while let Some((block, later)) = split(&rest) {
        let dominators = ordered.dominators_within(block);
        let is_kept = |slot: &usize| count(&dominators[*slot]) == 0;
        let block: Vec<usize> = (0..block.len()).filter(is_kept).map(|slot| block[slot]).collect();
        ordered.keep(later);
        let survives = |(&row, bits): (&usize, Row)| (count(&bits) == 0).then_some(row);
        let survivors = later.iter().zip(ordered.no_worse(&block)).filter_map(survives).collect();
        for place in block {
            kept[place] = 1;
        }
        rest = survivors;
    }
    let kept = ordered.in_the_order_given(kept);
    (0..points.len()).filter(|&index| kept[index] == 1).collect()
}

/// One block of columns and what comes after it; nothing once all are taken.
fn split(places: &[usize]) -> Option<(&[usize], &[usize])> {
    (!places.is_empty()).then(|| places.split_at(places.len().min(BLOCK)))
}

/// Points in lexicographic order, so that a point's dominators come before it and none is worse in the first objective.
/// Rows and columns are both places in this order.
struct Ordered {
    /// Which point, in the order given, has each place.
    points: Vec<usize>,
    /// Of each objective but the first, the values by place.
    values: Vec<Vec<f64>>,
    /// Of each objective but the first, the places of the rows in rising order.
    rising: Vec<Vec<usize>>,
    /// Which row each place is, where it is one.
    slots: Vec<Option<usize>>,
    /// Whether a place holds the same point as the one before it.
    is_copy: Vec<bool>,
}

impl Ordered {
    /// With every point for a row.
    fn new<P: AsRef<[f64]>>(points: &[P]) -> Self {
        let order = lexicographic_order(points);
        let row = |place: usize| points[order[place]].as_ref();
        let objectives = 1..points.first().map_or(1, |point| point.as_ref().len());
        let column = |objective| (0..points.len()).map(|place| row(place)[objective]).collect();
        let values: Vec<Vec<f64>> = objectives.map(column).collect();
        Self {
            rising: values.iter().map(|values| rising(values.iter().copied())).collect(),
            slots: (0..points.len()).map(Some).collect(),
            is_copy: (0..points.len()).map(|place| place > 0 && row(place) == row(place - 1)).collect(),
            points: order,
            values,
        }
    }

    /// The places without copies of the ones before.
    fn distinct(&self) -> Vec<usize> {
        (0..self.points.len()).filter(|&place| !self.is_copy[place]).collect()
    }

    /// From now on only these places, which were rows before, are rows.
    fn keep(&mut self, rows: &[usize]) {
        self.slots.fill(None);
        for (slot, &row) in rows.iter().enumerate() {
            self.slots[row] = Some(slot);
        }
        for rising in &mut self.rising {
            rising.retain(|&place| self.slots[place].is_some());
        }
    }

    /// For each row, the columns of `block` that are no worse in any objective but the first: bit `i` for `block[i]`.
    fn no_worse(&self, block: &[usize]) -> Vec<Row> {
        let mut rows = vec![[u64::MAX; WORDS]; self.rising.first().map_or(0, Vec::len)];
        for (values, rising) in self.values.iter().zip(&self.rising) {
            let slots = rising.iter().filter_map(|&row| Some((row, self.slots[row]?)));
            intersect(&mut rows, values, block, &rising_columns(values, block), slots);
        }
        rows
    }

    /// For each of the distinct points of `block`, those of the block that dominate it.
    fn dominators_within(&self, block: &[usize]) -> Vec<Row> {
        let mut rows = vec![[u64::MAX; WORDS]; block.len()];
        for values in &self.values {
            let columns = rising_columns(values, block);
            let slots = columns.iter().map(|&slot| (block[slot], slot));
            intersect(&mut rows, values, block, &columns, slots);
        }
        rows.iter().enumerate().map(|(slot, bits)| first_of(bits, slot)).collect()
    }

    /// What was found by place, by point; copies have what the first of them has.
    fn in_the_order_given(&self, mut by_place: Vec<usize>) -> Vec<usize> {
        let mut given = vec![0; by_place.len()];
        for place in 0..by_place.len() {
            if self.is_copy[place] {
                by_place[place] = by_place[place - 1];
            }
            given[self.points[place]] = by_place[place];
        }
        given
    }
}

/// The columns of `block` in rising order of one objective's values.
fn rising_columns(values: &[f64], block: &[usize]) -> Vec<usize> {
    rising(block.iter().map(|&place| values[place]))
}

/// Keeps of each row's bits those of the columns that are no worse in one objective. `rising_rows` are (place, slot).
fn intersect(
    rows: &mut [Row],
    values: &[f64],
    block: &[usize],
    rising_columns: &[usize],
    rising_rows: impl Iterator<Item = (usize, usize)>,
) {
    let mut columns = rising_columns.iter().peekable();
    let mut seen: Row = [0; WORDS];
    for (row, slot) in rising_rows {
        while let Some(&column) = columns.next_if(|&&column| values[block[column]] <= values[row]) {
            seen[column / 64] |= 1 << (column % 64);
        }
        for (word, seen) in rows[slot].iter_mut().zip(seen) {
            *word &= seen;
        }
    }
}

/// The bits of the first `columns` columns; all where there are more than a block has.
fn first_of(bits: &Row, columns: usize) -> Row {
    std::array::from_fn(|word| {
        let kept = columns.saturating_sub(word * 64);
        if kept < 64 { bits[word] & ((1 << kept) - 1) } else { bits[word] }
    })
}

fn count(bits: &Row) -> usize {
    bits.iter().map(|word| word.count_ones() as usize).sum()
}

/// One more than the highest rank among the columns of `bits`, 0 where there are none. Who dominates a column that was
/// looked at lies in a layer above it and need not be.
fn below_last(bits: &Row, dominators: &[Row], rank: impl Fn(usize) -> usize) -> usize {
    let (mut left, mut below) = (*bits, 0);
    for word in (0..WORDS).rev() {
        while left[word] != 0 {
            let bit = 63 - left[word].leading_zeros() as usize;
            let column = word * 64 + bit;
            below = below.max(rank(column) + 1);
            left[word] &= !(1 << bit);
            for (left, dominating) in left[..=word].iter_mut().zip(&dominators[column]) {
                *left &= !dominating;
            }
        }
    }
    below
}

/// The columns whose bits are set, rising.
fn ones(bits: &Row) -> impl Iterator<Item = usize> {
    bits.iter().enumerate().flat_map(|(word, &bits)| {
        let mut left = bits;
        std::iter::from_fn(move || {
            let bit = (left != 0).then(|| left.trailing_zeros() as usize)?;
            left &= left - 1;
            Some(word * 64 + bit)
        })
    })
}
