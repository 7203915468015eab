//! Strangers and a turncoat at a coordinator's port, until they are ended: `siege ENDPOINT`. `scripts/bench-cluster --hostile` sets them
//! upon a coordinator whose honest workers are timed.

use std::net::TcpStream;
use std::time::Duration;

use common::seed::Seed;
use system_tests::lab::hostility;
use transport::{ClientOptions, ClientSecurity, Transport, ZeroMq};

/// Connections that never say a word.
const SILENT: usize = 300;
/// Bands of strangers that come again as soon as they are shown the door.
const BANDS: u64 = 8;
const BAND: usize = 6;
/// Larger than any frame of ours, smaller than what ends the connection.
const HUGE: usize = 4 << 20;

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
            }
        });
    }
    let security = ClientSecurity::Null { name: "turncoat".parse().expect("a name") };
    let options = ClientOptions::new(endpoint.parse().expect("an endpoint"), security);
    let client = ZeroMq.connect(options).await.expect("options in order");
    let lies =
        [hostility::truncated(), hostility::declared_lengths(), hostility::well_formed_lies()].concat();
    loop {
        for frame in lies.iter().cloned().chain([vec![0xdd; HUGE]]) {
            // As fast as the other side takes them.
            while client.send(frame.clone()).is_err() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    }
}
