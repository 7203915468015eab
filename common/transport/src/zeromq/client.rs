//! The DEALER: one task pumps frames into the handle, one follows the connection and knocks again
//! after a refusal (the crate itself would then give up for good).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use omq_tokio::{
    CurvePublicKey, DisconnectReason, Endpoint as OmqEndpoint, Error as OmqError, Message, MonitorEvent,
    MonitorRecvError, MonitorStream, Options, Socket, SocketType, TrySendError,
};
use tokio::sync::{oneshot, watch};
use tracing::warn;

use super::{LINGER, options};
use crate::client::ToServer;
use crate::mailbox::{Inlet, Parcel, Room, mailbox};
use crate::routing::RoutingId;
use crate::server::Closing;
use crate::{Client, ClientOptions, ClientSecurity, ConnectError, Connection, SendError, SetupError};

pub(super) async fn connect(wanted: ClientOptions) -> Result<Client, ConnectError> {
    wanted.limits.check()?;
    wanted.security.check(&wanted.endpoint)?;
    let socket = Socket::try_new(SocketType::Dealer, socket_options(&wanted))
        .map_err(|error| SetupError::Backend { reason: error.to_string() })?;
    let endpoint = options::endpoint(&wanted.endpoint);
    let monitor = socket.monitor();
    socket.connect(endpoint.clone()).await.map_err(|error| ConnectError::Other {
        endpoint: wanted.endpoint.clone(),
        reason: error.to_string(),
    })?;

    let (inlet, outlet) = mailbox();
    let (done, finished) = oneshot::channel();
    let (state, watched) = watch::channel(Connection::Connecting);
    let follower = Follower {
        socket: socket.clone(),
        endpoint,
        state,
        refused_pause: wanted.limits.refused_pause,
        handshaking: false,
    };
    tokio::spawn(follower.follow(monitor));
    tokio::spawn(pump(socket.clone(), inlet, Room::new(wanted.limits.incoming_bytes), done));

    let speaker = Speaker { socket, max_frame_bytes: wanted.limits.max_frame_bytes };
    let closing = Closing { notice: None, done: Some(finished) };
    Ok(Client::new(Arc::new(speaker), outlet, watched, closing))
}

fn socket_options(wanted: &ClientOptions) -> Options {
    let base = options::base(&wanted.limits);
    match &wanted.security {
        ClientSecurity::Curve { keys, server } => {
            let id = RoutingId::fresh(&keys.public().to_string());
            base.identity(id.to_bytes())
                .curve_client(keys.secret().pair(), CurvePublicKey::from_bytes(*server.as_bytes()))
        }
        ClientSecurity::Null { name } => base.identity(RoutingId::fresh(name.as_str()).to_bytes()),
    }
}

struct Speaker {
    socket: Socket,
    max_frame_bytes: usize,
}

impl ToServer for Speaker {
    fn send(&self, frame: Bytes) -> Result<(), SendError> {
        if frame.len() > self.max_frame_bytes {
            return Err(SendError::TooLarge { bytes: frame.len(), limit: self.max_frame_bytes });
        }
        match self.socket.try_send(Message::single(frame)) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => Err(SendError::Full),
            Err(TrySendError::Closed | TrySendError::Error(OmqError::Closed)) => Err(SendError::Closed),
            Err(TrySendError::Error(_)) => Err(SendError::Away),
        }
    }
}

async fn pump(socket: Socket, inlet: Inlet<Bytes>, room: Room, done: oneshot::Sender<()>) {
    loop {
        let received = tokio::select! {
            biased;
            () = inlet.closed() => break,
            received = socket.recv() => received,
        };
        let frame = match received.map(Message::into_bytes) {
            Ok(Ok(frame)) => frame,
            Ok(Err(_)) => {
                warn!("a message of more than one frame dropped");
                continue;
            }
            Err(OmqError::Closed) => break,
            Err(error) => {
                warn!(%error, "a message could not be received");
                continue;
            }
        };
        let ticket = tokio::select! {
            biased;
            () = inlet.closed() => break,
            ticket = room.for_frame(frame.len()) => ticket,
        };
        if inlet.send(Parcel { item: frame, _ticket: ticket }).is_err() {
            break;
        }
    }
    let _ = socket.close_with_linger(Some(LINGER)).await;
    let _ = done.send(());
}

