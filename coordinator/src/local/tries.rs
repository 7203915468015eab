//! What becomes of a local worker that ended, or could not be started: pure.

use std::io;
use std::time::Duration;

use nix::errno::Errno;

/// First pause before a worker is started anew; doubled with each quick end, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A worker that lived this long ended for a reason of its own: the pause begins anew.
const LIVED_LONG: Duration = Duration::from_secs(60);
/// Exit codes of `ce-nas-worker`: this machine can't do the work (images missing or damaged, a full disk), a mistake in the settings,
/// refused by the coordinator.
const CANT_WORK: i32 = 1;
const USAGE: i32 = 2;
const REFUSED: i32 = 3;
/// How often in a row it is believed that this machine's trouble passes.
const TRIES: u32 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The process's exit code; none when a signal ended it.
    Exit(Option<i32>),
    /// It could not be started; whether such a trouble passes by itself.
    NotStarted { passing: bool },
}

/// What is remembered of a worker's ends.
#[derive(Debug)]
pub struct Tries {
    pause: Duration,
    /// Quick ends in a row for which this machine is to blame.
    failures: u32,
}

impl Default for Tries {
    fn default() -> Self {
        Self { pause: FIRST_PAUSE, failures: 0 }
    }
}

impl Tries {
    /// How long to wait before it is started anew; none where that would only repeat the end. Whoever left politely comes back as well:
    /// who is not wanted any more is drained, and one that was refused for that is welcome once it is released.
    pub fn after(&mut self, end: End, lived: Duration, is_drained: bool) -> Option<Duration> {
        let was_long = lived > LIVED_LONG;
        self.pause = if was_long { FIRST_PAUSE } else { (self.pause * 2).min(LONGEST_PAUSE) };
        let blames_machine = matches!(end, End::Exit(Some(CANT_WORK)) | End::NotStarted { passing: false });
        self.failures = if blames_machine && !was_long { self.failures + 1 } else { 0 };
        let comes_back = match end {
            End::Exit(Some(USAGE)) => false,
            End::Exit(Some(REFUSED)) => is_drained,
            _ => self.failures < TRIES,
        };
        comes_back.then_some(self.pause)
    }
}

/// Whether starting a process failed for want of something that others will give back: processes, memory, open files; or because the
/// program is just being written.
pub fn is_passing(error: &io::Error) -> bool {
    let passing = [Errno::EAGAIN, Errno::EINTR, Errno::ENOMEM, Errno::EMFILE, Errno::ENFILE, Errno::ETXTBSY];
    error.raw_os_error().is_some_and(|code| passing.contains(&Errno::from_raw(code)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Duration = Duration::from_secs(2);
    const LONG: Duration = Duration::from_secs(3600);

    /// The pauses after a row of ends like this, in seconds; 0 where it stays away.
    fn check(end: End, lived: Duration, is_drained: bool, expected: &[u64]) {
        let mut tries = Tries::default();
        let pauses: Vec<u64> = expected
            .iter()
            .map(|_| tries.after(end, lived, is_drained).map_or(0, |pause| pause.as_secs()))
            .collect();
        assert_eq!(pauses, expected, "{end:?}, lived {lived:?}, drained: {is_drained}");
    }

    #[test]
    fn whoever_left_or_vanished_comes_back_after_growing_pauses() {
        for code in [Some(0), Some(4), Some(101), None] {
            check(End::Exit(code), QUICK, false, &[2, 4, 8, 16, 30, 30]);
            check(End::Exit(code), LONG, false, &[1, 1, 1]);
        }
        check(End::Exit(Some(0)), LONG, true, &[1]);
    }

    #[test]
    fn what_would_only_be_repeated_is_not() {
        check(End::Exit(Some(2)), QUICK, false, &[0]);
        check(End::Exit(Some(3)), QUICK, false, &[0]);
        check(End::Exit(Some(3)), QUICK, true, &[2, 4]);
        check(End::Exit(Some(1)), QUICK, false, &[2, 4, 0]);
        check(End::Exit(Some(1)), LONG, false, &[1, 1, 1, 1]);
    }

    #[test]
    fn a_start_that_fails_in_passing_is_tried_for_as_long_as_it_takes() {
        check(End::NotStarted { passing: true }, Duration::ZERO, false, &[2, 4, 8, 16, 30, 30, 30]);
        check(End::NotStarted { passing: false }, Duration::ZERO, false, &[2, 4, 0]);
        assert!(is_passing(&Errno::EAGAIN.into()) && is_passing(&Errno::ETXTBSY.into()));
        assert!(!is_passing(&Errno::ENOENT.into()) && !is_passing(&io::Error::other("no errno")));
    }
}
