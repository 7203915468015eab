//! Models that say one number an hour. [`crate::Calibrated`] draws the band around any of them, [`crate::Blend`] mixes several.

use std::fmt;

use common::time::GridHour;

use crate::{Error, Series};

/// Deterministic: the same calls give the same bits.
pub trait PointModel: Send + fmt::Debug {
    fn name(&self) -> &str;

    /// Hours of history without which `fit` answers [`Error::ShortHistory`].
    fn min_history_hours(&self) -> usize;

    /// Hours before an issue that [`PointModel::points`] reads, at most.
    fn input_hours(&self) -> usize;

    /// The longest horizon it can be asked for.
    fn max_horizon(&self) -> usize;

    /// The same model before it was fitted.
    fn unfitted(&self) -> Box<dyn PointModel>;

    fn fit(&mut self, history: &Series) -> Result<(), Error>;

    /// The last hour that it was fitted on.
    fn fitted_until(&self) -> Option<GridHour>;

    /// For each of `known`: what is expected of the `horizon` hours after the first `known` hours of `history`, of which nothing later
    /// is read (law F-1). Many at once, so that a model may compute them side by side. Each is at least `input_hours`.
    fn points(&self, history: &Series, known: &[usize], horizon: usize) -> Result<Vec<Vec<f64>>, Error>;

    /// Fits, and says besides what it would have said at the issues `known`, all at or after `boundary`, had it been fitted on the
    /// first `boundary` hours alone: honest errors to learn a band and weights from. A model that is dear to train may stay with what
    /// it learnt before the boundary.
    fn fit_held_out(
        &mut self,
        history: &Series,
        boundary: usize,
        known: &[usize],
        horizon: usize,
    ) -> Result<Vec<Vec<f64>>, Error> {
        let mut earlier = self.unfitted();
        earlier.fit(&history.first(boundary))?;
        let points = earlier.points(history, known, horizon)?;
        self.fit(history)?;
        Ok(points)
    }
}
