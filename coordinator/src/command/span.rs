//! Spans of time as people write them on the command line: 90s, 15m, 1h, 2d.

use common::time::Millis;

pub(crate) fn parse(text: &str) -> Result<Millis, String> {
    let cure = || format!("{text:?} is no span of time: write one such as 90s, 15m, 1h or 2d");
    let unit_ms = match text.chars().last() {
        Some('s') => 1_000,
        Some('m') => 60_000,
        Some('h') => 3_600_000,
        Some('d') => 24 * 3_600_000,
        _ => return Err(cure()),
    };
    // A unit is one byte.
    let count: u32 = text[..text.len() - 1].parse().map_err(|_| cure())?;
    Ok(Millis(i64::from(count) * unit_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_a_unit() {
        assert_eq!(parse("90s"), Ok(Millis(90_000)));
        assert_eq!(parse("2d"), Ok(Millis(172_800_000)));
        for wrong in ["", "5", "m", "-1m", "1.5h", "5 m", "5µ", "99999999999m"] {
            assert!(parse(wrong).unwrap_err().contains("90s"), "{wrong}");
        }
    }
}
