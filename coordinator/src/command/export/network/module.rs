//! The text of a plain PyTorch module: a network of one of the built-in spaces, with nothing but PyTorch behind it.
//!
//! What it is made of stands in the Python files beside this one; what is particular to the network goes before them as two
//! dictionaries. Its parameters have the names that the safetensors file has.

use common::architecture::Architecture;
use common::space::mobile::{
    FIRST_CHANNELS, LAST_CHANNELS, Network, STAGE_CHANNELS, STRIDES, inner, squeezed,
};
use common::space::{Darts, Mobile, NasBench201, SpaceSpec, darts, nas_bench_201};
use serde_json::{Value, json};

const PARTS: &str = include_str!("parts.py");
const LOADER: &str = include_str!("loader.py");
/// Stages of MobileNetV3's that rectify; the later ones have hard swish.
const RECTIFYING_STAGES: usize = 2;

/// The file's content. `normalisation`: what images were normalised by, as the safetensors file has it. None for a space whose
/// networks are built elsewhere.
pub fn text(space: &SpaceSpec, architecture: &Architecture, normalisation: &Value) -> Option<String> {
    let (network, body) = match space {
        SpaceSpec::NasBench201(skeleton) => {
            (nas_bench_201(skeleton, architecture), include_str!("nas_bench_201.py"))
        }
        SpaceSpec::Darts(skeleton) => (darts(skeleton, architecture), include_str!("darts.py")),
        SpaceSpec::Mobile(design) => {
            let space = Mobile::new(design.clone());
            let network = space.network(architecture);
            (mobile(&network, design.planes, design.classes), include_str!("mobile.py"))
        }
        SpaceSpec::FreeForm(_) => return None,
    };
    let encoded = space.build().encode(architecture);
    Some(format!(
        "\"\"\"{encoded}\n\nWritten by ce-nas export. Needs PyTorch only: load() is the trained network, with the weights that lie beside this file.\n\"\"\"\n\n\
         import json\n\nimport torch\nfrom torch import nn\nfrom torch.nn import functional as F\n\n\
         NETWORK = {}\nNORMALISATION = {}\n{PARTS}{body}{LOADER}",
        literal(&network),
        literal(normalisation),
    ))
}

/// Python reads JSON's numbers, strings, lists and objects as its own; these dictionaries hold no other.
fn literal(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("plain data")
}

fn nas_bench_201(skeleton: &nas_bench_201::Skeleton, architecture: &Architecture) -> Value {
    let operations = NasBench201::operations(architecture).into_iter().zip(nas_bench_201::EDGES);
    let edges = operations.map(|(operation, (from, to))| json!([operation.name(), from, to]));
    json!({
        "planes": skeleton.input[0],
        "channels": skeleton.channels,
        "cells": skeleton.cells_per_stage,
        "classes": skeleton.classes,
        "edges": edges.collect::<Vec<_>>(),
    })
}

fn darts(skeleton: &darts::Skeleton, architecture: &Architecture) -> Value {
    let edge = |edge: &darts::Edge| json!([edge.operation.name(), edge.from]);
    let node = |darts::Node(edges): &darts::Node| edges.iter().map(edge).collect::<Vec<_>>();
    let cell = |darts::Cell(nodes): darts::Cell| nodes.iter().map(node).collect::<Vec<_>>();
    json!({
        "planes": skeleton.input[0],
        "channels": skeleton.channels,
        "layers": skeleton.layers,
        "stem": skeleton.stem,
        "reductions": skeleton.reductions(),
        "classes": skeleton.classes,
        "cells": Darts::cells(architecture).map(cell),
    })
}

fn mobile(network: &Network, planes: u32, classes: u32) -> Value {
    let mut given = network.wide(FIRST_CHANNELS);
    let first = given;
    let stages: Vec<Vec<Value>> = (network.stages.iter().enumerate())
        .map(|(stage, blocks)| {
            let channels = network.wide(STAGE_CHANNELS[stage]);
            let activation = if stage < RECTIFYING_STAGES { "relu" } else { "hardswish" };
            let block = |(index, block): (usize, &common::space::mobile::Block)| {
                let inner = inner(given, block.expansion);
                let value = json!({
                    "given": given,
                    "channels": channels,
                    "inner": inner,
                    "kernel": block.kernel,
                    "stride": if index == 0 { STRIDES[stage] } else { 1 },
                    "squeezed": if block.squeeze_excite { squeezed(inner) } else { 0 },
                    "activation": activation,
                });
                given = channels;
                value
            };
            blocks.iter().enumerate().map(block).collect()
        })
        .collect();
    let [last, features] = LAST_CHANNELS.map(|channels| network.wide(channels));
    json!({
        "planes": planes,
        "resolution": network.resolution,
        "first": first,
        "fixed": {
            "given": first,
            "channels": first,
            "inner": first,
            "kernel": 3,
            "stride": 1,
            "squeezed": 0,
            "activation": "relu",
        },
        "stages": stages,
        "last": last,
        "features": features,
        "classes": classes,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::*;

    fn spec(settings: &[&str]) -> SpaceSpec {
        let settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
        common::config::load(None, [], &settings).unwrap().space_spec().unwrap()
    }

    fn text_of(settings: &[&str], notation: &str) -> String {
        let spec = spec(settings);
        let architecture = spec.build().decode(notation).unwrap();
        text(&spec, &architecture, &json!({"mean": [0.3], "deviation": [0.2]})).unwrap()
    }

    /// Whether Python reads it, where there is one. What it computes is the system tests' affair: they have PyTorch.
    fn check_syntax(text: &str) {
        let python = Command::new("python3")
            .args(["-c", "import ast, sys; ast.parse(sys.stdin.read())"])
            .stdin(Stdio::piped())
            .spawn();
        let Ok(mut python) = python else {
            println!("skipped: no python3 to read it");
            return;
        };
        python.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(python.wait().unwrap().success(), "{text}");
    }

    #[test]
    fn each_space_has_its_module() {
        let cell = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|";
        let cells = text_of(&["space.channels=8", "space.input=[1, 28, 28]"], cell);
        assert!(
            cells.contains("\"channels\": 8") && cells.contains("\"avg_pool_3x3\",\n      2,\n      3"),
            "{cells}"
        );
        assert!(cells.starts_with(&format!("\"\"\"{cell}\n")) && cells.contains("\"deviation\": [\n    0.2"));

        let edges = "[('sep_conv_3x3', 0), ('skip_connect', 1), ('max_pool_3x3', 0), ('dil_conv_5x5', 2), ('skip_connect', 0), ('skip_connect', 1), ('skip_connect', 0), ('skip_connect', 1)]";
        let genotype = format!(
            "Genotype(normal={edges}, normal_concat=range(2, 6), reduce={edges}, reduce_concat=range(2, 6))"
        );
        let darts = text_of(&["space.kind=darts", "space.darts.layers=6"], &genotype);
        assert!(darts.contains("\"reductions\": [\n    2,\n    4\n  ]"), "{darts}");

        let mobile = ["space.kind=mobile", "space.mobile.depths=[1, 2]", "space.mobile.resolutions=[32]"];
        let blocks = text_of(&mobile, "w1 r32 | k3e3 | k5e4 k3e6 | k7e3 | k3e3 | k3e3");
        assert!(blocks.contains("\"resolution\": 32") && blocks.contains("\"hardswish\""), "{blocks}");
        for text in [cells, darts, blocks] {
            check_syntax(&text);
        }
    }
}
