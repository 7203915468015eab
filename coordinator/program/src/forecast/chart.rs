//! The coming hours on a terminal: one line an hour, the band as shades on one scale, the cleanest hours marked.

use common::carbon::Forecast;
use coordinator::carbon::parse_time;

const BAR: usize = 44;
const OUTER: char = '░';
const INNER: char = '▒';
const MEDIAN: char = '█';

/// The first `hours` of the forecast. Marked are the third that is cleanest.
pub fn lines(forecast: &Forecast, hours: usize) -> String {
    let rows = &forecast.quantiles[..hours.min(forecast.quantiles.len())];
    let Some(middle) = forecast.levels.iter().position(|level| *level >= 0.5) else { return String::new() };
    let at = |level: f64| forecast.levels.iter().position(|known| *known >= level - 1e-9).unwrap_or(middle);
    let (lower, upper) = (at(0.25), at(0.75));
    let last = forecast.levels.len() - 1;
    let highest = rows.iter().map(|row| row[last]).fold(1.0, f64::max);
    let place = |value: f64| ((value / highest * (BAR - 1) as f64).round() as usize).min(BAR - 1);
    let clean = cleanest(&rows.iter().map(|row| row[middle]).collect::<Vec<_>>());

    let mut text = format!("{:<17} {:>5}  {:>11}  {:<BAR$}\n", "UTC", "g/kWh", "90 % band", axis(highest));
    for (lead, row) in rows.iter().enumerate() {
        let mut bar = vec![' '; BAR];
        bar[place(row[0])..=place(row[last])].fill(OUTER);
        bar[place(row[lower])..=place(row[upper])].fill(INNER);
        bar[place(row[middle])] = MEDIAN;
        let hour = forecast.issued_at.plus(lead as i64 + 1);
        let mark = if clean[lead] { " clean" } else { "" };
        let band = format!("{:.0}–{:.0}", row[0], row[last]);
        let bar: String = bar.into_iter().collect();
        let line = format!("{:<17} {:>5.0}  {band:>11}  {bar}{mark}", named(&hour.to_string()), row[middle]);
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The third with the lowest medians; earlier hours first where they are alike.
fn cleanest(medians: &[f64]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..medians.len()).collect();
    order.sort_by(|&a, &b| medians[a].total_cmp(&medians[b]));
    let mut clean = vec![false; medians.len()];
    order[..medians.len() / 3].iter().for_each(|&hour| clean[hour] = true);
    clean
}

fn axis(highest: f64) -> String {
    let end = format!("{highest:.0}");
    format!("0{end:>width$}", width = BAR - 1)
}

/// With the day's name: people think in weekdays.
fn named(hour: &str) -> String {
    let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let day = parse_time(hour).map_or(0, |time| time.hour().0.div_euclid(24).rem_euclid(7));
    format!("{} {} {}", days[day as usize], &hour[5..10], &hour[11..16])
}

#[cfg(test)]
mod tests {
    use common::id::Zone;
    use common::time::GridHour;

    use super::*;

    #[test]
    fn an_hour_a_line_on_one_scale() {
        let forecast = Forecast {
            zone: Zone::new("T"),
            issued_at: GridHour(429_528),
            model: "t".into(),
            levels: vec![0.05, 0.25, 0.5, 0.75, 0.95],
            quantiles: vec![
                vec![100.0, 200.0, 215.0, 300.0, 430.0],
                vec![0.0, 0.0, 0.0, 0.0, 0.0],
                vec![215.0; 5],
            ],
        };
        let text = lines(&forecast, 9);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(lines[0].ends_with(" 430"), "{text}");
        let bar =
            format!("{}{}{}{}{}{}", " ".repeat(10), "░".repeat(10), "▒▒█", "▒".repeat(8), "░".repeat(13), "");
        assert_eq!(lines[1], format!("{:<17} {:>5}  {:>11}  {}", "Tue 01-01 01:00", 215, "100–430", bar));
        assert_eq!(
            lines[2],
            format!("{:<17} {:>5}  {:>11}  █{} clean", "Tue 01-01 02:00", 0, "0–0", " ".repeat(43))
        );
    }
}
