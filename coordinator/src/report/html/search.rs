//! What was found: the front among all trainings, and the hypervolume against time and emissions.

use common::energy::Purpose;
use common::objective::ObjectiveKind;
use maud::{Markup, html};

use super::figure::{Figure, key, stroke};
use super::plot::{Frame, Scale, px, tick_label};
use crate::report::model::{Evaluated, HistoryPoint, Report};
use crate::report::text;

const WIDTH: f64 = 880.0;
/// More labels than this would cover each other.
const MAX_LABELS: usize = 24;
/// Short trainings this far above the worst full training are left out of the frame, so that the front stays readable.
const RUNG_ROOM: f64 = 1.6;

/// The error against each other objective: one panel for two objectives, two for three.
fn panels(report: &Report) -> Option<Vec<Panel<'_>>> {
    let others: Vec<usize> = (0..report.study.objectives.len())
        .filter(|index| report.study.objectives[*index].kind != ObjectiveKind::Error)
        .collect();
    let error = report.study.objectives.iter().position(|objective| objective.kind == ObjectiveKind::Error);
    let (Some(error), false) =
        (error, report.evaluated.iter().all(|network| network.fidelity != Purpose::Full))
    else {
        return None;
    };
    let gap = 62.0;
    let count = others.len().max(1) as f64;
    let width = (WIDTH - 58.0 - 16.0 - gap * (count - 1.0)) / count;
    let panels = others.iter().enumerate().map(|(place, other)| {
        let left = 58.0 + place as f64 * (width + gap);
        Panel::new(report, *other, error, Frame { left, top: 34.0, width, height: 330.0 })
    });
    Some(panels.collect())
}

pub(super) fn front_figure(report: &Report) -> Option<Figure> {
    let panels = panels(report)?;
    let two = panels.len() == 1;
    let mut legend = vec![
        key(html! { circle .point-front cx="11" cy="5.5" r="4.5" {} }, "on the front"),
        key(html! { circle .point-full cx="11" cy="5.5" r="4" {} }, "full training"),
        key(html! { circle .point-rung cx="11" cy="5.5" r="3.5" {} }, "short training"),
    ];
    if report.evaluated.iter().any(|network| network.given) {
        let hollow = html! { circle .point-full .given cx="11" cy="5.5" r="4" {} };
        legend.push(key(hollow, "given, not trained here"));
    }
    if two {
        legend.push(stroke("stairs", "best error reached at each cost"));
    }
    Some(Figure {
        name: "front".into(),
        height: 412.0,
        what: "validation error against cost of every training, with the front",
        legend,
        content: html! { @for panel in &panels { (panel.draw(two)) } },
    })
}

pub(super) fn front(report: &Report) -> Markup {
    let (Some(panels), Some(figure)) = (panels(report), front_figure(report)) else {
        return html! { p .byline { "No full training has finished yet: there is no front to draw." } };
    };
    let hidden = panels.iter().map(|panel| panel.hidden).max().unwrap_or(0);
    let two = panels.len() == 1;
    html! {
        figure {
            (figure.in_page(true))
            figcaption {
                b { "Figure 1. The front. " }
                "Each point is one training: validation error, which search decisions saw, against cost. "
                @if two { "The line is the front found; towards the lower left is better. " }
                @else { "With three objectives a member of the front may look dominated in one of its two projections. " }
                @if hidden > 0 { "Above the frame, with larger errors: " (hidden) " of the short trainings. " }
                "Numbers are trials of Table 1."
            }
        }
    }
}

struct Panel<'a> {
    frame: Frame,
    x: Scale,
    y: Scale,
    points: Vec<(f64, f64, &'a Evaluated)>,
    title: &'static str,
    hidden: usize,
    labelled: bool,
}

