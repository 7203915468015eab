//! The API through its socket, over a sample study: pages, refusals, tokens, followers. What an order does to a study is tested in the
//! core, and through the programs in `tests/`.
#![allow(clippy::disallowed_methods)] // A real server answers in real time.

mod document;
mod followers;
mod hostile;
mod pages;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use common::config::Http;
use common::event::{Event, Record};
use common::time::Timestamp;
use serde::de::DeserializeOwned;
use tempfile::TempDir;

use super::desk::FOLLOWERS;
use super::history::TAIL;
use super::model::*;
use super::{Bound, Ringer, Serving, bind};
use crate::directory::StudyDirectory;
use crate::news::News;
use crate::report::sample::{Wishes, study, weights, write_blobs, write_ledger};

/// A server over a ledger, without a coordinator.
struct Site {
    folder: TempDir,
    serving: Serving,
    ringer: Ringer,
    records: Vec<Record>,
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Site {
    fn new() -> Self {
        Self::with("auto", study(Wishes { finished: false, ..Wishes::default() }))
    }

    fn with(token_file: &str, records: Vec<Record>) -> Self {
        Self::adjusted(token_file, records, |_| {})
    }

    fn adjusted(token_file: &str, records: Vec<Record>, adjust: impl FnOnce(&mut Bound)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let directory = StudyDirectory::new(folder.path());
        write_ledger(&directory.ledger(), &records);
        let token_file = token_file.replace("HERE", folder.path().to_str().unwrap());
        if token_file.contains('/') {
            super::token::Token::at(std::path::Path::new(&token_file), true).unwrap();
        }
        let config = Http { listen: "127.0.0.1:0".into(), token_file };
        let mut bound = bind(&config, &directory).unwrap().unwrap();
        adjust(&mut bound);
        let (serving, ringer) = bound.show(&directory).unwrap();
        let site = Self { folder, serving, ringer, records };
        let begun = Instant::now();
        while site.get("/readyz").status != 200 {
            assert!(begun.elapsed() < Duration::from_secs(60), "it is ready within a minute");
            std::thread::sleep(Duration::from_millis(20));
        }
        site
    }

    fn at(&self) -> SocketAddr {
        self.serving.at
    }

    /// The bare words of a request, so that nothing helpful is added.
    fn raw(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(self.at()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        // A server that has heard enough may close before it has all.
        let _ = stream.write_all(request.as_bytes());
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Answer { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let host = if headers.to_lowercase().contains("host:") { "" } else { "Host: localhost\r\n" };
        let length =
            if method == "GET" { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        self.raw(&format!(
            "{method} {path} HTTP/1.1\r\n{host}{headers}{length}Connection: close\r\n\r\n{body}"
        ))
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "", "")
    }

    fn told<T: DeserializeOwned>(&self, path: &str) -> T {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{path}: {error}\n{}", answer.body))
    }

    fn post(&self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, "Content-Type: application/json\r\n", body)
    }

    /// Follows the events; yields what comes until `enough` of them have.
    fn follow(&self, path: &str, headers: &str, enough: usize, meanwhile: impl FnOnce(&Self)) -> Vec<u64> {
        let mut stream = TcpStream::connect(self.at()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n").unwrap();
        let mut lines = BufReader::new(stream).lines();
        let greeted = lines.by_ref().any(|line| line.is_ok_and(|line| line.contains("retry:")));
        assert!(greeted, "{path}");
        meanwhile(self);
        let ids = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("id: ")?.parse().ok());
        ids.take(enough).collect()
    }

    fn append(&self, event: Event) {
        let mut ledger = ledger::Ledger::open(StudyDirectory::new(self.folder.path()).ledger()).unwrap();
        let at = Timestamp(self.records.last().unwrap().at.0 + 1);
        let sequences = ledger.append(at, std::slice::from_ref(&event)).unwrap();
        self.ringer.ring(&News::new(vec![(at, vec![event])].into(), sequences.end - 1));
    }
}
