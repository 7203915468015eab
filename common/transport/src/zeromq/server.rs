//! The ROUTER: one task pumps frames into the handle, one guards the set of connections.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use omq_tokio::{
    Authenticator, CurveServerOptions, Error as OmqError, IdentitySocket, Message, Options, PeerInfo, Socket,
    SocketType, TrySendError,
};
use tokio::sync::oneshot;
use tracing::{debug, warn};

use super::gate::Gate;
use super::{LINGER, options};
use crate::limits::NONSENSE;
use crate::mailbox::{Inlet, Parcel, Room, mailbox};
use crate::server::{Closing, ToPeers};
use crate::{
    Allow, BindError, Endpoint, PeerName, SendError, Server, ServerOptions, ServerSecurity, SetupError,
};

pub(super) async fn bind(wanted: ServerOptions) -> Result<Server, BindError> {
    wanted.limits.check()?;
    wanted.security.check(&wanted.endpoint)?;
    let gate = Arc::new(Gate::new(
        match &wanted.security {
            ServerSecurity::Curve { allow, .. } => Some(allow.clone()),
            ServerSecurity::Null => None,
        },
        &wanted.limits,
    ));
    let socket = Socket::try_new(SocketType::Router, socket_options(&wanted, &gate))
        .map_err(|error| SetupError::Backend { reason: error.to_string() })?;
    let bound = socket
        .bind(options::endpoint(&wanted.endpoint))
        .await
        .map_err(|error| bind_error(&wanted.endpoint, &error))?;
    let routing = socket.identity_routing().expect("a ROUTER routes by identity");

    let (inlet, outlet) = mailbox();
    let (done, finished) = oneshot::channel();
    tokio::spawn(guard(socket, gate.clone(), wanted.limits.max_connections));
    tokio::spawn(pump(routing.clone(), gate.clone(), inlet, Room::new(wanted.limits.incoming_bytes), done));

    let speaker = Speaker { socket: routing, gate, max_frame_bytes: wanted.limits.max_frame_bytes };
    let closing = Closing { notice: None, done: Some(finished) };
    Ok(Server::new(Arc::new(speaker), outlet, options::bound(&wanted.endpoint, &bound), closing))
}

fn socket_options(wanted: &ServerOptions, gate: &Arc<Gate>) -> Options {
    // Mandatory: an unknown peer is an error to report, not a frame to drop in silence.
    let base = Options { router_mandatory: true, ..options::base(&wanted.limits) };
    match &wanted.security {
        ServerSecurity::Curve { keys, .. } => {
            let gate = gate.clone();
            let mut curve = CurveServerOptions::new();
            curve.authenticator = Some(Authenticator::new_with_result(move |peer| gate.answer(peer)));
            base.curve_server_with_options(keys.secret().pair(), curve)
        }
        ServerSecurity::Null => base,
    }
}

fn bind_error(endpoint: &Endpoint, error: &OmqError) -> BindError {
    let endpoint = endpoint.clone();
    let kind = match error {
        OmqError::Io(io) => io.kind(),
        _ => ErrorKind::Other,
    };
    match kind {
        ErrorKind::AddrInUse => BindError::InUse { endpoint },
        ErrorKind::AddrNotAvailable => BindError::NotHere { endpoint },
        ErrorKind::PermissionDenied => BindError::Forbidden { endpoint },
        _ => BindError::Other { endpoint, reason: error.to_string() },
    }
}

/// How long the guard rests after a look, for each connection: a hundredth of a second with a thousand.
const PAUSE_PER_PEER: Duration = Duration::from_micros(10);

/// One socket for all clones of the sender: the crate keeps order per socket handle.
struct Speaker {
    socket: IdentitySocket,
    gate: Arc<Gate>,
    max_frame_bytes: usize,
}

impl ToPeers for Speaker {
    fn send(&self, peer: &PeerName, frame: Bytes) -> Result<(), SendError> {
        if frame.len() > self.max_frame_bytes {
            return Err(SendError::TooLarge { bytes: frame.len(), limit: self.max_frame_bytes });
        }
        let route = self.gate.route(peer).ok_or(SendError::Away)?;
        match self.socket.try_send_to(route, Message::single(frame)) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => Err(SendError::Full),
            Err(TrySendError::Closed | TrySendError::Error(OmqError::Closed)) => Err(SendError::Closed),
            Err(TrySendError::Error(_)) => Err(SendError::Away),
        }
    }

    fn set_allow(&self, allow: Allow) {
        self.gate.set_allow(allow);
    }

    fn blame(&self, peer: &PeerName) {
        self.gate.hears(peer, NONSENSE);
    }
}

