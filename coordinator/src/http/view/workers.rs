//! Who works, and at what.

use std::collections::BTreeMap;

use allocation::Pace;
use common::config::Requirements;
use common::id::WorkerName;
use common::wire::{LogLevel, SlotInfo};

use super::fleet::holders;
use super::{Seen, page, words};
use crate::core::{Lease, Trial, WorkerRecord};
use crate::fleet::SlotKey;
use crate::http::model::{
    LineLevel, Slot, SlotPace, SlotTask, Worker, WorkerLog, WorkerLogLine, WorkerQuery, WorkerState, Workers,
};
use crate::requirements::shortfall;

const PAGE: u32 = 200;
pub const LARGEST_PAGE: u32 = 1000;

type Holders<'a> = BTreeMap<SlotKey, (&'a Trial, &'a Lease)>;

/// In the order of their names.
pub fn workers(seen: Seen<'_>, query: &WorkerQuery) -> Workers {
    let state = &seen.history.state;
    let wanted = |(_, record): &(&WorkerName, &WorkerRecord)| {
        query.state.is_none_or(|wanted| standing(record) == wanted)
            && query.zone.as_deref().is_none_or(|zone| record.zone.as_str() == zone)
    };
    let found: Vec<_> = state.workers.iter().filter(wanted).collect();
    let matching = found.len() as u64;
    let limit = query.limit.unwrap_or(PAGE).clamp(1, LARGEST_PAGE);
    let (offset, found) = page(found, query.offset, limit);
    let holders = holders(state);
    let needed = state.requirements();
    Workers {
        total: state.workers.len() as u64,
        matching,
        offset,
        limit: u64::from(limit),
        workers: found
            .into_iter()
            .map(|(name, record)| worker(&seen, name, record, &holders, needed.as_ref()))
            .collect(),
    }
}

/// The end of one worker's log; none where nobody of that name ever joined.
pub fn worker_log(seen: Seen<'_>, name: &WorkerName) -> Option<WorkerLog> {
    seen.history.state.workers.get(name)?;
    let watched = seen.pulse.watch.of(name);
    let lines = watched.into_iter().flat_map(|watched| &watched.log).map(|line| WorkerLogLine {
        at: line.at.to_string(),
        level: match line.level {
            LogLevel::Info => LineLevel::Info,
            LogLevel::Warning => LineLevel::Warning,
            LogLevel::Error => LineLevel::Error,
        },
        text: line.text.clone(),
    });
    Some(WorkerLog { name: name.to_string(), lines: lines.collect() })
}

fn standing(record: &WorkerRecord) -> WorkerState {
    match record {
        WorkerRecord { alive: false, .. } => WorkerState::Gone,
        WorkerRecord { draining: true, .. } => WorkerState::Draining,
        _ => WorkerState::Alive,
    }
}

fn worker(
    seen: &Seen<'_>,
    name: &WorkerName,
    record: &WorkerRecord,
    holders: &Holders<'_>,
    needed: Option<&Requirements>,
) -> Worker {
    let described = |info: &SlotInfo| slot(seen, (name.clone(), info.slot), info, holders, needed);
    let slots: Vec<Slot> = record.slots.iter().map(described).collect();
    let heard = seen.pulse.heard.get(name).filter(|_| record.alive);
    let powers: Vec<f64> = slots.iter().filter_map(|slot| slot.power_w).collect();
    Worker {
        name: name.to_string(),
        zone: record.zone.to_string(),
        host: record.host.clone(),
        version: record.version.clone(),
        state: standing(record),
        alive: record.alive,
        lost_reason: record.lost_reason.clone(),
        joined_at: record.joined.to_string(),
        sessions: u64::from(record.sessions),
        heartbeat_age_s: heard.map(|heard| seen.now.since(*heard).seconds().max(0.0)),
        power_w: (record.alive && !powers.is_empty()).then(|| powers.iter().sum()),
        joules: record.joules.0,
        finished_trials: seen.history.finished_by.get(name).copied().unwrap_or(0),
        slots,
    }
}

fn slot(
    seen: &Seen<'_>,
    key: SlotKey,
    info: &SlotInfo,
    holders: &Holders<'_>,
    needed: Option<&Requirements>,
) -> Slot {
    let draw = seen.history.draws.get(&key);
    Slot {
        slot: u64::from(info.slot.0),
        device: info.device.clone(),
        memory_mb: info.memory_mb,
        shortfall: needed.and_then(|needed| shortfall(needed, info)),
        pace: seen
            .history
            .state
            .paces
            .known(&info.device)
            .map(|Pace { seconds, joules }| SlotPace { seconds, joules }),
        meter: info.meter.clone(),
        role: seen.pulse.roles.get(&key).map(ToString::to_string),
        task: holders.get(&key).map(|(trial, lease)| task(seen, trial, lease)),
        power_w: draw.map(|draw| draw.watts.0),
        temperature_c: seen.pulse.watch.temperature(&key.0, key.1).map(|found| found.0),
        power_age_s: draw.map(|draw| seen.now.since(draw.until).seconds().max(0.0)),
    }
}

fn task(seen: &Seen<'_>, trial: &Trial, lease: &Lease) -> SlotTask {
    let progress = seen.pulse.running.get(&lease.task);
    SlotTask {
        trial: trial.id.0,
        attempt: u64::from(lease.task.attempt.0),
        fidelity: words::fidelity(&trial.subject),
        architecture: words::architecture(seen.history, &trial.subject),
        since: lease.since.to_string(),
        progress: progress.map(|progress| progress.done),
        epoch: progress.map(|progress| progress.epoch).filter(|epoch| *epoch > 0),
    }
}
