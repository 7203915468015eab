//! `ce-nas-worker --pack`: makes one file of the study's images, and ends. `ce-nas data pack` asks for it, because images are the worker's
//! affair.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use common::config::Config;
use evaluation::data::{self, Wanted};

/// Packs the images that `config` names into `to`, and tells what became of them.
pub fn pack(config: &Config, to: &Path) -> Result<String> {
    let spec = config.study_spec()?;
    let wanted = Wanted::by(&spec.space);
    let wanted = wanted
        .context("a free-form space does not say what images it wants: packing is for the other spaces")?;
    let path = if config.worker.data == "auto" { &spec.data.path } else { &config.worker.data };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let made = data::pack(&PathBuf::from(path), spec.data.format, wanted, threads, to)?;
    let [channels, height, width] = made.shape;
    let mut told = format!(
        "{} training and {} test images of {channels}×{height}×{width} in {}\n",
        made.training,
        made.test,
        to.display()
    );
    // Writing to a string can't fail.
    let _ = writeln!(told, "{} could not be used and were left out", made.unusable.count);
    for example in &made.unusable.examples {
        let _ = writeln!(told, "  {example}");
    }
    let _ = write!(told, "to use it: data.format = \"packed\", data.path = \"{}\"", to.display());
    Ok(told)
}
