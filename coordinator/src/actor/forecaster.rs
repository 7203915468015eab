//! Owns the forecast models of all zones. It issues at once what it has; models are trained on threads of their own, one at a time, and
//! swapped in between two hours.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use actix::prelude::*;
use common::carbon::Forecast;
use common::config;
use common::id::Zone;
use common::time::GridHour;
use forecast::{
    Channel, Choice, Gaps, LOOK_BACK_HOURS, Selector, Series, TRAINING_HOURS, Trained, Training, Verdict,
};

use super::carbon_watch::{CarbonWatch, History, Known};
use super::coordinator::{Coordinator, Take};
use crate::background;
use crate::core::Input;

#[derive(Debug)]
pub struct ForecastMaker {
    settings: config::Forecast,
    selectors: BTreeMap<Zone, Selector>,
    /// Whose model is being trained.
    training: Option<Zone>,
}

#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct MakeForecasts {
    pub hour: GridHour,
    pub zones: BTreeSet<Zone>,
    pub watch: Addr<CarbonWatch>,
    pub reply: Addr<Coordinator>,
}

/// A training came to its end; `history` is what it had learnt from.
#[derive(Debug, Message)]
#[rtype(result = "()")]
struct TrainingDone {
    zone: Zone,
    history: Series,
    /// Or why there is none, in words.
    trained: Result<Trained, String>,
}

impl ForecastMaker {
    /// Refuses an unknown model at once, before any zone asks for it.
    pub fn new(settings: &config::Forecast) -> Result<Self, forecast::Error> {
        Selector::new(&settings.model, settings.horizon_hours as usize)?;
        Ok(Self { settings: settings.clone(), selectors: BTreeMap::new(), training: None })
    }

    fn selector(&mut self, zone: &Zone) -> Result<&mut Selector, forecast::Error> {
        if !self.selectors.contains_key(zone) {
            let selector = Selector::new(&self.settings.model, self.settings.horizon_hours as usize)?
                .retrained_every(self.settings.retrain_hours);
            self.selectors.insert(zone.clone(), selector);
        }
        Ok(self.selectors.get_mut(zone).expect("it was put there"))
    }

    /// How much of the zones' past is wanted: more when the model of one is to be trained, for it learns from all.
    fn wanted_hours(&mut self, zones: &BTreeSet<Zone>, hour: GridHour) -> usize {
        let idle = self.training.is_none();
        let mut due = zones.iter().map(|zone| self.is_due(zone, hour, TRAINING_HOURS));
        if idle && due.any(|due| due) { TRAINING_HOURS } else { LOOK_BACK_HOURS }
    }

    fn is_due(&mut self, zone: &Zone, hour: GridHour, known_hours: usize) -> bool {
        self.selector(zone).is_ok_and(|selector| selector.is_due(hour, known_hours))
    }

    /// Of each zone of which the past is known, with the others at its side.
    fn forecast_all(&mut self, pasts: &[Series]) -> Vec<Forecast> {
        let seen = |series: &Series| series.tail(LOOK_BACK_HOURS).with_neighbours(pasts);
        pasts.iter().filter_map(|series| self.forecast(series.zone(), &seen(series))).collect()
    }

    /// Of the first zone whose model is due, with what it learns from.
    fn begin_next_training(&mut self, pasts: &[Series]) -> Option<(Series, Training)> {
        let is_due = |series: &&Series| self.is_due(series.zone(), series.last_hour(), series.len());
        let history = pasts.iter().find(is_due)?.clone().with_neighbours(pasts);
        let training = self.begin_training(&history)?;
        Some((history, training))
    }

    fn forecast(&mut self, zone: &Zone, series: &Series) -> Option<Forecast> {
        let issued = self.selector(zone).and_then(|selector| selector.issue(series));
        issued.inspect_err(|error| tracing::warn!(%zone, %error, "no forecast for this hour")).ok()
    }

    fn begin_training(&mut self, series: &Series) -> Option<Training> {
        if self.training.is_some() {
            return None;
        }
        let zone = series.zone();
        let training = self.selector(zone).ok()?.begin_training(series)?;
        tracing::info!(%zone, hours = series.len(), "training the zone's forecast model");
        self.training = Some(zone.clone());
        Some(training)
    }

