//! Who comes in, and under which name; see the argument in [`super`]. With keys it is asked once in
//! every handshake, after the key is proven and before any message is read. It closes nothing
//! itself.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Instant;

use bytes::Bytes;
use omq_tokio::{AuthenticationResult, AuthenticationStatus, MechanismPeerInfo};
use tokio::sync::Notify;
use tracing::{debug, warn};

use crate::allowance::{Allowances, Verdict};
use crate::roster::Roster;
use crate::routing::RoutingId;
use crate::{Allow, Limits, PeerName, PublicKey};

/// Refusals logged one by one; after these, only each doubling, so that a scanner can't fill a disk.
const REFUSALS_LOGGED: u64 = 32;

/// Shared by the handshakes, the sender and the guard of one server.
#[derive(Debug)]
pub(super) struct Gate {
    /// `None` without keys.
    allow: Option<RwLock<Allow>>,
    /// Somebody may have to go.
    changed: Notify,
    roster: Mutex<Roster>,
    /// Locked after the roster where both are.
    allowances: Mutex<Allowances>,
    max_connections: usize,
    connected: AtomicUsize,
    refusals: AtomicU64,
    /// How often somebody lost a name.
    losses: AtomicU64,
}

#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Welcome(PeerName),
    Refused(String),
    /// Nothing is wrong with the peer; it may try again.
    Later(String),
}

impl Gate {
    pub(super) fn new(allow: Option<Allow>, limits: &Limits) -> Self {
        Self {
            allow: allow.map(RwLock::new),
            changed: Notify::new(),
            roster: Mutex::default(),
            allowances: Mutex::new(Allowances::new(limits)),
            max_connections: limits.max_connections,
            connected: AtomicUsize::new(0),
            refusals: AtomicU64::new(0),
            losses: AtomicU64::new(0),
        }
    }

    /// Puts another list in the place of the present one. Whoever is not on it, or under another name, is unheard from now on, and
    /// [`Self::changed`] tells that connections are to be looked at.
    pub(super) fn set_allow(&self, allow: Allow) {
        let Some(present) = &self.allow else { return };
        let mut present = present.write().unwrap_or_else(PoisonError::into_inner);
        *present = allow;
        let mut roster = self.roster();
        roster.retain(|name, id| is_listed(&present, name, id));
        self.allowances().retain(|name| roster.current(name).is_some());
        self.losses.fetch_add(1, Ordering::Relaxed);
        self.changed.notify_one();
    }

    /// Another number once anybody may have lost its name: until then, who had one has it still.
    pub(super) fn losses(&self) -> u64 {
        self.losses.load(Ordering::Relaxed)
    }

