//! The grid and the fleet, hour by hour: intensity, what the slots were told to do, and what they used. One figure a zone.

use common::energy::Purpose;
use common::id::Zone;
use maud::{Markup, html};

use super::figure::{Figure, Key, stroke, swatch};
use super::plot::{Frame, Scale, px, tick_label};
use crate::report::model::{HourFacts, Report};
use crate::report::text;

const WIDTH: f64 = 880.0;
/// Bars thinner than this are no bars; longer studies are drawn in steps of several hours.
const MAX_BARS: usize = 400;
/// Figures of more zones than this would hide the rest; the table of zones has them all.
const MAX_ZONES: usize = 6;

/// Some hours drawn as one: means of what is a state, sums of what is used.
struct Bar {
    from: i64,
    hours: i64,
    stamp: String,
    intensity: f64,
    expected: Option<f64>,
    median: f64,
    dirty: bool,
    slots: [f64; 3],
    /// Training, scoring, idle; kWh.
    kwh: [f64; 3],
    grams: f64,
}

fn zones(report: &Report) -> Vec<&Zone> {
    let mut zones: Vec<&Zone> = report.energy.by_hour.iter().map(|hour| &hour.zone).collect();
    zones.dedup();
    zones
}

fn bars_of(report: &Report, zone: &Zone) -> Vec<Bar> {
    let hours: Vec<&HourFacts> = report.energy.by_hour.iter().filter(|hour| hour.zone == *zone).collect();
    bars(&hours)
}

/// One for each zone.
pub(super) fn figures(report: &Report) -> Vec<Figure> {
    zones(report)
        .into_iter()
        .take(MAX_ZONES)
        .filter_map(|zone| figure(zone, &bars_of(report, zone)))
        .collect()
}

pub(super) fn hours(report: &Report) -> Markup {
    let zones = zones(report);
    if zones.is_empty() {
        return html! { p .byline { "No hour of the grid has been seen yet." } };
    }
    let several = zones.len() > 1;
    html! {
        @for (number, zone) in zones.iter().take(MAX_ZONES).enumerate() {
            @let bars = bars_of(report, zone);
            figure {
                @if let Some(figure) = figure(zone, &bars) { (figure.in_page(number == 0)) }
                figcaption {
                    b { "Figure 3" @if several { (char::from(b'a' + number as u8)) } ". The grid of " (zone) " and the fleet. " }
                    @if report.carbon.synthetic { span .badge { "synthetic" } " " }
                    @if number == 0 {
                        "Shaded: hours dirtier than the median of their day (24 hours of grid time from the study's first hour). "
                        "Top: carbon intensity, and what was forecast for each hour one hour before. "
                        "Middle: slots by what they were told to do for most of the hour. Bottom: energy used in each hour. "
                        @if bars.iter().any(|bar| bar.hours > 1) { "Each step stands for " (bars[0].hours) " hours. " }
                        "Hours are grid time, UTC."
                    }
                }
            }
        }
        @if zones.len() > MAX_ZONES { p .byline { (zones.len() - MAX_ZONES) " more zones are in report.json." } }
    }
}

fn legend(bars: &[Bar]) -> Vec<Key> {
    let mut legend = vec![stroke("intensity", "carbon intensity")];
    if bars.iter().any(|bar| bar.expected.is_some()) {
        legend.push(stroke("expected", "forecast, 1 h ahead"));
    }
    legend.extend([
        stroke("median", "median of the day"),
        swatch("dirty", "dirtier than the median"),
        swatch("fill-train", "training"),
        swatch("fill-sample", "scoring"),
        swatch("fill-rest", "resting, idle"),
    ]);
    legend
}

fn bars(hours: &[&HourFacts]) -> Vec<Bar> {
    let step = [1, 2, 3, 6, 12, 24, 48, 168, 336, 730]
        .into_iter()
        .find(|step| hours.len() <= MAX_BARS * step)
        .unwrap_or(8760);
    hours.chunks(step).map(bar).collect()
}

