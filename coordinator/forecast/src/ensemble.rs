//! The mix that a study uses by default once its history is long enough: linear maps that differ in what they see and how they measure.
//!
//! With the intensity alone they differ in measure and reach; where the trace carries generation by source, all but the plain one see wind,
//! sun and demand as well. A new member is one line here.

use crate::{Blend, Channels, Error, LinearMap, MapOptions, Measure, PointModel};

pub const NAME: &str = "ensemble";

const MEMBERS: [MapOptions; 5] = [
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
    let map =
        |options| -> Result<Box<dyn PointModel>, Error> { Ok(Box::new(LinearMap::new(options, horizon)?)) };
    let members = MEMBERS.into_iter().map(map).collect::<Result<Vec<_>, _>>()?;
    #[cfg(feature = "torch")]
    let members = {
        let transformer: Box<dyn PointModel> = Box::new(crate::Transformer::new(horizon)?);
        members.into_iter().chain([transformer]).collect()
    };
    Ok(Blend::new(NAME, members))
}