    /// Waits until the list is another.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    pub(super) fn answer(&self, peer: &MechanismPeerInfo) -> AuthenticationResult {
        let address = peer.peer_address.as_deref().unwrap_or("unknown");
        match self.decide(PublicKey::from_bytes(peer.public_key), peer.identity.as_ref()) {
            Answer::Welcome(name) => {
                debug!(peer = %name, address, "peer admitted");
                AuthenticationResult::allow().with_user_id(name.as_str().to_owned())
            }
            Answer::Refused(reason) => {
                self.log_refusal(address, &reason);
                AuthenticationResult::deny()
            }
            Answer::Later(reason) => {
                self.log_refusal(address, &reason);
                let status = AuthenticationStatus::TemporaryFailure;
                AuthenticationResult { status, ..AuthenticationResult::deny() }
            }
        }
    }

    fn decide(&self, key: PublicKey, announced: Option<&Bytes>) -> Answer {
        let Some(announced) = announced else {
            return Answer::Refused("the peer announces no routing id".into());
        };
        // Held until the seat is taken: no list comes in between that would have refused it.
        let allow = self.allow.as_ref().map(|allow| allow.read().unwrap_or_else(PoisonError::into_inner));
        let named = match &allow {
            Some(allow) => name_by_key(allow, key, announced),
            None => name_by_claim(announced),
        };
        let (name, id) = match named {
            Ok(named) => named,
            Err(reason) => return Answer::Refused(reason),
        };
        if let Some(left) = self.allowances().silenced_for(&name, now()) {
            return Answer::Later(format!(
                "{name} said too much and is kept out for another {} s",
                left.as_secs() + 1
            ));
        }
        let mut roster = self.roster();
        let former = roster.current(&name);
        let (is_new, is_another) = (former.is_none(), former.is_some_and(|former| *former != id));
        if is_new && self.connected.load(Ordering::Relaxed) >= self.max_connections {
            return Answer::Later(format!("{} peers are connected already", self.max_connections));
        }
        match roster.admit(&name, &id) {
            Ok(()) => {
                self.losses.fetch_add(u64::from(is_another), Ordering::Relaxed);
                Answer::Welcome(name)
            }
            Err(refusal) => Answer::Refused(format!("{name}: {refusal}")),
        }
    }

    /// The name of a connected peer, or `None` if it must go. With keys this is the user id that
    /// [`Self::answer`] gave the connection, never anything the peer sent; without, its claim.
    pub(super) fn name_of(
        &self,
        user_id: Option<&Bytes>,
        announced: &[u8],
        address: Option<SocketAddr>,
    ) -> Option<PeerName> {
        let announced = Bytes::copy_from_slice(announced);
        if let Some(allow) = &self.allow {
            let name: PeerName = std::str::from_utf8(user_id?).ok()?.parse().ok()?;
            // The handshake saw to it that the announced key is the proven one; the list may have changed since.
            let allow = allow.read().unwrap_or_else(PoisonError::into_inner);
            let id = RoutingId::read_key(&announced)?;
            return is_listed(&allow, &name, &id).then_some(name);
        }
        match self.decide(PublicKey::from_bytes([0; 32]), Some(&announced)) {
            Answer::Welcome(name) => Some(name),
            Answer::Refused(reason) | Answer::Later(reason) => {
                let address = address.map(|address| address.to_string());
                self.log_refusal(address.as_deref().unwrap_or("unknown"), &reason);
                None
            }
        }
    }

    /// Whether what this peer says is heard, which counts as so many frames. One that said too much takes its seat no more until its
    /// time is over, and [`Self::changed`] tells that its connection is to be looked at.
    pub(super) fn hears(&self, name: &PeerName, frames: u32) -> bool {
        let verdict = self.allowances().charge(name, frames, now());
        if verdict == Verdict::TooMuch {
            warn!(peer = %name, "a peer said too much, or nothing that could be read: it is sent out for a while");
            self.changed.notify_one();
        }
        verdict == Verdict::Heard
    }

    fn allowances(&self) -> MutexGuard<'_, Allowances> {
        self.allowances.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where frames for `name` go.
    pub(super) fn route(&self, name: &PeerName) -> Option<Bytes> {
        self.roster().current(name).map(RoutingId::to_bytes)
    }

    /// Whether this connection may stay.
    pub(super) fn is_current(&self, name: &PeerName, id: &[u8]) -> bool {
        self.roster().is_current(name, id) && self.allowances().silenced_for(name, now()).is_none()
    }

    pub(super) fn set_connected(&self, count: usize) {
        self.connected.store(count, Ordering::Relaxed);
    }

    fn roster(&self) -> MutexGuard<'_, Roster> {
        self.roster.lock().expect("nothing panics while it holds the roster")
    }

    pub(super) fn log_refusal(&self, address: &str, reason: &str) {
        let count = self.refusals.fetch_add(1, Ordering::Relaxed) + 1;
        if count <= REFUSALS_LOGGED || count.is_power_of_two() {
            warn!(address, reason, refusals = count, "peer refused");
        }
    }
}

#[allow(clippy::disallowed_methods)] // A socket's gate is a skin: what peers say is counted as it comes.
fn now() -> Instant {
    Instant::now()
}

fn is_listed(allow: &Allow, name: &PeerName, id: &RoutingId) -> bool {
    id.subject().parse().is_ok_and(|key: PublicKey| allow.name_of(&key) == Some(name))
}

fn name_by_key(allow: &Allow, key: PublicKey, announced: &Bytes) -> Result<(PeerName, RoutingId), String> {
    let name = allow.name_of(&key).ok_or_else(|| format!("key {key} is not on the allow list"))?;
    let id = RoutingId::read_key(announced).filter(|id| id.subject() == key.to_string());
    let id = id.ok_or_else(|| format!("{name} announces a routing id that is not its own key"))?;
    Ok((name.clone(), id))
}

