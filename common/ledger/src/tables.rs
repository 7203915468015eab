//! The readable tables: the history as a person with a database browser wants it. Derived, never read by the program.
//!
//! Names end in their unit; `_ms` are milliseconds of wall time since 1970-01-01T00:00Z; grid hours are UTC text. Session
//! ids are text because they may exceed SQLite's signed integers.

use std::path::Path;

use common::allocation::Allocation;
use common::carbon::{CarbonSample, Forecast};
use common::energy::{Measurement, Purpose};
use common::event::Event;
use common::id::{SessionId, TaskId, TrialId, WorkerName};
use common::time::Timestamp;
use common::trial::{Evaluation, Failure, Origin, Subject};
use rusqlite::{Connection, OptionalExtension, Params, Transaction, named_params};

use crate::error::{At, Result};
use crate::records::Records;

const TABLES: &str = "
    CREATE TABLE trials (
        trial INTEGER PRIMARY KEY,
        purpose TEXT NOT NULL,          -- supernet, one-shot, rung, full
        architecture TEXT,              -- genes, joined by '-'
        fidelity TEXT,
        origin TEXT NOT NULL,
        state TEXT NOT NULL,            -- waiting, running, suspended, finished, failed
        attempts INTEGER NOT NULL,
        progress REAL,                  -- of the last checkpoint, in [0, 1]
        validation_error REAL, test_error REAL,
        parameters INTEGER, flops INTEGER, latency_ms REAL, joules_per_inference REAL, device TEXT,
        seconds REAL,                   -- at work, over all attempts
        worker TEXT, session TEXT,      -- of the last attempt
        reason TEXT,                    -- of the last failure
        proposed_ms INTEGER NOT NULL, finished_ms INTEGER
    ) STRICT;
    CREATE TABLE measurements (
        sequence INTEGER PRIMARY KEY,
        worker TEXT NOT NULL, session TEXT NOT NULL, slot INTEGER NOT NULL,
        trial INTEGER, attempt INTEGER, -- none: idle
        purpose TEXT,
        start_ms INTEGER, end_ms INTEGER,
        joules REAL NOT NULL, method TEXT NOT NULL, meter TEXT NOT NULL
    ) STRICT;
    CREATE TABLE forecasts (
        sequence INTEGER NOT NULL, zone TEXT NOT NULL, model TEXT NOT NULL,
        issued TEXT NOT NULL, hour TEXT NOT NULL,
        median_g_per_kwh REAL,
        low_level REAL, low_g_per_kwh REAL, high_level REAL, high_g_per_kwh REAL,
        PRIMARY KEY (sequence, hour)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE allocations (
        sequence INTEGER NOT NULL, at_ms INTEGER NOT NULL, zone TEXT NOT NULL,
        train INTEGER NOT NULL, sample INTEGER NOT NULL, rest INTEGER NOT NULL,
        policy TEXT NOT NULL, reason TEXT NOT NULL,
        PRIMARY KEY (sequence, zone)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE workers (
        worker TEXT NOT NULL, session TEXT NOT NULL,
        zone TEXT NOT NULL, host TEXT NOT NULL, release TEXT NOT NULL, slots INTEGER NOT NULL, devices TEXT NOT NULL,
        origin_ms INTEGER NOT NULL,     -- wall time at which the session's clock stood at zero
        joined_ms INTEGER NOT NULL, lost_ms INTEGER, lost_reason TEXT,
        acknowledged INTEGER NOT NULL,  -- deliveries taken in
        PRIMARY KEY (worker, session)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE carbon (
        sequence INTEGER NOT NULL, zone TEXT NOT NULL, hour TEXT NOT NULL,
        intensity_g_per_kwh REAL NOT NULL, kind TEXT NOT NULL, provenance TEXT NOT NULL
    ) STRICT;
";

/// What a worker holds when it goes: without it, each of a fleet that goes would have all trials read. Of those that run, so that it
/// stays as small as the fleet.
const INDEX: &str =
    "CREATE INDEX IF NOT EXISTS running_trials ON trials (worker, session) WHERE state = 'running'";

const NAMES: [&str; 6] = ["trials", "measurements", "forecasts", "allocations", "workers", "carbon"];

/// Drops the tables and makes them again from the events.
pub(crate) fn rebuild(transaction: &Transaction<'_>, path: &Path) -> Result<()> {
    for name in NAMES {
        transaction.execute_batch(&format!("DROP TABLE IF EXISTS {name}")).at(path)?;
    }
    transaction.execute_batch(TABLES).at(path)?;
    index(transaction).at(path)?;
    for item in Records::new(transaction, path, 1) {
        let item = item?;
        record(transaction, item.sequence, item.at, &item.event).at(path)?;
    }
    Ok(())
}

/// What makes entering fast, and changes nothing of what the tables say; a ledger of an earlier release gets it when it is opened.
pub(crate) fn index(to: &Connection) -> rusqlite::Result<()> {
    to.execute_batch(INDEX)
}

/// Enters one event in the tables it touches.
pub(crate) fn record(to: &Connection, sequence: u64, at: Timestamp, event: &Event) -> rusqlite::Result<()> {
    let sequence = sequence.cast_signed();
    match event {
        Event::StudyStarted { .. }
        | Event::CoordinatorStarted { .. }
        | Event::StudyPaused
        | Event::StudyResumed
        | Event::BudgetChanged { .. }
        | Event::WorkerDraining { .. }
        | Event::WorkerQuarantined { .. }
        | Event::WorkerReleased { .. }
        | Event::StudyFinished { .. } => Ok(()),
        Event::WorkerJoined { worker, session, origin, zone, slots, version, host } => {
            let devices: Vec<_> = slots.iter().map(|slot| slot.device.as_str()).collect();
            execute(
                to,
                "INSERT OR REPLACE INTO workers VALUES
                 (:worker, :session, :zone, :host, :release, :slots, :devices, :origin, :at, NULL, NULL, 0)",
                named_params! { ":worker": worker.as_str(), ":session": text(*session), ":zone": zone.as_str(), ":host": host,
                ":release": version, ":slots": slots.len() as i64, ":devices": devices.join(", "), ":origin": origin.0, ":at": at.0 },
            )
        }
        Event::WorkerLost { worker, session, reason } => worker_lost(to, at, worker, *session, reason),
        Event::Acknowledged { worker, session, delivery }
        | Event::ReportsLost { worker, session, up_to: delivery } => execute(
            to,
            "UPDATE workers SET acknowledged = ?3 WHERE worker = ?1 AND session = ?2",
            (worker.as_str(), text(*session), delivery.cast_signed()),
        ),
        Event::CarbonObserved { samples } => {
            samples.iter().try_for_each(|sample| carbon(to, sequence, sample))
        }
        Event::ForecastIssued { forecast: issued } => forecast(to, sequence, issued),
        Event::AllocationDecided { allocation } => allocated(to, sequence, at, allocation),
        Event::TrialProposed { trial, subject, origin } => proposed(to, at, *trial, subject, origin),
        Event::TaskLeased { task, worker, session, .. } => execute(
            to,
            "UPDATE trials SET state = 'running', attempts = ?2, worker = ?3, session = ?4 WHERE trial = ?1",
            (trial(*task), task.attempt.0 + 1, worker.as_str(), text(*session)),
        ),
        Event::TaskCheckpointed { task, checkpoint } => execute(
            to,
            "UPDATE trials SET progress = ?2 WHERE trial = ?1",
            (trial(*task), checkpoint.progress),
        ),
        Event::TaskSuspended { task, checkpoint } => execute(
            to,
            "UPDATE trials SET state = 'suspended', progress = coalesce(?2, progress) WHERE trial = ?1",
            (trial(*task), checkpoint.map(|checkpoint| checkpoint.progress)),
        ),
        Event::TaskFailed { task, failure, .. } => task_failed(to, *task, failure),
        Event::TrialFinished { task, evaluation } => finished(to, at, task.trial, evaluation),
        Event::TrialFailed { trial, reason } => execute(
            to,
            "UPDATE trials SET state = 'failed', reason = ?2, finished_ms = ?3 WHERE trial = ?1",
            (trial.0.cast_signed(), reason, at.0),
        ),
        Event::TrialCancelled { trial } => execute(
            to,
            "UPDATE trials SET state = 'failed', reason = 'cancelled', finished_ms = ?2 WHERE trial = ?1",
            (trial.0.cast_signed(), at.0),
        ),
        Event::TrialRetried { trial } => execute(
            to,
            "UPDATE trials SET state = 'waiting', finished_ms = NULL WHERE trial = ?1",
            (trial.0.cast_signed(),),
        ),
        Event::EvaluationGiven { trial, subject, source, evaluation } => {
            let origin = Origin::Given(source.clone());
            proposed(to, at, *trial, subject, &origin)?;
            // A trial that was proposed before is given now.
            execute(
                to,
                "UPDATE trials SET origin = ?2, worker = NULL, session = NULL, reason = NULL WHERE trial = ?1",
                (trial.0.cast_signed(), origin_text(&origin)),
            )?;
            finished(to, at, *trial, evaluation)
        }
        Event::EnergySpent { worker, session, measurement } => {
            spent(to, sequence, worker, *session, measurement)
        }
    }
}

const FREE_WHAT_IT_HELD: &str =
    "UPDATE trials SET state = 'waiting' WHERE state = 'running' AND worker = ?1 AND session = ?2";

fn worker_lost(
    to: &Connection,
    at: Timestamp,
    worker: &WorkerName,
    session: SessionId,
    reason: &str,
) -> rusqlite::Result<()> {
    execute(
        to,
        "UPDATE workers SET lost_ms = ?3, lost_reason = ?4 WHERE worker = ?1 AND session = ?2",
        (worker.as_str(), text(session), at.0, reason),
    )?;
    execute(to, FREE_WHAT_IT_HELD, (worker.as_str(), text(session)))
}

fn carbon(to: &Connection, sequence: i64, sample: &CarbonSample) -> rusqlite::Result<()> {
    execute(
        to,
        "INSERT INTO carbon VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (
            sequence,
            sample.zone.as_str(),
            sample.hour.to_string(),
            sample.intensity.0,
            word(&sample.kind),
            sample.provenance.to_string(),
        ),
    )
}

fn forecast(to: &Connection, sequence: i64, forecast: &Forecast) -> rusqlite::Result<()> {
    let (issued, levels) = (forecast.issued_at, &forecast.levels);
    for (row, hour) in forecast.quantiles.iter().zip(1..).map(|(row, step)| (row, issued.plus(step))) {
        execute(
            to,
            "INSERT INTO forecasts VALUES (:sequence, :zone, :model, :issued, :hour, :median, :low_level, :low, :high_level, :high)",
            named_params! { ":sequence": sequence, ":zone": forecast.zone.as_str(), ":model": forecast.model,
            ":issued": issued.to_string(), ":hour": hour.to_string(), ":median": forecast.median(hour).map(|median| median.0),
            ":low_level": levels.first(), ":low": row.first(), ":high_level": levels.last(), ":high": row.last() },
        )?;
    }
    Ok(())
}

fn allocated(to: &Connection, sequence: i64, at: Timestamp, allocation: &Allocation) -> rusqlite::Result<()> {
    allocation.zones.iter().try_for_each(|(zone, shares)| {
        execute(
            to,
            "INSERT INTO allocations VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            (
                sequence,
                at.0,
                zone.as_str(),
                shares.train,
                shares.sample,
                shares.rest,
                &allocation.policy,
                &allocation.reason,
            ),
        )
    })
}

fn proposed(
    to: &Connection,
    at: Timestamp,
    trial: TrialId,
    subject: &Subject,
    origin: &Origin,
) -> rusqlite::Result<()> {
    let genes = subject
        .architecture()
        .map(|architecture| architecture.genes().iter().map(u32::to_string).collect::<Vec<_>>().join("-"));
    let origin = origin_text(origin);
    execute(
        to,
        "INSERT INTO trials (trial, purpose, architecture, fidelity, origin, state, attempts, proposed_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, 'waiting', 0, ?6)
         ON CONFLICT (trial) DO NOTHING",
        (
            trial.0.cast_signed(),
            subject.purpose().to_string(),
            genes,
            subject.fidelity().map(|fidelity| fidelity.to_string()),
            origin,
            at.0,
        ),
    )
}

fn origin_text(origin: &Origin) -> String {
    match origin {
        Origin::Study => "study".into(),
        Origin::Initial => "initial".into(),
        Origin::Search { region, widened } => {
            format!("search in region {region:?}{}", if *widened { ", widened" } else { "" })
        }
        Origin::Promotion { from } => format!("promotion from {from}"),
        Origin::Given(source) => format!("given by {} (SHA-256 {})", source.file, source.sha256),
    }
}

fn task_failed(to: &Connection, task: TaskId, failure: &Failure) -> rusqlite::Result<()> {
    execute(
        to,
        "UPDATE trials SET state = 'waiting', reason = ?2 WHERE trial = ?1 AND state NOT IN ('finished', 'failed')",
        (trial(task), failure.to_string()),
    )
}

fn finished(to: &Connection, at: Timestamp, trial: TrialId, evaluation: &Evaluation) -> rusqlite::Result<()> {
    execute(
        to,
        "UPDATE trials SET state = 'finished', progress = 1.0, validation_error = :validation, test_error = :test,
         parameters = :parameters, flops = :flops, latency_ms = :latency, joules_per_inference = :joules,
         device = :device, seconds = :seconds, finished_ms = :at WHERE trial = :trial",
        named_params! { ":trial": trial.0.cast_signed(), ":validation": evaluation.validation_error, ":test": evaluation.test_error,
        ":parameters": evaluation.parameters.map(u64::cast_signed), ":flops": evaluation.flops.map(u64::cast_signed),
        ":latency": evaluation.latency_ms, ":joules": evaluation.joules_per_inference, ":device": evaluation.device,
        ":seconds": evaluation.seconds.0, ":at": at.0 },
    )
}

fn spent(
    to: &Connection,
    sequence: i64,
    worker: &WorkerName,
    session: SessionId,
    spent: &Measurement,
) -> rusqlite::Result<()> {
    let origin: Option<i64> = to
        .prepare_cached("SELECT origin_ms FROM workers WHERE worker = ?1 AND session = ?2")?
        .query_row((worker.as_str(), text(session)), |row| row.get(0))
        .optional()?;
    let purpose: Option<String> = match spent.task {
        None => Some(Purpose::Idle.to_string()),
        Some(task) => to
            .prepare_cached("SELECT purpose FROM trials WHERE trial = ?1")?
            .query_row((trial(task),), |row| row.get(0))
            .optional()?,
    };
    execute(
        to,
        "INSERT INTO measurements VALUES
         (:sequence, :worker, :session, :slot, :trial, :attempt, :purpose, :start, :end, :joules, :method, :meter)",
        named_params! { ":sequence": sequence, ":worker": worker.as_str(), ":session": text(session), ":slot": spent.slot.0,
        ":trial": spent.task.map(trial), ":attempt": spent.task.map(|task| task.attempt.0), ":purpose": purpose,
        ":start": origin.map(|origin| origin.saturating_add(spent.start.0)),
        ":end": origin.map(|origin| origin.saturating_add(spent.end.0)),
        ":joules": spent.joules.0, ":method": spent.method.to_string(), ":meter": spent.meter },
    )
}

fn execute(to: &Connection, statement: &str, values: impl Params) -> rusqlite::Result<()> {
    to.prepare_cached(statement)?.execute(values).map(|_rows| ())
}

fn trial(task: TaskId) -> i64 {
    task.trial.0.cast_signed()
}

fn text(session: SessionId) -> String {
    session.to_string()
}

/// A unit variant by its serialised name.
fn word(value: &common::carbon::SignalKind) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fleet of thousands may leave in a second.
    #[test]
    fn what_a_lost_worker_held_is_found_without_reading_all_trials() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(TABLES).unwrap();
        index(&connection).unwrap();
        index(&connection).unwrap();
        let plan: String = connection
            .query_row(&format!("EXPLAIN QUERY PLAN {FREE_WHAT_IT_HELD}"), ("w", "1"), |row| {
                row.get("detail")
            })
            .unwrap();
        assert!(plan.contains("USING INDEX running_trials"), "{plan}");
    }
}