fn bar(hours: &[&HourFacts]) -> Bar {
    let count = hours.len() as f64;
    let mean = |of: &dyn Fn(&HourFacts) -> f64| hours.iter().map(|hour| of(hour)).sum::<f64>() / count;
    let used = |wanted: &dyn Fn(Purpose) -> bool| -> f64 {
        let parts = hours.iter().flat_map(|hour| &hour.kwh_by_fidelity);
        parts.filter(|(purpose, _)| wanted(**purpose)).map(|(_, kwh)| kwh).sum()
    };
    let slots = |pick: &dyn Fn(common::allocation::Shares) -> u32| {
        mean(&|hour| f64::from(hour.allocation.map_or(0, pick)))
    };
    let expected: Vec<f64> = hours.iter().filter_map(|hour| hour.forecast_g_per_kwh).collect();
    let intensity = mean(&|hour| hour.intensity_g_per_kwh);
    let median = mean(&|hour| hour.day_median_g_per_kwh);
    Bar {
        from: hours[0].index,
        hours: hours[hours.len() - 1].index - hours[0].index + 1,
        stamp: hours[0].hour.clone(),
        intensity,
        expected: (!expected.is_empty()).then(|| expected.iter().sum::<f64>() / expected.len() as f64),
        median,
        dirty: intensity > median,
        slots: [slots(&|shares| shares.train), slots(&|shares| shares.sample), slots(&|shares| shares.rest)],
        kwh: [
            used(&Purpose::is_training),
            used(&|purpose| purpose == Purpose::OneShot),
            used(&|purpose| purpose == Purpose::Idle),
        ],
        grams: hours.iter().map(|hour| hour.gco2eq).sum(),
    }
}

fn figure(zone: &Zone, bars: &[Bar]) -> Option<Figure> {
    let (first, last) = (bars.first()?, bars.last()?);
    let top = Frame { left: 58.0, top: 30.0, width: WIDTH - 58.0 - 16.0, height: 150.0 };
    let middle = Frame { top: top.bottom() + 36.0, height: 84.0, ..top };
    let bottom = Frame { top: middle.bottom() + 36.0, height: 104.0, ..top };
    let x = Scale::linear((first.from as f64, (last.from + last.hours) as f64), top.x());
    // A zone's name may hold what no file's name does.
    let name: String = zone
        .as_str()
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' })
        .collect();
    Some(Figure {
        name: format!("grid-{name}"),
        height: bottom.bottom() + 44.0,
        what: "carbon intensity, allocation of slots and energy by hour",
        legend: legend(bars),
        content: html! {
            @for bar in bars.iter().filter(|bar| bar.dirty) {
                @let (from, to) = edges(bar, &x);
                rect .dirty x=(px(from)) y=(px(top.top)) width=(px(to - from)) height=(px(bottom.bottom() - top.top)) {}
            }
            (intensity(bars, top, &x))
            (allocation(bars, middle, &x))
            (energy(bars, bottom, &x))
            (hour_axis(bars, bottom, &x))
        },
    })
}

fn edges(bar: &Bar, x: &Scale) -> (f64, f64) {
    (x.at(bar.from as f64), x.at((bar.from + bar.hours) as f64))
}

fn intensity(bars: &[Bar], frame: Frame, x: &Scale) -> Markup {
    let highest =
        bars.iter().flat_map(|bar| [Some(bar.intensity), bar.expected]).flatten().fold(1.0, f64::max);
    let y = Scale::linear((0.0, highest * 1.06), frame.y());
    let ticks = y.ticks(4);
    let (mut known, mut expected, mut median) = (String::new(), String::new(), String::new());
    for bar in bars {
        let (from, to) = edges(bar, x);
        step(&mut known, from, to, Some(y.at(bar.intensity)));
        step(&mut expected, from, to, bar.expected.map(|value| y.at(value)));
        step(&mut median, from, to, Some(y.at(bar.median)));
    }
    let area = format!("{known}V{}H{}Z", px(frame.bottom()), px(frame.left));
    html! {
        (frame.upright(&y, 4, "carbon intensity, gCO₂eq/kWh", |tick| tick_label(tick, &ticks)))
        path .under-intensity d=(area) {}
        path .median d=(median) {}
        path .intensity d=(known) {}
        path .expected d=(expected) {}
        line .axis x1=(px(frame.left)) x2=(px(frame.right())) y1=(px(frame.bottom())) y2=(px(frame.bottom())) {}
    }
}

/// Level over one bar; joined to the last where that ended here.
fn step(line: &mut String, from: f64, to: f64, y: Option<f64>) {
    let Some(y) = y else {
        // The next known bar begins anew.
        if !line.is_empty() && !line.ends_with(' ') {
            line.push(' ');
        }
        return;
    };
    if line.is_empty() || line.ends_with(' ') {
        line.push_str(&format!("M{} {}H{}", px(from), px(y), px(to)));
    } else {
        line.push_str(&format!("V{}H{}", px(y), px(to)));
    }
}

