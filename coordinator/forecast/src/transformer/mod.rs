//! A time-series transformer: PatchTST's encoder (Nie et al., ICLR 2023) around a linear skip.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `options` | what shapes it and its training |
//! | `inputs` | standardised hours and the calendar |
//! | `skip` | the linear map around the network |
//! | `network`, `weights` | the encoder, readable beside the paper's figure, and its numbers |
//! | `lesson`, `training` | examples and learning |
//! | `fit`, `fitted` | how all of it is put together, and what a forecast is made of |
//! | `file` | weights on a disk |
//! | `pretrained` | networks from a file, taken up by a zone |
//!
//! `forecast = skip(hours, mix, calendar) + gain · encoder(…)`, in standardised logarithms, so that errors are nearly relative. The encoder learns all levels, for a network that must also say how sure it is learns the middle better; the
//! band that is issued comes from realised errors ([`crate::Calibrated`]), which know more of the present than training does. Fitted to one zone or to several at once. Deterministic: one seed, one
//! thread a network, dice of our own. It needs no mix, and uses it where the trace has it.

mod file;
mod fit;
mod fitted;
mod inputs;
mod lesson;
mod network;
mod options;
mod pretrained;
mod skip;
mod training;
mod weights;

use common::time::GridHour;

pub use file::WeightsError;
pub use fitted::{About, AboutZone};
pub use options::Options;
pub use training::Course;

use crate::forecaster::{MAX_HORIZON_HOURS, check_horizon};
use crate::{Error, PointModel, Series};
use fitted::Fitted;
use options::INPUT_HOURS;
use pretrained::Pretrained;

pub(crate) const NAME: &str = "transformer";
/// As the linear maps, beside which it stands in the ensemble: of so little the network learns next to nothing, and the skip carries it.
const MIN_HISTORY_HOURS: usize = 1_080;
/// In company, a zone needs no more than some windows of its own beside a horizon.
const MIN_COMPANY_HOURS: usize = 30 * 24;

/// Its tensors are used by one thread at a time: it may be handed on, not shared.
#[derive(Debug)]
pub struct Transformer {
    options: Options,
    horizon: usize,
    /// Where its networks come from, if they are not to be trained.
    pretrained: Option<Pretrained>,
    fitted: Option<Fitted>,
}

impl Transformer {
    /// For forecasts of up to `horizon` hours (1–168).
    pub fn new(horizon: usize) -> Result<Self, Error> {
        Self::with_options(horizon, Options::default())
    }

    pub fn with_options(horizon: usize, options: Options) -> Result<Self, Error> {
        check_horizon(horizon, MAX_HORIZON_HOURS)?;
        Ok(Self { options, horizon, pretrained: None, fitted: None })
    }

    /// `transformer:FILE`: fits its skip alone, to one zone of the file.
    pub fn pretrained(name: &str, horizon: usize) -> Result<Self, Error> {
        let pretrained = Some(Pretrained::read(name, horizon)?);
        Ok(Self { pretrained, ..Self::new(horizon)? })
    }

    /// Learns from several zones at once, so that one with a month of history forecasts like one with years. `stop` is asked now and
    /// then; once it says so, what was learnt until then stands.
    pub fn fit_together(
        &mut self,
        histories: &[&Series],
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<(), Error> {
        let head = histories.first().ok_or(Error::Empty)?;
        let needed = if histories.len() > 1 { MIN_COMPANY_HOURS + self.horizon } else { MIN_HISTORY_HOURS };
        for (number, history) in histories.iter().enumerate() {
            if history.kind() != head.kind() {
                let (zone, first, other) = (history.zone().clone(), head.kind(), history.kind());
                return Err(Error::MixedKinds { zone, first, other });
            }
            if histories[..number].iter().any(|earlier| earlier.zone() == history.zone()) {
                return Err(Error::Singular {
                    model: NAME.into(),
                    zone: history.zone().clone(),
                    reason: "it is given twice".into(),
                });
            }
            if history.len() < needed {
                return Err(Error::ShortHistory { model: NAME.into(), needed, found: history.len() });
            }
        }
        self.fitted = Some(fit::fit(histories, &self.options, self.horizon, stop)?);
        Ok(())
    }

    /// What it was fitted on and how it went.
    pub fn about(&self) -> Option<&About> {
        self.fitted.as_ref().map(|fitted| &fitted.about)
    }

    /// What `fitted` says after each of `known` counts of hours.
    fn points_of(
        &self,
        fitted: &Fitted,
        history: &Series,
        known: &[usize],
        horizon: usize,
    ) -> Result<Vec<Vec<f64>>, Error> {
        check_horizon(horizon, self.horizon)?;
        if known.is_empty() {
            return Ok(Vec::new());
        }
        let zone = fitted.zone(history.zone()).filter(|_| fitted.about.kind == history.kind());
        let zone = zone.ok_or_else(|| Error::OtherSeries {
            model: self.name().into(),
            fitted: format!("{} {:?}", zones(&fitted.about), fitted.about.kind),
            found: format!("{} {:?}", history.zone(), history.kind()),
        })?;
        let newest = known.iter().copied().max().unwrap_or(0);
        let oldest = known.iter().copied().min().unwrap_or(0);
        if oldest < INPUT_HOURS {
            return Err(Error::ShortHistory {
                model: self.name().into(),
                needed: INPUT_HOURS,
                found: oldest,
            });
        }
        // What no issue reads costs time, and what comes after the newest may not be read (law F-1).
        let from = oldest - INPUT_HOURS;
        let read = history.first(newest).tail(newest - from);
        let known: Vec<usize> = known.iter().map(|known| known - from).collect();
        let _one = OneThread::new();
        let mut points = fitted.points(zone, &read, &known);
        points.iter_mut().for_each(|points| points.truncate(horizon));
        Ok(points)
    }
}

impl PointModel for Transformer {
    fn name(&self) -> &str {
        self.pretrained.as_ref().map_or(NAME, |pretrained| &pretrained.name)
    }

