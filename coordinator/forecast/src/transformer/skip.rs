//! The linear skip around the network: a map from the last two weeks, the mix of three days and the calendar to all coming hours.
//!
//! Ridge regression (Hoerl & Kennard 1970) in standardised units. Older lags are trusted less: the column of lag l is scaled by
//! 1/(1 + l/24), which is a prior of that width on its weight. The strength λ, one per day ahead, is chosen by leaving out each
//! eighth of the history in turn; what the map says of an eighth that it has not seen is kept, for the network is to learn the
//! map's errors as they will be, not as they are where it was fitted.

use common::time::GridHour;
use tch::{Kind, Tensor};

use super::inputs::{DAILY_WAVES, FIGURES, SEASON, WAVES, calendar};
use super::options::INPUT_HOURS;

/// Hours of wind, solar and demand: longer adds more noise than knowledge.
const MIX_HOURS: usize = 72;
const FEATURES: usize = INPUT_HOURS + (FIGURES - 1) * MIX_HOURS + WAVES + SEASON + SEASON * DAILY_WAVES + 1;
/// Trust in the waves of the year: a history holds each season once or twice.
const SEASON_SCALE: f64 = 0.3;
const FOLDS: usize = 8;
/// Every second window: neighbours are nearly alike.
const STRIDE: usize = 2;
const RIDGES: [f64; 6] = [3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1];
/// What a window of another zone counts, where zones are fitted together: more is better where the history is short.
const SHARES: [f64; 3] = [0.0, 0.02, 0.2];
const INTERCEPT_RIDGE: f64 = 1e-9;

/// Standardised hours of one zone.
#[derive(Debug)]
pub struct Hours {
    /// `[hours × 4]`.
    pub figures: Vec<f32>,
    pub first: GridHour,
}

/// What one zone's windows amount to.
#[derive(Debug)]
pub struct Windows {
    horizon: usize,
    /// `[windows, features]`, one for each count of known hours from 336 on whose target hours are known.
    features: Tensor,
    /// `[windows, horizon]`.
    targets: Tensor,
    total: Products,
}

/// XᵀX and XᵀY over some windows, in double precision.
#[derive(Debug)]
struct Products {
    gram: Tensor,
    targets: Tensor,
}

/// Windows `from` to before `to`, and what they and their neighbours amount to.
#[derive(Debug)]
struct Fold {
    from: i64,
    to: i64,
    near: Products,
}

/// The fitted map.
#[derive(Debug)]
pub struct Skip {
    /// `[features, horizon]`.
    weights: Tensor,
}

impl Hours {
    pub fn len(&self) -> usize {
        self.figures.len() / FIGURES
    }

    /// Standardised.
    pub fn intensity(&self, hour: usize) -> f32 {
        self.figures[hour * FIGURES]
    }

    /// One row of features when the first `known` hours are known; `known` ≥ 336.
    fn features(&self, known: usize, row: &mut Vec<f32>) {
        let figure = |hour: usize, place: usize| self.figures[hour * FIGURES + place];
        let trust = |lag: usize| 1.0 / (1.0 + lag as f32 / 24.0);
        row.extend((known - INPUT_HOURS..known).map(|hour| figure(hour, 0) * trust(known - hour)));
        for place in 1..FIGURES {
            row.extend((known - MIX_HOURS..known).map(|hour| figure(hour, place) * trust(known - hour)));
        }
        let calendar = calendar(self.first.plus(known as i64 - 1));
        let (waves, season) = calendar.split_at(WAVES);
        row.extend(waves.iter().map(|wave| *wave as f32));
        for wave in season {
            row.push((wave * SEASON_SCALE) as f32);
            row.extend(waves[..DAILY_WAVES].iter().map(|daily| (wave * daily * SEASON_SCALE) as f32));
        }
        row.push(1.0);
    }

    /// `[counts, features]`, one row for each count of known hours.
    pub fn rows(&self, counts: impl Iterator<Item = usize>) -> Tensor {
        let mut values = Vec::new();
        counts.for_each(|known| self.features(known, &mut values));
        Tensor::from_slice(&values).view([-1, FEATURES as i64])
    }

    /// `[counts, horizon]`: the standardised intensities that followed.
    pub fn targets(&self, counts: impl Iterator<Item = usize>, horizon: usize) -> Tensor {
        let mut values = Vec::new();
        for known in counts {
            values.extend((known..known + horizon).map(|hour| self.intensity(hour)));
        }
        Tensor::from_slice(&values).view([-1, horizon as i64])
    }
}

impl Windows {
    /// None when not even two windows fit into each fold.
    pub fn new(hours: &Hours, horizon: usize) -> Option<Self> {
        let counts = INPUT_HOURS..(hours.len() + 1).saturating_sub(horizon);
        if counts.len() < 2 * FOLDS * STRIDE {
            return None;
        }
        let (features, targets) = (hours.rows(counts.clone()), hours.targets(counts, horizon));
        let total = Products::of(&features, &targets, 0, features.size()[0]);
        Some(Self { horizon, features, targets, total })
    }