/// Turns the crate's events into [`Connection`].
struct Follower {
    socket: Socket,
    endpoint: OmqEndpoint,
    state: watch::Sender<Connection>,
    refused_pause: Duration,
    /// TCP stands and the handshake has not ended. A server whose key is not the one we expect
    /// can't even answer, it just hangs up: that is all a client sees of a wrong key.
    handshaking: bool,
}

impl Follower {
    async fn follow(mut self, mut monitor: MonitorStream) {
        loop {
            match monitor.recv().await {
                Ok(MonitorEvent::Closed) => break,
                Ok(event) => {
                    if self.on_event(event) && !self.knock_again(&mut monitor).await {
                        break;
                    }
                }
                Err(MonitorRecvError::Lagged(_)) => self.look().await,
                Err(_) => break,
            }
        }
        self.state.send_replace(Connection::Closed);
    }

    /// Returns true if the crate has given up.
    fn on_event(&mut self, event: MonitorEvent) -> bool {
        match event {
            MonitorEvent::Connected { .. } => self.handshaking = true,
            MonitorEvent::HandshakeSucceeded { .. } => {
                self.handshaking = false;
                self.set(Connection::Connected);
            }
            MonitorEvent::HandshakeFailed { reason, .. } => {
                self.handshaking = false;
                self.set(Connection::Refused { reason: self.refusal(&reason) });
            }
            MonitorEvent::Disconnected { reason, .. } => self.on_disconnected(&reason),
            MonitorEvent::ConnectDelayed { .. } if self.handshaking => {
                self.handshaking = false;
                self.set(Connection::Refused { reason: self.refusal("it hung up during the handshake") });
            }
            MonitorEvent::ConnectDelayed { .. } => {
                let is_refused = matches!(*self.state.borrow(), Connection::Refused { .. });
                if !is_refused {
                    self.set(Connection::Unreachable {
                        reason: format!("nobody answers at {}", self.endpoint),
                    });
                }
            }
            MonitorEvent::ConnectStopped { reason, .. } => {
                self.handshaking = false;
                let detail = match &reason {
                    DisconnectReason::HandshakeRefused(refusal) => refusal.reason.clone(),
                    other => format!("{other:?}"),
                };
                self.set(Connection::Refused { reason: self.refusal(&format!("it answers {detail}")) });
                return true;
            }
            _ => {}
        }
        false
    }

    fn on_disconnected(&mut self, reason: &DisconnectReason) {
        if self.handshaking {
            self.handshaking = false;
            self.set(Connection::Refused { reason: self.refusal("it hung up during the handshake") });
        } else if matches!(*self.state.borrow(), Connection::Connected | Connection::Connecting) {
            let reason = match reason {
                DisconnectReason::Error(text) => text.clone(),
                _ => "the server closed the connection".into(),
            };
            self.set(Connection::Unreachable { reason });
        }
    }

    fn refusal(&self, detail: &str) -> String {
        format!(
            "the server at {} does not accept us: {detail}; check that its public key is the one configured here, \
             that our key is on its allow list, that no newer process runs with our key, and that its log does not say we were sent \
             out for saying too much",
            self.endpoint
        )
    }

    /// Events were lost: ask how it stands.
    async fn look(&mut self) {
        if let Ok(connections) = self.socket.connections().await {
            let stands = connections.iter().any(|connection| connection.peer_info.is_some());
            self.handshaking = false;
            let reason = || format!("nobody answers at {}", self.endpoint);
            self.set(if stands {
                Connection::Connected
            } else {
                Connection::Unreachable { reason: reason() }
            });
        }
    }

    /// Returns false when the socket has closed.
    async fn knock_again(&mut self, monitor: &mut MonitorStream) -> bool {
        let pause = tokio::time::sleep(self.refused_pause);
        tokio::pin!(pause);
        loop {
            tokio::select! {
                () = &mut pause => return self.socket.connect(self.endpoint.clone()).await.is_ok(),
                event = monitor.recv() => match event {
                    Err(MonitorRecvError::Closed) | Ok(MonitorEvent::Closed) => return false,
                    _ => {}
                },
            }
        }
    }

    fn set(&self, now: Connection) {
        self.state.send_if_modified(|state| {
            let changed = *state != now;
            if changed {
                *state = now;
            }
            changed
        });
    }
}
