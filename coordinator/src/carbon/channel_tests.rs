//! Which columns of a trace become channels, and what becomes of their gaps.

use common::id::Zone;
use common::time::GridHour;
use forecast::Series;

use super::{CarbonSource, Chain, Trace};

fn read(text: &str, column: &str) -> Trace {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.csv");
    std::fs::write(&path, text).unwrap();
    Trace::read(&path, Zone::new("DE"), column).unwrap()
}

#[track_caller]
fn check(text: &str, column: &str, expected: &[(&str, &[f64])]) -> Series {
    let series = read(text, column).series().unwrap();
    let found: Vec<(&str, &[f64])> =
        series.channels().iter().map(|channel| (channel.name(), channel.values())).collect();
    assert_eq!(found, expected);
    series
}

#[test]
fn further_columns_become_channels_and_other_intensities_do_not() {
    let text =
        "utc,ci_direct,ci_lifecycle,nat_gas,Wind\n2021-01-01T00:00Z,1,2,30,40\n2021-01-01T01:00Z,5,6,70,80\n";
    let channels: [(&str, &[f64]); 2] = [("nat gas", &[30.0, 70.0]), ("wind", &[40.0, 80.0])];
    assert_eq!(check(text, "ci_direct", &channels).values(), [1.0, 5.0]);
    assert_eq!(check(text, "ci_lifecycle", &channels).values(), [2.0, 6.0]);
}

#[test]
fn exports_give_their_numbers_and_not_their_words() {
    let text = "Datetime (UTC),Country,Carbon intensity gCO₂eq/kWh (direct),Carbon intensity gCO₂eq/kWh (Life cycle),\
        Renewable energy percentage (RE%),Data source,Data estimated\n\
        2024-01-01 00:00:00,Germany,183,230,69.2,entsoe.eu,false\n2024-01-01 01:00:00,Germany,180,228,70,entsoe.eu,1\n";
    check(text, "auto", &[("renewable energy percentage re", &[69.2, 70.0])]);
}

#[test]
fn gaps_are_bridged_and_long_ones_end_a_channel() {
    let rows = ["00:00Z,1,,3,-5", "01:00Z,2,10,,", "02:00Z,3,,,", "05:00Z,4,50,,", "06:00Z,5,,9,7"];
    let text = rows.map(|row| format!("2021-01-01T{row}\n")).concat();
    let wind: &[f64] = &[10.0, 10.0, 20.0, 30.0, 40.0, 50.0, 50.0];
    check(&format!("utc,ci,wind,sun,temperature\n{text}"), "auto", &[("wind", wind)]);
    let quarters = "utc,ci,wind\n2021-01-01T00:00Z,1,10\n2021-01-01T00:30Z,1,20\n2021-01-01T01:00Z,2,\n2021-01-01T02:00Z,2,45\n";
    check(quarters, "auto", &[("wind", &[15.0, 30.0, 45.0])]);
}

#[test]
fn a_chain_hands_on_exactly_the_hours_asked_for() {
    let trace =
        read("utc,ci,wind\n2021-01-01T00:00Z,1,2\n2021-01-01T01:00Z,3,4\n2021-01-01T02:00Z,5,6\n", "auto");
    let (first, _) = trace.span().unwrap();
    let chain = Chain::new(Box::new(trace));
    let wind =
        |first: GridHour, hours| chain.channels(first, hours).pop().map(|channel| channel.values().to_vec());
    assert_eq!(wind(first.plus(1), 2), Some(vec![4.0, 6.0]));
    assert_eq!(wind(first.plus(1), 3), None, "an hour that is not known is not made up");
    assert_eq!(wind(first.plus(-1), 2), None);
}
