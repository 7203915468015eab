//! The book is true: its pages are all listed, its links lead somewhere, and every block of commands that is not marked `not-run`
//! runs, page by page, in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use system_tests::lab::programs::{checkout, program};

fn book() -> PathBuf {
    checkout().join("docs/book")
}

/// Every page but the list of them, by its file's name.
fn pages() -> Vec<(String, String)> {
    let files = std::fs::read_dir(book()).expect("the book").flatten();
    let names = files.map(|file| file.file_name().into_string().expect("a name"));
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".md") && name != "SUMMARY.md").collect();
    names.sort();
    names
        .into_iter()
        .map(|name| (name.clone(), std::fs::read_to_string(book().join(&name)).expect("a page")))
        .collect()
}

/// Targets of `[text](target)`, without what is inside code.
fn links(text: &str) -> Vec<String> {
    let prose = text.split("```").step_by(2);
    let targets = prose.flat_map(|part| part.split("](").skip(1).filter_map(|rest| rest.split_once(')')));
    targets.map(|(target, _)| target.to_owned()).collect()
}

/// The shell blocks of a page: what follows the word `sh`, and the commands.
fn blocks(text: &str) -> Vec<(&str, &str)> {
    let fenced = text.split("```").skip(1).step_by(2);
    let shell = fenced.filter_map(|block| block.strip_prefix("sh")?.split_once('\n'));
    shell.collect()
}

#[test]
fn every_page_is_listed_and_every_link_leads_somewhere() {
    let summary = std::fs::read_to_string(book().join("SUMMARY.md")).expect("the list of pages");
    let listed = links(&summary);
    let pages = pages();
    for (name, _) in &pages {
        assert!(listed.contains(name), "{name} is not in SUMMARY.md");
    }
    for (name, text) in pages.iter().chain([&("SUMMARY.md".to_owned(), summary)]) {
        for target in links(text).iter().filter(|target| !target.starts_with("http")) {
            let file = target.split('#').next().unwrap_or_default();
            assert!(book().join(file).exists(), "{name} links to {target}, which is not there");
        }
    }
}

#[test]
fn every_command_of_the_book_runs() {
    let mut ran = 0;
    for (name, text) in pages() {
        let commands: Vec<&str> = blocks(&text)
            .into_iter()
            .filter(|(mark, _)| mark.is_empty())
            .map(|(_, commands)| commands)
            .collect();
        if commands.is_empty() {
            continue;
        }
        let folder = tempfile::tempdir().expect("a folder");
        for part in ["configs", "worker"] {
            std::os::unix::fs::symlink(checkout().join(part), folder.path().join(part)).expect("a link");
        }
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &commands.concat()])
            .current_dir(folder.path())
            .env("PATH", path_with(program("ce-nas").parent().expect("a folder")))
            .output()
            .expect("bash");
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{name}:\n{}\nends with {}:\n{said}",
            commands.concat(),
            output.status
        );
        ran += commands.len();
    }
    assert!(ran >= 6, "{ran} blocks: the marks have changed");
}

fn path_with(first: &Path) -> std::ffi::OsString {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths([first.to_owned()].into_iter().chain(std::env::split_paths(&paths))).expect("paths")
}