    fn min_history_hours(&self) -> usize {
        MIN_HISTORY_HOURS
    }

    fn input_hours(&self) -> usize {
        INPUT_HOURS
    }

    fn max_horizon(&self) -> usize {
        self.horizon
    }

    fn unfitted(&self) -> Box<dyn PointModel> {
        let (options, pretrained) = (self.options.clone(), self.pretrained.clone());
        Box::new(Self { options, horizon: self.horizon, pretrained, fitted: None })
    }

    fn fit(&mut self, history: &Series) -> Result<(), Error> {
        let Some(pretrained) = &self.pretrained else { return self.fit_together(&[history], &|| false) };
        let (fitted_until, issued_at) = (pretrained.until()?, history.last_hour());
        if fitted_until > issued_at {
            return Err(Error::FromTheFuture { model: self.name().into(), fitted_until, issued_at });
        }
        self.fitted = Some(pretrained.renewed(history)?);
        Ok(())
    }

    fn fitted_until(&self) -> Option<GridHour> {
        self.about()?.zones.iter().map(|zone| zone.until).max()
    }

    fn points(&self, history: &Series, known: &[usize], horizon: usize) -> Result<Vec<Vec<f64>>, Error> {
        let fitted = self.fitted.as_ref().ok_or_else(|| Error::NotFitted { model: self.name().into() })?;
        self.points_of(fitted, history, known, horizon)
    }

    /// The networks stay with what they learnt before the boundary: training them is what takes minutes. All else is fitted twice. Networks
    /// from a file know more: where they know what came, they are silent, and the skip speaks alone.
    fn fit_held_out(
        &mut self,
        history: &Series,
        boundary: usize,
        known: &[usize],
        horizon: usize,
    ) -> Result<Vec<Vec<f64>>, Error> {
        if let Some(pretrained) = &self.pretrained {
            let until = pretrained.until()?;
            let mut earlier = pretrained.renewed(&history.first(boundary))?;
            let is_seen = |known: &usize| history.first_hour().plus(*known as i64 - 1) < until;
            let (seen, unseen): (Vec<usize>, Vec<usize>) = known.iter().partition(|known| is_seen(known));
            let late = self.points_of(&earlier, history, &unseen, horizon)?;
            earlier.silence();
            let mut points = self.points_of(&earlier, history, &seen, horizon)?;
            points.extend(late);
            self.fit(history)?;
            return Ok(points);
        }
        self.fit(&history.first(boundary))?;
        let points = self.points(history, known, horizon)?;
        let fitted = self.fitted.take().expect("just fitted");
        self.fitted = Some(fit::renew(fitted, 0, history)?);
        Ok(points)
    }
}

fn zones(about: &About) -> String {
    about.zones.iter().map(|about| about.zone.to_string()).collect::<Vec<_>>().join(", ")
}

/// Holds libtorch to one thread while it lives: how many share a sum decides its last bits, and they must not depend on the machine.
#[derive(Debug)]
struct OneThread(i32);

impl OneThread {
    fn new() -> Self {
        let before = tch::get_num_threads();
        tch::set_num_threads(1);
        Self(before)
    }
}

impl Drop for OneThread {
    fn drop(&mut self) {
        tch::set_num_threads(self.0);
    }
}