fn allocation(bars: &[Bar], frame: Frame, x: &Scale) -> Markup {
    let most = bars.iter().map(|bar| bar.slots.iter().sum::<f64>()).fold(1.0, f64::max);
    let y = Scale::linear((0.0, most), frame.y());
    let whole = |tick: f64| if tick.fract() == 0.0 { format!("{tick:.0}") } else { String::new() };
    let classes = ["fill-train", "fill-sample", "fill-rest"];
    html! {
        (frame.upright(&y, 3, "slots", whole))
        @for bar in bars {
            (stack(bar, bar.slots, classes, x, &y, &format!("train {:.1}, sample {:.1}, rest {:.1}", bar.slots[0], bar.slots[1], bar.slots[2])))
        }
        line .axis x1=(px(frame.left)) x2=(px(frame.right())) y1=(px(frame.bottom())) y2=(px(frame.bottom())) {}
    }
}

fn energy(bars: &[Bar], frame: Frame, x: &Scale) -> Markup {
    let most = bars.iter().map(|bar| bar.kwh.iter().sum::<f64>()).fold(0.0, f64::max);
    let (factor, unit) = match most {
        kwh if kwh >= 1.0 => (1.0, "kWh"),
        kwh if kwh >= 1e-3 => (1e3, "Wh"),
        _ => (1e6, "mWh"),
    };
    let y = Scale::linear((0.0, (most * factor * 1.04).max(1e-9)), frame.y());
    let ticks = y.ticks(3);
    let classes = ["fill-train", "fill-sample", "fill-rest"];
    html! {
        (frame.upright(&y, 3, &format!("energy, {unit}"), |tick| tick_label(tick, &ticks)))
        @for bar in bars {
            @let [training, scoring, idle] = bar.kwh;
            @let told = format!("training {}, scoring {}, idle {}; {} CO₂eq", text::energy(training), text::energy(scoring), text::energy(idle), text::mass(bar.grams));
            (stack(bar, bar.kwh.map(|kwh| kwh * factor), classes, x, &y, &told))
        }
    }
}

fn stack(bar: &Bar, parts: [f64; 3], classes: [&str; 3], x: &Scale, y: &Scale, told: &str) -> Markup {
    let (from, to) = edges(bar, x);
    // A hair between bars, where there is room for one.
    let gap = if to - from > 4.0 { 1.0 } else { 0.0 };
    let mut below = 0.0;
    html! {
        g {
            title { (text::iso_as_utc(&bar.stamp)) ": " (text::significant(bar.intensity)) " g/kWh; " (told) }
            @for (part, class) in parts.into_iter().zip(classes).filter(|(part, _)| *part > 0.0) {
                @let (low, high) = { let low = below; below += part; (y.at(low), y.at(below)) };
                rect class=(class) x=(px(from)) y=(px(high)) width=(px((to - from - gap).max(0.3))) height=(px((low - high).max(0.2))) {}
            }
        }
    }
}

/// Hours of the day, and the date where a day begins.
fn hour_axis(bars: &[Bar], frame: Frame, x: &Scale) -> Markup {
    let (Some(first), Some(last)) = (bars.first(), bars.last()) else { return html! {} };
    let total = last.from + last.hours - first.from;
    let step = [1, 2, 3, 6, 12, 24, 48, 168, 336, 730, 2190]
        .into_iter()
        .find(|step| total / step <= 14)
        .unwrap_or(8760);
    let mut ticks = Vec::new();
    for bar in bars {
        let of_day: i64 = bar.stamp.get(11..13).and_then(|text| text.parse().ok()).unwrap_or(0);
        let due = if step < 24 { of_day % step == 0 } else { (bar.from - first.from) % step < bar.hours };
        if due {
            ticks.push((bar.from, of_day, bar.stamp.get(..10).unwrap_or_default()));
        }
    }
    let dated = |number: usize| number == 0 || ticks[number].2 != ticks[number - 1].2;
    html! {
        line .axis x1=(px(frame.left)) x2=(px(frame.right())) y1=(px(frame.bottom())) y2=(px(frame.bottom())) {}
        @for (number, (from, of_day, date)) in ticks.iter().enumerate() {
            @let at = x.at(*from as f64);
            line .axis x1=(px(at)) x2=(px(at)) y1=(px(frame.bottom())) y2=(px(frame.bottom() + 4.0)) {}
            @if step < 24 { text .tick x=(px(at)) y=(px(frame.bottom() + 18.0)) text-anchor="middle" { (format!("{of_day:02}:00")) } }
            @if dated(number) {
                text class=(if step < 24 { "strong" } else { "tick" }) x=(px(at)) y=(px(frame.bottom() + if step < 24 { 35.0 } else { 18.0 })) text-anchor="middle" { (date) }
            }
        }
    }
}
