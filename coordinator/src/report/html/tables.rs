//! The page's tables. Each leaves itself out where it would be empty, unless its absence would puzzle.

use common::energy::{Method, Purpose};
use common::unit::JOULES_PER_KWH;
use maud::{Markup, html};

use crate::report::model::{Divided, ForecastError, IntensityBucket, Network, Report};
use crate::report::{text, uncertainty};

/// Days shown; the rest is in report.json.
const MAX_DAYS: usize = 31;

pub(super) fn front(report: &Report) -> Markup {
    if report.front.is_empty() {
        // The figure above has said so.
        return html! {};
    }
    let any = |of: fn(&Network) -> bool| report.front.iter().any(of);
    let (latency, joules) = (any(|n| n.latency_ms.is_some()), any(|n| n.joules_per_inference.is_some()));
    let columns = 8 + usize::from(latency) + usize::from(joules);
    html! {
        p .caption { b { "Table 1. The front. " } "Accuracy on validation images decided; test images were looked at once. Time and energy are the full training's." }
        div .wide {
            table {
                thead {
                    tr {
                        th .n { "trial" }
                        th .n { "test" small { "accuracy" } }
                        th .n { "validation" small { "accuracy" } }
                        th .n { "parameters" }
                        th .n { "MACs" small { "an inference" } }
                        @if latency { th .n { "latency" small { "an inference" } } }
                        @if joules { th .n { "energy" small { "an inference" } } }
                        th .n { "training" small { "time" } }
                        th .n { "training" small { "energy" } }
                        th { "first proposed" }
                    }
                }
                tbody {
                    @for network in &report.front {
                        tr .lead {
                            td .n { (network.trial) @if network.given.is_some() { " " span .badge { "given" } } }
                            td .n { (optional(network.test_accuracy, |share| text::percent(share, 2))) }
                            td .n { (text::percent(network.validation_accuracy, 2)) }
                            td .n { (optional(network.parameters, text::count)) }
                            td .n { (optional(network.flops, |count| text::large(count as f64))) }
                            @if latency { td .n { (optional(network.latency_ms, |ms| format!("{} ms", text::significant(ms)))) } }
                            @if joules { td .n { (optional(network.joules_per_inference, text::joules)) } }
                            td .n { (optional(worked(network).then_some(network.seconds), text::duration)) }
                            td .n { (optional(worked(network).then_some(network.joules), text::joules_as_energy)) }
                            td { (network.origin) }
                        }
                        tr .under { td {} td colspan=(columns - 1) { code { (network.architecture) } " " (links(network)) } }
                    }
                }
            }
        }
    }
}

/// Whether its training was this study's.
fn worked(network: &Network) -> bool {
    network.given.is_none()
}

/// Files beside the page; the only links it has.
fn links(network: &Network) -> Markup {
    html! {
        @if let Some(file) = &network.files.weights { " · " a href=(file) { "weights" } }
        @if let Some(file) = &network.files.torchscript { " · " a href=(file) { "TorchScript" } }
    }
}

fn optional<T>(value: Option<T>, show: impl Fn(T) -> String) -> String {
    value.map_or("–".into(), show)
}

pub(super) fn training_by_intensity(report: &Report) -> Markup {
    let facts = &report.training_by_intensity;
    if facts.days.is_empty() {
        return html! {};
    }
    html! {
        p .caption {
            b { "Table 2. Training against the grid. " }
            "Energy of gradient descent (supernet, short and full trainings) in hours above and below the median intensity. "
            "A day is 24 hours of grid time from the study's first hour; the first and the last hour count by the part that was used."
        }
        div .wide {
            table {
                thead {
                    tr {
                        th { "hours set against" }
                        th .n { "hours" small { "above · at · below" } }
                        th .n { "training" small { "above" } }
                        th .n { "training" small { "below" } }
                        th .n { "an hour" small { "above" } }
                        th .n { "an hour" small { "below" } }
                        th .n { "above" small { "to below" } }
                    }
                }
                tbody {
                    (divided("the median of their day", &facts.against_day_median))
                    (divided("the median of the study", &facts.against_study_median))
                    @if facts.days.len() > 1 {
                        @for day in facts.days.iter().take(MAX_DAYS) {
                            (divided(&format!("{} from {}: {} g/kWh", day.zone, text::iso_as_utc(&day.from), text::significant(day.median_g_per_kwh)), &day.divided))
                        }
                    }
                }
            }
        }
        @if facts.days.len() > MAX_DAYS { p .byline { (facts.days.len() - MAX_DAYS) " more days are in report.json." } }
    }
}

