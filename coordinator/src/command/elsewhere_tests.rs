//! A study read from its coordinator's address tells what its directory tells.
#![allow(clippy::disallowed_methods)] // A real server answers in real time.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use common::config::Http;
use common::event::Record;

use super::tests::call;
use crate::core::State;
use crate::directory::StudyDirectory;
use crate::http::client::Client;
use crate::http::{Ringer, Serving, bind};
use crate::report::sample::{Wishes, study, weights, write_blobs, write_ledger};
use crate::report::{Report, take_in};
use crate::source::{Following, Source};

struct Site {
    folder: tempfile::TempDir,
    serving: Serving,
    _ringer: Ringer,
    /// The best trial of the front.
    best: u64,
}

fn serve() -> Site {
    let folder = tempfile::tempdir().unwrap();
    let directory = StudyDirectory::new(folder.path());
    write_ledger(&directory.ledger(), &study(Wishes::default()));
    let http = Http { listen: "127.0.0.1:0".into(), token_file: "auto".into() };
    let (serving, ringer) = bind(&http, &directory).unwrap().unwrap().show(&directory).unwrap();
    let (state, chronicle) = Source::directory(folder.path()).fold(take_in).unwrap();
    let report = Report::of(&state, &chronicle, crate::clock::now()).unwrap();
    report.front.iter().for_each(|network| write_blobs(&directory, network.trial.0));
    let best = report.front[0].trial.0;
    let client = Client::at(serving.url(), None).unwrap();
    let begun = Instant::now();
    while client.get::<serde_json::Value>("/api/v1/study").is_err() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it is ready within a minute");
        std::thread::sleep(Duration::from_millis(20));
    }
    Site { folder, serving, _ringer: ringer, best }
}

impl Site {
    /// The command by directory and by address.
    fn both(&self, words: &str) -> [Result<String>; 2] {
        let (folder, url) = (self.folder.path().display().to_string(), self.serving.url());
        [["--dir", &folder], ["--url", &url]].map(|place| {
            let words = words.replace("BEST", &self.best.to_string());
            call(&words.split(' ').chain(place).collect::<Vec<_>>())
        })
    }
}

#[test]
fn a_study_elsewhere_is_read_as_one_here() {
    let site = serve();
    for words in [
        "status",
        "trials --fidelity full --sort error",
        "front --json",
        "workers",
        "explain BEST",
        "export trials",
        "export emissions",
    ] {
        let [here, there] = site.both(words).map(Result::unwrap);
        assert!(here.lines().count() > 2, "{words}: {here}");
        assert_eq!(here, there, "{words}");
    }
    let url = site.serving.url();
    let compared = call(&["compare", &url, &site.folder.path().display().to_string()]).unwrap();
    assert!(compared.contains(&url) && compared.contains("fashion-mnist"), "{compared}");
}

#[test]
fn a_report_of_a_study_elsewhere_has_its_networks() {
    let site = serve();
    let target = tempfile::tempdir().unwrap();
    let (url, out) = (site.serving.url(), target.path().display().to_string());
    call(&["report", "--url", &url, "--out", &out]).unwrap();
    let network = target.path().join(format!("front/trial-{}.safetensors", site.best));
    assert_eq!(fs::read(network).unwrap(), weights(site.best));
    assert!(call(&["report", "--url", &url]).unwrap_err().to_string().contains("--out"));
}

#[test]
fn a_network_is_exported_from_afar_whole_or_not_at_all() {
    let site = serve();
    let target = tempfile::tempdir().unwrap();
    let file = target.path().join("best.safetensors");
    let export = |file: &Path| {
        let (url, best, file) = (site.serving.url(), site.best.to_string(), file.display().to_string());
        call(&["export", "--url", &url, "--architecture", &best, "--format", "safetensors", "--out", &file])
    };
    export(&file).unwrap();
    assert_eq!(fs::read(&file).unwrap(), weights(site.best));

    let stored = crate::blob_store::BlobStore::path(
        &StudyDirectory::new(site.folder.path()).blobs(),
        common::blob::BlobId::of(&weights(site.best)),
    );
    fs::write(&stored, b"flipped").unwrap();
    assert!(export(&file).unwrap_err().to_string().contains("damaged"));
    fs::remove_file(&stored).unwrap();
    assert!(export(&file).unwrap_err().to_string().contains("no longer kept"));
    assert_eq!(fs::read(&file).unwrap(), weights(site.best), "what stood there still stands");
    assert_eq!(fs::read_dir(target.path()).unwrap().count(), 1, "nothing is left of the attempts");
}

#[test]
fn nobody_there_is_said() {
    let error = call(&["status", "--url", "http://127.0.0.1:1"]).unwrap_err().to_string();
    assert!(error.contains("no coordinator answers at http://127.0.0.1:1"), "{error}");
    let error = call(&["status", "--url", "head-node:7591"]).unwrap_err().to_string();
    assert!(error.contains("http://HOST:PORT"), "{error}");
}

#[test]
fn what_is_read_on_is_what_is_read_at_once() {
    let records = study(Wishes::default());
    let folder = tempfile::tempdir().unwrap();
    let ledger = StudyDirectory::new(folder.path()).ledger();
    let mut following: Following<State> = Following::new(Source::directory(folder.path()));
    let apply = |state: &mut State, record: &Record| state.apply(record.at, &record.event);
    let half = records.len() / 2;
    write_ledger(&ledger, &records[..half]);
    following.read_on(apply).unwrap();
    let mut writer = ledger::Ledger::open(&ledger).unwrap();
    for record in &records[half..] {
        writer.append(record.at, std::slice::from_ref(&record.event)).unwrap();
    }
    let whole = Source::directory(folder.path()).fold(apply).unwrap();
    assert!(following.read_on(apply).unwrap() == &whole);

    // Another study in its place, of which less has happened.
    drop(writer);
    fs::remove_dir_all(folder.path()).unwrap();
    fs::create_dir_all(folder.path()).unwrap();
    write_ledger(&ledger, &records[..half]);
    let other = Source::directory(folder.path()).fold(apply).unwrap();
    assert!(following.read_on(apply).unwrap() == &other);
}
