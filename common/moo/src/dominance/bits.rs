//! Dominance among many objectives, sixty-four points at a time: the points that are no worse in one objective are the
//! bits set so far in a walk along that objective's order; those no worse in all objectives are the intersection. This is
//! O(n² m / 64), and what it asks of memory is one block of columns, not all n².

use crate::order::{lexicographic_order, rising};

/// Columns of one block: eight words, one line of cache.
const BLOCK: usize = 512;
const WORDS: usize = BLOCK / 64;

type Row = [u64; WORDS];

/// How many of `points`, `[n, m]`, dominate each.
pub(super) fn numbers<P: AsRef<[f64]>>(points: &[P]) -> Vec<usize> {
    let ordered = Ordered::new(points);
    let mut numbers = vec![0; points.len()];
    for start in (0..points.len()).step_by(BLOCK) {
        let block: Vec<usize> = (start..points.len().min(start + BLOCK)).collect();
        for (row, bits) in ordered.no_worse(&block, start).iter().enumerate() {
            numbers[start + row] += count(&first_of(bits, row));
        }
    }
    for row in ordered.copies() {
        numbers[row] = numbers[row - 1];
    }
    ordered.in_the_order_given(&numbers)
}

/// The layer of each of `points`, `[n, m]`: one more than the last layer of those that dominate it.
pub(crate) fn ranks<P: AsRef<[f64]>>(points: &[P]) -> Vec<usize> {
    let ordered = Ordered::new(points);
    let mut ranks = vec![0; points.len()];
    for start in (0..points.len()).step_by(BLOCK) {
        let end = points.len().min(start + BLOCK);
        let mut block: Vec<usize> = (start..end).collect();
        for (row, bits) in ordered.no_worse(&block, start).iter().enumerate().take(block.len()) {
            let beneath = |column: usize| ranks[start + column] + 1;
            let highest = ones(&first_of(bits, row)).map(beneath).max();
            ranks[start + row] = match ordered.is_copy(start + row) {
                true => ranks[start + row - 1],
                false => ranks[start + row].max(highest.unwrap_or(0)),
            };
        }
        // With the last layers in front, the first bit of each later row is the one that counts.
        block.sort_by_key(|&column| std::cmp::Reverse(ranks[column]));
        for (row, bits) in ordered.no_worse(&block, end).iter().enumerate() {
            if let Some(column) = ones(bits).next() {
                ranks[end + row] = ranks[end + row].max(ranks[block[column]] + 1);
            }
        }
    }
    ordered.in_the_order_given(&ranks)
}

/// Points in lexicographic order, so that a point's dominators come before it and none is worse in the first objective.
/// A row and a column are both a place in this order.
struct Ordered {
    /// Which point, in the order given, has each place.
    points: Vec<usize>,
    /// Of each objective but the first, the values by place.
    values: Vec<Vec<f64>>,
    /// Of each objective but the first, the places in rising order.
    rising: Vec<Vec<usize>>,
    /// Whether a place holds the same point as the one before it.
    is_copy: Vec<bool>,
}

impl Ordered {
    fn new<P: AsRef<[f64]>>(points: &[P]) -> Self {
        let order = lexicographic_order(points);
        let row = |place: usize| points[order[place]].as_ref();
        let objectives = 1..points.first().map_or(1, |point| point.as_ref().len());
        let values: Vec<Vec<f64>> = objectives
            .map(|objective| (0..points.len()).map(|place| row(place)[objective]).collect())
            .collect();
        let rising = values.iter().map(|values| rising(values.iter().copied())).collect();
        let is_copy = (0..points.len()).map(|place| place > 0 && row(place) == row(place - 1)).collect();
        Self { points: order, values, rising, is_copy }
    }

    fn is_copy(&self, place: usize) -> bool {
        self.is_copy[place]
    }

    fn copies(&self) -> impl Iterator<Item = usize> {
        (0..self.points.len()).filter(|&place| self.is_copy[place])
    }

    /// For each row from `from` on, the columns of `block` that are no worse in any objective but the first: bit `i` for
    /// `block[i]`.
    fn no_worse(&self, block: &[usize], from: usize) -> Vec<Row> {
        let mut rows = vec![[u64::MAX; WORDS]; self.points.len() - from];
        for (values, rising) in self.values.iter().zip(&self.rising) {
            let mut columns: Vec<usize> = (0..block.len()).collect();
            columns.sort_unstable_by(|&a, &b| values[block[a]].total_cmp(&values[block[b]]));
            let mut columns = columns.into_iter().peekable();
            let mut seen: Row = [0; WORDS];
            for &row in rising.iter().filter(|&&row| row >= from) {
                while let Some(column) = columns.next_if(|&column| values[block[column]] <= values[row]) {
                    seen[column / 64] |= 1 << (column % 64);
                }
                for (word, seen) in rows[row - from].iter_mut().zip(seen) {
                    *word &= seen;
                }
            }
        }
        rows
    }

    fn in_the_order_given(&self, by_place: &[usize]) -> Vec<usize> {
        let mut given = vec![0; by_place.len()];
        for (&point, &value) in self.points.iter().zip(by_place) {
            given[point] = value;
        }
        given
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
