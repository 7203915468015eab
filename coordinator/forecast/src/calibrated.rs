//! A band around any point model that follows how wrong the model lately was.
//!
//! Errors come from issues of the last months that the model had not seen: before the end of its fit those of a twin that was fitted on
//! the hours before a hold-out, after it the model's own, replayed from the history at hand. A band is drawn from two months of them
//! (split conformal prediction in a sliding window), and then scaled by one factor: that by which the bands of the last two months, each
//! drawn from what was known at its own issue, should have been wider or narrower to hold 90 % of what came (after Gibbs & Candès, "Adaptive
//! conformal inference", NeurIPS 2021). All from the history alone.
//!
//! Where asked to, it also corrects the points by what the last weeks' errors teach (`correction`).

use std::cell::RefCell;
use std::collections::BTreeMap;

use common::carbon::Forecast;
use common::time::GridHour;

use crate::band::{Band, Errors, LEVELS, quantile};
use crate::correction::{self, Issues};
use crate::forecaster::{MAX_HORIZON_HOURS, check_horizon};
use crate::{Error, Forecaster, PointModel, Series};

/// How far back errors count for a band: long enough for tails, short enough for the season.
const BAND_HOURS: usize = 60 * 24;
/// How far back bands are looked at again.
const REVIEWED_HOURS: usize = 60 * 24;
const REMEMBERED_HOURS: usize = BAND_HOURS + REVIEWED_HOURS + correction::WINDOW_HOURS;
/// Held out of the fit, with some days more so that the first issues after the fit find all the errors they want.
const HOLD_OUT_HOURS: usize = REMEMBERED_HOURS + 96;
/// Issues a band is learnt from; days of them where the history has as many, else closer together.
const ISSUES: usize = 60;
/// Hours of the day between the issues on which a correction is tried.
const CORRECTION_STRIDE: usize = 6;
/// Bands are looked at again at every fourth hour ahead: neighbours say the same.
const REVIEW_STEP: usize = 4;
/// Reviewed hours below which no factor is taken.
const MIN_REVIEWED: usize = 200;
/// Two months can hardly ask for more; a flaw in the data can.
const FACTORS: std::ops::RangeInclusive<f64> = 0.5..=2.0;
const SHARE_INSIDE: f64 = LEVELS[18] - LEVELS[0];

/// `points [horizon]` by hour of issue.
type Points = BTreeMap<GridHour, Vec<f64>>;

#[derive(Debug)]
pub struct Calibrated {
    model: Box<dyn PointModel>,
    corrects: bool,
    /// Of the correction; 0 where there is none.
    damping: f64,
    /// What the twin said in the hold-out.
    held_out: Points,
    /// What the model said since it was fitted, with a mark of the hours it was said from: a revised hour makes it stale.
    replayed: RefCell<BTreeMap<GridHour, (u64, Vec<f64>)>>,
}

impl Calibrated {
    pub fn new(model: Box<dyn PointModel>) -> Self {
        let (held_out, replayed) = (Points::new(), RefCell::default());
        Self { model, corrects: false, damping: 0.0, held_out, replayed }
    }

    /// And corrects the model by the newest errors, as far as that would have served the zone.
    pub fn correcting(model: Box<dyn PointModel>) -> Self {
        Self { corrects: true, ..Self::new(model) }
    }

    /// Earlier issues, as numbers of known hours, oldest first, and the hours between them: a day, so that all are at the same hour of
    /// the day, where two months are at hand.
    fn issues(&self, history: &Series, fitted_until: GridHour) -> (Vec<usize>, usize) {
        let hours = history.len();
        let known_at = |hour: GridHour| usize::try_from(hour.0 - history.first_hour().0 + 1).unwrap_or(0);
        let oldest = self.held_out.keys().next().map_or(fitted_until, |hour| *hour).min(fitted_until);
        let oldest = known_at(oldest).max(self.model.input_hours());
        let span = hours.saturating_sub(oldest);
        let stride = (span.min(BAND_HOURS) / ISSUES).clamp(1, 24);
        let span = span.min(REMEMBERED_HOURS);
        ((1..=span / stride).rev().map(|back| hours - back * stride).collect(), stride)
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

    /// What was said at the held-out issues of some hours of the day, for a correction to be tried on.
    fn held_out_by_hour(&self, first: GridHour) -> Vec<Vec<(usize, Vec<f64>)>> {
        let of_hour = |hour: usize| {
            let at_hour = self.held_out.iter().filter(|(at, _)| at.of_day() == hour);
            at_hour.map(|(at, points)| ((at.0 - first.0 + 1) as usize, points.clone())).collect()
        };
        (0..24).step_by(CORRECTION_STRIDE).map(of_hour).collect()
    }
}

/// What was said of a history, by numbers of known hours, oldest first.
struct Past<'a> {
    values: &'a [f64],
    said: &'a [(usize, Vec<f64>)],
    horizon: usize,
}

