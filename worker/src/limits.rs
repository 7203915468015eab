//! Every bound of a worker's behaviour, each with its argument. What a user may choose is in the configuration instead.

use std::time::Duration;

use common::time::Millis;

/// First pause between two `Hello`s, and the longest: a coordinator that restarts in seconds has its fleet back at
/// once, one that is away for a night is not flooded.
pub const HELLO_FIRST: Millis = Millis(500);
pub const HELLO_MOST: Millis = Millis(10_000);

/// Ticks come four times a second. After a pause of so long the machine was suspended, for a busy one is slower by seconds.
pub const ASLEEP: Millis = Millis(60_000);

/// Without an answer to deliveries for so long, the worker introduces itself again: long enough for a coordinator
/// that replays a long ledger, short enough to be back before anybody wonders.
pub const SILENCE: Millis = Millis(15_000);

/// Deliveries on their way at once, at most. Energy reports are about 200 bytes, so a window is one small packet train.
/// A line that loses or reorders gets a smaller one: each repetition halves it, each acknowledgement widens it by one.
pub const DELIVERIES_IN_FLIGHT: usize = 32;

/// First pause before unacknowledged deliveries are sent again, and the longest: a group commit takes milliseconds,
/// a busy disk a second. Where nobody answers at all, `SILENCE` ends the repetition.
pub const RESEND_FIRST: Millis = Millis(1_000);
pub const RESEND_MOST: Millis = Millis(5_000);
/// A repeated acknowledgement says that something behind it went missing: then there is no need to wait that long.
pub const RESEND_GAP: Millis = Millis(100);

/// Unacknowledged reports above which adjoining energy windows of one slot and task become one. Ten slots reporting
/// every 5 s reach it after seven hours without a coordinator; from there on the outbox no longer grows.
pub const MERGE_ABOVE: usize = 50_000;

/// How long reports of earlier processes hold up the hello of this one without progress. Somebody who is there takes them in, or does not
/// know them, within seconds; a minute has room for one that is just coming back, and a worker is not kept from work for longer by a
/// coordinator that can't take them, such as one with a full disk.
pub const FORMER_PATIENCE: Millis = Millis(60_000);

/// Bytes of blobs that one session keeps on the disk until the coordinator has them: trained weights and checkpoints of hours without
/// it, tens of megabytes each. The next process reads them all into its memory. What is more stays in this one's only.
pub const KEPT_BYTES: u64 = 2 << 30;
/// Sessions whose reports are kept, the oldest forgotten first: those of studies that never came back.
pub const KEPT_SESSIONS: usize = 16;
/// A journal longer than this, and more than twice what it was when it was written anew, is written anew.
pub const JOURNAL_BYTES: u64 = 1 << 20;

/// Blobs uploaded at once, and chunks of each on their way: 2 MiB in flight fill a gigabit line across a continent
/// and delay no other frame for longer than a tenth of a second on a slow one.
pub const UPLOADS_AT_ONCE: usize = 2;
pub const CHUNKS_IN_FLIGHT: u64 = 4;

/// First pause before a transfer is asked about again, and the longest.
pub const REASK_FIRST: Millis = Millis(2_000);
pub const REASK_MOST: Millis = Millis(10_000);

/// Times a downloaded blob may fail its own name before the task that needs it is given back: a transmission error
/// does not come thrice.
pub const DOWNLOAD_TRIES: u32 = 3;

/// Between two progress frames of a task: a person reads no faster.
pub const PROGRESS_EVERY: Millis = Millis(2_000);

/// Tasks remembered as seen, oldest trials forgotten first. A coordinator repeats an `Assign` within seconds, not after
/// so many others.
pub const SEEN: usize = 65_536;

/// Time that running tasks get to stop when the worker leaves; evaluators look up between batches.
pub const LET_GO: Millis = Millis(15_000);
/// Of that, what a process for evaluations gets until it is killed: a batch and a checkpoint take a second or two.
pub const LET_GO_OF_PROCESS: Duration = Duration::from_secs(10);
/// Time for leaving altogether, uploads and last acknowledgements included: less than the 30 s that Slurm and Docker-like
/// supervisors grant between SIGTERM and SIGKILL.
pub const DEPARTURE: Millis = Millis(25_000);
/// Of that, what uploads get before the goodbye is said without the reports that wait for them: they are for the next start, and work
/// whose worker said goodbye counts as put down, not as crashed. Seconds are enough for one small frame behind a few chunks.
pub const LAST_UPLOADS: Millis = Millis(20_000);
/// How long a leaving worker waits for a coordinator that is away.
pub const DEPARTURE_AWAY: Millis = Millis(5_000);