    fn take_up(&mut self, zone: &Zone, history: &Series, trained: Result<Trained, String>) {
        self.training = None;
        match trained {
            Err(error) => tracing::warn!(%zone, %error, "training failed; the model in use stays"),
            Ok(trained) => {
                let (told, model) = (table(trained.choice()), trained.choice().forecaster.name().to_owned());
                let Ok(selector) = self.selector(zone) else { return };
                match selector.adopt(trained, history) {
                    Verdict::First => tracing::info!(%zone, model, "forecast by a trained model; {told}"),
                    Verdict::Better { was, is } => tracing::info!(
                        %zone, model, "forecast model replaced: pinball loss {is:.2} instead of {was:.2} g/kWh; {told}"
                    ),
                    Verdict::Kept { was, would_be } => tracing::info!(
                        %zone, model, "forecast model kept: pinball loss {was:.2}, newly trained {would_be:.2} g/kWh; {told}"
                    ),
                }
            }
        }
    }
}

/// What `train` comes to, also where it panics: a training that nobody hears of again would be the last one of all zones.
fn outcome(train: impl FnOnce() -> Result<Trained, forecast::Error>) -> Result<Trained, String> {
    // What it had in hand is gone with it; nothing half done is left to be seen.
    match catch_unwind(AssertUnwindSafe(train)) {
        Ok(trained) => trained.map_err(|error| error.to_string()),
        Err(panic) => Err(format!("it panicked, please report this: {}", words(panic.as_ref()))),
    }
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given")
}

/// F-1: whatever the source knows, a forecast sees nothing after the present hour.
fn past(known: &Known, hour: GridHour) -> Option<Series> {
    let samples: Vec<_> = known.samples.iter().filter(|sample| sample.hour <= hour).cloned().collect();
    let first = samples.first()?.hour;
    let series = Series::from_samples(&samples, Gaps::OBSERVED)
        .inspect_err(|error| tracing::warn!(%error, "the past can't be learnt from"))
        .ok()?;
    let start = (series.first_hour().0 - first.0) as usize;
    let cut = |channel: &Channel| {
        let values = channel.values().get(start..start + series.len())?;
        Some(Channel::new(channel.name(), values.to_vec()))
    };
    let channels = known.channels.iter().filter_map(cut).collect();
    series.clone().with_channels(channels).ok().or(Some(series))
}

/// What was tried and how far off it was, for the log.
fn table(choice: &Choice) -> String {
    let error = |candidate: &forecast::Candidate| match &candidate.metrics {
        Some(metrics) => format!("{} {:.1} %", candidate.model, metrics.all.mape()),
        None => format!("{} untested", candidate.model),
    };
    format!("errors in its backtest: {}", choice.candidates.iter().map(error).collect::<Vec<_>>().join(", "))
}

impl Actor for ForecastMaker {
    type Context = Context<Self>;
}

impl Handler<MakeForecasts> for ForecastMaker {
    type Result = AtomicResponse<Self, ()>;

    fn handle(&mut self, question: MakeForecasts, _: &mut Self::Context) -> Self::Result {
        let MakeForecasts { hour, zones, watch, reply } = question;
        let hours = self.wanted_hours(&zones, hour);
        let histories = async move {
            let mut histories = Vec::new();
            for zone in zones {
                histories.push(watch.send(History { zone, hour, hours }).await.unwrap_or_default());
            }
            histories
        };
        let answer = histories.into_actor(self).map(move |histories, this, context| {
            let pasts: Vec<Series> = histories.iter().filter_map(|known| past(known, hour)).collect();
            reply.do_send(Take(Input::Forecasted { hour, forecasts: this.forecast_all(&pasts) }));
            if let Some((history, training)) = this.begin_next_training(&pasts) {
                let (zone, done) = (history.zone().clone(), context.address());
                let train = move || {
                    let trained = outcome(|| training.run());
                    done.do_send(TrainingDone { zone, history, trained });
                };
                if let Err(error) = background::spawn("forecaster", train) {
                    tracing::error!(%error, "no thread could be had to train a forecaster on");
                    this.training = None;
                }
            }
        });
        AtomicResponse::new(Box::pin(answer))
    }
}

impl Handler<TrainingDone> for ForecastMaker {
    type Result = ();

    fn handle(&mut self, done: TrainingDone, _: &mut Self::Context) {
        self.take_up(&done.zone, &done.history, done.trained);
    }
}

#[cfg(test)]
mod tests {
    use std::slice;

    use common::carbon::{CarbonSample, Provenance, SignalKind};
    use common::unit::Intensity;

    use super::*;

    const NOW: i64 = 1_500;