impl Past<'_> {
    /// Of the two months before `now` known hours, as they were known then.
    fn errors(&self, now: usize) -> Errors {
        let oldest = now.saturating_sub(BAND_HOURS);
        let (from, to) = (self.place(oldest), self.place(now));
        let span = self.said.get(from).map_or(0, |(known, _)| now.saturating_sub(*known));
        let mut errors = Errors::new(self.horizon, span);
        for (known, points) in &self.said[from..to] {
            errors.add(&points[..self.horizon.min(points.len())], &self.values[*known..now]);
        }
        errors
    }

    /// By which the bands of the last two months should have been scaled. 1 where too few can be drawn.
    fn factor(&self, now: usize, stride: usize) -> f64 {
        let oldest = now.saturating_sub(REVIEWED_HOURS);
        // One issue a day is reviewed, however close together they are.
        let every = (24 / stride).max(1);
        let mut needed = Vec::new();
        for (known, points) in self.said[self.place(oldest)..self.place(now)].iter().rev().step_by(every) {
            // A band of less than two weeks is no band yet.
            if self.said[0].0 + 14 * 24 > *known {
                break;
            }
            let errors = self.errors(*known);
            for lead in (0..self.horizon.min(now - known)).step_by(REVIEW_STEP) {
                let Some((low, high)) = errors.outermost(lead) else { continue };
                let error = self.values[known + lead] - points[lead];
                let room = if error < 0.0 { low } else { high };
                needed.push(if room == 0.0 { *FACTORS.end() } else { error / room });
            }
        }
        if needed.len() < MIN_REVIEWED {
            return 1.0;
        }
        needed.sort_unstable_by(f64::total_cmp);
        quantile(&needed, SHARE_INSIDE).clamp(*FACTORS.start(), *FACTORS.end())
    }

    /// How many were said with fewer known hours.
    fn place(&self, known: usize) -> usize {
        self.said.partition_point(|(at, _)| *at < known)
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
        self.damping = match self.corrects {
            true => correction::damping(history.values(), &self.held_out_by_hour(history.first_hour())),
            false => 0.0,
        };
        self.replayed.borrow_mut().clear();
        Ok(())
    }

    fn forecast(&self, history: &Series, horizon: usize) -> Result<Forecast, Error> {
        check_horizon(horizon, self.model.max_horizon().min(MAX_HORIZON_HOURS))?;
        let until =
            self.model.fitted_until().ok_or_else(|| Error::NotFitted { model: self.name().into() })?;
        // Fitted once, it reads a fortnight: a study that was switched off for a while need not begin anew.
        let (needed, found) = (self.model.input_hours(), history.len());
        if found < needed {
            return Err(Error::ShortHistory { model: self.name().into(), needed, found });
        }
        let issued_at = history.last_hour();
        if until > issued_at {
            let model = self.name().into();
            return Err(Error::FromTheFuture { model, fitted_until: until, issued_at });
        }
        let (issues, stride) = self.issues(history, until);
        let known_at = |at: GridHour| (at.0 - history.first_hour().0 + 1) as usize;
        let mut said: Vec<(usize, Vec<f64>)> = self
            .said(history, &issues, until)?
            .into_iter()
            .map(|(at, points)| (known_at(at), points))
            .collect();
        let mut points = self.model.points(history, &[history.len()], horizon)?.swap_remove(0);
        // Issues at all hours of the day, as a short history has them, tell nothing of this one's.
        if self.damping > 0.0 && stride == 24 {
            let taught = Issues::new(history.values(), &said);
            points = taught.corrected(self.damping, history.len(), &points);
            let correct = |(known, points): &(usize, Vec<f64>)| {
                (*known, taught.corrected(self.damping, *known, points))
            };
            said = said.iter().map(correct).collect();
        }
        let past = Past { values: history.values(), said: &said, horizon };
        let factor = past.factor(history.len(), stride);
        let band = Band::learn(&past.errors(history.len())).scaled(factor);
        Ok(band.draw(self.name(), history, &points))
    }
}

/// Tells whether hours have changed: FNV-1a over the bits of the last `hours` of the first `known`, channels and neighbours included.
fn mark(history: &Series, known: usize, hours: usize) -> u64 {
    let told = history.told(known.saturating_sub(hours)..known);
    told.fold(0xcbf2_9ce4_8422_2325, |mark, value| (mark ^ value.to_bits()).wrapping_mul(0x100_0000_01b3))
}
