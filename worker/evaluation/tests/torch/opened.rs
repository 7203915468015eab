//! An exported network opened by others: libtorch's own loader, and Python where it has PyTorch.

use std::path::Path;
use std::process::Command;

use common::trial::ArtifactKind;
use evaluation::Finding;
use tch::{CModule, Device, Kind, Tensor};

use crate::bright::Bright;
use crate::jobs::artifact;

/// Both find the test error that `finding`, a full training on `images`, reports.
pub fn check(images: &Bright, finding: &Finding) {
    let reported = finding.evaluation.test_error.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("network.pt");
    std::fs::write(&file, artifact(finding, ArtifactKind::TorchScript)).unwrap();
    let (pixels, labels) = images.test();
    let module = CModule::load_on_device(&file, Device::Cpu).unwrap();
    let count = labels.len() as i64;
    let input = Tensor::from_slice(&pixels).view([count, 1, 8, 8]);
    let guesses =
        |from: i64, to: i64| module.forward_ts(&[input.narrow(0, from, to - from)]).unwrap().argmax(1, false);
    // A batch of one and one of the rest: the module does not remember the size it was traced with.
    let guesses = Tensor::cat(&[guesses(0, 1), guesses(1, count)], 0);
    let wrong = guesses.ne_tensor(&Tensor::from_slice(&labels)).sum(Kind::Int64).int64_value(&[]);
    let error = wrong as f64 / count as f64;
    assert!((error - reported).abs() < 1e-9, "{error}, reported {reported}");

    let Some(error) = python_error(folder.path(), &pixels, &labels) else {
        println!("skipped: Python has no importable torch here; libtorch's own loader was asked instead");
        return;
    };
    assert!((error - reported).abs() < 1e-9, "in Python: {error}, reported {reported}");
}

const SCRIPT: &str = r#"
import array, json, struct, sys
import torch
folder, count = sys.argv[1], int(sys.argv[2])
def floats(name):
    values = array.array("f")
    values.frombytes(open(f"{folder}/{name}", "rb").read())
    return torch.tensor(values)
images, labels = floats("pixels").view(count, 1, 8, 8), floats("labels").long()
module = torch.jit.load(f"{folder}/network.pt").eval()
with torch.no_grad():
    guesses = torch.cat([module(images[:1]), module(images[1:])]).argmax(1)
print((guesses != labels).float().double().mean().item())
"#;

/// The error that Python's PyTorch finds for `network.pt` in `folder`; none where there is no PyTorch to ask.
fn python_error(folder: &Path, pixels: &[f32], labels: &[i64]) -> Option<f64> {
    let bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let labels: Vec<f32> = labels.iter().map(|&label| label as f32).collect();
    std::fs::write(folder.join("pixels"), bytes(pixels)).unwrap();
    std::fs::write(folder.join("labels"), bytes(&labels)).unwrap();
    // The libtorch of the checkout is itself a Python package.
    let beside = std::env::var_os("LIBTORCH").and_then(|home| Some(Path::new(&home).parent()?.to_owned()));
    let paths = std::env::var_os("PYTHONPATH").into_iter().map(Into::into).chain(beside);
    let python = |code: &str| {
        let mut command = Command::new("python3");
        command
            .arg("-c")
            .arg(code)
            .env("PYTHONPATH", std::env::join_paths(paths.clone()).unwrap_or_default());
        command
    };
    if !python("import torch").output().ok()?.status.success() {
        return None;
    }
    let output = python(SCRIPT).arg(folder).arg(labels.len().to_string()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap().trim().parse().unwrap())
}
