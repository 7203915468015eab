//! A carbon service on this machine, in the shape of Electricity Maps, that serves, and then fails in whatever way it is told to.
//!
//! It knows one hour at a time, the first of those asked for, so that each hour of a study is a question of its own.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use super::patience::pause;

/// What becomes of a question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Manner {
    /// Answers with the intensity given.
    Serves(f64),
    /// The same, so many milliseconds later.
    Dawdles(f64, u64),
    /// Nobody listens: connections are refused.
    Gone,
    /// Takes the question and never answers.
    Hangs,
    /// A page of HTML with status 200, as captive portals send it.
    Html,
    /// Status 500.
    Fails,
}

/// A question as it arrived.
#[derive(Debug, Clone)]
pub struct Asked {
    pub path: String,
    /// Header lines, names in lower case.
    pub headers: Vec<String>,
    pub manner: Manner,
}

#[derive(Debug)]
pub struct Service {
    address: SocketAddr,
    manner: Arc<Mutex<Manner>>,
    asked: Arc<Mutex<Vec<Asked>>>,
    listening: Option<Listening>,
}

#[derive(Debug)]
struct Listening {
    over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Service {
    pub fn new(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut service =
            Self { address, manner: Arc::new(Mutex::new(manner)), asked: Arc::default(), listening: None };
        service.listen(listener);
        service
    }

    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no panic").clone()
    }

    /// From now on.
    pub fn behaves(&mut self, manner: Manner) {
        *self.manner.lock().expect("no panic") = manner;
        match (manner, self.listening.take()) {
            (Manner::Gone, Some(listening)) => listening.end(self.address),
            (Manner::Gone, None) => {}
            (_, None) => self.listen(TcpListener::bind(self.address).expect("the same port again")),
            (_, listening) => self.listening = listening,
        }
    }

    fn listen(&mut self, listener: TcpListener) {
        let over = Arc::new(AtomicBool::new(false));
        let (manner, asked, stop) = (self.manner.clone(), self.asked.clone(), over.clone());
        let thread = std::thread::spawn(move || {
            let mut hanging = Vec::new();
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let Some((path, headers)) = read(&stream) else { continue };
                let manner = *manner.lock().expect("no panic");
                asked.lock().expect("no panic").push(Asked { path: path.clone(), headers, manner });
                hanging.extend(answer(stream, &path, manner));
            }
        });
        self.listening = Some(Listening { over, thread });
    }
}

impl Listening {
    fn end(self, address: SocketAddr) {
        self.over.store(true, Ordering::SeqCst);
        // Wakes it; whether it is heard is all the same.
        let _ = TcpStream::connect(address);
        self.thread.join().expect("the service ends in order");
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(listening) = self.listening.take() {
            listening.end(self.address);
        }
    }
}

fn read(stream: &TcpStream) -> Option<(String, Vec<String>)> {
    let mut lines = BufReader::new(stream).lines();
    let path = lines.next()?.ok()?.split(' ').nth(1)?.to_owned();
    let lines = lines.map_while(Result::ok).take_while(|line| !line.is_empty());
    let plain = |line: String| match line.split_once(':') {
        Some((name, value)) => format!("{}:{value}", name.to_lowercase()),
        None => line,
    };
    Some((path, lines.map(plain).collect()))
}

/// The connection, where it stays open.
fn answer(mut stream: TcpStream, path: &str, manner: Manner) -> Option<TcpStream> {
    let (status, kind, body) = match manner {
        Manner::Hangs => return Some(stream),
        Manner::Gone => return None,
        Manner::Dawdles(intensity, late_ms) => {
            pause(Duration::from_millis(late_ms));
            (200, "application/json", row(path, intensity))
        }
        Manner::Serves(intensity) => (200, "application/json", row(path, intensity)),
        Manner::Html => {
            (200, "text/html", "<!DOCTYPE html>\n<html><body>Please log in</body></html>".to_owned())
        }
        Manner::Fails => (500, "text/plain", "Internal Server Error".to_owned()),
    };
    let head = format!(
        "HTTP/1.1 {status} Said\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    // A client that has gone away is no failure of the service.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
    None
}

/// The first of the hours that were asked for.
fn row(path: &str, intensity: f64) -> String {
    let value =
        |name: &str| path.split(['?', '&']).find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let (zone, start) = (value("zone").unwrap_or("?"), value("start").unwrap_or("?"));
    format!(
        r#"{{"zone":"{zone}","data":[{{"zone":"{zone}","carbonIntensity":{intensity},"datetime":"{start}","emissionFactorType":"lifecycle","isEstimated":false,"estimationMethod":null}}]}}"#
    )
}
