//! Narration for logs and pipes that thousands of workers can't flood: of what happens all the time, so many lines a second.
//! Each kind has room of its own: among thousands of results a lost worker is told.

use std::collections::BTreeMap;

use common::event::Event;
use common::time::Timestamp;

use super::narrate;
use crate::core::State;

/// Of each kind of event. More than anybody reads along; a study of few workers never comes near it. The ledger has everything.
const LINES_PER_S: u32 = 100;

/// Remembers how much it told.
#[derive(Debug, Default)]
pub struct Narrator {
    second: i64,
    /// In this second, by kind.
    told: BTreeMap<&'static str, u32>,
    left_out: u64,
}

impl Narrator {
    /// The event in words, where a reader would miss it, after a word on the lines left out before it. `state` already holds it.
    pub fn tell(&mut self, at: Timestamp, event: &Event, state: &State) -> impl Iterator<Item = String> {
        let is_routine = is_routine(event);
        if is_routine && !self.has_room(at, event.kind()) {
            self.left_out += 1;
            return None.into_iter().chain(None);
        }
        let Some(line) = narrate(event, state) else { return None.into_iter().chain(None) };
        if is_routine {
            *self.told.entry(event.kind()).or_default() += 1;
        }
        let left_out = std::mem::take(&mut self.left_out);
        let gap = (left_out > 0).then(|| format!("{left_out} lines left out here; the ledger has them"));
        gap.into_iter().chain(Some(line))
    }

    fn has_room(&mut self, at: Timestamp, kind: &str) -> bool {
        let second = at.0.div_euclid(1_000);
        if second != self.second {
            self.second = second;
            self.told.clear();
        }
        self.told.get(kind).is_none_or(|told| *told < LINES_PER_S)
    }
}

/// Whether a large fleet does this all the time.
fn is_routine(event: &Event) -> bool {
    matches!(
        event,
        Event::TaskLeased { .. }
            | Event::TaskSuspended { .. }
            | Event::TaskFailed { .. }
            | Event::TrialFinished { .. }
            | Event::WorkerJoined { .. }
            | Event::WorkerLost { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::id::{Attempt, SessionId, TaskId, TrialId, WorkerName};
    use common::trial::Failure;

    #[test]
    fn a_flood_is_cut_and_what_matters_is_told() {
        let mut narrator = Narrator::default();
        let gone = |name: usize| Event::WorkerLost {
            worker: WorkerName::new(format!("w{name}")),
            session: SessionId(1),
            reason: "silent".into(),
        };
        let mut told = |at: i64, event: &Event| -> Vec<String> {
            narrator.tell(Timestamp(at), event, &State::default()).collect()
        };
        for name in 0..100 {
            assert_eq!(told(1_000 + name as i64, &gone(name)), [format!("worker w{name} is gone: silent")]);
        }
        assert!(told(1_200, &gone(100)).is_empty() && told(1_999, &gone(101)).is_empty());
        assert!(
            told(
                1_999,
                &Event::Acknowledged { worker: WorkerName::new("w"), session: SessionId(1), delivery: 1 }
            )
            .is_empty()
        );
        let paused = "paused: running work is put in safety, nothing is handed out";
        assert_eq!(told(1_999, &Event::StudyPaused), ["2 lines left out here; the ledger has them", paused]);
        assert_eq!(told(1_999, &Event::StudyPaused), [paused], "once");
        let task = TaskId { trial: TrialId(0), attempt: Attempt(0) };
        let failure = Failure::Crashed("oom".into());
        let failed = Event::TaskFailed { task, failure, again_at: None, vanished: false };
        assert_eq!(told(1_999, &failed).len(), 1, "other trouble has room of its own");
        assert_eq!(told(2_000, &gone(102)), ["worker w102 is gone: silent"], "a new second");
    }
}
