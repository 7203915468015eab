//! Strangers and a turncoat at a coordinator's port, until they are told to end (SIGTERM): `siege ENDPOINT`. The last line is JSON: how
//! often strangers came, and how many frames the turncoat sent. `scripts/bench-cluster --hostile` sets them upon a coordinator whose
//! honest workers are timed.

use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::seed::Seed;
use system_tests::lab::hostility;
use tokio::signal::unix::{SignalKind, signal};
use transport::{Client, ClientOptions, ClientSecurity, Transport, ZeroMq};

/// Connections that never say a word.
const SILENT: usize = 300;
/// Bands of strangers that come again as soon as they are shown the door.
const BANDS: u64 = 8;
const BAND: usize = 6;
/// Larger than any frame of ours, smaller than what ends the connection.
const HUGE: usize = 4 << 20;

static STRANGERS: AtomicU64 = AtomicU64::new(0);
static FRAMES: AtomicU64 = AtomicU64::new(0);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let endpoint = std::env::args().nth(1).expect("usage: siege ENDPOINT");
    let port: u16 =
        endpoint.rsplit(':').next().and_then(|port| port.parse().ok()).expect("an endpoint with a port");
    // Held as long as this runs.
    let _silent: Vec<TcpStream> = (0..SILENT).map(|_| hostility::dial(port)).collect();
    for band in 0..BANDS {
        std::thread::spawn(move || {
            let mut dice = Seed(1).stream("siege", band);
            loop {
                hostility::greet_with_garbage(port, &mut dice, BAND);
                hostility::announce_too_much(port);
                STRANGERS.fetch_add(BAND as u64 + 1, Ordering::Relaxed);
            }
        });
    }
    let security = ClientSecurity::Null { name: "turncoat".parse().expect("a name") };
    let options = ClientOptions::new(endpoint.parse().expect("an endpoint"), security);
    let client = ZeroMq.connect(options).await.expect("options in order");
    let mut end = signal(SignalKind::terminate()).expect("signals can be heard");
    tokio::select! {
        () = betray(&client) => {}
        _ = end.recv() => {}
    }
    let [strangers, frames] = [&STRANGERS, &FRAMES].map(|counted| counted.load(Ordering::Relaxed));
    println!("{{\"strangers\": {strangers}, \"frames\": {frames}}}");
    // The threads of strangers never end by themselves.
    std::process::exit(0);
}

/// Lies and huge frames, as fast as the other side takes them.
async fn betray(client: &Client) {
    let lies =
        [hostility::truncated(), hostility::declared_lengths(), hostility::well_formed_lies()].concat();
    loop {
        for frame in lies.iter().cloned().chain([vec![0xdd; HUGE]]) {
            while client.send(frame.clone()).is_err() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            FRAMES.fetch_add(1, Ordering::Relaxed);
        }
    }
}
