//! Figures for people: scaled units, three significant digits, grouped thousands, UTC.

use common::energy::Purpose;
use common::unit::JOULES_PER_KWH;

use crate::ladder::Quality;

/// Three significant digits without an exponent: 0.00123, 12.3, 1230.
pub fn significant(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".into() } else { "–".into() };
    }
    let magnitude = value.abs().log10().floor() as i32;
    let digits = usize::try_from(2 - magnitude).unwrap_or(0).min(12);
    let text = format!("{value:.digits$}");
    // Rounding may have carried into another digit: 9.999 is 10.0, not 10.00.
    let carried = text.parse::<f64>().is_ok_and(|rounded| rounded.abs().log10().floor() as i32 > magnitude);
    if carried { format!("{value:.*}", digits.saturating_sub(1)) } else { text }
}

/// As a person would write a number that they chose: 48, 2.5, without zeros that say nothing.
pub fn plain(value: f64) -> String {
    let text = significant(value);
    // A chosen number of many digits is quoted whole.
    let exact = text.parse::<f64>().is_ok_and(|parsed| parsed == value);
    let text = if exact { text } else { value.to_string() };
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

fn scaled(value: f64, units: &[(f64, &str)]) -> String {
    let fits = |(size, _): &&(f64, &str)| value.abs() >= *size;
    let (size, unit) = units.iter().find(fits).or(units.last()).copied().unwrap_or((1.0, ""));
    format!("{} {unit}", significant(value / size))
}

/// 1.23 kWh, 45.6 Wh, 789 mWh.
pub fn energy(kwh: f64) -> String {
    if kwh == 0.0 {
        return "0 Wh".into();
    }
    scaled(kwh, &[(1000.0, "MWh"), (1.0, "kWh"), (1e-3, "Wh"), (1e-6, "mWh"), (1e-9, "µWh")])
}

/// Joules as watt-hours: what bills and grids count in.
pub fn joules_as_energy(joules: f64) -> String {
    energy(joules / JOULES_PER_KWH)
}

/// 1.23 mJ, 45.6 J.
pub fn joules(joules: f64) -> String {
    scaled(joules, &[(1e6, "MJ"), (1e3, "kJ"), (1.0, "J"), (1e-3, "mJ"), (1e-6, "µJ")])
}

/// 1.23 g, 45.6 mg, 7.89 kg; of CO2 equivalent, which the reader is told beside it.
pub fn mass(grams: f64) -> String {
    if grams == 0.0 {
        return "0 g".into();
    }
    scaled(grams, &[(1e6, "t"), (1e3, "kg"), (1.0, "g"), (1e-3, "mg"), (1e-6, "µg")])
}

/// 12.34 % of a share.
pub fn percent(share: f64, digits: usize) -> String {
    format!("{:.digits$} %", 100.0 * share)
}

/// 1,234,567.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && place % 3 == first {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// 73.3 k, 1.53 M.
pub fn large(number: f64) -> String {
    scaled(number, &[(1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, "")]).trim_end().into()
}

/// 45.6 s, 12 min 3 s, 3 h 4 min, 2 d 3 h.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match whole {
        0..60 => format!("{} s", significant(seconds)),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        3600..86_400 => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
        _ => format!("{} d {} h", whole / 86_400, whole % 86_400 / 3600),
    }
}

/// A stamp of the report as people write it.
pub fn iso_as_utc(iso: &str) -> String {
    match (iso.get(..10), iso.get(11..16)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => iso.into(),
    }
}

/// What one-shot scores have turned out to be worth, in a sentence without its full stop.
pub fn score_quality(quality: Quality) -> String {
    let consequence = match quality.says_something() {
        true => "",
        false => "; they say nothing, and no longer decide what is trained",
    };
    format!(
        "Kendall's τ {:.2} between one-shot scores and full trainings of {} networks, {} of the best tenth recalled{consequence}",
        quality.kendall_tau,
        quality.networks,
        percent(quality.recall_of_top_tenth, 0)
    )
}

/// What the energy was for, as the page says it.
pub fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Idle => "idle slots",
        Purpose::Supernet => "supernet",
        Purpose::OneShot => "one-shot scoring",
        Purpose::Rung => "short trainings",
        Purpose::Full => "full trainings",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_and_a_fitting_unit() {
        assert_eq!(energy(1.2345), "1.23 kWh");
        assert_eq!(energy(0.012345), "12.3 Wh");
        assert_eq!(energy(0.0), "0 Wh");
        assert_eq!(energy(4e-7), "400 µWh");
        assert_eq!(mass(0.0456), "45.6 mg");
        assert_eq!(mass(1234.0), "1.23 kg");
        assert_eq!(significant(9.999), "10.0");
        assert_eq!(significant(99.99), "100");
        assert_eq!(significant(123_456.0), "123456");
        assert_eq!(significant(f64::NAN), "–");
        assert_eq!((plain(48.0), plain(2.5), plain(1234.5)), ("48".into(), "2.5".into(), "1234.5".into()));
        assert_eq!(large(73_306.0), "73.3 k");
        assert_eq!(large(12.0), "12.0");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(12), "12");
        assert_eq!(percent(0.91234, 2), "91.23 %");
    }

    #[test]
    fn spans_and_stamps_read_as_people_write_them() {
        assert_eq!(duration(4.56), "4.56 s");
        assert_eq!(duration(723.4), "12 min 3 s");
        assert_eq!(duration(86_400.0 * 2.0 + 7200.0), "2 d 2 h");
        assert_eq!(iso_as_utc("2021-07-02T06:00Z"), "2021-07-02 06:00 UTC");
    }
}
