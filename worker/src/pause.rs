//! A pause that doubles each time it lapses, up to a limit.

use common::time::Millis;

#[derive(Debug, Clone)]
pub(crate) struct Pause {
    first: Millis,
    most: Millis,
    length: Millis,
    until: Millis,
    begun: Millis,
}

impl Pause {
    /// Lapsed from the start: the first thing waits for nothing.
    pub(crate) fn new(first: Millis, most: Millis) -> Self {
        Self { first, most, length: first, until: Millis(i64::MIN), begun: Millis(0) }
    }

    pub(crate) fn has_lapsed(&self, now: Millis) -> bool {
        now >= self.until
    }

    /// Begins the next, longer pause.
    pub(crate) fn prolong(&mut self, now: Millis) {
        self.begun = now;
        self.until = Millis(now.0 + self.length.0);
        self.length = Millis((self.length.0 * 2).min(self.most.0));
    }

    /// Begins anew with the shortest pause.
    pub(crate) fn restart(&mut self, now: Millis) {
        self.length = self.first;
        self.prolong(now);
    }

    /// Lets the present pause end within `length` of its beginning, or now.
    pub(crate) fn shorten(&mut self, now: Millis, length: Millis) {
        if self.until > now {
            self.until = Millis((self.begun.0 + length.0).max(now.0)).min(self.until);
        }
    }

    /// Lapsed again, and short again.
    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.first, self.most);
    }
}
