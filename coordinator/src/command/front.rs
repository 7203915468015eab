//! `ce-nas front`: the Pareto front as it stands.

use std::io::Write;

use anyhow::Result;

use super::table::{Side, aligned};
use super::{StudyArgs, Told, print, print_json};
use crate::report::{Network, text};

/// Show the Pareto front of a study
///
/// Example: ce-nas front --dir runs/quickstart --json
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub study: StudyArgs,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    let told = args.study.read()?;
    if args.study.json {
        return print_json(out, &told.report.front);
    }
    print(out, &listing(&told))
}

fn listing(told: &Told) -> String {
    let front = &told.report.front;
    if front.is_empty() {
        return "the front is empty: no full training has finished yet\n".into();
    }
    let any = |of: fn(&Network) -> bool| front.iter().any(of);
    let (latency, joules) = (any(|n| n.latency_ms.is_some()), any(|n| n.joules_per_inference.is_some()));
    let mut columns = vec![
        ("trial", Side::Right),
        ("test", Side::Right),
        ("validation", Side::Right),
        ("parameters", Side::Right),
        ("MACs", Side::Right),
    ];
    columns.extend(latency.then_some(("latency", Side::Right)));
    columns.extend(joules.then_some(("J/inference", Side::Right)));
    columns.extend([("time", Side::Right), ("energy", Side::Right), ("architecture", Side::Left)]);
    let row = |network: &Network| {
        let mut row = vec![
            network.trial.to_string(),
            network.test_accuracy.map_or("–".into(), |share| text::percent(share, 2)),
            text::percent(network.validation_accuracy, 2),
            text::count(network.parameters),
            text::large(network.flops as f64),
        ];
        let shown = |value: Option<f64>, show: &dyn Fn(f64) -> String| value.map_or("–".into(), show);
        row.extend(latency.then(|| shown(network.latency_ms, &|ms| format!("{} ms", text::significant(ms)))));
        row.extend(joules.then(|| shown(network.joules_per_inference, &text::joules)));
        row.extend([
            text::duration(network.seconds),
            text::joules_as_energy(network.joules),
            network.architecture.clone(),
        ]);
        row
    };
    aligned(&columns, &front.iter().map(row).collect::<Vec<_>>())
}
