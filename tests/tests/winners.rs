//! What a search is for: a chosen network trained at full length and handed on. Python's PyTorch, where it is at hand, finds in each file
//! the accuracy that was reported.

use std::path::Path;
use std::process::Command;

use system_tests::lab::{Study, images, programs};

/// Opens what was left in a folder: both files give the same logits, as far as their largest in single precision tells, and both err as
/// reported.
const SCRIPT: &str = r#"
import importlib.util, json, sys, torch
folder, data = sys.argv[1:]
def idx(name, head):
    return torch.frombuffer(bytearray(open(f"{data}/t10k-{name}-ubyte", "rb").read()[head:]), dtype=torch.uint8)
images = idx("images-idx3", 16).view(-1, 1, 8, 8).float() / 255
labels = idx("labels-idx1", 8).long()
spec = importlib.util.spec_from_file_location("network", f"{folder}/network.py")
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
with torch.no_grad():
    script = torch.jit.load(f"{folder}/network.pt").eval()(images)
    plain = module.load()(images)
error = lambda logits: (logits.argmax(1) != labels).double().mean().item()
print(json.dumps({"apart": ((script - plain).abs().max() / plain.abs().max().clamp(min=1)).item(), "script": error(script), "plain": error(plain)}))
"#;

const CASES: [(&str, &[&str], &str); 3] = [
    ("cells", &[], "|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"),
    (
        "darts",
        &["space.kind=darts", "space.darts.channels=4", "space.darts.layers=4"],
        "Genotype(normal=[('sep_conv_3x3', 0), ('dil_conv_5x5', 1), ('skip_connect', 0), ('max_pool_3x3', 2), ('avg_pool_3x3', 1), ('dil_conv_3x3', 3), ('sep_conv_5x5', 2), ('skip_connect', 4)], normal_concat=range(2, 6), reduce=[('max_pool_3x3', 0), ('skip_connect', 1), ('skip_connect', 0), ('sep_conv_3x3', 2), ('avg_pool_3x3', 1), ('dil_conv_3x3', 0), ('sep_conv_5x5', 2), ('skip_connect', 4)], reduce_concat=range(2, 6))",
    ),
    (
        "blocks",
        &[
            "space.kind=mobile",
            "space.mobile.widths=[0.25]",
            "space.mobile.depths=[1, 2]",
            "space.mobile.resolutions=[32]",
        ],
        "w0.25 r32 | k3e3 k5e4 | k3e3 | k7e6 | k3e3 | k3e4",
    ),
];

fn python_says(python: &Path, folder: &Path, data: &Path) -> serde_json::Value {
    let output = Command::new(python).arg("-c").arg(SCRIPT).arg(folder).arg(data).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_chosen_network_is_trained_and_opens_in_python_with_the_accuracy_that_was_reported() {
    if !programs::has_torch() {
        return;
    }
    let python = programs::python("torch");
    let study = Study::new(images::SETTINGS);
    let data = study.path("images");
    images::write(&data);
    let path = format!("data.path={}", data.display());
    for (name, settings, architecture) in CASES {
        let folder = study.path(name);
        let out = folder.display().to_string();
        let config = study.path("study.toml").display().to_string();
        let mut words = vec![
            "train",
            "--config",
            &config,
            "--architecture",
            architecture,
            "--out",
            &out,
            "--epochs",
            "3",
        ];
        for setting in settings.iter().chain([&path.as_str()]) {
            words.extend(["--set", setting]);
        }
        let told = study.ce_nas(&words).with(0).saying(&["test accuracy", "after 3 epochs"]).out;
        let number = |line: &str| line.split(' ').next()?.parse::<f64>().ok();
        let accuracy = told.lines().find(|line| line.contains("% test accuracy, ")).and_then(number);
        let reported = 1.0 - accuracy.unwrap_or_else(|| panic!("a figure in {told}")) / 100.0;
        for file in ["network.pt", "network.safetensors", "network.py"] {
            assert!(folder.join(file).exists(), "{name}: {file}");
        }
        // Once more: it is trained already, and nothing is trained again.
        study.ce_nas(&words).with(0).saying(&["this study is finished", "test accuracy"]);
        let Some(python) = &python else { continue };
        let said = python_says(python, &folder, &data);
        let figure = |key: &str| said[key].as_f64().unwrap();
        assert!(figure("apart") < 1e-5, "{name}: {said}");
        for file in ["script", "plain"] {
            assert!((figure(file) - reported).abs() < 1e-4, "{name}: {said}, reported {reported}");
        }
    }
}

#[test]
fn a_network_of_a_study_is_exported_by_its_number_and_trained_longer() {
    if !programs::has_torch() {
        return;
    }
    let study = Study::new(images::SETTINGS);
    let data = study.path("images");
    images::write(&data);
    study.run(&["--set", &format!("data.path={}", data.display())]).end().with(0);
    let trials = study.told("trials");
    let trials = trials.as_array().or(trials["trials"].as_array()).expect("a list").clone();
    let full = trials.iter().find(|trial| trial["fidelity"] == "full").expect("one was trained");
    let number = full["trial"].as_u64().or(full["id"].as_u64()).expect("a number").to_string();
    let dir = study.directory.display().to_string();
    let export = |more: &[&str]| study.ce_nas(&[&["export", "--dir", &dir], more].concat());
    for (format, file) in [("torchscript", "a.pt"), ("safetensors", "a.safetensors"), ("pytorch", "b.py")] {
        let out = study.path(file).display().to_string();
        export(&["--architecture", &number, "--format", format, "--out", &out])
            .with(0)
            .saying(&["test accuracy"]);
        assert!(study.path(file).exists(), "{file}");
    }
    assert!(study.path("b.safetensors").exists(), "the module's weights lie beside it");
    export(&["--architecture", "9999"]).with(1).saying(&["no trial 9999"]);
    export(&["--architecture", "no cell"]).with(2).saying(&["--architecture"]);
    export(&[]).with(2);

    let words = ["train", "--dir", &dir, "--architecture", &number, "--epochs", "3"];
    study.ce_nas(&words).with(0).saying(&["after 3 epochs", "trained"]);
    study.ce_nas(&["train", "--dir", &dir, "--architecture", "9999"]).with(1).saying(&["ce-nas trials"]);
}
