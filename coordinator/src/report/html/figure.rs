//! A figure: a drawing and what its inks mean. Set into the page, or a file of its own that any program draws.

use maud::{Markup, PreEscaped, html};

use super::plot::px;
use super::{PLOT_STYLE, STYLE, grid, search, spending};
use crate::report::model::Report;

const WIDTH: f64 = 880.0;
/// Of a legend in a file of its own: its row, a sample of ink, and a letter of its text.
const ROW: f64 = 26.0;
const SAMPLE: f64 = 22.0;
const LETTER: f64 = 6.4;

pub(super) struct Figure {
    /// Of its file.
    pub name: String,
    pub height: f64,
    /// Read out where it can't be seen.
    pub what: &'static str,
    pub legend: Vec<Key>,
    pub content: Markup,
}

/// One entry of a legend: a sample of the ink, 22 × 11 pixels, and its meaning.
pub(super) struct Key {
    sample: Markup,
    meaning: &'static str,
}

/// The report's figures by the names of their files, each a whole SVG document in light colours.
pub fn figures(report: &Report) -> Vec<(String, String)> {
    let found = [search::front_figure(report), search::hypervolume_figure(report)].into_iter().flatten();
    let found = found.chain(grid::figures(report)).chain([spending::figure(report)]);
    found.map(|figure| (format!("{}.svg", figure.name), figure.alone())).collect()
}

impl Figure {
    /// For the page, whose style it takes.
    pub(super) fn in_page(&self, with_legend: bool) -> Markup {
        let view = format!("0 0 {WIDTH} {}", self.height);
        html! {
            @if with_legend && !self.legend.is_empty() {
                ul .legend {
                    @for key in &self.legend {
                        li { svg viewBox="0 0 22 11" aria-hidden="true" { (key.sample) } (key.meaning) }
                    }
                }
            }
            div .wide { svg viewBox=(view) role="img" aria-label=(self.what) { (self.content) } }
        }
    }

    fn alone(&self) -> String {
        let places = places(&self.legend);
        let top = places.last().map_or(0.0, |(_, last)| last + ROW);
        let (width, height) = (WIDTH + 24.0, self.height + top + 16.0);
        let view = format!("-12 -8 {width} {height}");
        let markup = html! {
            svg xmlns="http://www.w3.org/2000/svg" viewBox=(view) width=(width) height=(height) role="img" {
                title { (self.what) }
                style { (PreEscaped(resolved_style())) }
                rect x="-12" y="-8" width=(width) height=(height) fill="white" {}
                @for (key, (left, down)) in self.legend.iter().zip(places) {
                    g transform=(format!("translate({} {})", px(left), px(down))) {
                        (key.sample)
                        text .tick x=(px(SAMPLE + 6.0)) y="9.5" { (key.meaning) }
                    }
                }
                g transform=(format!("translate(0 {top})")) { (self.content) }
            }
        };
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", markup.into_string())
    }
}

/// Where each entry of a legend begins: beside the one before, or on a row of its own where there is no room.
fn places(legend: &[Key]) -> Vec<(f64, f64)> {
    let (mut left, mut down) = (0.0, 0.0);
    let mut place = |key: &Key| {
        let width = SAMPLE + 26.0 + LETTER * key.meaning.chars().count() as f64;
        if left > 0.0 && left + width > WIDTH {
            (left, down) = (0.0, down + ROW);
        }
        let here = (left, down);
        left += width;
        here
    };
    legend.iter().map(&mut place).collect()
}

/// The drawings' style with its light colours written out: few programs but browsers know variables.
fn resolved_style() -> String {
    let palette = STYLE.split_once('}').map_or("", |(first, _)| first);
    let colours = palette
        .split(';')
        .filter_map(|line| line.trim().trim_start_matches(":root {").trim().split_once(": "));
    let style = colours
        .filter(|(name, _)| name.starts_with("--"))
        .fold(PLOT_STYLE.to_owned(), |style, (name, value)| style.replace(&format!("var({name})"), value));
    format!("text {{ font-family: system-ui, \"DejaVu Sans\", Arial, sans-serif; }}\n{style}")
}

pub(super) fn key(sample: Markup, meaning: &'static str) -> Key {
    Key { sample, meaning }
}

pub(super) fn swatch(class: &str, meaning: &'static str) -> Key {
    key(html! { rect class=(class) x="3" y="0.5" width="16" height="10" {} }, meaning)
}

pub(super) fn stroke(class: &str, meaning: &'static str) -> Key {
    key(html! { line class=(class) x1="0" x2="22" y1="5.5" y2="5.5" {} }, meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_its_own_needs_no_variables() {
        let style = resolved_style();
        assert!(
            !style.contains("var(") && style.contains(".curve { fill: none; stroke: #1b6b8f;"),
            "{style}"
        );
    }

    #[test]
    fn entries_of_a_legend_stand_side_by_side_while_there_is_room() {
        let legend: Vec<Key> = (0..8).map(|_| swatch("a", "of a good many letters")).collect();
        let places = places(&legend);
        assert_eq!(places[0], (0.0, 0.0));
        assert!(places[1].0 > 100.0 && places[1].1 == 0.0, "{places:?}");
        assert_eq!(places.iter().filter(|place| place.0 == 0.0).count(), 2, "a second row: {places:?}");
        assert!(places.iter().all(|place| place.0 + 180.0 < WIDTH));
    }
}
