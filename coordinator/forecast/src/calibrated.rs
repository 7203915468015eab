//! A band around any point model that follows how wrong the model lately was.
//!
//! Errors come from issues of the last two months that the model had not seen: before the end of its fit those of a twin that was fitted on
//! the hours before a hold-out, after it the model's own, replayed from the history at hand (so that the band adapts as errors are realised:
//! split conformal prediction in a sliding window; Gibbs & Candès, NeurIPS 2021, on why it must slide). All from the history alone.

use std::cell::RefCell;
use std::collections::BTreeMap;

use common::carbon::Forecast;
use common::time::GridHour;

use crate::band::{Band, Errors};
use crate::forecaster::{MAX_HORIZON_HOURS, check_horizon};
use crate::{Error, Forecaster, PointModel, Series};

/// How far back errors count: long enough for tails, short enough for the season.
const REMEMBERED_HOURS: usize = 60 * 24;
/// Held out of the fit, with a horizon of its own so that the first issues after the fit find two months of errors.
const HOLD_OUT_HOURS: usize = REMEMBERED_HOURS + 96;
/// Issues a band is learnt from; days of them where the history has as many, else closer together.
const ISSUES: usize = 60;

/// `points [horizon]` by hour of issue.
type Points = BTreeMap<GridHour, Vec<f64>>;

#[derive(Debug)]
pub struct Calibrated {
    model: Box<dyn PointModel>,
    /// What the twin said in the hold-out.
    held_out: Points,
    /// What the model said since it was fitted, with a mark of the hours it was said from: a revised hour makes it stale.
    replayed: RefCell<BTreeMap<GridHour, (u64, Vec<f64>)>>,
}

impl Calibrated {
    pub fn new(model: Box<dyn PointModel>) -> Self {
        Self { model, held_out: Points::new(), replayed: RefCell::default() }
    }

    /// Earlier issues, as numbers of known hours, oldest first: at the same hour of the day where two months are at hand.
    fn issues(&self, history: &Series, fitted_until: GridHour) -> Vec<usize> {
        let hours = history.len();
        let after_fit = usize::try_from(fitted_until.0 - history.first_hour().0 + 1).unwrap_or(0);
        let first_held_out = self.held_out.keys().next().map_or(fitted_until, |hour| *hour);
        let oldest = usize::try_from(first_held_out.0 - history.first_hour().0 + 1).unwrap_or(0);
        let oldest = oldest.min(after_fit).max(self.model.input_hours());
        let span = hours.saturating_sub(oldest).min(REMEMBERED_HOURS);
        let stride = (span / ISSUES).clamp(1, 24);
        (1..=span / stride).rev().map(|back| hours - back * stride).collect()
    }

    /// What was said at each of the issues; those of which nothing is known are left out.
    fn said(&self, history: &Series, issues: &[usize], until: GridHour) -> Result<Points, Error> {
        let issued_at = |known: usize| history.first_hour().plus(known as i64 - 1);
        let mut said = Points::new();
        let mut missing = Vec::new();
        let mut replayed = self.replayed.borrow_mut();
        for &known in issues {
            let at = issued_at(known);
            if at < until {
                if let Some(points) = self.held_out.get(&at) {
                    said.insert(at, points.clone());
                }
                continue;
            }
            let mark = mark(history, known, self.model.input_hours());
            match replayed.get(&at) {
                Some((of, points)) if *of == mark => drop(said.insert(at, points.clone())),
                _ => missing.push((known, mark)),
            }
        }
        let asked: Vec<usize> = missing.iter().map(|(known, _)| *known).collect();
        let answers = if asked.is_empty() {
            Vec::new()
        } else {
            self.model.points(history, &asked, self.model.max_horizon())?
        };
        for ((known, mark), points) in missing.into_iter().zip(answers) {
            said.insert(issued_at(known), points.clone());
            replayed.insert(issued_at(known), (mark, points));
        }
        let forgotten = history.last_hour().plus(-(REMEMBERED_HOURS as i64));
        replayed.retain(|at, _| *at >= forgotten);
        Ok(said)
    }

    fn errors(&self, history: &Series, until: GridHour, horizon: usize) -> Result<Errors, Error> {
        let issues = self.issues(history, until);
        let span = issues.first().map_or(0, |oldest| history.len() - oldest);
        let mut errors = Errors::new(horizon, span);
        for (at, points) in self.said(history, &issues, until)? {
            let known = (at.0 - history.first_hour().0 + 1) as usize;
            errors.add(&points[..horizon.min(points.len())], &history.values()[known..]);
        }
        Ok(errors)
    }
}

impl Forecaster for Calibrated {
    fn name(&self) -> &str {
        self.model.name()
    }

    fn min_history_hours(&self) -> usize {
        // A quarter is held out, and the twin needs what the model needs.
        (self.model.min_history_hours() * 4).div_ceil(3)
    }

    fn fit(&mut self, history: &Series) -> Result<(), Error> {
        crate::forecaster::check_length(self, history)?;
        let held_out = (history.len() / 4).min(HOLD_OUT_HOURS);
        let boundary = history.len() - held_out;
        // The last issue of the hold-out has one hour to be measured by.
        let known: Vec<usize> = (boundary..history.len()).collect();
        let points = self.model.fit_held_out(history, boundary, &known, self.model.max_horizon())?;
        let issued_at = |known: &usize| history.first_hour().plus(*known as i64 - 1);
        self.held_out = known.iter().map(issued_at).zip(points).collect();
        self.replayed.borrow_mut().clear();
        Ok(())
    }

    fn forecast(&self, history: &Series, horizon: usize) -> Result<Forecast, Error> {
        check_horizon(horizon, self.model.max_horizon().min(MAX_HORIZON_HOURS))?;
        crate::forecaster::check_length(self, history)?;
        let until =
            self.model.fitted_until().ok_or_else(|| Error::NotFitted { model: self.name().into() })?;
        let issued_at = history.last_hour();
        if until > issued_at {
            let model = self.name().into();
            return Err(Error::FromTheFuture { model, fitted_until: until, issued_at });
        }
        let points = self.model.points(history, &[history.len()], horizon)?;
        let band = Band::learn(&self.errors(history, until, horizon)?);
        Ok(band.draw(self.name(), history, &points[0]))
    }
}

/// Tells whether hours have changed: FNV-1a over the bits of the last `hours` of the first `known`, channels included.
fn mark(history: &Series, known: usize, hours: usize) -> u64 {
    let range = known.saturating_sub(hours)..known;
    let channels = history.channels().iter().map(|channel| channel.values());
    std::iter::once(history.values())
        .chain(channels)
        .flat_map(|values| &values[range.clone()])
        .fold(0xcbf2_9ce4_8422_2325, |mark, value| (mark ^ value.to_bits()).wrapping_mul(0x100_0000_01b3))
}
