//! Nothing to do: it makes cargo consider the build dependencies.
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
