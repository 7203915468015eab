//! Where the recorded data lies, if it does.

#![allow(dead_code)] // Each test binary uses a part of it.

use std::path::PathBuf;

use simulation::table::NasBench201Table;

/// A file of the recorded data; none, with a line that says so, where there is none.
pub fn data(name: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("CENAS_DATA").map_or_else(beside, PathBuf::from);
    let path = folder.join(name);
    if !path.exists() {
        println!("skipped: {name} is neither under $CENAS_DATA nor in ../shared/data beside the checkout");
        return None;
    }
    Some(path)
}

pub fn nas_bench_201() -> Option<NasBench201Table> {
    let path = data("nb201/nb201_cifar10.csv.gz")?;
    Some(NasBench201Table::read(&path).expect("the recorded benchmark is readable"))
}
