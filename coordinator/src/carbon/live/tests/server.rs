//! A server on this machine that answers as it is told, one request a connection, and keeps what it was asked.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

/// What the server does with a request.
pub enum Reply {
    Json(String),
    /// Status, further header lines, body.
    Status(u16, &'static str, String),
    /// Announces more than it sends.
    Torn(String),
    /// The same after a while.
    Slow(Duration, String),
    /// Takes the request and says nothing, with the connection open.
    Hang,
}

#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub path: String,
    /// Header lines, names in lower case.
    pub headers: Vec<String>,
}

pub struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// `answer` is given the path and the number of requests before this one.
    pub fn new(answer: impl Fn(&Asked, usize) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let kept = asked.clone();
        std::thread::spawn(move || {
            let mut hanging = Vec::new();
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let Some(request) = read(&stream) else { continue };
                let before = {
                    let mut kept = kept.lock().unwrap();
                    kept.push(request.clone());
                    kept.len() - 1
                };
                if let Some(open) = send(stream, answer(&request, before)) {
                    hanging.push(open);
                }
            }
        });
        Self { port, asked }
    }

    pub fn json(body: impl Into<String>) -> Self {
        let body = body.into();
        Self::new(move |_, _| Reply::Json(body.clone()))
    }

    pub fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next()?.ok()?;
    let path = first.split(' ').nth(1)?.to_owned();
    let lines = lines.map_while(Result::ok).take_while(|line| !line.is_empty());
    let headers = lines.map(|line| match line.split_once(':') {
        Some((name, value)) => format!("{}:{value}", name.to_lowercase()),
        None => line,
    });
    Some(Asked { path, headers: headers.collect() })
}

fn send(mut stream: TcpStream, reply: Reply) -> Option<TcpStream> {
    let reply = match reply {
        Reply::Slow(span, body) => {
            wait(span);
            Reply::Json(body)
        }
        reply => reply,
    };
    let (status, more, body, announced) = match reply {
        Reply::Json(body) => (200, "content-type: application/json\r\n", body.clone(), body.len()),
        Reply::Status(status, more, body) => (status, more, body.clone(), body.len()),
        Reply::Torn(body) => (200, "", body.clone(), body.len() + 1000),
        Reply::Hang | Reply::Slow(..) => return Some(stream),
    };
    let head =
        format!("HTTP/1.1 {status} Said\r\n{more}content-length: {announced}\r\nconnection: close\r\n\r\n");
    // A client that has gone away is no failure of the server.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
    None
}

fn wait(span: Duration) {
    let (_open, never) = mpsc::channel::<()>();
    let _ = never.recv_timeout(span);
}
