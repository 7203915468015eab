//! Actual intensity against what was forecast, with its band: two panels a zone, the whole test window and its last four weeks.

use common::carbon::Forecast;
use common::time::GridHour;
use forecast::Series;

use crate::plot::{Anchor, Colour, FAINT, INK, Scene, Shape, axis};

const WIDTH: f64 = 1_400.0;
const PANEL_HEIGHT: f64 = 260.0;
const MARGIN_LEFT: f64 = 64.0;
const MARGIN_RIGHT: f64 = 16.0;
const MARGIN_TOP: f64 = 34.0;
const MARGIN_BOTTOM: f64 = 34.0;
const ZOOM_HOURS: i64 = 28 * 24;

const MEDIAN: Colour = [31, 95, 180];
const BAND: Colour = [188, 212, 240];

/// One zone's test window as one model saw it.
#[derive(Debug)]
pub struct Seen {
    zone: String,
    model: String,
    stride: usize,
    /// Hour and g/kWh.
    actual: Vec<(i64, f64)>,
    /// Low, median and high of the freshest forecast of each hour.
    expected: Vec<(i64, [f64; 3])>,
}

impl Seen {
    /// Of each forecast the hours until the next one was issued.
    pub fn new(series: &Series, model: &str, forecasts: &[Forecast], stride: usize) -> Self {
        let mut expected = Vec::new();
        for forecast in forecasts {
            for (row, lead) in forecast.quantiles.iter().zip(1..).take(stride) {
                let hour = forecast.issued_at.plus(lead);
                if hour <= series.last_hour() {
                    expected.push((hour.0, [row[0], row[row.len() / 2], row[row.len() - 1]]));
                }
            }
        }
        let actual = |(hour, _): &(i64, [f64; 3])| Some((*hour, series.get(GridHour(*hour))?));
        let actual = expected.iter().filter_map(actual).collect();
        Self { zone: series.zone().to_string(), model: model.into(), stride, actual, expected }
    }
}

pub fn scene(zones: &[Seen]) -> Scene {
    let mut shapes = Vec::new();
    let mut top = 0.0;
    for seen in zones.iter().filter(|seen| !seen.expected.is_empty()) {
        let (first, last) = (seen.expected[0].0, seen.expected[seen.expected.len() - 1].0);
        panel(seen, (first, last), top, &mut shapes);
        top += PANEL_HEIGHT;
        let zoom = (last + 1 - ZOOM_HOURS).max(first);
        if zoom > first {
            panel(seen, (zoom, last), top, &mut shapes);
            top += PANEL_HEIGHT;
        }
    }
    Scene {
        title: "Forecasts against actual carbon intensity".into(),
        width: WIDTH,
        height: top.max(PANEL_HEIGHT),
        shapes,
    }
}

/// The hours `first..=last` at `top`.
fn panel(seen: &Seen, (first, last): (i64, i64), top: f64, shapes: &mut Vec<Shape>) {
    let within = |hour: i64| (first..=last).contains(&hour);
    let expected: Vec<_> = seen.expected.iter().filter(|(hour, _)| within(*hour)).collect();
    let actual: Vec<_> = seen.actual.iter().filter(|(hour, _)| within(*hour)).collect();
    let highest = expected.iter().map(|(_, row)| row[2]).chain(actual.iter().map(|(_, value)| *value));
    let ceiling = axis::ceiling(highest.fold(0.0, f64::max));
    let x = |hour: i64| {
        let share = (hour - first) as f64 / (last - first).max(1) as f64;
        MARGIN_LEFT + share * (WIDTH - MARGIN_LEFT - MARGIN_RIGHT)
    };
    let y = |value: f64| {
        let height = PANEL_HEIGHT - MARGIN_TOP - MARGIN_BOTTOM;
        top + MARGIN_TOP + height * (1.0 - value / ceiling)
    };
    for value in axis::levels(ceiling) {
        let ends = vec![(x(first), y(value)), (x(last), y(value))];
        shapes.push(Shape::Line { points: ends, colour: FAINT, width: 1.0 });
        let (at, text) = ((MARGIN_LEFT - 8.0, y(value) + 4.0), format!("{value:.0}"));
        shapes.push(Shape::Text { at, anchor: Anchor::End, text });
    }
    for (hour, text) in axis::dates(first, last) {
        let at = (x(hour), top + PANEL_HEIGHT - MARGIN_BOTTOM + 18.0);
        shapes.push(Shape::Text { at, anchor: Anchor::Middle, text });
    }
    let upper = expected.iter().map(|(hour, row)| (x(*hour), y(row[2])));
    let lower = expected.iter().rev().map(|(hour, row)| (x(*hour), y(row[0])));
    shapes.push(Shape::Area { points: upper.chain(lower).collect(), colour: BAND });
    let median = expected.iter().map(|(hour, row)| (x(*hour), y(row[1]))).collect();
    shapes.push(Shape::Line { points: median, colour: MEDIAN, width: 1.2 });
    let actual = actual.iter().map(|(hour, value)| (x(*hour), y(*value))).collect();
    shapes.push(Shape::Line { points: actual, colour: INK, width: 1.2 });
    let title = format!(
        "{}, g/kWh: actual (black), {} issued every {} h (blue) with its 90 % band",
        seen.zone, seen.model, seen.stride
    );
    let at = (MARGIN_LEFT, top + 20.0);
    shapes.push(Shape::Text { at, anchor: Anchor::Start, text: title });
}
