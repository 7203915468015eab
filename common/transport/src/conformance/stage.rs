//! The cast of a case: a server, workers with names and keys, and patience with an end.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;

use crate::{
    Allow, Client, ClientOptions, ClientSecurity, Connection, Endpoint, KeyPair, Limits, PeerName, SendError,
    Server, ServerOptions, ServerSecurity, Transport,
};

/// A case that takes longer has failed. Everything here takes milliseconds on an idle machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// With keys or without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safety {
    Keys,
    Null,
}

/// Hands out servers and clients that fit together.
#[derive(Debug)]
pub struct Stage<'a, T> {
    transport: &'a T,
    safety: Safety,
    pub server_keys: KeyPair,
    pub worker_keys: BTreeMap<PeerName, KeyPair>,
    pub limits: Limits,
}

/// Waits for `future`, and fails with `what` when it takes too long.
pub async fn within<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(output) => output,
        Err(_) => panic!("{what}: nothing after {PATIENCE:?}"),
    }
}

/// Limits whose pauses suit a test.
pub fn quick_limits() -> Limits {
    Limits {
        max_frame_bytes: 1 << 20,
        reconnect_min: Duration::from_millis(10),
        reconnect_max: Duration::from_millis(100),
        refused_pause: Duration::from_millis(100),
        ..Limits::default()
    }
}

impl<'a, T: Transport> Stage<'a, T> {
    pub fn new(transport: &'a T, safety: Safety, workers: &[&str]) -> Self {
        let pair = |name: &&str| (name.parse().expect("cases use good names"), KeyPair::generate());
        Self {
            transport,
            safety,
            server_keys: KeyPair::generate(),
            worker_keys: workers.iter().map(pair).collect(),
            limits: quick_limits(),
        }
    }

    pub fn server_options(&self, endpoint: &str) -> ServerOptions {
        let security = match self.safety {
            Safety::Null => ServerSecurity::Null,
            Safety::Keys => {
                let mut allow = Allow::new();
                for (name, keys) in &self.worker_keys {
                    allow.insert(name.clone(), keys.public()).expect("cases use distinct names");
                }
                ServerSecurity::Curve { keys: self.server_keys.clone(), allow }
            }
        };
        let endpoint = endpoint.parse().expect("cases use good endpoints");
        ServerOptions { limits: self.limits.clone(), ..ServerOptions::new(endpoint, security) }
    }

    pub fn client_options(&self, worker: &str, endpoint: &Endpoint) -> ClientOptions {
        let name: PeerName = worker.parse().expect("cases use good names");
        let security = match self.safety {
            Safety::Null => ClientSecurity::Null { name },
            Safety::Keys => {
                let keys = self.worker_keys[&name].clone();
                ClientSecurity::Curve { keys, server: self.server_keys.public() }
            }
        };
        ClientOptions { limits: self.limits.clone(), ..ClientOptions::new(endpoint.clone(), security) }
    }

    pub async fn server(&self) -> Server {
        self.server_at("tcp://127.0.0.1:0").await
    }

    pub async fn server_at(&self, endpoint: &str) -> Server {
        let bound = self.transport.bind(self.server_options(endpoint));
        within("bind", bound).await.expect("the server binds")
    }

    pub async fn client(&self, worker: &str, endpoint: &Endpoint) -> Client {
        self.client_with(self.client_options(worker, endpoint)).await
    }

    pub async fn client_with(&self, options: ClientOptions) -> Client {
        within("connect", self.transport.connect(options)).await.expect("the client starts")
    }
}

pub(super) fn name(text: &str) -> PeerName {
    text.parse().expect("cases use good names")
}

/// Sends `frame` there and back, and checks who was heard.
pub(super) async fn round_trip(server: &mut Server, client: &mut Client, worker: &str, frame: &[u8]) {
    push(|| client.send(Bytes::copy_from_slice(frame))).await;
    let (peer, heard) = within("server recv", server.recv()).await.expect("the server is open");
    assert_eq!((peer.as_str(), &heard[..]), (worker, frame));
    push(|| server.send(&peer, heard.clone())).await;
    let back = within("client recv", client.recv()).await.expect("the client is open");
    assert_eq!(&back[..], frame);
}

/// Sends until the queue takes it; any other failure is the case's.
pub(super) async fn push(mut send: impl FnMut() -> Result<(), SendError>) {
    within("a place in the queue", async {
        while let Err(error) = send() {
            assert_eq!(error, SendError::Full);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
}

pub(super) async fn connected(client: &Client) {
    until(client, |now| *now == Connection::Connected).await;
}

pub(super) async fn until(client: &Client, wanted: impl FnMut(&Connection) -> bool) -> Connection {
    let watch = client.watch();
    let mut waiting = client.watch();
    match tokio::time::timeout(PATIENCE, waiting.until(wanted)).await {
        Ok(now) => now,
        Err(_) => panic!("the connection stayed {:?}", watch.now()),
    }
}

pub(super) fn is_refused(now: &Connection) -> bool {
    matches!(now, Connection::Refused { .. })
}

pub(super) fn expect_err<V, E: Debug>(result: Result<V, E>, what: &str) -> E {
    match result {
        Ok(_) => panic!("{what} must fail"),
        Err(error) => error,
    }
}