impl<'a> Panel<'a> {
    fn new(report: &'a Report, other: usize, error: usize, frame: Frame) -> Self {
        let points: Vec<(f64, f64, &Evaluated)> = report
            .evaluated
            .iter()
            .filter_map(|network| {
                Some((*network.objectives.get(other)?, *network.objectives.get(error)?, network))
            })
            .collect();
        let fulls = points.iter().filter(|point| point.2.fidelity == Purpose::Full);
        let (low, high) = bounds(fulls.map(|point| point.1));
        let (low_any, high_any) = bounds(points.iter().map(|point| point.1));
        let ceiling = high_any.min(low + (high - low).max(0.02) * RUNG_ROOM);
        let (floor, ceiling) = (low_any.min(low), ceiling.max(high));
        let room = (ceiling - floor).max(0.005) * 0.07;
        let y = Scale::linear(((floor - room).max(0.0), ceiling + room), frame.y());
        let hidden = points.iter().filter(|point| !y.holds(point.1)).count();
        let (left, right) = bounds(points.iter().filter(|point| y.holds(point.1)).map(|point| point.0));
        let domain = if left > 0.0 && right / left > 10.0 {
            (left / 1.25, right * 1.25)
        } else {
            let room = ((right - left) * 0.05).max(right.abs() * 0.01);
            ((left - room).max(0.0), right + room)
        };
        let kind = report.study.objectives[other].kind;
        let labelled = report.front.len() <= MAX_LABELS;
        Self { frame, x: Scale::fitting(domain, frame.x()), y, points, title: title(kind), hidden, labelled }
    }

    fn draw(&self, stairs: bool) -> Markup {
        let percent = |value: f64| format!("{} %", text::significant(100.0 * value).trim_end_matches(".0"));
        let shown = |point: &&(f64, f64, &Evaluated)| self.y.holds(point.1);
        let of = |fidelity: Purpose, on_front: bool| {
            self.points
                .iter()
                .filter(shown)
                .filter(move |point| point.2.fidelity == fidelity && point.2.on_front == on_front)
        };
        let logarithmic = if self.x.is_logarithmic() { ", logarithmic" } else { "" };
        html! {
            (self.frame.upright(&self.y, 6, "validation error", percent))
            (self.frame.level(&self.x, 6, &format!("{}{logarithmic}", self.title), round_large))
            @if stairs { (self.stairs()) }
            @for point in of(Purpose::Rung, false) { (self.point(point, "point-rung", 3.4)) }
            @for point in of(Purpose::Full, false) { (self.point(point, "point-full", 4.2)) }
            @for point in of(Purpose::Full, true) { (self.point(point, "point-front", 5.4)) }
            @if self.labelled {
                @for (x, y, network) in of(Purpose::Full, true) {
                    text class="label halo" x=(px(self.x.at(*x) + 7.0)) y=(px(self.y.at(*y) - 6.0)) { (network.trial) }
                }
            }
        }
    }

    fn point(&self, (x, y, network): &(f64, f64, &Evaluated), class: &str, radius: f64) -> Markup {
        html! {
            circle class={ (class) @if network.given { " given" } } cx=(px(self.x.at(*x))) cy=(px(self.y.at(*y))) r=(radius) {
                title { "trial " (network.trial) @if network.given { ", given" } ": error " (text::percent(*y, 2)) ", " (self.title) " " (text::large(*x)) }
            }
        }
    }

    /// Down at each member, level between: what error was reached at no more than that cost.
    fn stairs(&self) -> Markup {
        let mut members: Vec<(f64, f64)> =
            self.points.iter().filter(|point| point.2.on_front).map(|point| (point.0, point.1)).collect();
        members.sort_by(|a, b| a.0.total_cmp(&b.0));
        let Some(first) = members.first() else { return html! {} };
        let start = (px(self.x.at(first.0)), px(self.frame.top));
        let mut line = format!("M{} {}", start.0, start.1);
        for (x, y) in &members {
            line.push_str(&format!("H{}V{}", px(self.x.at(*x)), px(self.y.at(*y))));
        }
        line.push_str(&format!("H{}", px(self.frame.right())));
        let area = format!("{line}V{}Z", px(self.frame.top));
        html! { path .beyond d=(area) {} path .stairs d=(line) {} }
    }
}

