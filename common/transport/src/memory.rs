//! The twin inside one process: same handles, same rules about names, keys, limits and takeover,
//! but no sockets, no tasks and no waiting. Every send is delivered, queued or refused before it
//! returns, so a test that uses it is as deterministic as its own order of calls.
//!
//! It does not model delay or loss; a simulated network stands in front of it for that.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use tokio::sync::watch;

use crate::client::ToServer;
use crate::mailbox::{Inlet, Parcel, Room, Ticket, mailbox};
use crate::roster::Roster;
use crate::routing::RoutingId;
use crate::server::{Closing, ToPeers};
use crate::{
    Allow, BindError, Client, ClientOptions, ClientSecurity, ConnectError, Connection, Endpoint, PeerName,
    SendError, Server, ServerOptions, ServerSecurity, Transport,
};

/// One network. Clones are the same network.
#[derive(Clone, Default, Debug)]
pub struct Network(Arc<Mutex<Fabric>>);

/// Port 0 is answered from here on, in order.
const FIRST_FREE_PORT: u16 = 49152;

#[derive(Default, Debug)]
struct Fabric {
    servers: BTreeMap<Endpoint, Station>,
    callers: BTreeMap<u64, Caller>,
    ids: u64,
}

/// A bound server.
#[derive(Debug)]
struct Station {
    id: u64,
    options: ServerOptions,
    roster: Roster,
    inlet: Inlet<(PeerName, Bytes)>,
    /// Caller by name.
    connected: BTreeMap<PeerName, u64>,
}

/// A client, connected or not.
#[derive(Debug)]
struct Caller {
    options: ClientOptions,
    routing: RoutingId,
    /// Set while connected.
    name: Option<PeerName>,
    inlet: Inlet<Bytes>,
    state: watch::Sender<Connection>,
    /// Places for frames to the server, and for frames from it.
    outgoing: Room,
    incoming: Room,
    waiting: VecDeque<(Bytes, Ticket)>,
}

impl Transport for Network {
    async fn bind(&self, mut options: ServerOptions) -> Result<Server, BindError> {
        options.limits.check()?;
        options.security.check(&options.endpoint)?;
        let mut fabric = self.fabric();
        if options.endpoint.port() == 0 {
            let free = |port: &u16| !fabric.servers.contains_key(&options.endpoint.with_port(*port));
            let port = (FIRST_FREE_PORT..=u16::MAX).find(free);
            let in_use = || BindError::InUse { endpoint: options.endpoint.clone() };
            options.endpoint = options.endpoint.with_port(port.ok_or_else(in_use)?);
        }
        let endpoint = options.endpoint.clone();
        if fabric.servers.contains_key(&endpoint) {
            return Err(BindError::InUse { endpoint });
        }
        let (inlet, outlet) = mailbox();
        let id = fabric.next_id();
        let station = Station { id, options, roster: Roster::default(), inlet, connected: BTreeMap::new() };
        fabric.servers.insert(endpoint.clone(), station);
        let waiting: Vec<u64> = fabric
            .callers
            .iter()
            .filter(|(_, c)| c.options.endpoint == endpoint)
            .map(|(id, _)| *id)
            .collect();
        for caller in waiting {
            fabric.attach(caller);
        }
        let seat = Arc::new(ServerSeat { network: self.clone(), endpoint: endpoint.clone(), id });
        let closing = Closing { notice: Some(Box::new(Unbind(seat.clone()))), done: None };
        Ok(Server::new(seat, outlet, endpoint, closing))
    }

