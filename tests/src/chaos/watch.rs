//! Sees the ledger grow from outside. What was seen once must stay as it was; and a study whose coordinator runs is never silent for long.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use common::event::Record;
use ledger::Ledger;

#[derive(Debug)]
pub struct Watch {
    path: PathBuf,
    /// All that was seen, in order.
    pub seen: Vec<Record>,
    grew: Instant,
    pub longest_silence: Duration,
}

impl Watch {
    pub fn new(path: PathBuf) -> Self {
        Self { path, seen: Vec::new(), grew: Instant::now(), longest_silence: Duration::ZERO }
    }

    /// `may_be_silent`: nobody is there who could write.
    pub fn look(&mut self, may_be_silent: bool) {
        let before = self.seen.len();
        if let Ok(ledger) = Ledger::read_only(&self.path) {
            // One that is being made, or taken over, is read the next time.
            self.seen.extend(ledger.read(before as u64 + 1).map_while(Result::ok));
        }
        if self.seen.len() > before || may_be_silent {
            self.grew = Instant::now();
        }
        self.longest_silence = self.longest_silence.max(self.grew.elapsed());
    }

    /// What was seen and is not so in `records`, in words.
    pub fn lost(&self, records: &[Record]) -> Vec<String> {
        let is_other = |seen: &&Record| records.get(seen.sequence as usize - 1) != Some(*seen);
        let lost = self.seen.iter().filter(is_other);
        lost.take(10).map(|record| format!("event {} was seen and is another now", record.sequence)).collect()
    }
}
