//! How much each peer may say. Pure: the clock is handed in.
//!
//! A key lets its holder in, and nothing more: one peer that talks without end, or talks nonsense, must not take the server from the
//! others. Each has a bucket of frames that fills again with time; whoever empties it is sent out, and kept out for a while.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::{Limits, PeerName};

#[derive(Debug)]
pub(crate) struct Allowances {
    /// Frames.
    per_s: f64,
    most: f64,
    silence: Duration,
    peers: HashMap<PeerName, Allowance>,
}

#[derive(Debug, Clone, Copy)]
struct Allowance {
    /// Frames left, then.
    left: f64,
    at: Instant,
    silent_until: Option<Instant>,
}

/// What becomes of what a peer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Heard,
    /// That was too much: it has to go.
    TooMuch,
    /// It had to go already.
    Silenced,
}

impl Allowances {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            per_s: f64::from(limits.frames_per_s),
            most: f64::from(limits.frames_at_once),
            silence: limits.silence,
            peers: HashMap::new(),
        }
    }

    /// Takes `frames` from what the peer has left.
    pub(crate) fn charge(&mut self, peer: &PeerName, frames: u32, now: Instant) -> Verdict {
        let full = Allowance { left: self.most, at: now, silent_until: None };
        let allowance = self.peers.entry(peer.clone()).or_insert(full);
        if allowance.silent_until.is_some_and(|until| now < until) {
            return Verdict::Silenced;
        }
        let gained = now.saturating_duration_since(allowance.at).as_secs_f64() * self.per_s;
        let left = (allowance.left + gained).min(self.most) - f64::from(frames);
        (allowance.at, allowance.silent_until) = (now, None);
        if left < 0.0 {
            // It comes back with a full bucket.
            (allowance.left, allowance.silent_until) = (self.most, Some(now + self.silence));
            return Verdict::TooMuch;
        }
        allowance.left = left;
        Verdict::Heard
    }

    /// How long the peer is still kept out.
    pub(crate) fn silenced_for(&self, peer: &PeerName, now: Instant) -> Option<Duration> {
        let until = self.peers.get(peer)?.silent_until?;
        until.checked_duration_since(now).filter(|left| !left.is_zero())
    }

    /// Forgets whoever has no seat any more: what is remembered stays within what the roster remembers.
    pub(crate) fn retain(&mut self, has_seat: impl Fn(&PeerName) -> bool) {
        self.peers.retain(|peer, _| has_seat(peer));
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // Any instant will do to begin with.
mod tests {
    use super::*;

    fn name(text: &str) -> PeerName {
        text.parse().unwrap()
    }

    fn allowances() -> Allowances {
        let silence = Duration::from_secs(30);
        Allowances::new(&Limits { frames_per_s: 10, frames_at_once: 20, silence, ..Limits::default() })
    }

    #[test]
    fn whoever_says_too_much_is_silent_for_a_while() {
        let (mut allowances, start) = (allowances(), Instant::now());
        let (loud, calm) = (name("loud"), name("calm"));
        for _ in 0..20 {
            assert_eq!(allowances.charge(&loud, 1, start), Verdict::Heard);
        }
        assert_eq!(allowances.charge(&loud, 1, start), Verdict::TooMuch);
        assert_eq!(allowances.charge(&loud, 1, start), Verdict::Silenced, "told once");
        assert_eq!(allowances.silenced_for(&loud, start), Some(Duration::from_secs(30)));
        assert_eq!(allowances.charge(&calm, 1, start), Verdict::Heard, "nobody else pays for it");
        assert_eq!(allowances.silenced_for(&calm, start), None);
        let later = start + Duration::from_secs(30);
        assert_eq!(allowances.silenced_for(&loud, later), None);
        assert_eq!(allowances.charge(&loud, 20, later), Verdict::Heard, "and begins afresh");
    }

    #[test]
    fn a_steady_peer_within_the_rate_is_always_heard() {
        let (mut allowances, start) = (allowances(), Instant::now());
        for tenth in 0..10_000 {
            let now = start + Duration::from_millis(100) * tenth;
            assert_eq!(allowances.charge(&name("steady"), 1, now), Verdict::Heard);
        }
    }

    #[test]
    fn whoever_lost_its_seat_is_forgotten() {
        let (mut allowances, start) = (allowances(), Instant::now());
        for peer in ["stays", "goes"] {
            assert_eq!(allowances.charge(&name(peer), 21, start), Verdict::TooMuch);
        }
        allowances.retain(|peer| peer.as_str() == "stays");
        assert!(allowances.silenced_for(&name("stays"), start).is_some());
        assert_eq!(allowances.silenced_for(&name("goes"), start), None);
    }
}
