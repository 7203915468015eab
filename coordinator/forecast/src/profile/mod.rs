//! A map from a handful of sums to each of the coming hours: departures from the mean day of the last two weeks, and how they fade.
//!
//! Where [`crate::LinearMap`] reads every hour of two weeks and has hundreds of weights an hour ahead, this has fifty: it follows less of what
//! is particular to the years that it was fitted on. The two err differently, and mixed they are better than either.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `state` | the columns |
//! | `neighbour` | those that another zone adds |
//! | `lessons` | the regressions |

mod lessons;
mod neighbour;
mod state;

use common::carbon::SignalKind;
use common::id::Zone;
use common::time::GridHour;

use crate::forecaster::{MAX_HORIZON_HOURS, check_channels, check_horizon, check_origin};
use crate::linear::{MIN_HISTORY_HOURS, Measure, WINDOW_HOURS};
use crate::{Error, PointModel, Series};
use lessons::Learnt;
use neighbour::Neighbour;
use state::{READ_HOURS, State};

const NAME: &str = "profile map";

#[derive(Debug)]
pub struct ProfileMap {
    horizon: usize,
    fitted: Option<Fitted>,
}

#[derive(Debug)]
struct Fitted {
    zone: Zone,
    kind: SignalKind,
    until: GridHour,
    /// Of use, in the hours that it was fitted on.
    channels: usize,
    /// The other zone of use.
    neighbour: Option<Zone>,
    learnt: Learnt,
}

impl ProfileMap {
    /// For forecasts of up to `horizon` hours (1–168).
    pub fn new(horizon: usize) -> Result<Self, Error> {
        check_horizon(horizon, MAX_HORIZON_HOURS)?;
        Ok(Self { horizon, fitted: None })
    }
}

impl PointModel for ProfileMap {
    fn name(&self) -> &str {
        NAME
    }

    fn min_history_hours(&self) -> usize {
        MIN_HISTORY_HOURS
    }

    fn input_hours(&self) -> usize {
        READ_HOURS
    }

    fn max_horizon(&self) -> usize {
        self.horizon
    }

    fn unfitted(&self) -> Box<dyn PointModel> {
        Box::new(Self { horizon: self.horizon, fitted: None })
    }

    fn fit(&mut self, history: &Series) -> Result<(), Error> {
        let (needed, found) = (MIN_HISTORY_HOURS, history.len());
        if found < needed {
            return Err(Error::ShortHistory { model: NAME.into(), needed, found });
        }
        let recent = history.tail(WINDOW_HOURS);
        let state = State::of(&recent);
        let issues = lessons::issues(&state, self.horizon);
        let near = Neighbour::nearest(&recent, state.departure_sums(), &issues);
        let state = state.beside(near);
        let learnt = Learnt::from(&state, self.horizon).ok_or_else(|| Error::Singular {
            model: NAME.into(),
            zone: history.zone().clone(),
            reason: "its normal equations have no solution".into(),
        })?;
        let (zone, kind, until) = (history.zone().clone(), history.kind(), history.last_hour());
        let neighbour = state.neighbour().map(|other| other.zone().clone());
        self.fitted = Some(Fitted { zone, kind, until, channels: state.channels(), neighbour, learnt });
        Ok(())
    }

    fn fitted_until(&self) -> Option<GridHour> {
        self.fitted.as_ref().map(|fitted| fitted.until)
    }

    fn points(&self, history: &Series, known: &[usize], horizon: usize) -> Result<Vec<Vec<f64>>, Error> {
        check_horizon(horizon, self.horizon)?;
        let fitted = self.fitted.as_ref().ok_or_else(|| Error::NotFitted { model: NAME.into() })?;
        check_origin(NAME, (&fitted.zone, fitted.kind), history)?;
        let of_issue = |&known: &usize| {
            if known < READ_HOURS || known > history.len() {
                return Err(Error::ShortHistory { model: NAME.into(), needed: READ_HOURS, found: known });
            }
            // Nothing later is read (law F-1), nothing earlier needed.
            let read = history.cut(known - READ_HOURS..known);
            let neighbour = fitted.neighbour.as_ref().and_then(|zone| Neighbour::named(&read, zone));
            let state = State::of(&read).beside(neighbour);
            check_channels(NAME, fitted.channels, state.channels())?;
            let mut points = fitted.learnt.points(&state, READ_HOURS, horizon);
            points.iter_mut().for_each(|point| *point = Measure::Logarithm.back(*point));
            Ok(points)
        };
        known.iter().map(of_issue).collect()
    }
}
