//! The first commands of a new user, as they call them: `ce-nas init` and `ce-nas doctor`.

use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn ce_nas(folder: &Path, words: &[&str], typed: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ce-nas"));
    command.current_dir(folder).args(words).env_remove("ELECTRICITY_MAPS_KEY").env_remove("WATTTIME_KEY");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Runs `init` and has its file checked.
fn written(words: &[&str], typed: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = ce_nas(folder.path(), &[&["init"], words].concat(), typed);
    assert!(output.status.success(), "{}", said(&output));
    let file = std::fs::read_dir(folder.path())
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name().into_string().unwrap());
    let file =
        file.into_iter().find(|name| name.ends_with(".toml") && !name.ends_with("-space.toml")).unwrap();
    let checked = ce_nas(folder.path(), &["check-config", "--config", &file], "");
    assert!(checked.status.success(), "{}", said(&checked));
    std::fs::read_to_string(folder.path().join(file)).unwrap()
}

#[test]
fn five_questions_make_a_configuration_that_passes_the_check() {
    let settings = written(&[], "cells\n2\n2\n\n500 g, 48 h\n");
    for line in
        ["name = \"cells\"", "kind = \"darts\"", "format = \"cifar10\"", "carbon_g = 500", "hours = 48"]
    {
        assert!(settings.contains(line), "{line} in {settings}");
    }
}

#[test]
fn every_choice_passes_the_check() {
    for space in ["nas_bench_201", "darts", "mobile"] {
        for images in ["fashion-mnist", "cifar10"] {
            written(&["--yes", "--search", space, "--images", images], "");
        }
    }
    let own = written(&["--yes", "--search", "own", "--program", "python3 train.py --fast"], "");
    assert!(own.contains("command = [\"python3\", \"train.py\", \"--fast\"]"), "{own}");
    let live = written(&["--yes", "--carbon", "GB=uk", "--budget", "2 kg"], "");
    assert!(live.contains("live = [\"GB=uk\"]") && live.contains("hours = \"unlimited\""), "{live}");
}

#[test]
fn an_answer_that_can_not_be_is_asked_for_again_or_refused() {
    let settings = written(&[], "a name\nfine\n9\n1\n\n\nlots\n3 days\n");
    assert!(settings.contains("name = \"fine\"") && settings.contains("hours = 72"), "{settings}");
    let folder = tempfile::tempdir().unwrap();
    let refused = |words: &[&str], typed, reason: &str| {
        let output = ce_nas(folder.path(), &[&["init"], words].concat(), typed);
        assert!(
            output.status.code() == Some(2) && said(&output).contains(reason),
            "{reason}: {}",
            said(&output)
        );
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
    };
    refused(&["--yes", "--budget", "much"], "", "--budget much");
    refused(&["--yes", "--carbon", "DE=nobody"], "", "nobody");
    refused(&[], "cells\n", "--search");
}

#[test]
fn a_file_that_is_there_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("study.toml"), "mine").unwrap();
    let output = ce_nas(folder.path(), &["init", "--yes"], "");
    assert!(output.status.code() == Some(2) && said(&output).contains("--force"), "{}", said(&output));
    assert_eq!(std::fs::read_to_string(folder.path().join("study.toml")).unwrap(), "mine");
    assert!(ce_nas(folder.path(), &["init", "--yes", "--force"], "").status.success());
}

/// What `doctor` says of one thing, in the settings given.
fn diagnosis(folder: &Path, settings: &[&str], what: &str) -> (String, String) {
    let set = settings.iter().flat_map(|setting| ["--set", setting]);
    let words: Vec<&str> = ["doctor", "--json"].into_iter().chain(set).collect();
    let output = ce_nas(folder, &words, "");
    let findings: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let finding = findings.as_array().unwrap().iter().find(|finding| finding["what"] == what).unwrap();
    let is_bad = finding["health"] == "bad";
    assert!(!is_bad || output.status.code() == Some(1), "what is bad is told by the exit code");
    (finding["health"].as_str().unwrap().into(), finding["found"].as_str().unwrap().into())
}

#[test]
fn a_doctor_finds_what_a_study_would_stumble_over() {
    let folder = tempfile::tempdir().unwrap();
    let check = |settings: &[&str], what: &str, health: &str, words: &str| {
        let (found, text) = diagnosis(folder.path(), settings, what);
        assert!(found == health && text.contains(words), "{what}: {found}, {text}");
    };
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("coordinator.listen=tcp://{}", taken.local_addr().unwrap());
    check(&[&listen], "port", "bad", "taken");
    check(&["coordinator.listen=tcp://127.0.0.1:0"], "port", "good", "free");
    check(
        &["carbon.source=live", "carbon.live=[\"DE=electricity_maps\"]"],
        "electricity_maps",
        "bad",
        "no key",
    );
    check(
        &["evaluation.evaluator=command", "evaluation.command=[\"no-such-program\"]"],
        "program",
        "bad",
        "no-such-program",
    );
    check(&[], "images", "note", ".data");
    check(&[], "keys", "good", "0 workers admitted");
    assert!(
        ce_nas(folder.path(), &["keygen", "worker", "gpu-07", "--out", "runs/study/keys"], "")
            .status
            .success()
    );
    let key = folder.path().join("runs/study/keys/gpu-07.key");
    check(&[], "keys", "good", "1 worker admitted");
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o644)).unwrap();
    check(&[], "keys", "bad", "readable by others");
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let script = said(&ce_nas(folder.path(), &["completions", shell], ""));
        assert!(script.contains("try-one") && script.contains("doctor"), "{shell}");
    }
    let output = ce_nas(folder.path(), &["man", "--out", "man1"], "");
    assert!(output.status.success(), "{}", said(&output));
    for page in ["ce-nas.1", "ce-nas-doctor.1", "ce-nas-simulate-search.1"] {
        assert!(folder.path().join("man1").join(page).exists(), "{page}");
    }
}
