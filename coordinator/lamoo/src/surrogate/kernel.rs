//! How alike two architectures are expected to be in one objective:
//!
//! `k(x, z) = Σ_g a_g exp(-Σ_{d in g} τ_d D_d(x, z))`, over the groups `g` of a view, and over fidelities, as Kennedy and
//! O'Hagan (Biometrika 87, 2000) have it: what a cheaper fidelity shows is `s_ℓ` times the full one, and a gap of its own
//! that varies as the objective does, `r_ℓ` times as much.
//!
//! `K((x, ℓ), (z, ℓ')) = (s_ℓ s_ℓ' + [ℓ = ℓ' > 0] r_ℓ) k(x, z) + s_ℓ s_ℓ' v + [ℓ = ℓ' > 0] w + noise`, where `v` and `w` are
//! the variances of the unknown mean and of the gap's.

use std::ops::Range;

use super::listing::Listing;
use super::view::{Feature, Layout};

/// The unknown mean's variance, in units of the observations' own.
const MEAN_VARIANCE: f64 = 1.0;
/// That of the mean difference between a cheaper fidelity and the full one, which may be as large as all differences between
/// architectures.
const GAP_MEAN_VARIANCE: f64 = 4.0;

/// Everything learnt about one objective but its observations. All positive.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parameters {
    /// `a`, one for each group.
    pub(crate) amplitudes: Vec<f64>,
    /// `τ`, one for each feature.
    pub(crate) rates: Vec<f64>,
    /// By level; level 0 is the full fidelity, with slope 1 and no gap.
    pub(crate) levels: Vec<LevelParameters>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LevelParameters {
    /// `s`.
    pub(crate) slope: f64,
    /// `r`.
    pub(crate) gap: f64,
    /// Variance of what nothing explains.
    pub(crate) noise: f64,
}

impl Parameters {
    /// `K((x, ℓ), (z, ℓ'))` without noise, for views of `layout`.
    pub(crate) fn covariance(&self, layout: &Layout, a: (&[f64], usize), b: (&[f64], usize)) -> f64 {
        self.coupling(a.1, b.1) * self.between(layout, a.0, b.0) + self.offset(a.1, b.1)
    }

    /// [`Parameters::covariance`] of each view of `list` at the full fidelity with `(view, level)`.
    pub(crate) fn covariances(
        &self,
        layout: &Layout,
        list: &Listing,
        (view, level): (&[f64], usize),
        into: &mut [f64],
    ) {
        into.fill(0.0);
        for ((range, amplitude), parts) in layout.groups.iter().zip(&self.amplitudes).zip(list.parts()) {
            let alike =
                |other: &[f64]| amplitude * self.alike(layout, range.clone(), other, &view[range.clone()]);
            let likenesses: Vec<f64> = parts.distinct().map(alike).collect();
            for (sum, part) in into.iter_mut().zip(&parts.of) {
                *sum += likenesses[*part as usize];
            }
        }
        let (coupling, offset) = (self.coupling(0, level), self.offset(0, level));
        into.iter_mut().for_each(|likeness| *likeness = coupling * *likeness + offset);
    }

    /// `K((x, ℓ), (x, ℓ))` without noise.
    pub(crate) fn variance(&self, level: usize) -> f64 {
        self.coupling(level, level) * self.amplitudes.iter().sum::<f64>() + self.offset(level, level)
    }

    /// `s_ℓ s_ℓ' + [ℓ = ℓ' > 0] r_ℓ`.
    pub(crate) fn coupling(&self, a: usize, b: usize) -> f64 {
        let (first, second) = (&self.levels[a], &self.levels[b]);
        first.slope * second.slope + if a == b { first.gap } else { 0.0 }
    }

    /// `s_ℓ s_ℓ' v + [ℓ = ℓ' > 0] w`.
    pub(crate) fn offset(&self, a: usize, b: usize) -> f64 {
        let own = if a == b && a > 0 { GAP_MEAN_VARIANCE } else { 0.0 };
        self.slopes(a, b) * MEAN_VARIANCE + own
    }

    /// What `s_ℓ s_ℓ'` multiplies: `k(x, z) + v`.
    pub(crate) fn sloped(likeness: f64) -> f64 {
        likeness + MEAN_VARIANCE
    }

    fn slopes(&self, a: usize, b: usize) -> f64 {
        self.levels[a].slope * self.levels[b].slope
    }

    /// `k(x, z)`.
    fn between(&self, layout: &Layout, a: &[f64], b: &[f64]) -> f64 {
        let part = |(range, amplitude): (&Range<usize>, &f64)| {
            amplitude * self.alike(layout, range.clone(), &a[range.clone()], &b[range.clone()])
        };
        layout.groups.iter().zip(&self.amplitudes).map(part).sum()
    }

    /// `exp(-Σ_d τ_d D_d)` over the features `range`, of which `a` and `b` hold the numbers.
    fn alike(&self, layout: &Layout, range: Range<usize>, a: &[f64], b: &[f64]) -> f64 {
        libm::exp(-distance(&layout.features[range.clone()], &self.rates[range], a, b))
    }
}

fn distance(features: &[Feature], rates: &[f64], a: &[f64], b: &[f64]) -> f64 {
    let mut sum = 0.0;
    for (((feature, rate), x), z) in features.iter().zip(rates).zip(a).zip(b) {
        sum += rate * feature.measure.between(*x, *z);
    }
    sum
}