fn title(kind: ObjectiveKind) -> &'static str {
    match kind {
        ObjectiveKind::Error => "validation error",
        ObjectiveKind::Parameters => "parameters",
        ObjectiveKind::Flops => "multiply-accumulates of one inference",
        ObjectiveKind::LatencyMs => "latency of one inference, ms",
        ObjectiveKind::JoulesPerInference => "joules of one inference",
    }
}

fn round_large(value: f64) -> String {
    let text = text::large(value);
    let (number, unit) = text.split_once(' ').unwrap_or((&text, ""));
    let number =
        if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number };
    format!("{number} {unit}").trim_end().into()
}

fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
}

/// Two panels on one upright axis.
pub(super) fn hypervolume_figure(report: &Report) -> Option<Figure> {
    let history = &report.hypervolume.history;
    let last = history.last()?;
    let first = history.iter().find(|point| point.share > 0.0).unwrap_or(last);
    let room = (last.share - first.share).max(0.01) * 0.12;
    let domain = (100.0 * (first.share - room).max(0.0), (100.0 * (last.share + room)).min(100.0));
    let width = 370.0;
    let carbon = Frame { left: 58.0, top: 34.0, width, height: 210.0 };
    let time = Frame { left: 58.0 + width + 66.0, ..carbon };
    let grams_end = report.energy.total.gco2eq.max(last.gco2eq);
    let (scale, unit) = if grams_end < 1.0 {
        (1000.0, "mg")
    } else if grams_end < 2000.0 {
        (1.0, "g")
    } else {
        (1e-3, "kg")
    };
    let minutes_end = report.time.wall_minutes.max(last.wall_minutes);
    let (time_scale, time_unit) = if minutes_end > 180.0 { (1.0 / 60.0, "hours") } else { (1.0, "minutes") };
    Some(Figure {
        name: "hypervolume".into(),
        height: 292.0,
        what: "hypervolume against emissions and against time",
        legend: Vec::new(),
        content: html! {
            (growth(history, carbon, domain, grams_end * scale, &format!("emitted, {unit} CO₂eq"), |point| point.gco2eq * scale))
            (growth(history, time, domain, minutes_end * time_scale, &format!("{time_unit} since the start"), |point| point.wall_minutes * time_scale))
        },
    })
}

pub(super) fn hypervolume(report: &Report) -> Markup {
    let Some(figure) = hypervolume_figure(report) else {
        return html! {};
    };
    html! {
        figure {
            (figure.in_page(true))
            figcaption {
                b { "Figure 2. The search's progress. " }
                "Hypervolume, in percent of the box below the reference point, after each finished full training; against what "
                "the whole fleet had emitted by then (left) and against wall time (right)."
            }
        }
    }
}

fn growth(
    history: &[HistoryPoint],
    frame: Frame,
    domain: (f64, f64),
    end: f64,
    title: &str,
    x_of: impl Fn(&HistoryPoint) -> f64,
) -> Markup {
    let x = Scale::linear((0.0, end.max(f64::MIN_POSITIVE)), frame.x());
    let y = Scale::linear(domain, frame.y());
    let (x_ticks, y_ticks) = (x.ticks(5), y.ticks(5));
    let mut line = String::new();
    for point in history {
        let (at, up) = (px(x.at(x_of(point))), px(y.at((100.0 * point.share).max(domain.0))));
        let start = if line.is_empty() { format!("M{at} {}", px(frame.bottom())) } else { format!("H{at}") };
        line.push_str(&format!("{start}V{up}"));
    }
    line.push_str(&format!("H{}", px(frame.right())));
    html! {
        (frame.upright(&y, 5, "hypervolume", |tick| format!("{} %", tick_label(tick, &y_ticks))))
        (frame.level(&x, 5, title, |tick| tick_label(tick, &x_ticks)))
        path .curve d=(line) {}
        @for point in history {
            circle .dot cx=(px(x.at(x_of(point)))) cy=(px(y.at((100.0 * point.share).max(domain.0)))) r="2.6" {
                title { @if point.given { "given: " } (text::percent(point.share, 3)) ", front of " (point.front_size) ", " (text::energy(point.kwh)) ", " (text::mass(point.gco2eq)) " CO₂eq" }
            }
        }
    }
}