    /// The map and, `[windows, horizon]`, what maps that had not seen a window's fold say of it. `others` are the windows of zones
    /// that are fitted together with this one.
    pub fn fit(&self, others: &[&Self]) -> Option<(Skip, Tensor)> {
        let other = Products::sum(others.iter().map(|windows| &windows.total));
        let shares = if others.is_empty() { &SHARES[..1] } else { &SHARES };
        let folds = self.folds();
        let days = self.horizon.div_ceil(24);
        let mut best: Vec<Option<(f64, f64, f64, Tensor)>> = (0..days).map(|_| None).collect();
        for &share in shares {
            for ridge in RIDGES {
                let honest = self.cross(&folds, ridge, share, other.as_ref())?;
                let errors = (&honest - &self.targets).abs();
                for (day, best) in best.iter_mut().enumerate() {
                    let error = of_day(&errors, day).mean(Kind::Double).double_value(&[]);
                    if error.is_finite() && best.as_ref().is_none_or(|(least, ..)| error < *least) {
                        *best = Some((error, ridge, share, of_day(&honest, day).copy()));
                    }
                }
            }
        }
        let best = best.into_iter().collect::<Option<Vec<_>>>()?;
        let honest: Vec<&Tensor> = best.iter().map(|(.., honest)| honest).collect();
        let honest = Tensor::cat(&honest, 1);
        let weights: Option<Vec<Tensor>> = best
            .iter()
            .enumerate()
            .map(|(day, (_, ridge, share, _))| {
                let whole = self.total.plus(other.as_ref(), *share);
                whole.solve(*ridge).map(|weights| of_day(&weights, day))
            })
            .collect();
        Some((Skip { weights: Tensor::cat(&weights?, 1) }, honest))
    }

    fn folds(&self) -> Vec<Fold> {
        let count = self.features.size()[0];
        // Windows that overlap the left-out ones know their hours.
        // In a short history they are not all left out, or nothing would be left.
        let gap = ((self.horizon + INPUT_HOURS / 2) as i64).min(count / FOLDS as i64);
        let fold = |fold: i64| {
            let (from, to) = (count * fold / FOLDS as i64, count * (fold + 1) / FOLDS as i64);
            let near =
                Products::of(&self.features, &self.targets, (from - gap).max(0), (to + gap).min(count));
            Fold { from, to, near }
        };
        (0..FOLDS as i64).map(fold).collect()
    }

    /// `[windows, horizon]`: each fold by the map of all windows that are not near it.
    fn cross(&self, folds: &[Fold], ridge: f64, share: f64, others: Option<&Products>) -> Option<Tensor> {
        let mut honest = Vec::with_capacity(FOLDS);
        for fold in folds {
            let weights = self.total.minus(&fold.near).plus(others, share).solve(ridge)?;
            honest.push(self.features.narrow(0, fold.from, fold.to - fold.from).matmul(&weights));
        }
        Some(Tensor::cat(&honest, 0))
    }
}

impl Products {
    /// Over every second window from `from` to before `to`.
    fn of(features: &Tensor, targets: &Tensor, from: i64, to: i64) -> Self {
        // On a common grid, so that the windows of a fold are among those of the whole.
        let from = from - from % STRIDE as i64;
        let part = |tensor: &Tensor| tensor.slice(0, from, to, STRIDE as i64);
        let transposed = part(features).tr();
        let double = |product: Tensor| product.to_kind(Kind::Double);
        Self {
            gram: double(transposed.matmul(&part(features))),
            targets: double(transposed.matmul(&part(targets))),
        }
    }

    fn sum<'a>(products: impl Iterator<Item = &'a Self>) -> Option<Self> {
        let add = |sum: Self, other: &Self| sum.plus(Some(other), 1.0);
        let mut products = products;
        let first = products.next()?;
        Some(products.fold(first.plus(None, 0.0), add))
    }

    fn plus(&self, other: Option<&Self>, share: f64) -> Self {
        match other {
            Some(other) => Self {
                gram: &self.gram + &other.gram * share,
                targets: &self.targets + &other.targets * share,
            },
            None => Self { gram: self.gram.copy(), targets: self.targets.copy() },
        }
    }

    fn minus(&self, other: &Self) -> Self {
        self.plus(Some(other), -1.0)
    }

    /// `[features, horizon]`; None when the equations have no solution.
    fn solve(&self, ridge: f64) -> Option<Tensor> {
        // The intercept's own product counts the windows.
        let last = FEATURES as i64 - 1;
        let windows = self.gram.double_value(&[last, last]);
        let mut diagonal = vec![ridge * windows.max(1.0); FEATURES];
        diagonal[FEATURES - 1] = INTERCEPT_RIDGE * windows.max(1.0) + f64::EPSILON;
        let gram = &self.gram + Tensor::from_slice(&diagonal).diag(0);
        let (factor, info) = gram.linalg_cholesky_ex(false, false);
        if info.int64_value(&[]) != 0 {
            return None;
        }
        Some(self.targets.cholesky_solve(&factor, false).to_kind(Kind::Float))
    }
}

impl Skip {
    /// `rows [n, features]` to `[n, horizon]`.
    pub fn apply(&self, rows: &Tensor) -> Tensor {
        rows.matmul(&self.weights)
    }

    pub fn weights(&self) -> &Tensor {
        &self.weights
    }

    /// None unless `values` are `[features × horizon]` and finite.
    pub fn from_values(values: &[f32], horizon: usize) -> Option<Self> {
        let fits = values.len() == FEATURES * horizon && values.iter().all(|value| value.is_finite());
        fits.then(|| Self { weights: Tensor::from_slice(values).view([FEATURES as i64, horizon as i64]) })
    }
}

/// The columns of one day ahead, the last of which may be shorter.
pub fn of_day(tensor: &Tensor, day: usize) -> Tensor {
    let horizon = tensor.size()[1];
    let from = day as i64 * 24;
    tensor.narrow(1, from, (horizon - from).min(24))
}
