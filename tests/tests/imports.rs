//! Who may import whom (`ARCHITECTURE.md`), held against what cargo knows of the workspace.
//!
//! It looks at what packages ship: dependencies for tests alone are not held to the levels.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// What each package may import of ours. A package that is not here is not known to the architecture.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("common", &[]),
    ("unified", &[]),
    ("moo", &["common"]),
    ("transport", &["common"]),
    ("ledger", &["common"]),
    ("energy", &["common"]),
    ("lamoo", &["common", "moo"]),
    ("forecast", &["common"]),
    ("allocation", &["common"]),
    ("evaluation", &["common"]),
    ("coordinator", &["common", "moo", "transport", "ledger", "lamoo", "forecast", "allocation", "unified"]),
    ("worker", &["common", "transport", "energy", "evaluation", "unified"]),
    ("agent", &["common", "forecast", "allocation", "unified"]),
    ("simulation", &["common", "moo", "lamoo", "forecast", "allocation", "coordinator"]),
    ("ce-nas", &["common", "lamoo", "forecast", "allocation", "agent", "coordinator", "simulation"]),
    (
        "system-tests",
        &[
            "common",
            "moo",
            "transport",
            "ledger",
            "energy",
            "lamoo",
            "forecast",
            "allocation",
            "evaluation",
            "coordinator",
            "worker",
            "simulation",
        ],
    ),
];

/// What lives behind a wall, and whose wall it is.
const WALLS: &[(&str, &[&str])] = &[
    ("tch", &["forecast", "agent", "evaluation"]),
    ("torch-sys", &["evaluation"]),
    ("image", &["evaluation"]),
    ("actix", &["coordinator", "worker"]),
    ("actix-web", &["coordinator"]),
    ("omq-tokio", &["transport"]),
    ("rusqlite", &["ledger"]),
    ("nvml-wrapper", &["energy"]),
];

/// What the packages that decide must never see, directly or through others: threads of control, sockets, disks.
const PURE: &[&str] = &["common", "moo", "lamoo", "allocation"];
const IMPURE: &[&str] = &[
    "tokio",
    "futures",
    "futures-util",
    "async-std",
    "smol",
    "mio",
    "socket2",
    "hyper",
    "reqwest",
    "actix",
    "actix-rt",
    "omq-tokio",
    "zeromq",
    "rusqlite",
    "libsqlite3-sys",
    "nvml-wrapper",
    "tch",
    "nix",
    "rustix",
    "tempfile",
    "tracing-subscriber",
];

struct Graph {
    /// Names of what each package of the workspace ships with.
    direct: BTreeMap<String, BTreeSet<String>>,
    /// Everything that comes with a package, features of the whole workspace included.
    behind: BTreeMap<String, BTreeSet<String>>,
}

fn metadata() -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    // Of the platform at hand, for the sources of others need not be on this machine.
    let about = Command::new("rustc").arg("-vV").current_dir(&root).output().expect("rustc runs");
    let about = String::from_utf8_lossy(&about.stdout).into_owned();
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", host])
        .current_dir(&root)
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo speaks JSON")
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

impl Graph {
    fn read() -> Self {
        let metadata = metadata();
        let members: BTreeSet<String> = list(&metadata["workspace_members"]).iter().map(text).collect();
        let names: BTreeMap<String, String> = list(&metadata["packages"])
            .iter()
            .map(|package| (text(&package["id"]), text(&package["name"])))
            .collect();
        let edges: BTreeMap<String, Vec<String>> = list(&metadata["resolve"]["nodes"])
            .iter()
            .map(|node| {
                let ships = |dep: &&Value| list(&dep["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
                let targets = list(&node["deps"]).iter().filter(ships).map(|dep| text(&dep["pkg"]));
                (text(&node["id"]), targets.collect())
            })
            .collect();
        let mut graph = Self { direct: BTreeMap::new(), behind: BTreeMap::new() };
        for member in &members {
            let named = |ids: &mut dyn Iterator<Item = &String>| ids.map(|id| names[id].clone()).collect();
            graph.direct.insert(names[member].clone(), named(&mut edges[member].iter()));
            let mut seen = BTreeSet::new();
            let mut open = vec![member];
            while let Some(id) = open.pop() {
                open.extend(edges[id].iter().filter(|next| seen.insert((*next).clone())));
            }
            graph.behind.insert(names[member].clone(), named(&mut seen.iter()));
        }
        graph
    }
}

#[test]
fn packages_import_only_from_the_levels_below() {
    let graph = Graph::read();
    let known: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    for (package, imports) in &graph.direct {
        let allowed = known.get(package.as_str());
        let allowed =
            allowed.unwrap_or_else(|| panic!("`{package}` has no place in the levels: give it one here"));
        for import in imports.iter().filter(|import| known.contains_key(import.as_str())) {
            assert!(allowed.contains(&import.as_str()), "`{package}` must not import `{import}`");
        }
    }
    assert_eq!(graph.direct.len(), MAY_IMPORT.len(), "every package of the levels exists");
}

#[test]
fn libraries_with_a_wall_stay_behind_it() {
    let graph = Graph::read();
    for (library, owners) in WALLS {
        for (package, imports) in &graph.direct {
            let allowed = owners.contains(&package.as_str()) || !imports.contains(*library);
            assert!(allowed, "`{package}` must not import `{library}`: only {owners:?} may");
        }
    }
}

#[test]
fn what_decides_sees_no_threads_no_sockets_and_no_disks() {
    let graph = Graph::read();
    for package in PURE {
        for library in IMPURE {
            let free = !graph.behind[*package].contains(*library);
            assert!(free, "`{package}` must stay pure and sees `{library}`");
        }
    }
}

#[test]
fn the_heart_is_behind_no_wall() {
    let graph = Graph::read();
    for (package, library) in
        [("coordinator", "tch"), ("coordinator", "nvml-wrapper"), ("worker", "rusqlite")]
    {
        assert!(!graph.behind[package].contains(library), "`{package}` comes with `{library}`");
    }
}
