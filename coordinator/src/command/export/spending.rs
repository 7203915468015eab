//! What each trial drew and emitted, by the zone and hour of use: the ledger's energy, priced like the books.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use common::event::Event;
use common::id::{TrialId, Zone};
use common::time::Timestamp;
use common::unit::{Grams, Joules};

use crate::core::State;
use crate::source::Source;

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spent {
    pub joules: Joules,
    pub grams: Grams,
}

/// A study with what each of its trials took.
#[derive(Debug)]
pub struct Told {
    pub state: State,
    pub spent: BTreeMap<TrialId, Spent>,
}

impl Told {
    pub fn read(source: &Source) -> Result<Self> {
        let mut windows = Vec::new();
        let state: State = source.fold(|state: &mut State, record| {
            state.apply(record.at, &record.event);
            windows.extend(Window::of(&record.event, state));
        })?;
        state.clock().with_context(|| format!("the study {} has not begun yet", source.place()))?;
        let mut spent: BTreeMap<TrialId, Spent> = BTreeMap::new();
        for Window { trial, zone, start, end, joules } in windows {
            let spent = spent.entry(trial).or_default();
            spent.joules += joules;
            spent.grams += state.emissions(&zone, start, end, joules);
        }
        Ok(Self { state, spent })
    }

    pub fn spent(&self, trial: TrialId) -> Spent {
        self.spent.get(&trial).copied().unwrap_or_default()
    }
}

/// Energy of a task, in wall time.
#[derive(Debug)]
struct Window {
    trial: TrialId,
    zone: Zone,
    start: Timestamp,
    end: Timestamp,
    joules: Joules,
}

impl Window {
    fn of(event: &Event, state: &State) -> Option<Self> {
        let Event::EnergySpent { worker, session, measurement } = event else { return None };
        let record = state.workers.get(worker)?;
        let (start, end) = record.span(*session, measurement);
        Some(Self {
            trial: measurement.task?.trial,
            zone: record.zone.clone(),
            start,
            end,
            joules: measurement.joules,
        })
    }
}
