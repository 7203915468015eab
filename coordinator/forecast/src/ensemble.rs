//! The mix that a study uses by default once its history is long enough: a profile map, and linear maps that differ in what they see and how
//! they measure.
//!
//! With the intensity alone the linear ones differ in measure and reach; where the trace carries generation by source, all but the plain one
//! see wind, sun and demand as well. They err alike, and the profile map sees what a neighbouring zone tells: it has a larger share than all
//! of them. A new member is one line here.

use crate::{Blend, Channels, Error, LinearMap, MapOptions, Measure, PointModel, ProfileMap};

pub const NAME: &str = "ensemble";

/// Of the profile map, by that of all others together.
const PROFILE_SHARE: f64 = 1.5;
const LINEAR: [MapOptions; 5] = [
    MapOptions::PLAIN,
    MapOptions {
        name: "map of intensity, weather and demand",
        input_hours: 336,
        measure: Measure::Intensity,
        channels: Channels::WeatherAndDemand,
        channel_hours: 48,
    },
    MapOptions {
        name: "map of log intensity, weather and demand",
        input_hours: 336,
        measure: Measure::Logarithm,
        channels: Channels::WeatherAndDemand,
        channel_hours: 48,
    },
    MapOptions {
        name: "map of log intensity and weather",
        input_hours: 336,
        measure: Measure::Logarithm,
        channels: Channels::Weather,
        channel_hours: 24,
    },
    MapOptions {
        name: "map of a week of log intensity, weather and demand",
        input_hours: 168,
        measure: Measure::Logarithm,
        channels: Channels::WeatherAndDemand,
        channel_hours: 48,
    },
];

/// Unfitted, for forecasts of up to `horizon` hours.
pub fn build(horizon: usize) -> Result<Blend, Error> {
    let mut members: Vec<(Box<dyn PointModel>, f64)> = Vec::new();
    for options in LINEAR {
        members.push((Box::new(LinearMap::new(options, horizon)?), 1.0));
    }
    #[cfg(feature = "torch")]
    members.push((Box::new(crate::Transformer::new(horizon)?), 1.0));
    let others = members.len() as f64;
    members.push((Box::new(ProfileMap::new(horizon)?), PROFILE_SHARE * others));
    Ok(Blend::new(NAME, members))
}
