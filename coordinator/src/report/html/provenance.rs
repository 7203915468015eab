//! Where the carbon intensity comes from: how many hours of the study each source served, and which.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use crate::report::model::{Report, SourceSpan};
use crate::report::text;

pub(super) fn table(report: &Report) -> Markup {
    let carbon = &report.carbon;
    if carbon.hours_by_provenance.is_empty() {
        return html! {};
    }
    html! {
        p .caption {
            b { "Table 7. Where the carbon intensity comes from. " }
            @for (zone, kind) in &carbon.kind_by_zone { (zone) ": " (kind.replace('_', ", ")) ". " }
        }
        table {
            thead { tr { th { "source" } th .n { "zone-hours of the study" } th .n { "samples, with history" } th { "hours" } } }
            tbody {
                @for source in sources(report) {
                    @let of = |map: &BTreeMap<String, u64>| text::count(map.get(source).copied().unwrap_or(0));
                    tr {
                        td { (source) @if source == "synthetic" { " " span .badge { "not a real grid" } } }
                        td .n { (of(&carbon.hours_by_provenance)) }
                        td .n { (of(&carbon.samples_by_provenance)) }
                        td { (spans(report, source)) }
                    }
                }
            }
        }
    }
}

/// When a source served, the first spans of it; the JSON has them all.
fn spans(report: &Report, source: &str) -> String {
    const SHOWN: usize = 4;
    let of_source = || report.carbon.spans.iter().filter(|span| span.provenance == source);
    let zones = report.carbon.kind_by_zone.len();
    let words = |span: &SourceSpan| {
        let zone = if zones > 1 { format!("{} ", span.zone) } else { String::new() };
        match span.hours {
            1 => format!("{zone}{}", span.from),
            _ => format!("{zone}{} to {}", span.from, span.to),
        }
    };
    let mut told: Vec<String> = of_source().take(SHOWN).map(words).collect();
    match of_source().count().saturating_sub(SHOWN) {
        0 => {}
        more => told.push(format!("and {more} more")),
    }
    told.join(", ")
}

fn sources(report: &Report) -> BTreeSet<&str> {
    let carbon = &report.carbon;
    carbon.hours_by_provenance.keys().chain(carbon.samples_by_provenance.keys()).map(String::as_str).collect()
}
