//! The part of the space below the reference that no point of a set dominates yet, as disjoint boxes: one for each of its
//! upper corners, the "local upper bounds" `u` of Klamroth, Lacour and Vanderpooten (EJOR 2015), cut by the rule of
//! Lacour, Klamroth and Fonseca (Computers & OR 2017). There are at most 2n + 1 corners in 3-D and O(n^⌊D/2⌋) in `D`-D.
//!
//! A corner is kept by its defining points `z¹(u) … zᴰ(u)`: `z^k` bounds it in coordinate `k`, `z^k_k = u_k`, and is
//! better than `u` in all others. Where coordinates tie, a later point counts as the worse one, which keeps both rules as
//! they stand for points without ties; the boxes between tied points have no width.

mod lanes;
mod packed;

pub(crate) use packed::Packed;

use lanes::Lanes;

/// Row `k` is the point that bounds coordinate `k`, so that the corner itself is the diagonal.
type Corner<const D: usize> = [[f64; D]; D];

/// What is left of the box between a lowest point and the reference.
#[derive(Debug, Clone)]
pub(crate) struct Uncovered<const D: usize> {
    corners: Vec<Corner<D>>,
    /// The corners' diagonals, for finding those above a point.
    uppers: Lanes<D>,
    /// Where the space ends downwards.
    lowest: [f64; D],
    /// Scratch: the corners above a new point.
    hit: Vec<usize>,
}

impl<const D: usize> Uncovered<D> {
    /// Everything below `reference`, `[D]`, without end downwards.
    pub(crate) fn below(reference: &[f64]) -> Self {
        Self::between(&[f64::NEG_INFINITY; D], reference)
    }

    /// The box between `lower` and `upper`, both `[D]`. Points inserted must not be below `lower` in any coordinate.
    pub(crate) fn between(lower: &[f64], upper: &[f64]) -> Self {
        let bound = |k: usize| std::array::from_fn(|j| if j == k { upper[j] } else { lower[j] });
        let mut whole = Self { corners: vec![], uppers: Lanes::new(), lowest: array(lower), hit: vec![] };
        whole.push(std::array::from_fn(bound));
        whole
    }

    /// The least point, `[D]`, that no corner exceeds in any coordinate: minus infinity when nothing is left.
    pub(crate) fn reach(&self) -> [f64; D] {
        let farther =
            |reach: [f64; D], corner: &Corner<D>| std::array::from_fn(|k| larger(reach[k], corner[k][k]));
        self.corners.iter().fold([f64::NEG_INFINITY; D], farther)
    }

    /// How much of what is left `point`, `[D]`, dominates.
    pub(crate) fn gain(&self, point: &[f64]) -> f64 {
        let point = array(point);
        let mut gain = 0.0;
        self.above(&point, |index| gain += share(&self.corners[index], &point));
        gain
    }

    /// Takes away what `point`, `[D]`, dominates, and says how much that was.
    pub(crate) fn insert(&mut self, point: &[f64]) -> f64 {
        let point = array(point);
        let mut hit = std::mem::take(&mut self.hit);
        hit.clear();
        self.above(&point, |index| hit.push(index));
        let mut gain = 0.0;
        for &index in &hit {
            let corner = self.corners[index];
            gain += share(&corner, &point);
            for k in 0..D {
                // Otherwise another corner reaches at least as far and has this part in its box, or the part is empty.
                if point[k] >= others_bound(&corner, k) && point[k] > self.lowest[k] {
                    let mut child = corner;
                    child[k] = point;
                    self.push(child);
                }
            }
        }
        for &index in hit.iter().rev() {
            self.corners.swap_remove(index);
            self.uppers.swap_remove(index);
        }
        self.hit = hit;
        gain
    }

    /// The volume of what is left.
    pub(crate) fn volume(&self) -> f64 {
        self.corners.iter().fold(0.0, |volume, corner| volume + share(corner, &self.lowest))
    }

    /// The boxes as (lower, upper), without those that ties left without width.
    pub(crate) fn boxes(&self) -> impl Iterator<Item = ([f64; D], [f64; D])> {
        let bounds = |corner: &Corner<D>| {
            let lower = std::array::from_fn(|k| if k == 0 { self.lowest[0] } else { lower(corner, k) });
            (lower, std::array::from_fn(|k| corner[k][k]))
        };
        let has_width = |(lower, upper): &([f64; D], [f64; D])| lower.iter().zip(upper).all(|(l, u)| l < u);
        self.corners.iter().map(bounds).filter(has_width)
    }

    /// Visits the corners that are worse than `point` in every coordinate, in rising order.
    fn above(&self, point: &[f64; D], mut visit: impl FnMut(usize)) {
        self.uppers.candidates(point, |index| {
            let corner = &self.corners[index];
            if (0..D).all(|k| corner[k][k] > point[k]) {
                visit(index);
            }
        });
    }

    fn push(&mut self, corner: Corner<D>) {
        self.uppers.push(std::array::from_fn(|k| corner[k][k]));
        self.corners.push(corner);
    }
}

/// The volume that the box of `corner` shares with everything `point` dominates. In the first coordinate each box
/// begins at the common lowest value, which no point is below.
fn share<const D: usize>(corner: &Corner<D>, point: &[f64; D]) -> f64 {
    let side = |k: usize| (corner[k][k] - larger(lower(corner, k), point[k])).max(0.0);
    (1..D).fold(corner[0][0] - point[0], |volume, k| volume * side(k))
}

/// Where the box of `corner` begins in coordinate `k`: `max_{i < k} z^i_k`. Everything below belongs to other boxes.
fn lower<const D: usize>(corner: &Corner<D>, k: usize) -> f64 {
    corner[..k].iter().map(|defining| defining[k]).fold(f64::NEG_INFINITY, larger)
}

/// `max_{i ≠ k} z^i_k`: how far coordinate `k` can shrink before another corner has all of what is left.
fn others_bound<const D: usize>(corner: &Corner<D>, k: usize) -> f64 {
    let others = (0..D).filter(|&i| i != k);
    others.map(|i| corner[i][k]).fold(f64::NEG_INFINITY, larger)
}

/// One instruction where `f64::max` takes several to look for NaN, of which there is none here.
fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

fn array<const D: usize>(point: &[f64]) -> [f64; D] {
    point.try_into().expect("the caller gives as many coordinates as the space has")
}
