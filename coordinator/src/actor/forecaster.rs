//! Owns the forecast models of all zones, on a thread of its own: fitting one takes a while.

use std::collections::{BTreeMap, BTreeSet};

use actix::prelude::*;
use common::carbon::{CarbonSample, Forecast};
use common::id::Zone;
use common::time::GridHour;
use forecast::{Gaps, Selector, Series};

use super::carbon_watch::{CarbonWatch, History};
use super::coordinator::{Coordinator, Take};
use crate::core::Input;

/// Hours of the past that models learn from: three months hold the season's pattern and are fitted in about a second.
const HISTORY_HOURS: usize = 2_160;
/// A few missing hours are bridged; before a longer gap nothing is learnt from.
const BRIDGED: Gaps = Gaps::FillOrRestart { up_to_hours: 6 };

#[derive(Debug)]
pub struct ForecastMaker {
    model: String,
    horizon: usize,
    selectors: BTreeMap<Zone, Selector>,
}

#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct MakeForecasts {
    pub hour: GridHour,
    pub zones: BTreeSet<Zone>,
    pub watch: Addr<CarbonWatch>,
    pub reply: Addr<Coordinator>,
}

impl ForecastMaker {
    /// `model` is a name of `forecast::MODELS`, or `auto`.
    pub fn new(model: &str, horizon: usize) -> Result<Self, forecast::Error> {
        // Refuses an unknown model at once, before any zone asks for it.
        Selector::new(model, horizon)?;
        Ok(Self { model: model.into(), horizon, selectors: BTreeMap::new() })
    }

    fn forecast(&mut self, zone: &Zone, hour: GridHour, known: &[CarbonSample]) -> Option<Forecast> {
        // F-1: whatever the source knows, a forecast sees nothing after the present hour.
        let past: Vec<CarbonSample> = known.iter().filter(|sample| sample.hour <= hour).cloned().collect();
        if past.is_empty() {
            return None;
        }
        let made = Series::from_samples(&past, BRIDGED).and_then(|series| {
            let selector = match self.selectors.remove(zone) {
                Some(selector) => selector,
                None => Selector::new(&self.model, self.horizon)?,
            };
            self.selectors.entry(zone.clone()).or_insert(selector).forecast(&series)
        });
        made.inspect_err(|error| tracing::warn!(%zone, %error, "no forecast for this hour")).ok()
    }
}

impl Actor for ForecastMaker {
    type Context = Context<Self>;
}

impl Handler<MakeForecasts> for ForecastMaker {
    type Result = AtomicResponse<Self, ()>;

    fn handle(&mut self, question: MakeForecasts, _: &mut Self::Context) -> Self::Result {
        let MakeForecasts { hour, zones, watch, reply } = question;
        let histories = async move {
            let mut histories = Vec::new();
            for zone in zones {
                let question = History { zone: zone.clone(), hour, hours: HISTORY_HOURS };
                histories.push((zone, watch.send(question).await.unwrap_or_default()));
            }
            histories
        };
        let answer = histories.into_actor(self).map(move |histories, this, _| {
            let made =
                histories.iter().filter_map(|(zone, known)| this.forecast(zone, hour, known)).collect();
            reply.do_send(Take(Input::Forecasted { hour, forecasts: made }));
        });
        AtomicResponse::new(Box::pin(answer))
    }
}
