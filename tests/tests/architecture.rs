//! The map of the project does not rot: every path that `ARCHITECTURE.md` names in backticks exists.

use std::path::{Path, PathBuf};

/// Folders that a checkout gains by being used.
const MADE_BY_USE: [&str; 6] = ["target", "runs", ".libtorch", ".data", ".venv", "shared"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What stands in backticks, outside of fenced blocks.
fn quoted(text: &str) -> Vec<String> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            found.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    found
}

/// Whether the words are meant as a path of this project: they have a slash or a file's ending, and nothing of a command,
/// a type or an address.
fn is_path(words: &str) -> bool {
    let plain = words.chars().all(|c| c.is_ascii_alphanumeric() || "/._-*".contains(c));
    let ends =
        [".rs", ".md", ".toml", ".sh", ".py", ".hex", ".lock"].iter().any(|ending| words.ends_with(ending));
    plain && (words.contains('/') || ends) && !words.starts_with('/') && !words.starts_with("--")
}

fn exists(root: &Path, path: &str) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    if MADE_BY_USE.contains(&first) || path == "ARCHITECTURE.md" {
        return true;
    }
    // `a/*/b` and `a/*.rs` name every such place: one is enough.
    match path.split_once('*') {
        // The twins have folders of the same names: `actor/` is both.
        None if path.ends_with('/') && !path[..path.len() - 1].contains('/') => {
            root.join(path).exists()
                || ["coordinator/src", "worker/src"].iter().all(|twin| root.join(twin).join(path).exists())
        }
        None => root.join(path).exists(),
        Some((before, _)) => {
            let (folder, beginning) = before.rsplit_once('/').unwrap_or(("", before));
            let entries = std::fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
            entries.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with(beginning))
        }
    }
}

#[test]
fn every_path_on_the_map_exists() {
    let map = root().join("ARCHITECTURE.md");
    let Ok(text) = std::fs::read_to_string(&map) else {
        println!("skipped: there is no ARCHITECTURE.md yet");
        return;
    };
    let paths: Vec<String> = quoted(&text).into_iter().filter(|words| is_path(words)).collect();
    let missing: Vec<&String> = paths.iter().filter(|path| !exists(&root(), path)).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md names what does not exist: {missing:?}");
    assert!(!paths.is_empty(), "a map names places");
}

#[test]
fn paths_are_told_from_other_words() {
    let found = quoted(
        "see `common/src/wire/mod.rs`, `Core::step`, `cargo test -p moo`\n```\n`no/path`\n```\n`a b/c`",
    );
    let paths: Vec<&String> = found.iter().filter(|words| is_path(words)).collect();
    assert_eq!(paths, ["common/src/wire/mod.rs"]);
    assert!(exists(&root(), "common/src/wire/mod.rs") && exists(&root(), "common/src/*.rs"));
    assert!(!exists(&root(), "common/src/wire/nothing.rs"));
}
