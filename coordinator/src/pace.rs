//! How often the coordinator's thread wakes.
//!
//! A waking costs tens of microseconds of the processor (a switch, the kernel's queues, cold caches), more than what most frames ask
//! for. Thousands of workers each send theirs when they like, and a thread that wakes for every one spends itself on waking. So it
//! wakes at most once a turn, and takes all that has come by then: what network drivers call interrupt moderation. Where little comes
//! nothing waits, for wakings are further apart than a turn anyhow.
//!
//! The more speak, the longer the turn: a fleet of thousands is spoken with in few wakings, each append holds what many said, and the
//! disk is waited for as seldom; a few hundred are answered in milliseconds. Whoever talks without end is one speaker: it makes nobody
//! wait.

#![allow(clippy::disallowed_methods)] // A skin: it rests a thread by the clock of its machine.

use std::cell::Cell;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::RangeInclusive;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

/// From one waking to the next at least, and so the longest that a frame waits for it. At the shortest a blob of which a megabyte is
/// under way is moved at 250 MB/s; the longest lets an assignment wait for a fiftieth of a second, next to evaluations of seconds.
const TURN: RangeInclusive<Duration> = Duration::from_millis(4)..=Duration::from_millis(20);

/// For each that spoke in a turn the next is so long: turns grow where more than four thousand speak in a second, and the thread has
/// its hands full.
const TURN_PER_SPEAKER: Duration = Duration::from_micros(250);

/// Rounds in which everything ready runs once: a frame passes through as many hands (its connection, the socket, the gateway).
const ROUNDS: usize = 3;

thread_local! {
    static RESTED: Cell<Option<Instant>> = const { Cell::new(None) };
    /// Who spoke since the last waking: a place for each name, which some share.
    static SPEAKERS: Cell<u128> = const { Cell::new(0) };
}

/// A worker said something.
pub(crate) fn heard(worker: &str) {
    let mut hasher = DefaultHasher::new();
    worker.hash(&mut hasher);
    let place = hasher.finish() % u64::from(u128::BITS);
    SPEAKERS.set(SPEAKERS.get() | 1 << place);
}

/// After one in which so many spoke.
fn turn(speakers: u32) -> Duration {
    TURN_PER_SPEAKER.saturating_mul(speakers).clamp(*TURN.start(), *TURN.end())
}

/// Until whatever came in this turn has been looked at.
pub(crate) async fn others_ran() {
    for _ in 0..ROUNDS {
        tokio::task::yield_now().await;
    }
}

/// The runtime of the coordinator's main thread, for [`actix::System::with_tokio_rt`].
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .on_thread_park(|| {
            let turn = turn(SPEAKERS.take().count_ones());
            let early = RESTED.get().map_or(Duration::ZERO, |rested| turn.saturating_sub(rested.elapsed()));
            if !early.is_zero() {
                thread::sleep(early);
            }
            RESTED.set(Some(Instant::now()));
        })
        .build()
        .expect("the system gives a process its poll and its timers")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_long_where_many_speak_and_not_where_one_does_not_stop() {
        let lengths = [0, 16, 20, 48, 80, 100].map(|speakers| turn(speakers).as_millis());
        assert_eq!(lengths, [4, 4, 5, 12, 20, 20]);
        let after = |names: &mut dyn Iterator<Item = u32>| {
            names.for_each(|name| heard(&format!("w{name}")));
            turn(SPEAKERS.take().count_ones())
        };
        assert_eq!(after(&mut (0..10_000).map(|_| 7)), *TURN.start());
        assert_eq!(after(&mut (0..10_000)), *TURN.end());
    }

    #[test]
    fn what_comes_in_one_turn_is_taken_at_once() {
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let speaker = thread::spawn(move || {
            for word in 0..200 {
                sender.send(word).unwrap();
                thread::sleep(*TURN.start() / 20);
            }
        });
        let began = Instant::now();
        let (mut heard, mut wakings) = (Vec::new(), 0);
        runtime().block_on(async {
            while let Some(word) = receiver.recv().await {
                heard.push(word);
                while let Ok(word) = receiver.try_recv() {
                    heard.push(word);
                }
                wakings += 1;
            }
        });
        speaker.join().unwrap();
        assert_eq!(heard, (0..200).collect::<Vec<_>>());
        let turns = began.elapsed().div_duration_f64(*TURN.start());
        // A word that comes while the thread is busy with the one before costs no waking, and counts as one here.
        assert!(f64::from(wakings) <= 2.0 * turns + 10.0, "{wakings} wakings in {turns} turns");
    }
}
