//! Links what depends on `evaluation`, `forecast` or `agent` as they are linked themselves: cargo does not hand link arguments on to
//! dependents, so they travel as metadata and are repeated here. Without libtorch there are none, and this does nothing.
//! It holds nothing of the worker's own: any package that depends on one of them directly can name it as its `build`.

use std::env;

fn main() {
    // One libtorch: the arguments are the same where a package depends on both.
    let names = [
        "DEP_CENAS_LIBTORCH_LINK_ARGS",
        "DEP_CENAS_FORECAST_LIBTORCH_LINK_ARGS",
        "DEP_CENAS_AGENT_LIBTORCH_LINK_ARGS",
    ];
    for name in names {
        println!("cargo::rerun-if-env-changed={name}");
    }
    // The files of the coordinator's page, which its macro only sees as it is compiled; no other package has such a folder.
    if std::path::Path::new("page/dist").is_dir() {
        println!("cargo::rerun-if-changed=page/dist");
    }
    let handed = |name| env::var(name).ok().filter(|args| !args.is_empty());
    let args = names.into_iter().find_map(handed);
    for arg in args.unwrap_or_default().split_whitespace() {
        println!("cargo::rustc-link-arg={arg}");
    }
}
