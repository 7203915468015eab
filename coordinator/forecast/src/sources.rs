//! Generation by source among the channels of a series, found by the names that traces give. Some tell a fuel in one, some in parts.

use crate::Series;

/// A source in one, and the parts that a trace may have instead.
type Source = (&'static str, &'static [&'static str]);

const WIND: Source =
    ("wind", &["wind onshore", "wind offshore", "onshore wind", "offshore wind", "wind power"]);
const SOLAR: Source =
    ("solar", &["solar pv", "solar photovoltaic", "photovoltaic", "photovoltaics", "pv", "solar thermal"]);
/// Together they are what the zone generates. Sums are taken in this order, so that what is known of old keeps its last bits.
const SOURCES: [Source; 20] = [
    ("coal", &["hard coal", "brown coal lignite", "brown coal", "lignite", "bituminous coal", "anthracite"]),
    ("nat gas", &[]),
    ("natural gas", &[]),
    ("gas", &["gas combined cycle", "gas turbine", "gas ccgt", "gas ocgt", "ccgt", "ocgt"]),
    ("oil", &["diesel", "fuel oil", "heavy fuel oil", "light fuel oil"]),
    ("petroleum", &["petroleum products", "all petroleum products"]),
    ("biomass", &["biogas", "wood"]),
    SOLAR,
    ("geothermal", &[]),
    (
        "hydro",
        &[
            "hydropower",
            "hydro power",
            "hydroelectric",
            "hydropower and pumped storage",
            "hydro run of river and poundage",
            "hydro run of river",
            "run of river",
            "hydro water reservoir",
            "hydro reservoir",
        ],
    ),
    ("nuclear", &["nuclear power"]),
    WIND,
    ("unknown", &["unknown fuel sources"]),
    ("other", &["all other", "other fuel sources"]),
    ("other renewable", &["other renewables"]),
    ("waste", &[]),
    ("peat", &[]),
    ("oil shale", &[]),
    ("coal derived gas", &[]),
    ("marine", &[]),
];

/// Of each source that the series carries, one value an hour.
pub(crate) fn all(series: &Series) -> Vec<Vec<f64>> {
    SOURCES.iter().filter_map(|source| sum(series, source)).collect()
}

pub(crate) fn wind(series: &Series) -> Option<Vec<f64>> {
    sum(series, &WIND)
}

pub(crate) fn solar(series: &Series) -> Option<Vec<f64>> {
    sum(series, &SOLAR)
}

/// Whether a channel is generation, and no part of what another channel holds in one.
#[cfg(feature = "torch")]
pub(crate) fn is_counted(series: &Series, name: &str) -> bool {
    let counts = |(whole, parts): &Source| {
        *whole == name || (parts.contains(&name) && series.channel(whole).is_none())
    };
    SOURCES.iter().any(counts)
}

fn sum(series: &Series, (whole, parts): &Source) -> Option<Vec<f64>> {
    if let Some(values) = series.channel(whole) {
        return Some(values.to_vec());
    }
    parts.iter().filter_map(|part| series.channel(part)).map(<[f64]>::to_vec).reduce(|mut sum, part| {
        sum.iter_mut().zip(part).for_each(|(sum, value)| *sum += value);
        sum
    })
}

#[cfg(test)]
mod tests {
    use common::carbon::SignalKind;
    use common::id::Zone;
    use common::time::GridHour;

    use super::*;
    use crate::Channel;

    fn series(channels: &[(&str, f64)]) -> Series {
        let plain =
            Series::new(Zone::new("T"), SignalKind::AverageDirect, GridHour(0), vec![1.0; 2]).unwrap();
        let channels = channels.iter().map(|(name, value)| Channel::new(*name, vec![*value; 2])).collect();
        plain.with_channels(channels).unwrap()
    }

    #[test]
    fn parts_stand_for_the_whole_where_there_is_none() {
        let parts =
            series(&[("wind onshore", 3.0), ("wind offshore", 4.0), ("lignite", 1.0), ("hard coal", 5.0)]);
        assert_eq!((wind(&parts), solar(&parts)), (Some(vec![7.0; 2]), None));
        assert_eq!(all(&parts), [vec![6.0; 2], vec![7.0; 2]]);
        let both = series(&[("wind", 3.0), ("wind onshore", 2.0), ("wind speed", 9.0), ("nat gas", 1.0)]);
        assert_eq!(wind(&both), Some(vec![3.0; 2]), "a part of it is not counted again");
        assert_eq!(all(&both), [vec![1.0; 2], vec![3.0; 2]]);
    }
}