    async fn connect(&self, options: ClientOptions) -> Result<Client, ConnectError> {
        options.limits.check()?;
        options.security.check(&options.endpoint)?;
        let subject = match &options.security {
            ClientSecurity::Curve { keys, .. } => keys.public().to_string(),
            ClientSecurity::Null { name } => name.to_string(),
        };
        let (inlet, outlet) = mailbox();
        let (state, watched) = watch::channel(Connection::Connecting);
        let mut fabric = self.fabric();
        let id = fabric.next_id();
        // The number is unique in this network, which is all an instance has to be.
        let routing = RoutingId::new(&subject, &format!("{id:x}"));
        let outgoing = Room::new(options.limits.send_queue_frames);
        let incoming = Room::new(options.limits.send_queue_frames);
        let waiting = VecDeque::new();
        let caller = Caller { options, routing, name: None, inlet, state, outgoing, incoming, waiting };
        fabric.callers.insert(id, caller);
        fabric.attach(id);
        let seat = Arc::new(ClientSeat { network: self.clone(), id });
        let closing = Closing { notice: Some(Box::new(HangUp(seat.clone()))), done: None };
        Ok(Client::new(seat, outlet, watched, closing))
    }
}

impl Network {
    pub fn new() -> Self {
        Self::default()
    }

    fn fabric(&self) -> MutexGuard<'_, Fabric> {
        self.0.lock().expect("nothing panics while it holds the network")
    }
}

impl Fabric {
    fn next_id(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }

    /// Lets a caller in if its server is there and will have it, and delivers what waited.
    fn attach(&mut self, id: u64) {
        let Some(caller) = self.callers.get(&id) else { return };
        let Some(station) = self.servers.get_mut(&caller.options.endpoint) else {
            let reason = format!("nobody answers at {}", caller.options.endpoint);
            caller.state.send_replace(Connection::Unreachable { reason });
            return;
        };
        let named = handshake(&station.options.security, &caller.options.security);
        let admitted = named.and_then(|name| {
            let full = station.connected.len() >= station.options.limits.max_connections;
            if full && !station.connected.contains_key(&name) {
                return Err("it has no room".into());
            }
            station.roster.admit(&name, &caller.routing).map_err(|refusal| refusal.to_string())?;
            Ok(name)
        });
        let name = match admitted {
            Ok(name) => name,
            Err(reason) => {
                caller.state.send_replace(Connection::Refused { reason });
                return;
            }
        };
        let older = station.connected.insert(name.clone(), id).filter(|older| *older != id);
        let caller = self.callers.get_mut(&id).expect("looked up above");
        caller.name = Some(name.clone());
        caller.state.send_replace(Connection::Connected);
        let waiting = std::mem::take(&mut caller.waiting);
        if let Some(older) = older.and_then(|older| self.callers.get_mut(&older)) {
            older.name = None;
            let reason = "a newer process under the same name took our place".into();
            older.state.send_replace(Connection::Refused { reason });
        }
        for (frame, ticket) in waiting {
            self.deliver(id, frame, ticket);
        }
    }

    /// Everybody shakes hands once more: the server has another list.
    fn look_again(&mut self, endpoint: &Endpoint) {
        let calling = |(_, caller): &(&u64, &Caller)| caller.options.endpoint == *endpoint;
        let callers: Vec<u64> = self.callers.iter().filter(calling).map(|(id, _)| *id).collect();
        for id in callers {
            let (Some(caller), Some(station)) = (self.callers.get(&id), self.servers.get(endpoint)) else {
                continue;
            };
            let named = handshake(&station.options.security, &caller.options.security).ok();
            if caller.name.is_some() && caller.name != named {
                self.detach(id, "the server closed the connection");
            }
            if self.callers.get(&id).is_some_and(|caller| caller.name.is_none()) {
                self.attach(id);
            }
        }
    }

    fn detach(&mut self, id: u64, reason: &str) {
        let Some(caller) = self.callers.get_mut(&id) else { return };
        let Some(name) = caller.name.take() else { return };
        caller.state.send_replace(Connection::Unreachable { reason: reason.into() });
        if let Some(station) = self.servers.get_mut(&caller.options.endpoint) {
            station.connected.remove(&name);
        }
    }

    fn deliver(&mut self, id: u64, frame: Bytes, ticket: Ticket) {
        let Some(caller) = self.callers.get_mut(&id) else { return };
        let station = self.servers.get(&caller.options.endpoint);
        let (Some(name), Some(station)) = (&caller.name, station) else {
            caller.waiting.push_back((frame, ticket));
            return;
        };
        if frame.len() > station.options.limits.max_frame_bytes {
            self.detach(id, "the server closed the connection: frame too large");
            self.attach(id);
            return;
        }
        // A server that is just closing no longer listens; the frame is lost like one on the wire.
        let _ = station.inlet.send(Parcel { item: (name.clone(), frame), _ticket: ticket });
    }
}

