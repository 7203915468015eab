//! How often the coordinator's thread wakes.
//!
//! A waking costs tens of microseconds of the processor (a switch, the kernel's queues, cold caches), more than what most frames ask
//! for. Thousands of workers each send theirs when they like, and a thread that wakes for every one spends itself on waking. So it
//! wakes at most once a turn, and takes all that has come by then: what network drivers call interrupt moderation. Where little comes
//! nothing waits, for wakings are further apart than a turn anyhow.
//!
//! The more is said, the longer the turn: a fleet of thousands is spoken with in few wakings, each append holds what many said, and
//! the disk is waited for as seldom; a few workers are answered in milliseconds.

#![allow(clippy::disallowed_methods)] // A skin: it rests a thread by the clock of its machine.

use std::cell::Cell;
use std::ops::RangeInclusive;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

/// From one waking to the next at least, and so the longest that a frame waits for it. At the shortest a blob of which a megabyte is
/// under way is moved at 250 MB/s; the longest lets an assignment wait for a fiftieth of a second, next to evaluations of seconds.
const TURN: RangeInclusive<Duration> = Duration::from_millis(4)..=Duration::from_millis(20);

/// For each frame of a turn the next is so long: turns grow where more than a thousand frames come in a second.
const TURN_PER_FRAME: Duration = Duration::from_millis(1);

/// Rounds in which everything ready runs once: a frame passes through as many hands (its connection, the socket, the gateway).
const ROUNDS: usize = 3;

thread_local! {
    static RESTED: Cell<Option<Instant>> = const { Cell::new(None) };
    static FRAMES: Cell<u32> = const { Cell::new(0) };
}

/// A worker said something.
pub(crate) fn heard() {
    FRAMES.set(FRAMES.get().saturating_add(1));
}

/// After one in which so many frames came.
fn turn(frames: u32) -> Duration {
    TURN_PER_FRAME.saturating_mul(frames).clamp(*TURN.start(), *TURN.end())
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
            let turn = turn(FRAMES.take());
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
    fn a_turn_is_as_long_as_its_frames_are_many() {
        let lengths = [0, 4, 5, 12, 20, 100_000].map(|frames| turn(frames).as_millis());
        assert_eq!(lengths, [4, 4, 5, 12, 20, 20]);
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
