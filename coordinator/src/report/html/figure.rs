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
        let top = if self.legend.is_empty() { 0.0 } else { ROW };
        let (width, height) = (WIDTH + 24.0, self.height + top + 16.0);
        let view = format!("-12 -8 {width} {height}");
        let markup = html! {
            svg xmlns="http://www.w3.org/2000/svg" viewBox=(view) width=(width) height=(height) role="img" {
                title { (self.what) }
                style { (PreEscaped(resolved_style())) }
                rect x="-12" y="-8" width=(width) height=(height) fill="white" {}
                @for (key, left) in self.legend.iter().zip(lefts(&self.legend)) {
                    g transform=(format!("translate({} 0)", px(left))) {
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

/// Where each entry of a legend begins, by what the ones before it take.
fn lefts(legend: &[Key]) -> impl Iterator<Item = f64> {
    let widths = legend.iter().map(|key| SAMPLE + 26.0 + LETTER * key.meaning.chars().count() as f64);
    widths.scan(0.0, |left, width| {
        let here = *left;
        *left += width;
        Some(here)
    })
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
    fn entries_of_a_legend_stand_side_by_side() {
        let legend = [swatch("a", "training"), swatch("b", "x"), swatch("c", "y")];
        let lefts: Vec<f64> = lefts(&legend).collect();
        assert!(lefts[0] == 0.0 && lefts[1] > 90.0 && lefts[2] > lefts[1] + 40.0, "{lefts:?}");
    }
}