/// What CURVE would find out. The name comes from the key alone.
fn handshake(server: &ServerSecurity, client: &ClientSecurity) -> Result<PeerName, String> {
    match (server, client) {
        (ServerSecurity::Null, ClientSecurity::Null { name }) => Ok(name.clone()),
        (ServerSecurity::Curve { keys, allow }, ClientSecurity::Curve { keys: ours, server }) => {
            if keys.public() != *server {
                return Err("it has another key than the one configured here".into());
            }
            allow.name_of(&ours.public()).cloned().ok_or("our key is not on its allow list".into())
        }
        _ => Err("one side has keys and the other has none".into()),
    }
}

struct ServerSeat {
    network: Network,
    endpoint: Endpoint,
    id: u64,
}

impl ToPeers for ServerSeat {
    fn send(&self, peer: &PeerName, frame: Bytes) -> Result<(), SendError> {
        let mut fabric = self.network.fabric();
        let station = fabric.servers.get(&self.endpoint).filter(|station| station.id == self.id);
        let station = station.ok_or(SendError::Closed)?;
        check_size(&frame, station.options.limits.max_frame_bytes)?;
        let id = *station.connected.get(peer).ok_or(SendError::Away)?;
        let caller = fabric.callers.get(&id).ok_or(SendError::Away)?;
        if frame.len() > caller.options.limits.max_frame_bytes {
            fabric.detach(id, "frame too large");
            fabric.attach(id);
            return Ok(());
        }
        let ticket = caller.incoming.try_one().ok_or(SendError::Full)?;
        // A client that is just closing no longer listens; the frame is lost like one on the wire.
        let _ = caller.inlet.send(Parcel { item: frame, _ticket: ticket });
        Ok(())
    }

    /// Within one process nobody is sent out.
    fn blame(&self, _: &PeerName) {}

    fn set_allow(&self, allow: Allow) {
        let mut fabric = self.network.fabric();
        let Some(station) = fabric.servers.get_mut(&self.endpoint).filter(|station| station.id == self.id)
        else {
            return;
        };
        let ServerSecurity::Curve { allow: present, .. } = &mut station.options.security else { return };
        *present = allow;
        fabric.look_again(&self.endpoint);
    }
}

struct ClientSeat {
    network: Network,
    id: u64,
}

impl ToServer for ClientSeat {
    fn send(&self, frame: Bytes) -> Result<(), SendError> {
        let mut fabric = self.network.fabric();
        let caller = fabric.callers.get(&self.id).ok_or(SendError::Closed)?;
        check_size(&frame, caller.options.limits.max_frame_bytes)?;
        let ticket = caller.outgoing.try_one().ok_or(SendError::Full)?;
        fabric.deliver(self.id, frame, ticket);
        Ok(())
    }
}

fn check_size(frame: &Bytes, limit: usize) -> Result<(), SendError> {
    if frame.len() > limit { Err(SendError::TooLarge { bytes: frame.len(), limit }) } else { Ok(()) }
}

/// Dropped with the server's receiver.
struct Unbind(Arc<ServerSeat>);

impl Drop for Unbind {
    fn drop(&mut self) {
        let mut fabric = self.0.network.fabric();
        if fabric.servers.get(&self.0.endpoint).is_some_and(|station| station.id == self.0.id) {
            let station = fabric.servers.remove(&self.0.endpoint).expect("looked up above");
            for id in station.connected.into_values() {
                fabric.detach(id, "the server closed the connection");
            }
        }
    }
}

/// Dropped with the client's receiver.
struct HangUp(Arc<ClientSeat>);

impl Drop for HangUp {
    fn drop(&mut self) {
        let mut fabric = self.0.network.fabric();
        fabric.detach(self.0.id, "closed");
        if let Some(caller) = fabric.callers.remove(&self.0.id) {
            caller.state.send_replace(Connection::Closed);
        }
    }
}
