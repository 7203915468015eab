//! What a fit leaves: scales, linear skips, networks; and how a forecast is made of them.

use common::carbon::SignalKind;
use common::id::Zone as ZoneId;
use common::time::GridHour;
use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::inputs::{FIGURES, SEASON, Scaling, WAVES, calendar};
use super::network::{Examples, Member};
use super::options::{INPUT_HOURS, Options};
use super::skip::{Hours, Skip};
use super::training::Course;
use crate::Series;

/// Issues that are computed side by side: more would only take memory.
const SIDE_BY_SIDE: usize = 256;

/// Everything a forecast needs. Tensors may move between threads, but are used by one at a time.
#[derive(Debug)]
pub struct Fitted {
    pub about: About,
    pub members: Vec<Member>,
    /// In the order of `about.zones`.
    pub skips: Vec<Skip>,
}

/// Everything but the long rows of numbers: kept beside them in a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct About {
    pub options: Options,
    /// Longest forecast, hours.
    pub horizon: usize,
    pub kind: SignalKind,
    pub zones: Vec<AboutZone>,
    /// One for each network.
    pub courses: Vec<Course>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AboutZone {
    pub zone: ZoneId,
    /// First and last fitted hour.
    pub from: GridHour,
    pub until: GridHour,
    pub scaling: Scaling,
    /// Share of the network's correction that helped on held-out hours, by day ahead.
    pub gains: Vec<f64>,
    /// Mean absolute percentage error on held-out hours, by day ahead, %.
    pub held_out_mape: Vec<f64>,
}

impl Fitted {
    pub fn zone(&self, zone: &ZoneId) -> Option<usize> {
        self.about.zones.iter().position(|about| about.zone == *zone)
    }

    /// The networks say nothing any more: the skips stand alone.
    pub fn silence(&mut self) {
        self.about.zones.iter_mut().for_each(|zone| zone.gains.fill(0.0));
    }

    /// gCO2eq/kWh, `[known][horizon]`: after the first `known` hours of `history`, each at least 336.
    pub fn points(&self, zone: usize, history: &Series, known: &[usize]) -> Vec<Vec<f64>> {
        let scaling = &self.about.zones[zone].scaling;
        let hours = Hours { figures: scaling.apply(history), first: history.first_hour() };
        let mut points = Vec::with_capacity(known.len());
        for known in known.chunks(SIDE_BY_SIDE) {
            let answers = self.answer(zone, &hours, known);
            let stretch = |row: &[f32]| row.iter().map(|z| scaling.stretch(f64::from(*z))).collect();
            points.extend(answers.chunks_exact(self.about.horizon).map(stretch));
        }
        points
    }

    /// What skip and networks say when the first so many hours are known, standardised, `[counts × horizon]`.
    fn answer(&self, zone: usize, hours: &Hours, counts: &[usize]) -> Vec<f32> {
        let _guard = tch::no_grad_guard();
        let skip = self.skips[zone].apply(&hours.rows(counts.iter().copied()));
        let mut windows = Vec::with_capacity(counts.len() * INPUT_HOURS * FIGURES);
        let mut waves = Vec::with_capacity(counts.len() * (WAVES + SEASON));
        for &known in counts {
            windows.extend_from_slice(&hours.figures[(known - INPUT_HOURS) * FIGURES..known * FIGURES]);
            waves.extend(calendar(hours.first.plus(known as i64 - 1)).map(|wave| wave as f32));
        }
        let examples = Examples {
            hours: Tensor::from_slice(&windows).view([-1, INPUT_HOURS as i64, FIGURES as i64]),
            calendar: Tensor::from_slice(&waves).view([-1, (WAVES + SEASON) as i64]),
            zones: Tensor::full([counts.len() as i64], zone as i64, (Kind::Int64, skip.device())),
            skip,
        };
        middle(&self.members, &examples, &self.about.zones[zone].gains)
    }
}

/// Skip plus the mean correction of `members`, damped by `gains` by day ahead: `[b × horizon]`.
pub fn middle(members: &[Member], examples: &Examples, gains: &[f64]) -> Vec<f32> {
    let _guard = tch::no_grad_guard();
    let corrections: Vec<Tensor> = members.iter().map(|member| member.answer(examples).correction).collect();
    let correction = Tensor::stack(&corrections, 0).mean_dim([0].as_slice(), false, Kind::Float);
    let horizon = examples.skip.size()[1] as usize;
    let gains: Vec<f32> = (0..horizon).map(|lead| gains[lead / 24] as f32).collect();
    let middle = &examples.skip + correction * Tensor::from_slice(&gains);
    Vec::try_from(middle.reshape([-1])).expect("a flat tensor of floats")
}
