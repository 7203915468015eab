//! `report.html`: one self-contained page, set like an appendix of a paper. No scripts, no fonts or images from elsewhere;
//! light and dark by the reader's preference, and fit to print. It computes nothing but layout.

mod figure;
mod grid;
mod plot;
mod provenance;
mod search;
mod spending;
mod tables;

use common::objective::ObjectiveKind;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::model::Report;
use super::{citation, text};

const STYLE: &str = include_str!("style.css");
/// What is drawn, in the page and in files of its own.
const PLOT_STYLE: &str = include_str!("plot.css");

/// Grid hours before dirty and clean ones are worth comparing in a headline.
const MIN_HOURS: f64 = 6.0;

pub use figure::figures;

/// The whole page.
pub fn page(report: &Report) -> String {
    let study = &report.study;
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="generator" content="CE-NAS";
                title { (study.name) " · CE-NAS report" }
                style { (PreEscaped(STYLE)) (PreEscaped(PLOT_STYLE)) }
            }
            body {
                main {
                    (head(report))
                    (headline(report))
                    @for note in report.notes.iter().filter(|note| note.important) { p .note role="note" { (note.text) } }
                    (section(1, "What was found", html! {
                        (search::front(report))
                        (tables::front(report))
                        (search::hypervolume(report))
                    }))
                    (section(2, "When it worked", html! {
                        (grid::hours(report))
                        (tables::training_by_intensity(report))
                        (tables::forecasts(report))
                    }))
                    (section(3, "What it cost", html! {
                        (spending::by_fidelity(report))
                        (tables::trials(report))
                        (tables::budgets(report))
                    }))
                    (section(4, "How it was measured", html! {
                        (tables::meters(report))
                        (provenance::table(report))
                        ul .notes { @for note in report.notes.iter().filter(|note| !note.important) { li { (note.text) } } }
                    }))
                    (section(5, "Who worked on it", html! {
                        (tables::workers(report))
                        (tables::interruptions(report))
                        (tables::failed(report))
                    }))
                    (section(6, "How to do it again", reproduce(report)))
                    (section(7, "How to cite it", html! {
                        p .prose { (report.methods) }
                        pre { (citation::BIBTEX) }
                    }))
                }
            }
        }
    };
    markup.into_string()
}

fn section(number: u32, title: &str, content: Markup) -> Markup {
    html! { section { h2 { span .number { (number) } (title) } (content) } }
}

fn head(report: &Report) -> Markup {
    let time = &report.time;
    html! {
        h1 { (report.study.name) }
        p .byline {
            "A carbon-aware architecture search, minimising " (listed(report)) ". "
            (text::iso_as_utc(&time.started_at))
            @match &time.finished_at {
                Some(at) => { " to " (text::iso_as_utc(at)) }
                None => { ", not ended as of " (text::iso_as_utc(&time.last_event_at)) }
            }
            @if let Some(reason) = &time.reason { ": " (reason) }
            "."
        }
    }
}

/// "error, parameters and latency".
fn listed(report: &Report) -> String {
    let name = |kind| match kind {
        ObjectiveKind::Error => "error",
        ObjectiveKind::Parameters => "parameters",
        ObjectiveKind::Flops => "multiply-accumulates",
        ObjectiveKind::LatencyMs => "latency",
        ObjectiveKind::JoulesPerInference => "energy of inference",
    };
    let names: Vec<&str> = report.study.objectives.iter().map(|objective| name(objective.kind)).collect();
    match names.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => names.concat(),
    }
}

fn headline(report: &Report) -> Markup {
    let best = report.front.iter().filter(|network| network.test_accuracy.is_some());
    let best = best.max_by(|a, b| a.test_accuracy.unwrap_or(0.0).total_cmp(&b.test_accuracy.unwrap_or(0.0)));
    let counts = |purpose| report.trials.by_fidelity.get(&purpose).map_or(0, |counts| counts.finished);
    let energy = &report.energy;
    let divided = &report.training_by_intensity.against_day_median;
    html! {
        dl .headline {
            div {
                dt { "best test accuracy" }
                @match best {
                    Some(network) => dd {
                        (text::percent(network.test_accuracy.unwrap_or_default(), 2))
                        small {
                            "trial " (network.trial)
                            @if let Some(count) = network.parameters { ", " (text::large(count as f64)) " parameters" }
                        }
                    }
                    None => dd .words { "none yet" }
                }
            }
            div {
                dt { "on the front" }
                dd { (report.front.len()) small { "hypervolume " (text::percent(report.hypervolume.share, 2)) } }
            }
            div {
                dt { "full trainings" }
                dd {
                    (counts(common::energy::Purpose::Full))
                    small { (counts(common::energy::Purpose::Rung)) " short, " (text::count(counts(common::energy::Purpose::OneShot))) " scored" }
                }
            }
            div {
                dt { "energy " @if energy.estimated_share > 0.0 { span .badge { "estimated" } } }
                dd { (text::energy(energy.total.kwh)) small { "± " (text::percent(energy.uncertainty.share, 0)) ", " (text::energy(energy.training.kwh)) " training" } }
            }
            div {
                dt { "emissions " @if report.carbon.synthetic { span .badge { "synthetic" } } }
                dd { (text::mass(energy.total.gco2eq)) small { "CO₂eq" @if energy.total.kwh > 0.0 { ", " (text::significant(energy.total.gco2eq / energy.total.kwh)) " g/kWh" } } }
            }
            @if let Some(ratio) = divided.above_to_below.filter(|_| report.time.grid_hours >= MIN_HOURS) {
                div {
                    dt { "training in dirty hours" }
                    dd { (text::percent(ratio, 0)) small { "of the energy of a clean hour" } }
                }
            }
            div {
                dt { "wall time" }
                dd { (text::duration(60.0 * report.time.wall_minutes)) small { (text::significant(report.time.grid_hours)) " grid hours" } }
            }
        }
    }
}

fn reproduce(report: &Report) -> Markup {
    let versions = &report.versions;
    let listed = |items: &[String]| if items.is_empty() { "–".to_string() } else { items.join(", ") };
    html! {
        p {
            "Save the configuration below as " code { "study.toml" } ", put the same images at " code { (report.study.spec.data.path) }
            ", install release " (listed(&versions.coordinator)) ", and run:"
        }
        pre { "ce-nas run --config study.toml --dir runs/again" }
        p .prose {
            "The seed fixes what is drawn: the initial architectures, the search tree's choices, the division of the images, the "
            "weights each training starts from and the order of its batches. It does not fix when a worker finishes, and so not which "
            "result the tree sees first; two runs agree closely, not to the bit. The ledger beside this page, "
            code { "ledger.sqlite" } ", is the whole history; " code { "ce-nas report" } " makes this page from it again, and "
            code { "report.json" } " holds every figure shown."
        }
        table {
            tbody {
                tr { td { "seed" } td { (report.study.seed.0) } }
                tr { td { "coordinator" } td { "release " (listed(&versions.coordinator)) ", protocol " (versions.protocol) } }
                tr { td { "workers" } td { "release " (listed(&versions.workers)) } }
                tr { td { "devices" } td { (versions.devices.join("; ")) } }
                tr { td { "reference point" } td { (reference(report)) } }
                tr { td { "written" } td { (text::iso_as_utc(&report.written_at)) } }
            }
        }
        details { summary { "Configuration, resolved" } pre { (report.study.config) } }
    }
}

fn reference(report: &Report) -> String {
    let parts: Vec<String> = report
        .study
        .objectives
        .iter()
        .map(|objective| format!("{} {}", objective.kind.key(), objective.reference))
        .collect();
    parts.join(", ")
}