/// Moves frames to the handle until either side ends, then closes the socket.
async fn pump(
    socket: IdentitySocket,
    gate: Arc<Gate>,
    inlet: Inlet<(PeerName, Bytes)>,
    room: Room,
    done: oneshot::Sender<()>,
) {
    let mut names = Names::default();
    loop {
        let received = tokio::select! {
            biased;
            () = inlet.closed() => break,
            received = socket.recv_from() => received,
        };
        let (sender, body) = match received {
            Ok(received) => received,
            Err(OmqError::Closed) => break,
            Err(error) => {
                warn!(%error, "a message could not be received");
                continue;
            }
        };
        let connection_id = sender.peer_info().connection_id;
        let (Some(name), Ok(frame)) =
            (names.of(&gate, sender.peer_info(), sender.as_ref()), body.into_bytes())
        else {
            let address = sender.peer_info().peer_address.map(|address| address.to_string());
            let address = address.as_deref().unwrap_or("unknown");
            gate.log_refusal(address, "a message that is not one frame of a named peer");
            // It may have left by itself meanwhile.
            let _ = socket.disconnect_peer(connection_id).await;
            continue;
        };
        if !gate.hears(&name, 1) {
            continue;
        }
        let ticket = tokio::select! {
            biased;
            () = inlet.closed() => break,
            ticket = room.for_frame(frame.len()) => ticket,
        };
        if inlet.send(Parcel { item: (name, frame), _ticket: ticket }).is_err() {
            break;
        }
    }
    // The crate's only error here is that it is closed already.
    let _ = socket.into_inner().close_with_linger(Some(LINGER)).await;
    let _ = done.send(());
}

/// Who speaks on each connection, as the gate said: it need not be asked for every frame.
///
/// Invariant: what is remembered is thrown away when anybody loses a name, and so never outlives the right to it.
#[derive(Default)]
struct Names {
    of: HashMap<u64, PeerName>,
    /// [`Gate::losses`] when the first was remembered.
    losses: u64,
}

/// So many are remembered at once; those of connections that ended are among them.
const MAX_REMEMBERED: usize = 1 << 16;

impl Names {
    fn of(&mut self, gate: &Gate, peer: &PeerInfo, announced: &[u8]) -> Option<PeerName> {
        let losses = gate.losses();
        if losses != self.losses || self.of.len() >= MAX_REMEMBERED {
            self.of.clear();
            self.losses = losses;
        }
        if let Some(known) = self.of.get(&peer.connection_id) {
            return Some(known.clone());
        }
        let name = name_of(gate, peer, announced)?;
        // Where this very name was taken from another connection, that is not remembered: the next frame asks again.
        if gate.losses() == self.losses {
            self.of.insert(peer.connection_id, name.clone());
        }
        Some(name)
    }
}

fn name_of(gate: &Gate, peer: &PeerInfo, announced: &[u8]) -> Option<PeerName> {
    gate.name_of(peer.authentication.user_id.as_ref(), announced, peer.peer_address)
}

/// Closes connections that lost their name to a newer instance or to another list, and those beyond the limit.
async fn guard(socket: Socket, gate: Arc<Gate>, max_connections: usize) {
    let mut seen = socket.connections_generation();
    while let Ok(mut connections) = socket.connections().await {
        // Oldest first, so that the newest of two with one name keeps it.
        connections.sort_unstable_by_key(|connection| connection.connection_id);
        let named: Vec<_> = connections
            .into_iter()
            .filter_map(|connection| {
                let name = name_of(&gate, connection.peer_info.as_ref()?, &connection.identity);
                Some((connection.connection_id, connection.identity, name))
            })
            .collect();
        let mut kept = Vec::new();
        for (connection_id, identity, name) in named {
            if name.is_some_and(|name| gate.is_current(&name, &identity)) {
                kept.push(connection_id);
            } else {
                // The gate has logged a refusal, with restraint.
                debug!(
                    connection_id,
                    "a peer without a right to a name, or displaced by a newer one: connection closed"
                );
                // It may have left by itself meanwhile.
                let _ = socket.disconnect_peer(connection_id).await;
            }
        }
        for surplus in kept.split_off(kept.len().min(max_connections)) {
            warn!(max_connections, "too many peers: newest connection closed");
            let _ = socket.disconnect_peer(surplus).await;
        }
        gate.set_connected(kept.len());
        // While many come at once, looking at all of them for each would be most of the work.
        tokio::time::sleep(PAUSE_PER_PEER * u32::try_from(kept.len()).unwrap_or(u32::MAX)).await;
        tokio::select! {
            changed = socket.connections_changed(seen) => match changed {
                Ok(generation) => seen = generation,
                Err(_) => return,
            },
            () = gate.changed() => {}
        }
    }
}
