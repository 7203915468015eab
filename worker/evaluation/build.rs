//! Under the feature `torch`, tells the linker where libtorch lies, so that what is built finds it again by itself
//! (by rpath) and nobody has to export `LD_LIBRARY_PATH`; and says so to the packages that depend on this one, because
//! cargo does not hand link arguments on (`worker/build.rs` repeats them).
//! It neither downloads nor builds anything: `scripts/setup-libtorch` does the first, `torch-sys` the second.

use std::path::{Path, PathBuf};
use std::{env, fs, process};

/// `tch` 0.24 speaks to exactly this PyTorch. `torch-sys` checks the version of PyTorch's zip only, not of a pip install.
const TORCH_VERSION: &str = "2.11.0";

fn main() {
    // Not on a change of this file: cargo knows that by itself, and in the other packages that name it as their `build` there is none.
    // What is missing counts as changed, each time anew.
    for name in ["LIBTORCH", "LIBTORCH_LIB", "LIBTORCH_BYPASS_VERSION_CHECK"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    if env::var_os("CARGO_FEATURE_TORCH").is_none() {
        return;
    }
    let lib = match find() {
        Ok(lib) => lib,
        Err(message) => {
            println!("cargo::error={message}");
            process::exit(1);
        }
    };
    // Rerun when another libtorch was installed in the same place.
    println!("cargo::rerun-if-changed={}", lib.join("libtorch_cpu.so").display());
    // Dependents read this as DEP_CENAS_LIBTORCH_LINK_ARGS.
    let args = link_args(&lib);
    println!("cargo::metadata=link_args={}", args.join(" "));
    for arg in args {
        println!("cargo::rustc-link-arg={arg}");
    }
}

/// The directory of libtorch's shared libraries, found as `torch-sys` finds it, or what to do about its absence.
fn find() -> Result<PathBuf, String> {
    let root = env::var_os("LIBTORCH").map(PathBuf::from);
    let root = root.or_else(|| Path::new("/usr/lib/libtorch.so").exists().then(|| PathBuf::from("/usr")));
    let Some(root) = root else {
        return Err(
            "LIBTORCH is not set; build inside the checkout after scripts/setup-libtorch, or set LIBTORCH"
                .into(),
        );
    };
    let lib = env::var_os("LIBTORCH_LIB").map_or_else(|| root.clone(), PathBuf::from).join("lib");
    if !lib.join("libtorch_cpu.so").exists() {
        let lib = lib.display();
        return Err(format!(
            "no libtorch in {lib}; run scripts/setup-libtorch, or set LIBTORCH to a libtorch {TORCH_VERSION}"
        ));
    }
    match version(&root) {
        Some(found) if found != TORCH_VERSION && env::var_os("LIBTORCH_BYPASS_VERSION_CHECK").is_none() => {
            Err(format!(
                "the libtorch in {} is version {found}, tch needs {TORCH_VERSION}; unset LIBTORCH and run scripts/setup-libtorch",
                root.display()
            ))
        }
        _ => Ok(lib),
    }
}

/// `2.11.0` of `2.11.0+cu130`, from either layout; `None` where neither file says.
fn version(root: &Path) -> Option<String> {
    let text = fs::read_to_string(root.join("build-version")).ok().or_else(|| {
        let python = fs::read_to_string(root.join("version.py")).ok()?;
        let line = python.lines().find_map(|line| line.strip_prefix("__version__ = "))?;
        Some(line.trim_matches(['\'', '"']).to_owned())
    })?;
    Some(text.trim().split('+').next().unwrap_or_default().to_owned())
}

fn link_args(lib: &Path) -> Vec<String> {
    let mut args = vec![format!("-Wl,-rpath,{}", lib.display())];
    if has_cuda(lib) {
        // Nothing in our code names a symbol of it, so the linker would leave it out, and CUDA would never be seen.
        args.push("-Wl,--push-state,--no-as-needed,-ltorch_cuda,--pop-state".into());
    }
    args
}

/// Whether `libtorch_cuda.so` is there and can be loaded: in pip's layout it comes with the wheel, but without cuDNN and
/// the rest of CUDA (the CPU selection) a program that names it would not start.
fn has_cuda(lib: &Path) -> bool {
    let beside = lib.join("../../nvidia");
    lib.join("libtorch_cuda.so").exists() && (!beside.join("cu13").exists() || beside.join("cudnn").exists())
}