    /// Days, weekends, and a wind that both the intensity and a channel feel; `shift` moves what comes after now.
    fn known(shift: f64) -> Known {
        let late = |hour: i64| if hour > NOW { shift } else { 0.0 };
        let wind = |hour: i64| 40.0 + 30.0 * ((hour * hour) as f64 * 0.013).sin() + late(hour);
        let sample = |hour: i64| {
            let day = (hour as f64 * std::f64::consts::TAU / 24.0).sin();
            let weekend = if hour / 24 % 7 > 4 { -30.0 } else { 0.0 };
            let intensity = Intensity(300.0 + 80.0 * day + weekend - wind(hour) + 3.0 * late(hour));
            let (zone, hour) = (Zone::new("T"), GridHour(hour));
            let (kind, provenance) = (SignalKind::AverageDirect, Provenance::Synthetic);
            CarbonSample { zone, hour, intensity, kind, provenance }
        };
        let hours = 0..NOW + 200;
        let channels = vec![
            Channel::new("wind", hours.clone().map(wind).collect()),
            Channel::new("coal", hours.clone().map(|_| 100.0).collect()),
        ];
        Known { samples: hours.map(sample).collect(), channels }
    }

    /// Law F-1 through the actor: before and after training, and into the training.
    #[test]
    fn what_a_source_knows_of_the_future_moves_no_forecast() {
        let forecasts = [0.0, 60.0].map(|shift| {
            let settings =
                config::Forecast { model: "ensemble".into(), horizon_hours: 48, retrain_hours: 168 };
            let mut maker = ForecastMaker::new(&settings).unwrap();
            let (zone, known) = (Zone::new("T"), known(shift));
            let series = past(&known, GridHour(NOW)).unwrap();
            assert_eq!((series.last_hour(), series.channels().len()), (GridHour(NOW), 2));
            let rule = maker.forecast(&zone, &series).unwrap();
            let training = maker.begin_training(&series).expect("two months are enough to train");
            assert!(maker.begin_training(&series).is_none(), "one at a time");
            let meanwhile = maker.forecast(&zone, &series).unwrap();
            assert_eq!(meanwhile.model, rule.model, "a training holds nobody up");
            maker.take_up(&zone, &series, outcome(|| training.run()));
            let trained = maker.forecast(&zone, &series).unwrap();
            assert_eq!((trained.model.as_str(), trained.quantiles.len()), ("ensemble", 48));
            [rule, meanwhile, trained]
        });
        assert_eq!(forecasts[0], forecasts[1], "the future moved and a forecast moved with it");
    }

    /// Through all that the actor does in an hour: what the west tells reaches the training of the east's model, and its forecasts.
    #[test]
    fn zones_of_a_study_see_each_other() {
        let settings = config::Forecast { model: "ensemble".into(), horizon_hours: 24, retrain_hours: 168 };
        let (west, east) = forecast::made_up::west_and_east(120 * 24);
        let issued = |zones: &[Series]| {
            let mut maker = ForecastMaker::new(&settings).unwrap();
            let rules = maker.forecast_all(zones);
            assert!(rules.iter().all(|rule| rule.model != "ensemble"), "nothing is trained yet");
            while let Some((history, training)) = maker.begin_next_training(zones) {
                assert!(maker.begin_next_training(zones).is_none(), "one at a time");
                maker.take_up(history.zone(), &history, outcome(|| training.run()));
            }
            let made = maker.forecast_all(zones);
            assert_eq!(made.len(), zones.len());
            made.into_iter().find(|made| made.zone == *east.zone()).unwrap()
        };
        let (alone, beside) = (issued(slice::from_ref(&east)), issued(&[west.clone(), east.clone()]));
        assert_eq!([&alone.model, &beside.model], ["ensemble"; 2]);
        assert_ne!(alone.quantiles, beside.quantiles, "the west is not heard");
    }

    #[test]
    fn a_failed_training_leaves_what_was_in_use() {
        let settings = config::Forecast { model: "auto".into(), horizon_hours: 24, retrain_hours: 168 };
        let mut maker = ForecastMaker::new(&settings).unwrap();
        let (zone, series) = (Zone::new("T"), past(&known(0.0), GridHour(NOW)).unwrap());
        let before = maker.forecast(&zone, &series).unwrap();
        let trainings: [fn() -> Result<Trained, forecast::Error>; 2] =
            [|| Err(forecast::Error::Empty), || panic!("an index out of bounds")];
        for train in trainings {
            maker.training = Some(zone.clone());
            let failed = outcome(train);
            let why = failed.as_ref().map(|_| ()).unwrap_err();
            assert!(
                why.contains("no hours in the series") || why.contains("an index out of bounds"),
                "{why}"
            );
            maker.take_up(&zone, &series, failed);
            assert_eq!(maker.training, None, "another zone's turn");
            assert_eq!(maker.forecast(&zone, &series).unwrap(), before);
        }
    }
}
