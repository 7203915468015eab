//! Events as lines for those who follow the study.

use std::collections::VecDeque;
use std::sync::Arc;

use common::event::Record;

use super::push_bounded;
use crate::core::State;
use crate::http::model::EventLine;
use crate::screen::narrate;

/// Lines kept for those who follow closely; whoever is further behind reads the ledger.
pub const TAIL: usize = 1024;

/// One event, written once for all who are told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub sequence: u64,
    pub kind: &'static str,
    pub json: Arc<str>,
}

/// The latest lines, without gaps.
#[derive(Debug, Default)]
pub struct Tail(VecDeque<Line>);

impl Tail {
    pub fn push(&mut self, line: Line) {
        push_bounded(&mut self.0, line, TAIL);
    }

    /// No gap is left where an event has no line.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The lines after `sequence`; none where some of them are kept no longer.
    pub fn after(&self, sequence: u64, limit: usize) -> Option<Vec<Line>> {
        let first = self.0.front()?.sequence;
        let skip = usize::try_from((sequence + 1).checked_sub(first)?).ok()?;
        Some(self.0.iter().skip(skip).take(limit).cloned().collect())
    }
}

/// The event with what it means; `state` already holds it.
pub fn line(record: &Record, state: &State) -> Line {
    let kind = record.event.kind();
    let told = EventLine {
        sequence: record.sequence,
        at: record.at.to_string(),
        kind: kind.into(),
        text: narrate(&record.event, state),
        event: serde_json::to_value(&record.event).unwrap_or_default(),
    };
    let json = serde_json::to_string(&told).unwrap_or_default();
    Line { sequence: record.sequence, kind, json: json.into() }
}
