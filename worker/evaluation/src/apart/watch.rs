//! What an executor's wishes and a process's silence come to. Pure: every moment is an argument.

use std::time::Instant;

use common::trial::Failure;

use crate::evaluator::{Outcome, Wish};
use crate::options::Patience;

/// How a process was lost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Loss {
    /// It ended by itself, or somebody else ended it.
    Gone,
    /// Not a word for too long.
    Hung { silent_s: f64 },
    /// Asked to stop, it went on.
    Slow,
    /// What it said can't be understood.
    Nonsense,
}

#[derive(Debug)]
pub struct Watch {
    patience: Patience,
    heard: Instant,
    has_heard: bool,
    /// The strongest wish that is not yet answered, or can't be taken back.
    wish: Wish,
    stopping_since: Option<Instant>,
}

impl Watch {
    pub fn new(patience: Patience, now: Instant) -> Self {
        Self { patience, heard: now, has_heard: false, wish: Wish::GoOn, stopping_since: None }
    }

    pub fn on_word(&mut self, now: Instant) {
        self.heard = now;
        self.has_heard = true;
    }

    /// Whether the process has not said a word, nor been wished anything.
    pub fn has_heard_nothing(&self) -> bool {
        !self.has_heard && self.wish == Wish::GoOn
    }

    pub fn is_cancelled(&self) -> bool {
        self.wish == Wish::Cancel
    }

    pub fn on_wish(&mut self, wish: Wish, now: Instant) {
        if strength(wish) > strength(self.wish) {
            self.wish = wish;
        }
        if matches!(self.wish, Wish::Suspend | Wish::Cancel) {
            self.stopping_since.get_or_insert(now);
        }
    }

    /// What the process is told when it asks.
    pub fn answer(&mut self) -> Wish {
        let wish = self.wish;
        if wish == Wish::Checkpoint {
            self.wish = Wish::GoOn;
        }
        wish
    }

    /// Whether it has been waited for long enough.
    pub fn on_silence(&mut self, now: Instant) -> Result<(), Loss> {
        let silent = now.duration_since(self.heard);
        match self.stopping_since {
            Some(since) if now.duration_since(since) > self.patience.stop => Err(Loss::Slow),
            _ if silent > self.patience.silence => Err(Loss::Hung { silent_s: silent.as_secs_f64() }),
            _ => Ok(()),
        }
    }

    /// What the loss of the process means for its task.
    pub fn meaning(&self, obituary: String) -> Result<Outcome, Failure> {
        match self.wish {
            // The worker still has the checkpoint before, if there was one.
            Wish::Suspend => Ok(Outcome::Suspended(None)),
            Wish::Cancel => Ok(Outcome::Cancelled),
            Wish::GoOn | Wish::Checkpoint => Err(Failure::Crashed(obituary)),
        }
    }
}

fn strength(wish: Wish) -> u8 {
    match wish {
        Wish::GoOn => 0,
        Wish::Checkpoint => 1,
        Wish::Suspend => 2,
        Wish::Cancel => 3,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const PATIENCE: Patience = Patience { stop: Duration::from_secs(10), silence: Duration::from_secs(600) };

    #[test]
    fn a_checkpoint_is_asked_for_once_and_a_stop_until_it_is_done() {
        let now = Instant::now();
        let mut watch = Watch::new(PATIENCE, now);
        assert_eq!(watch.answer(), Wish::GoOn);
        watch.on_wish(Wish::Checkpoint, now);
        assert_eq!([watch.answer(), watch.answer()], [Wish::Checkpoint, Wish::GoOn]);
        watch.on_wish(Wish::Suspend, now);
        watch.on_wish(Wish::GoOn, now);
        assert_eq!([watch.answer(), watch.answer()], [Wish::Suspend; 2]);
        watch.on_wish(Wish::Cancel, now);
        watch.on_wish(Wish::Suspend, now);
        assert_eq!(watch.answer(), Wish::Cancel);
    }

    #[test]
    fn silence_and_slowness_have_their_limits() {
        let now = Instant::now();
        let after = |seconds| now + Duration::from_secs(seconds);
        let mut watch = Watch::new(PATIENCE, now);
        assert_eq!(watch.on_silence(after(600)), Ok(()));
        assert_eq!(watch.on_silence(after(601)), Err(Loss::Hung { silent_s: 601.0 }));
        watch.on_word(after(500));
        assert_eq!(watch.on_silence(after(601)), Ok(()));
        watch.on_wish(Wish::Suspend, after(601));
        watch.on_word(after(610));
        assert_eq!(watch.on_silence(after(611)), Ok(()));
        assert_eq!(watch.on_silence(after(612)), Err(Loss::Slow), "whatever it says meanwhile");
    }

    #[test]
    fn a_process_lost_while_it_was_to_stop_fails_nothing() {
        let lost_after = |wish| {
            let mut watch = Watch::new(PATIENCE, Instant::now());
            watch.on_wish(wish, Instant::now());
            watch.meaning("gone".into())
        };
        assert_eq!(lost_after(Wish::GoOn), Err(Failure::Crashed("gone".into())));
        assert_eq!(lost_after(Wish::Checkpoint), Err(Failure::Crashed("gone".into())));
        assert_eq!(lost_after(Wish::Suspend), Ok(Outcome::Suspended(None)));
        assert_eq!(lost_after(Wish::Cancel), Ok(Outcome::Cancelled));
    }
}
