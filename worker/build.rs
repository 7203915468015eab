//! Links what depends on `evaluation` as `evaluation` itself is linked: cargo does not hand link arguments on to
//! dependents, so they travel as metadata and are repeated here. Without libtorch there are none, and this does nothing.
//! It holds nothing of the worker's own: any package that depends on `evaluation` directly can name it as its `build`.

use std::env;

fn main() {
    println!("cargo::rerun-if-env-changed=DEP_CENAS_LIBTORCH_LINK_ARGS");
    for arg in env::var("DEP_CENAS_LIBTORCH_LINK_ARGS").unwrap_or_default().split_whitespace() {
        println!("cargo::rustc-link-arg={arg}");
    }
}