fn name_by_claim(announced: &Bytes) -> Result<(PeerName, RoutingId), String> {
    let id = RoutingId::read_name(announced).ok_or("the peer announces an unreadable routing id")?;
    let name = id.subject().parse::<PeerName>().map_err(|bad| bad.to_string())?;
    Ok((name, id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::KeyPair;

    fn name(text: &str) -> PeerName {
        text.parse().unwrap()
    }

    fn room_for(max_connections: usize) -> Limits {
        Limits { max_connections, ..Limits::default() }
    }

    fn refused(answer: Answer) -> bool {
        matches!(answer, Answer::Refused(_))
    }

    #[test]
    fn a_known_key_may_announce_only_itself() {
        let (ours, theirs) = (KeyPair::generate().public(), KeyPair::generate().public());
        let mut allow = Allow::new();
        allow.insert(name("a"), ours).unwrap();
        allow.insert(name("b"), theirs).unwrap();
        let gate = Gate::new(Some(allow), &room_for(8));
        let announce = |text: String| gate.decide(ours, Some(&Bytes::from(text)));
        assert!(refused(announce(theirs.to_string())));
        assert!(refused(announce(format!("{theirs}/1"))));
        assert!(refused(announce("a".into())));
        assert!(refused(announce(format!("{ours}x"))));
        assert!(refused(gate.decide(ours, None)));
        assert_eq!(announce(format!("{ours}/1")), Answer::Welcome(name("a")));
        assert_eq!(announce(ours.to_string()), Answer::Welcome(name("a")));
        assert_eq!(gate.route(&name("b")), None, "a refused claim leaves no trace");
    }

    #[test]
    fn an_unknown_key_is_refused_whatever_it_announces() {
        let gate = Gate::new(Some(Allow::new()), &room_for(8));
        let key = KeyPair::generate().public();
        assert!(refused(gate.decide(key, Some(&Bytes::from(key.to_string())))));
    }

    #[test]
    fn another_list_ends_the_right_to_a_name() {
        let (former, present) = (KeyPair::generate().public(), KeyPair::generate().public());
        let list = |key| {
            let mut allow = Allow::new();
            allow.insert(name("a"), key).unwrap();
            allow
        };
        let gate = Gate::new(Some(list(former)), &room_for(8));
        let announced = Bytes::from(format!("{former}/1"));
        assert_eq!(gate.decide(former, Some(&announced)), Answer::Welcome(name("a")));
        let user_id = Bytes::from_static(b"a");
        let heard = |gate: &Gate| gate.name_of(Some(&user_id), &announced, None);
        assert_eq!(heard(&gate), Some(name("a")));
        // The name stays, and its key is another: the old connection is nobody's.
        gate.set_allow(list(present));
        assert_eq!(heard(&gate), None);
        assert_eq!(gate.route(&name("a")), None);
        assert!(!gate.is_current(&name("a"), &announced));
        assert!(refused(gate.decide(former, Some(&announced))));
        gate.set_allow(list(former));
        assert_eq!(gate.decide(former, Some(&announced)), Answer::Welcome(name("a")));
    }

    /// What is remembered of connections is thrown away by this number.
    #[test]
    fn whoever_loses_a_name_changes_the_number_of_losses_and_nobody_else_does() {
        let gate = Gate::new(None, &room_for(8));
        let announce = |text: &'static str| {
            gate.decide(PublicKey::from_bytes([0; 32]), Some(&Bytes::from(text)));
            gate.losses()
        };
        let losses = ["a/1", "a/1", "b/1", "a/2", "a/1", "a/2", "b/1"].map(announce);
        assert_eq!(losses, [0, 0, 0, 1, 1, 1, 1], "the refused takes nothing");

        let key = KeyPair::generate().public();
        let mut allow = Allow::new();
        allow.insert(name("a"), key).unwrap();
        let gate = Gate::new(Some(allow), &room_for(8));
        gate.set_allow(Allow::new());
        assert_eq!(gate.losses(), 1);
    }

    #[test]
    fn without_keys_the_claim_must_be_a_name() {
        let gate = Gate::new(None, &room_for(8));
        let announce = |text: &'static [u8]| {
            gate.decide(PublicKey::from_bytes([0; 32]), Some(&Bytes::from_static(text)))
        };
        assert_eq!(announce(b"w-1/00ff"), Answer::Welcome(name("w-1")));
        for text in [b"" as &[u8], b"\0\0\0\x01", b"a b", b"/1", b"\xff"] {
            assert!(refused(announce(text)), "{text:?}");
        }
    }

    #[test]
    fn a_full_house_puts_newcomers_off_but_not_members() {
        let gate = Gate::new(None, &room_for(1));
        let announce =
            |text: &'static str| gate.decide(PublicKey::from_bytes([0; 32]), Some(&Bytes::from(text)));
        assert_eq!(announce("a/1"), Answer::Welcome(name("a")));
        gate.set_connected(1);
        assert!(matches!(announce("b/1"), Answer::Later(_)));
        assert_eq!(announce("a/2"), Answer::Welcome(name("a")));
    }
}