fn divided(name: &str, divided: &Divided) -> Markup {
    let hours = |bucket: &IntensityBucket| {
        let text = format!("{:.1}", bucket.hours);
        text.trim_end_matches(".0").to_string()
    };
    html! {
        tr .lead {
            td { (name) }
            td .n { (hours(&divided.above)) " · " (hours(&divided.at)) " · " (hours(&divided.below)) }
            td .n { (text::energy(divided.above.training_kwh)) }
            td .n { (text::energy(divided.below.training_kwh)) }
            td .n { (optional(divided.above.training_kwh_per_hour, text::energy)) }
            td .n { (optional(divided.below.training_kwh_per_hour, text::energy)) }
            td .n { (optional(divided.above_to_below, |ratio| text::percent(ratio, 0))) }
        }
    }
}

pub(super) fn forecasts(report: &Report) -> Markup {
    if report.forecasts.is_empty() {
        return html! { p .byline { "No forecast was issued: the history of the grid was too short." } };
    }
    html! {
        p .caption {
            b { "Table 3. Forecasts as they turned out. " }
            "Medians set against what was observed later; hours inside the band lay between the 5 % and the 95 % quantile."
        }
        div .wide {
            table {
                thead {
                    tr {
                        th { "zone" } th { "model" } th .n { "issued" }
                        th .n { "error 1 h ahead" small { "mean absolute" } }
                        th .n { "error day ahead" small { "mean absolute, 1–24 h" } }
                        th .n { "RMSE day ahead" small { "g/kWh" } }
                        th .n { "inside band" small { "1–24 h" } }
                    }
                }
                tbody {
                    @for facts in &report.forecasts {
                        @let models: Vec<String> = facts.models.iter().map(|(model, count)| if facts.models.len() > 1 { format!("{model} ({count})") } else { model.clone() }).collect();
                        @let error = |error: &ForecastError| optional(error.mape_percent, |mape| format!("{mape:.1} %"));
                        tr .lead {
                            td { (facts.zone) } td { (models.join(", ")) } td .n { (facts.issued) }
                            td .n { (error(&facts.one_hour_ahead)) }
                            td .n { (error(&facts.day_ahead)) }
                            td .n { (optional(facts.day_ahead.rmse_g_per_kwh, text::significant)) }
                            td .n { (optional(facts.day_ahead.inside_band, |share| text::percent(share, 0))) }
                        }
                    }
                }
            }
        }
    }
}

pub(super) fn trials(report: &Report) -> Markup {
    const ROWS: [Purpose; 4] = [Purpose::Supernet, Purpose::OneShot, Purpose::Rung, Purpose::Full];
    let any_given = report.trials.by_fidelity.values().any(|counts| counts.given > 0);
    html! {
        p .caption { b { "Table 4. Trials by fidelity and state. " } "Energy is per finished trial, what suspended and failed attempts used included." }
        table {
            thead {
                tr {
                    th { "fidelity" } th .n { "finished" } @if any_given { th .n { "given" } } th .n { "running" } th .n { "suspended" } th .n { "waiting" } th .n { "failed" } th .n { "energy each" }
                }
            }
            tbody {
                @for purpose in ROWS {
                    @let counts = report.trials.by_fidelity.get(&purpose).copied().unwrap_or_default();
                    @let spent = report.energy.by_fidelity.get(&purpose).copied().unwrap_or_default();
                    tr {
                        td { (text::purpose(purpose)) }
                        td .n { (text::count(counts.finished)) }
                        @if any_given { td .n .nothing[counts.given == 0] { (text::count(counts.given)) } }
                        @for number in [counts.running, counts.suspended, counts.waiting, counts.failed] {
                            td .n .nothing[number == 0] { (text::count(number)) }
                        }
                        td .n { @if counts.finished > 0 { (text::energy(spent.kwh / counts.finished as f64)) } @else { "–" } }
                    }
                }
            }
        }
    }
}

pub(super) fn budgets(report: &Report) -> Markup {
    if report.budgets.is_empty() {
        return html! {};
    }
    html! {
        p .caption { b { "Table 5. Budgets." } }
        table {
            thead { tr { th { "budget" } th .n { "used" } th .n { "limit" } th .n { "share" } } }
            tbody {
                @for budget in &report.budgets {
                    tr {
                        td { (budget.of) ", " (budget.unit) }
                        td .n { (text::significant(budget.used)) }
                        td .n { (text::plain(budget.limit)) }
                        td .n { (text::percent(budget.used / budget.limit, 0)) }
                    }
                }
            }
        }
    }
}

