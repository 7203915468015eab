//! `front.csv`: one row for each member of the front, units in the header.

use super::model::{Network, Report};

const HEADER: [&str; 18] = [
    "trial",
    "architecture",
    "validation_accuracy_percent",
    "test_accuracy_percent",
    "parameters",
    "flops_mac",
    "latency_ms",
    "inference_joules",
    "training_seconds",
    "training_joules",
    "device",
    "worker",
    "origin",
    "region",
    "lineage",
    "weights",
    "torchscript",
    "given_by",
];

/// The whole file. An empty front leaves the header.
pub fn front_csv(report: &Report) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER)?;
    for network in &report.front {
        writer.write_record(row(network))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

fn row(network: &Network) -> [String; 18] {
    let number = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
    let count = |value: Option<u64>| value.map_or(String::new(), |value| value.to_string());
    // Six digits: more than 10,000 images can tell apart, and free of binary tails.
    let accuracy = |share: f64| format!("{:.6}", 100.0 * share);
    let name = |file: &Option<String>| file.clone().unwrap_or_default();
    let lineage: Vec<String> = network.lineage.iter().map(ToString::to_string).collect();
    [
        network.trial.to_string(),
        network.architecture.clone(),
        accuracy(network.validation_accuracy),
        network.test_accuracy.map_or(String::new(), accuracy),
        count(network.parameters),
        count(network.flops),
        number(network.latency_ms),
        number(network.joules_per_inference),
        network.seconds.to_string(),
        network.joules.to_string(),
        network.device.clone(),
        network.worker.as_ref().map_or(String::new(), ToString::to_string),
        network.origin.clone(),
        network.region.clone().unwrap_or_default(),
        lineage.join(" "),
        name(&network.files.weights),
        name(&network.files.torchscript),
        network.given.as_ref().map_or(String::new(), |source| source.file.clone()),
    ]
}
