//! What it cost: energy and emissions by fidelity, as bars with their figures.

use common::energy::Purpose;
use maud::{Markup, html};

use super::figure::Figure;
use super::plot::px;
use crate::report::model::{Report, Spent};
use crate::report::text;

const WIDTH: f64 = 880.0;
const ROW: f64 = 30.0;
const LABELS: f64 = 132.0;
const BAR: f64 = 212.0;
/// Where the second column of bars begins.
const SECOND: f64 = 520.0;

/// In the order of the ladder, idle slots last.
const ROWS: [Purpose; 5] = [Purpose::Supernet, Purpose::OneShot, Purpose::Rung, Purpose::Full, Purpose::Idle];

pub(super) fn figure(report: &Report) -> Figure {
    let of = |purpose: Purpose| report.energy.by_fidelity.get(&purpose).copied().unwrap_or_default();
    let total = report.energy.total;
    let most = ROWS.iter().map(|purpose| of(*purpose)).fold(Spent::default(), |most, spent| Spent {
        kwh: most.kwh.max(spent.kwh),
        gco2eq: most.gco2eq.max(spent.gco2eq),
    });
    let height = 30.0 + ROW * (ROWS.len() as f64 + 1.0) + 6.0;
    Figure {
        name: "energy".into(),
        height,
        what: "energy and emissions by fidelity",
        legend: Vec::new(),
        content: html! {
                text .title x=(px(LABELS)) y="16" { "energy" }
                text .title x=(px(SECOND)) y="16" { "emissions, CO₂eq" }
                @for (number, purpose) in ROWS.iter().enumerate() {
                    @let (spent, y) = (of(*purpose), 30.0 + ROW * number as f64);
                    text .strong x=(px(LABELS - 12.0)) y=(px(y + 16.0)) text-anchor="end" { (text::purpose(*purpose)) }
                    (bar(*purpose, LABELS, y, share(spent.kwh, most.kwh), &text::energy(spent.kwh), share(spent.kwh, total.kwh)))
                    (bar(*purpose, SECOND, y, share(spent.gco2eq, most.gco2eq), &text::mass(spent.gco2eq), share(spent.gco2eq, total.gco2eq)))
                }
                @let y = 30.0 + ROW * ROWS.len() as f64;
                line .axis x1="0" x2=(px(WIDTH)) y1=(px(y + 1.0)) y2=(px(y + 1.0)) {}
                text .strong x=(px(LABELS - 12.0)) y=(px(y + 21.0)) text-anchor="end" font-weight="600" { "in all" }
                text .strong x=(px(LABELS)) y=(px(y + 21.0)) font-weight="600" { (text::energy(total.kwh)) }
                text .strong x=(px(SECOND)) y=(px(y + 21.0)) font-weight="600" { (text::mass(total.gco2eq)) }
        },
    }
}

pub(super) fn by_fidelity(report: &Report) -> Markup {
    let estimated = report.energy.estimated_share > 0.0;
    html! {
        figure {
            (figure(report).in_page(true))
            figcaption {
                b { "Figure 4. Energy and emissions by fidelity. " }
                @if estimated { span .badge { "estimated" } " " }
                @if report.carbon.synthetic { span .badge { "synthetic intensity" } " " }
                "Each joule counts at the intensity of the zone and the hour in which it was used. Idle slots draw power too."
            }
        }
    }
}

fn bar(purpose: Purpose, left: f64, y: f64, length: f64, figure: &str, of_all: f64) -> Markup {
    let name = match purpose {
        Purpose::Idle => "fill-idle",
        Purpose::Supernet => "fill-supernet",
        Purpose::OneShot => "fill-one_shot",
        Purpose::Rung => "fill-rung",
        Purpose::Full => "fill-full",
    };
    let width = BAR * length;
    html! {
        rect class=(name) x=(px(left)) y=(px(y + 3.0)) width=(px(width)) height=(px(ROW - 12.0)) rx="1.5" {}
        text .strong x=(px(left + width + 8.0)) y=(px(y + 16.0)) {
            (figure) tspan .tick dx="7" { (text::percent(of_all, if of_all < 0.1 { 1 } else { 0 })) }
        }
    }
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}