pub(super) fn meters(report: &Report) -> Markup {
    let energy = &report.energy;
    let total = energy.total.kwh * JOULES_PER_KWH;
    let share = |joules: f64| if total > 0.0 { text::percent(joules / total, 1) } else { "–".into() };
    html! {
        @if energy.joules_by_method.is_empty() { p .byline { "No energy has been reported yet." } }
        @else {
            p .caption { b { "Table 6. How energy was found out. " } "By method, then by instrument." }
            table {
                thead { tr { th { "method or instrument" } th { "what it means" } th .n { "energy" } th .n { "share" } th .n { "may be off by" } } }
                tbody {
                    @for (method, joules) in &energy.joules_by_method {
                        tr {
                            td { (method) @if *method == Method::Estimated { " " span .badge { "not a measurement" } } }
                            td { (meaning(*method)) "; " (uncertainty::of(*method).1) }
                            td .n { (text::joules_as_energy(*joules)) }
                            td .n { (share(*joules)) }
                            td .n { "± " (text::percent(uncertainty::of(*method).0, 0)) }
                        }
                    }
                    @for (number, (meter, joules)) in energy.joules_by_meter.iter().enumerate() {
                        tr .lead[number == 0] { td colspan="2" { (meter) } td .n { (text::joules_as_energy(*joules)) } td .n { (share(*joules)) } td {} }
                    }
                }
            }
            p .after {
                "In all between " (text::energy(energy.uncertainty.low.kwh)) " and " (text::energy(energy.uncertainty.high.kwh)) ", "
                (text::mass(energy.uncertainty.low.gco2eq)) " to " (text::mass(energy.uncertainty.high.gco2eq)) " CO₂eq: the errors of several methods are added up, for an instrument errs "
                "the same way all week. The intensity of the grid is taken as its source gave it."
            }
        }
    }
}

fn meaning(method: Method) -> &'static str {
    match method {
        Method::Counter => "difference of the device's own energy counter",
        Method::Integrated => "power readings, integrated over time",
        Method::Estimated => "utilisation times rated power",
        Method::Tabulated => "looked up in a table",
    }
}

pub(super) fn workers(report: &Report) -> Markup {
    if report.workers.is_empty() {
        return html! { p .byline { "No worker has joined yet." } };
    }
    html! {
        p .caption { b { "Table 8. Workers. " } "One line for each; energy is that of its slots." }
        div .wide {
            table {
                thead {
                    tr {
                        th { "worker" } th { "host" } th { "zone" } th { "slots" small { "device, meter" } }
                        th .n { "sessions" } th .n { "finished" small { "trials" } } th .n { "energy" }
                    }
                }
                tbody {
                    @for worker in &report.workers {
                        tr .lead {
                            td { (worker.name) }
                            td { (worker.host) }
                            td { (worker.zone) }
                            td { @for line in slots(worker) { div { (line) } } }
                            td .n { (worker.sessions) }
                            td .n { (text::count(worker.finished_trials)) }
                            td .n { (text::joules_as_energy(worker.joules)) }
                        }
                        @for loss in &worker.lost {
                            tr .under { td {} td colspan="6" { "left " (text::iso_as_utc(&loss.at)) ": " (loss.reason) } }
                        }
                    }
                }
            }
        }
    }
}

/// Equal slots on one line: "4 × NVIDIA H100 …; NVML …".
fn slots(worker: &crate::report::model::WorkerFacts) -> Vec<String> {
    let mut counted: Vec<(String, usize)> = Vec::new();
    for slot in &worker.slots {
        let line = format!("{}; {}", slot.device, slot.meter);
        match counted.iter_mut().find(|(known, _)| *known == line) {
            Some((_, count)) => *count += 1,
            None => counted.push((line, 1)),
        }
    }
    counted
        .into_iter()
        .map(|(line, count)| if count > 1 { format!("{count} × {line}") } else { line })
        .collect()
}

pub(super) fn interruptions(report: &Report) -> Markup {
    let counts = &report.interruptions;
    html! {
        p .after {
            (number(counts.suspensions, "suspension")) " of trainings whose slot was wanted for something else, "
            (number(counts.resumptions, "resumption")) " from a checkpoint. "
            (number(counts.failed_attempts, "failed attempt")) ", " (number(counts.retries, "new attempt")) " after one. "
            (number(counts.sessions_ended, "worker session")) " ended. "
            (number(u64::from(counts.coordinator_lives), "coordinator process")) " worked on the study. "
            (number(report.laws.violations, "violation")) " of the laws of the books."
        }
        @for broken in &report.laws.broken { p .note { (broken) } }
    }
}

fn number(count: u64, what: &str) -> String {
    let ending = match (count, what.ends_with('s')) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    match count {
        0 => format!("No {what}{ending}"),
        _ => format!("{} {what}{ending}", text::count(count)),
    }
}

pub(super) fn failed(report: &Report) -> Markup {
    if report.failed.is_empty() {
        return html! {};
    }
    html! {
        p .caption { b { "Table 9. Trials that were given up." } }
        div .wide {
            table {
                thead { tr { th .n { "trial" } th { "why" } th .n { "failed attempts" } } }
                tbody {
                    @for failed in &report.failed {
                        tr .lead {
                            td .n { (failed.trial) }
                            td { (failed.reason) }
                            td .n { (failed.attempts.len()) }
                        }
                        tr .under { td {} td colspan="2" { code { (failed.subject) } } }
                    }
                }
            }
        }
    }
}
