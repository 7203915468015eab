//! Every bound of the transport, each with its argument. Nothing here is tuned at run time.

use std::time::Duration;

use crate::error::SetupError;

/// What a frame that says nothing costs its sender, in frames.
pub(crate) const NONSENSE: u32 = 100;

/// What a peer may cost. The defaults suit a coordinator with a few hundred workers, within the
/// 1024 open files that most systems grant a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest frame sent or taken, bytes. A peer that announces more loses its connection before
    /// anything is allocated. 8 MiB holds every message and a generous blob chunk, and is read in
    /// under a second on a 100 Mbit/s line, so that it delays no heartbeat behind it for long.
    pub max_frame_bytes: usize,
    /// Frames that wait for one peer (server) or for the server (client). A worker needs a
    /// handful; 256 bridges a pause of seconds. Beyond it, sending says [`crate::SendError::Full`].
    pub send_queue_frames: usize,
    /// Bytes of frames received and not yet taken by `recv`. When reached, reading pauses and TCP
    /// pushes back on the senders. 64 MiB is eight frames of the largest size.
    pub incoming_bytes: usize,
    /// Peers connected at once. 512 with the pending handshakes below stay under 1024 files.
    pub max_connections: usize,
    /// Connections that have not proven themselves yet. One host beyond loopback may hold an
    /// eighth of them, so that a scanner can't keep workers out.
    pub max_pending_handshakes: usize,
    /// Frames that one peer may send to a server, each second and at once. A worker says a few a second, or some thousand where it moves
    /// blobs; one that can't be read counts as a hundred.
    pub frames_per_s: u32,
    pub frames_at_once: u32,
    /// How long a peer that said more is kept out: long enough that its coming back costs nothing, and soon for a machine that was
    /// mended.
    pub silence: Duration,
    /// Time for one handshake, from TCP to readiness. Three round trips and a key exchange take
    /// milliseconds; 5 s forgive a loaded machine and free a silent stranger's place soon.
    pub handshake_timeout: Duration,
    /// First pause before connecting again; it doubles up to `reconnect_max`.
    pub reconnect_min: Duration,
    /// Longest pause before connecting again: a restarted coordinator has its fleet back within it.
    pub reconnect_max: Duration,
    /// Pause after the server refused our key. Only a person can cure that, so there is no hurry.
    pub refused_pause: Duration,
    /// How often the other side is probed. A worker finds out within half a minute that its coordinator's machine is gone.
    pub heartbeat_interval: Duration,
    /// Silence after a probe for which a connection counts as dead, though TCP has not noticed: a cable
    /// pulled, a machine asleep. Must exceed the interval and the time of one largest frame.
    pub heartbeat_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_frame_bytes: 8 << 20,
            send_queue_frames: 256,
            incoming_bytes: 64 << 20,
            max_connections: 512,
            max_pending_handshakes: 256,
            frames_per_s: 5_000,
            frames_at_once: 10_000,
            silence: Duration::from_secs(30),
            handshake_timeout: Duration::from_secs(5),
            reconnect_min: Duration::from_millis(100),
            reconnect_max: Duration::from_secs(5),
            refused_pause: Duration::from_secs(10),
            heartbeat_interval: Duration::from_secs(10),
            heartbeat_timeout: Duration::from_secs(15),
        }
    }
}

impl Limits {
    /// Those of a server. It probes seldom: a peer that vanished costs it a place and no more, and of thousands the probes and their
    /// answers would be a good part of all frames.
    pub fn of_server() -> Self {
        let (heartbeat_interval, heartbeat_timeout) = (Duration::from_secs(30), Duration::from_secs(60));
        Self { heartbeat_interval, heartbeat_timeout, ..Self::default() }
    }

    pub(crate) fn check(&self) -> Result<(), SetupError> {
        let counts = [
            ("max_frame_bytes", self.max_frame_bytes, u32::MAX as usize),
            ("send_queue_frames", self.send_queue_frames, 1 << 20),
            ("incoming_bytes", self.incoming_bytes, u32::MAX as usize),
            ("max_connections", self.max_connections, 1 << 20),
            ("max_pending_handshakes", self.max_pending_handshakes, 1 << 20),
            ("frames_per_s", self.frames_per_s as usize, u32::MAX as usize),
            ("frames_at_once", self.frames_at_once as usize, u32::MAX as usize),
        ];
        for (limit, value, most) in counts {
            if value == 0 || value > most {
                let cure = "set it between 1 and 4294967295 bytes, or 1 and 1048576 for counts";
                return Err(SetupError::Limit { limit, value: value.to_string(), cure });
            }
        }
        let times = [
            ("silence", self.silence),
            ("handshake_timeout", self.handshake_timeout),
            ("reconnect_min", self.reconnect_min),
            ("reconnect_max", self.reconnect_max),
            ("refused_pause", self.refused_pause),
            ("heartbeat_interval", self.heartbeat_interval),
        ];
        for (limit, value) in times {
            if value.is_zero() {
                return Err(SetupError::Limit { limit, value: "zero".into(), cure: "set it above zero" });
            }
        }
        if self.heartbeat_timeout <= self.heartbeat_interval {
            let cure = "set it above heartbeat_interval";
            let value = format!("{:?}", self.heartbeat_timeout);
            return Err(SetupError::Limit { limit: "heartbeat_timeout", value, cure });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_hold() {
        Limits::default().check().unwrap();
        Limits::of_server().check().unwrap();
    }

    #[test]
    fn nonsense_names_the_limit() {
        let check = |change: fn(&mut Limits), name: &str| {
            let mut limits = Limits::default();
            change(&mut limits);
            assert!(limits.check().unwrap_err().to_string().starts_with(name), "{name}");
        };
        check(|l| l.max_frame_bytes = 0, "max_frame_bytes");
        check(|l| l.incoming_bytes = usize::MAX, "incoming_bytes");
        check(|l| l.reconnect_min = Duration::ZERO, "reconnect_min");
        check(|l| l.heartbeat_timeout = l.heartbeat_interval, "heartbeat_timeout");
    }
}
