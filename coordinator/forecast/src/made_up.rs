//! Two made-up grids of wind and coal for the tests of whatever forecasts: the weather of the west is that of the east some hours later.

use common::carbon::SignalKind;
use common::id::Zone;
use common::time::GridHour;

use crate::{Channel, Series};

/// 2021-01-01T00:00Z.
pub const FIRST: GridHour = GridHour(447_072);
/// The weather takes so long from one zone to the other.
pub const WAY_HOURS: usize = 18;
/// g/kWh of coal, as all power here comes from it or from the wind.
const COAL: f64 = 800.0;
const DEMAND_MWH: f64 = 500.0;
const MEAN_WIND_MWH: f64 = 200.0;

/// MWh about the mean, of a wind that lasts half a day; another with every `seed`.
pub fn winds(seed: u64, hours: usize) -> Vec<f64> {
    let (mut dice, mut wind) = (seed, 0.0);
    let mut next = || {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        wind = 0.93 * wind + ((dice >> 33) as f64 / f64::from(1_u32 << 31) - 0.5) * 60.0;
        wind
    };
    (0..hours).map(|_| next()).collect()
}

/// A grid from [`FIRST`] on whose coal burns for what the wind lacks, with both as channels.
pub fn windy(zone: &str, winds: &[f64]) -> Series {
    let wind: Vec<f64> = winds.iter().map(|wind| (MEAN_WIND_MWH + wind).max(0.0)).collect();
    let coal: Vec<f64> = wind.iter().map(|wind| (DEMAND_MWH - wind).max(50.0)).collect();
    let day = |hour: usize| 40.0 * (hour as f64 * std::f64::consts::TAU / 24.0).sin();
    let intensity = (0..wind.len()).map(|hour| COAL * coal[hour] / DEMAND_MWH + day(hour)).collect();
    let channels = vec![Channel::new("wind", wind), Channel::new("coal", coal)];
    Series::new(Zone::new(zone), SignalKind::AverageDirect, FIRST, intensity)
        .and_then(|series| series.with_channels(channels))
        .expect("made-up figures are plausible")
}

/// `WEST` and `EAST`.
pub fn west_and_east(hours: usize) -> (Series, Series) {
    let winds = winds(99, hours + WAY_HOURS);
    (windy("WEST", &winds[WAY_HOURS..]), windy("EAST", &winds[..hours]))
}
