//! What has just become durable, on its way from the ledger to whoever tells it on.

use std::sync::Arc;

use common::event::{Event, Record};
use common::time::Timestamp;

use crate::core::State;

/// Hears of all that becomes durable, with the state as it is by then.
pub type Listener = Box<dyn Fn(&News, &State) + Send>;

/// A listener that takes event by event.
pub fn each_event(hear: impl Fn(Timestamp, &Event, &State) + Send + 'static) -> Listener {
    Box::new(move |news, state| news.events().for_each(|(at, event)| hear(at, event, state)))
}

/// Events and the moment they belong to.
pub type Moment = (Timestamp, Vec<Event>);

/// The events of one append; shared, for many may hear of it.
#[derive(Debug, Clone)]
pub struct News {
    moments: Arc<[Moment]>,
    /// The number of the last event in the ledger.
    last: u64,
}

impl News {
    pub fn new(moments: Arc<[Moment]>, last: u64) -> Self {
        Self { moments, last }
    }

    pub fn last(&self) -> u64 {
        self.last
    }

    pub fn events(&self) -> impl Iterator<Item = (Timestamp, &Event)> {
        self.moments.iter().flat_map(|(at, events)| events.iter().map(move |event| (*at, event)))
    }

    /// As the ledger tells them, from the one after `known` on. None where some between are missing here.
    pub fn after(&self, known: u64) -> Option<impl Iterator<Item = Record> + '_> {
        let count: u64 = self.moments.iter().map(|(_, events)| events.len() as u64).sum();
        let before = self.last - count;
        let skipped = usize::try_from(known.checked_sub(before)?).ok()?;
        let numbered = self.events().zip(before + 1..);
        let record = |((at, event), sequence): ((Timestamp, &Event), u64)| Record {
            sequence,
            at,
            event: event.clone(),
        };
        Some(numbered.skip(skipped).map(record))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_told_once_and_a_gap_is_seen() {
        let (paused, resumed) = (Event::StudyPaused, Event::StudyResumed);
        let moments =
            vec![(Timestamp(1), vec![paused.clone(), resumed.clone()]), (Timestamp(2), vec![paused])];
        let news = News::new(moments.into(), 12);
        let after = |known| {
            news.after(known).map(|records| records.map(|record| (record.sequence, record.at.0)).collect())
        };
        assert_eq!(after(8), None::<Vec<_>>, "9 is missing");
        assert_eq!(after(9), Some(vec![(10, 1), (11, 1), (12, 2)]));
        assert_eq!(after(11), Some(vec![(12, 2)]));
        assert_eq!((after(12), after(40)), (Some(vec![]), Some(vec![])));
        assert_eq!(news.after(10).unwrap().next().unwrap().event, resumed);
    }
}
