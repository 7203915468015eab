//! Where the programs lie, and the surroundings they are started in.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Path of `ce-nas` or `ce-nas-worker`: the parent of the folder that holds the running test.
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let found = test.ancestors().map(|folder| folder.join(name)).find(|path| path.is_file());
    found.unwrap_or_else(|| {
        panic!(
            "there is no {name} beside {}: build them first: cargo build -p ce-nas -p worker",
            test.display()
        )
    })
}

/// The program with nothing of the tests' own settings in its environment.
pub fn command(name: &str) -> Command {
    let mut command = Command::new(program(name));
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("CENAS") {
            command.env_remove(variable);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// The root of the checkout.
pub fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package lies inside the checkout")
}

/// Whether the worker was built with libtorch; says so where it was not.
pub fn has_torch() -> bool {
    let linked = std::fs::read(program("ce-nas-worker")).expect("the worker's file");
    let found = linked.windows(b"libtorch_cpu".len()).any(|window| window == b"libtorch_cpu");
    if !found {
        println!("skipped: ce-nas-worker was built without libtorch");
    }
    found
}

/// The Fashion-MNIST files, from `CENAS_FASHION_MNIST` or the checkout; says so where there are none.
pub fn fashion_mnist() -> Option<PathBuf> {
    let given = std::env::var_os("CENAS_FASHION_MNIST").map(PathBuf::from);
    let folder = given.unwrap_or_else(|| checkout().join(".data/fashion-mnist"));
    let there = std::fs::read_dir(&folder).is_ok_and(|mut files| files.next().is_some());
    if !there {
        println!("skipped: no images in {} (scripts/fetch-fashion-mnist)", folder.display());
    }
    there.then_some(folder)
}

/// A Python that can import `modules`, from `CENAS_PYTHON` or the checkout; says so where there is none.
pub fn python(modules: &str) -> Option<PathBuf> {
    let given = std::env::var_os("CENAS_PYTHON").map(PathBuf::from);
    let python = given.unwrap_or_else(|| checkout().join(".venv/bin/python"));
    let import =
        Command::new(&python).args(["-c", &format!("import {modules}")]).stderr(Stdio::null()).status();
    let works = import.is_ok_and(|status| status.success());
    if !works {
        println!("skipped: {} can't import {modules} (scripts/setup-python)", python.display());
    }
    works.then_some(python)
}
