//! What a paper needs of a study: a paragraph of methods with its figures, and whom to cite.

use common::energy::{Method, Purpose};

use super::model::Report;
use super::text;

/// CE-NAS, and the search tree that it samples by.
pub const BIBTEX: &str = "\
@inproceedings{zhao2024cenas,
  title     = {{CE-NAS}: An End-to-End Carbon-Efficient Neural Architecture Search Framework},
  author    = {Zhao, Yiyang and Liu, Yunzhuo and Jiang, Bo and Guo, Tian},
  booktitle = {Advances in Neural Information Processing Systems},
  year      = {2024},
  note      = {arXiv:2406.01414}
}
@inproceedings{zhao2022lamoo,
  title     = {Multi-objective Optimization by Learning Space Partitions},
  author    = {Zhao, Yiyang and Wang, Linnan and Yang, Kevin and Zhang, Tianjun and Guo, Tian and Tian, Yuandong},
  booktitle = {International Conference on Learning Representations},
  year      = {2022}
}
";

/// For the appendix of a paper, in whole sentences.
pub fn methods(report: &Report) -> String {
    let finished = |purpose| report.trials.by_fidelity.get(&purpose).map_or(0, |counts| counts.finished);
    let energy = &report.energy;
    let versions = report.versions.coordinator.join(", ");
    let metered = energy.joules_by_method.iter().max_by(|a, b| a.1.total_cmp(b.1)).map(|(method, _)| *method);
    let how = match metered {
        Some(Method::Counter) => "read from the devices' own energy counters",
        Some(Method::Integrated) => "integrated from the devices' power readings",
        Some(Method::Estimated) => "estimated from utilisation and rated power",
        Some(Method::Tabulated) => "looked up in a table",
        None => "not reported",
    };
    let zones: Vec<String> = report
        .carbon
        .kind_by_zone
        .iter()
        .map(|(zone, kind)| format!("{zone} ({})", kind.replace('_', ", ")))
        .collect();
    let synthetic = if report.carbon.synthetic { "; its intensity is synthetic" } else { "" };
    format!(
        "We searched with CE-NAS {versions} (seed {seed}). The search scored {scored} networks with inherited weights, gave {short} a short training and trained \
         {full} to the end; {front} of them are on the front. It used {kwh} of energy ({how}; ± {off}), which caused {grams} CO2eq ({low} to {high}) at the hourly carbon intensity of {zones}{synthetic}.",
        seed = report.study.seed.0,
        scored = finished(Purpose::OneShot),
        short = finished(Purpose::Rung),
        full = finished(Purpose::Full),
        front = report.front.len(),
        kwh = text::energy(energy.total.kwh),
        off = text::percent(energy.uncertainty.share, 0),
        grams = text::mass(energy.total.gco2eq),
        low = text::mass(energy.uncertainty.low.gco2eq),
        high = text::mass(energy.uncertainty.high.gco2eq),
        zones = if zones.is_empty() { "no zone".into() } else { zones.join(", ") },
    )
}
