//! Axes: from quantities to pixels, with ticks at round numbers. What is drawn between them is the figures' business.

use maud::{Markup, html};

/// Maps a quantity onto pixels; `range` runs backwards for upright axes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    domain: (f64, f64),
    range: (f64, f64),
    logarithmic: bool,
}

impl Scale {
    pub(super) fn linear(domain: (f64, f64), range: (f64, f64)) -> Self {
        // A single value still has a place: in the middle.
        let flat = domain.1 - domain.0 <= f64::EPSILON * domain.1.abs().max(1e-12);
        let room = if domain.0 == 0.0 { 1.0 } else { domain.0.abs() * 0.05 };
        let domain = if flat { (domain.0 - room, domain.0 + room) } else { domain };
        Self { domain, range, logarithmic: false }
    }

    /// Logarithmic where the values span more than a decade and all are positive.
    pub(super) fn fitting(domain: (f64, f64), range: (f64, f64)) -> Self {
        if domain.0 > 0.0 && domain.1 / domain.0 > 12.0 {
            return Self { domain, range, logarithmic: true };
        }
        Self::linear(domain, range)
    }

    pub(super) fn is_logarithmic(&self) -> bool {
        self.logarithmic
    }

    pub(super) fn at(&self, value: f64) -> f64 {
        let (low, high) = self.domain;
        let share = if self.logarithmic {
            (value / low).ln() / (high / low).ln()
        } else {
            (value - low) / (high - low)
        };
        self.range.0 + share * (self.range.1 - self.range.0)
    }

    pub(super) fn holds(&self, value: f64) -> bool {
        let room = (self.domain.1 - self.domain.0) * 1e-9;
        (self.domain.0 - room..=self.domain.1 + room).contains(&value)
    }

    /// About `wanted` round values within the domain.
    pub(super) fn ticks(&self, wanted: usize) -> Vec<f64> {
        let (low, high) = self.domain;
        if self.logarithmic {
            let decades = (low.log10().floor() as i32)..=(high.log10().ceil() as i32);
            let ticks = decades.flat_map(|decade| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(decade)));
            let ticks: Vec<f64> = ticks.filter(|tick| self.holds(*tick)).collect();
            if ticks.len() >= 3 {
                return ticks;
            }
        }
        let step = round_step((high - low) / wanted.max(1) as f64);
        let first = (low / step - 1e-9).ceil() as i64;
        let last = (high / step + 1e-9).floor() as i64;
        (first..=last).map(|number| number as f64 * step).collect()
    }
}

/// The round number not below `step`: 1, 2, 2.5 or 5 times a power of ten.
fn round_step(step: f64) -> f64 {
    if step <= 0.0 || !step.is_finite() {
        return 1.0;
    }
    let power = 10_f64.powf(step.log10().floor());
    let fitting = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|digit| digit * power >= step * 0.999);
    fitting.unwrap_or(10.0) * power
}

/// A tick's label with the digits that tell it from its neighbours.
pub(super) fn tick_label(value: f64, ticks: &[f64]) -> String {
    let step = ticks.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
    let step = if step.is_finite() { step } else { value.abs() };
    let digits = if step > 0.0 { (0..8).find(|d| is_whole(step * 10_f64.powi(*d))).unwrap_or(8) } else { 0 };
    let text = format!("{value:.*}", digits as usize);
    if text == "-0" { "0".into() } else { text }
}

fn is_whole(value: f64) -> bool {
    (value - value.round()).abs() < 1e-6 && value.round() >= 1.0
}

/// A rectangle between axes, in pixels of the figure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

impl Frame {
    pub(super) fn right(&self) -> f64 {
        self.left + self.width
    }
    pub(super) fn bottom(&self) -> f64 {
        self.top + self.height
    }
    pub(super) fn x(&self) -> (f64, f64) {
        (self.left, self.right())
    }
    pub(super) fn y(&self) -> (f64, f64) {
        (self.bottom(), self.top)
    }

    /// Horizontal rules with their labels, and the title above the axis.
    pub(super) fn upright(
        &self,
        scale: &Scale,
        wanted: usize,
        title: &str,
        label: impl Fn(f64) -> String,
    ) -> Markup {
        html! {
            @for tick in scale.ticks(wanted) {
                line .grid x1=(px(self.left)) x2=(px(self.right())) y1=(px(scale.at(tick))) y2=(px(scale.at(tick))) {}
                text .tick x=(px(self.left - 8.0)) y=(px(scale.at(tick) + 4.0)) text-anchor="end" { (label(tick)) }
            }
            text .title x=(px(self.left)) y=(px(self.top - 10.0)) { (title) }
        }
    }

    /// The base line with ticks, and the title below.
    pub(super) fn level(
        &self,
        scale: &Scale,
        wanted: usize,
        title: &str,
        label: impl Fn(f64) -> String,
    ) -> Markup {
        html! {
            line .axis x1=(px(self.left)) x2=(px(self.right())) y1=(px(self.bottom())) y2=(px(self.bottom())) {}
            @for tick in scale.ticks(wanted) {
                line .axis x1=(px(scale.at(tick))) x2=(px(scale.at(tick))) y1=(px(self.bottom())) y2=(px(self.bottom() + 4.0)) {}
                text .tick x=(px(scale.at(tick))) y=(px(self.bottom() + 18.0)) text-anchor="middle" { (label(tick)) }
            }
            text .title x=(px(self.right())) y=(px(self.bottom() + 36.0)) text-anchor="end" { (title) }
        }
    }
}

/// A tenth of a pixel is finer than any screen.
pub(super) fn px(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within() {
        let scale = Scale::linear((3.0, 97.0), (0.0, 100.0));
        assert_eq!(scale.ticks(5), vec![20.0, 40.0, 60.0, 80.0]);
        let scale = Scale::linear((0.083, 0.091), (0.0, 100.0));
        let ticks = scale.ticks(4);
        let labels: Vec<String> = ticks.iter().map(|tick| tick_label(*tick, &ticks)).collect();
        assert_eq!(labels, ["0.084", "0.086", "0.088", "0.090"]);
        let scale = Scale::fitting((10.0, 5000.0), (0.0, 100.0));
        assert!(scale.is_logarithmic());
        assert_eq!(scale.ticks(4), vec![10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0]);
    }

    #[test]
    fn a_single_value_stands_in_the_middle() {
        for value in [0.0, 7.0] {
            let scale = Scale::linear((value, value), (0.0, 100.0));
            assert!((scale.at(value) - 50.0).abs() < 1e-9);
            assert!(!scale.ticks(4).is_empty());
        }
    }
}
