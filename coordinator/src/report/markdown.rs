//! `report.md`: the same figures for wherever Markdown is read, a repository or a notebook. The drawings lie beside it.

use common::energy::Purpose;

use super::model::{ForecastError, Report};
use super::{citation, figures, text, uncertainty};

/// The folder of the drawings, beside the page.
pub(super) const FIGURES: &str = "figures";

/// The whole page.
pub fn markdown(report: &Report) -> String {
    let parts = [
        head(report),
        format!("{}\n", report.methods),
        drawings(report),
        front(report),
        costs(report),
        measured(report),
        forecasts(report),
        notes(report),
        again(report),
        format!("## How to cite it\n\n```bibtex\n{}```\n", citation::BIBTEX),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

fn head(report: &Report) -> String {
    let time = &report.time;
    let until = match (&time.finished_at, &time.reason) {
        (Some(at), Some(reason)) => format!("to {}: {reason}", text::iso_as_utc(at)),
        (Some(at), None) => format!("to {}", text::iso_as_utc(at)),
        (None, _) => format!("not ended as of {}", text::iso_as_utc(&time.last_event_at)),
    };
    let warnings = report.notes.iter().filter(|note| note.important);
    let warnings: String = warnings.map(|note| format!("> {}\n\n", note.text)).collect();
    format!("# {}\n\n{}, {until}.\n\n{warnings}", report.study.name, text::iso_as_utc(&time.started_at))
}

fn drawings(report: &Report) -> String {
    let drawings = figures(report);
    let lines = drawings.iter().map(|(file, _)| {
        let name = file.trim_end_matches(".svg").replace('-', " ");
        format!("![{name}]({FIGURES}/{file})\n\n")
    });
    lines.collect::<String>()
}

fn front(report: &Report) -> String {
    if report.front.is_empty() {
        return String::new();
    }
    let optional = |value: Option<f64>, words: fn(f64) -> String| value.map_or("–".into(), words);
    let accuracy = |share: f64| text::percent(share, 2);
    let rows = report.front.iter().map(|network| {
        [
            network.trial.to_string(),
            format!("`{}`", network.architecture),
            optional(network.test_accuracy, accuracy),
            accuracy(network.validation_accuracy),
            optional(network.parameters.map(|count| count as f64), text::large),
            optional(network.flops.map(|count| count as f64), text::large),
            optional(network.latency_ms, |ms| format!("{} ms", text::significant(ms))),
            text::joules_as_energy(network.joules),
        ]
    });
    let header = [
        "trial",
        "architecture",
        "test accuracy",
        "validation accuracy",
        "parameters",
        "MACs",
        "latency",
        "training energy",
    ];
    format!("## The front\n\n{}", table(header, rows))
}

fn costs(report: &Report) -> String {
    const ROWS: [Purpose; 5] =
        [Purpose::Supernet, Purpose::OneShot, Purpose::Rung, Purpose::Full, Purpose::Idle];
    let energy = &report.energy;
    let by_fidelity = ROWS.iter().map(|purpose| {
        let spent = energy.by_fidelity.get(purpose).copied().unwrap_or_default();
        let counts = report.trials.by_fidelity.get(purpose);
        let finished = counts.map_or("–".into(), |counts| text::count(counts.finished));
        let name = text::purpose(*purpose).into();
        [name, finished, text::energy(spent.kwh), text::mass(spent.gco2eq)]
    });
    let all = ["in all".into(), "–".into(), text::energy(energy.total.kwh), text::mass(energy.total.gco2eq)];
    let by_zone = energy
        .by_zone
        .iter()
        .map(|(zone, spent)| [zone.to_string(), text::energy(spent.kwh), text::mass(spent.gco2eq)]);
    format!(
        "## What it cost\n\n{}\n{}",
        table(["fidelity", "finished", "energy", "CO2eq"], by_fidelity.chain([all])),
        table(["zone", "energy", "CO2eq"], by_zone)
    )
}

fn measured(report: &Report) -> String {
    let energy = &report.energy;
    if energy.joules_by_method.is_empty() {
        return String::new();
    }
    let rows = energy.joules_by_method.iter().map(|(method, joules)| {
        let (share, why) = uncertainty::of(*method);
        let off = format!("± {}", text::percent(share, 0));
        [method.to_string(), text::joules_as_energy(*joules), off, why.into()]
    });
    let (low, high) = (energy.uncertainty.low, energy.uncertainty.high);
    format!(
        "## How it was measured\n\n{}\nIn all between {} and {}, {} to {} CO2eq.\n",
        table(["method", "energy", "may be off by", "why"], rows),
        text::energy(low.kwh),
        text::energy(high.kwh),
        text::mass(low.gco2eq),
        text::mass(high.gco2eq),
    )
}

fn forecasts(report: &Report) -> String {
    if report.forecasts.is_empty() {
        return String::new();
    }
    let error =
        |error: &ForecastError| error.mape_percent.map_or("–".into(), |mape| format!("{mape:.1} %"));
    let rows = report.forecasts.iter().map(|facts| {
        let models: Vec<&str> = facts.models.keys().map(String::as_str).collect();
        let inside = facts.day_ahead.inside_band.map_or("–".into(), |share| text::percent(share, 0));
        let (hour, day) = (error(&facts.one_hour_ahead), error(&facts.day_ahead));
        [facts.zone.to_string(), models.join(", "), text::count(facts.issued), hour, day, inside]
    });
    let header = ["zone", "model", "issued", "error 1 h ahead", "error day ahead", "inside the 90 % band"];
    format!("## Forecasts as they turned out\n\n{}", table(header, rows))
}

fn notes(report: &Report) -> String {
    let quiet = report.notes.iter().filter(|note| !note.important);
    let lines: String = quiet.map(|note| format!("- {}\n", note.text)).collect();
    if lines.is_empty() { lines } else { format!("## What is counted\n\n{lines}") }
}

fn again(report: &Report) -> String {
    format!(
        "## How to do it again\n\nSeed {}, release {}. Save as `study.toml` and run `ce-nas run --config study.toml --dir runs/again`:\n\n```toml\n{}\n```\n",
        report.study.seed.0,
        report.versions.coordinator.join(", "),
        report.study.config.trim_end(),
    )
}

/// A table whose first line names the columns.
fn table<const N: usize>(header: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    // Notations of cells hold bars, which would end a column.
    let line = |cells: &[String]| {
        let cells: Vec<String> =
            cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let mut all = line(&header.map(String::from));
    all.push_str(&format!("|{}\n", " --- |".repeat(N)));
    rows.for_each(|row| all.push_str(&line(&row)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_does_not_end_a_column() {
        let text = table(["a", "b"], [["|x~0|".into(), "1\n2".into()]].into_iter());
        assert_eq!(text, "| a | b |\n| --- | --- |\n| \\|x~0\\| | 1 2 |\n");
    }
}
