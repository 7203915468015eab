//! How often the coordinator's thread wakes.
//!
//! A waking costs tens of microseconds of the processor (a switch, the kernel's queues, cold caches), more than what most frames ask
//! for. Thousands of workers each send theirs when they like, and a thread that wakes for every one spends itself on waking. So it
//! wakes at most once a turn, and takes all that has come by then: what network drivers call interrupt moderation. Where little comes
//! nothing waits, for wakings are further apart than a turn anyhow.

use std::cell::Cell;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

/// From one waking to the next at least, and so the longest that a frame waits for it. The runtime's timers are no finer.
const TURN: Duration = Duration::from_millis(1);

thread_local! {
    static RESTED: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// The runtime of the coordinator's main thread, for [`actix::System::with_tokio_rt`].
#[allow(clippy::expect_used)] // actix's own, which takes no error either, does the same.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .on_thread_park(|| {
            let early = RESTED.get().map_or(Duration::ZERO, |rested| TURN.saturating_sub(rested.elapsed()));
            if !early.is_zero() {
                thread::sleep(early);
            }
            RESTED.set(Some(Instant::now()));
        })
        .build()
        .expect("the system gives a process its poll and its timers")
}
