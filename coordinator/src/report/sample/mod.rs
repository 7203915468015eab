//! A study to report on, told by the events a coordinator would have written: two workers on one grid for two days at ten
//! seconds an hour, a supernet, scores, short and full trainings, suspensions, a lost worker and a diverged training.

mod story;

use common::blob::BlobId;
use common::config::load;
use common::event::{Event, Record};
use common::id::TrialId;
use common::time::{GridClock, Timestamp};

use crate::blob_store::BlobStore;
use crate::directory::StudyDirectory;
use story::Story;

/// Where the study begins on the wall and on the grid (2021-07-02T06:00Z).
pub(crate) const WALL: i64 = 1_700_000_000_000;
pub(crate) const GRID: i64 = 1_625_205_600_000;
const HOUR_S: f64 = 10.0;
const HOURS: i64 = 48;

/// What the sample varies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wishes {
    pub finished: bool,
    pub synthetic: bool,
    pub objectives: &'static str,
}

impl Default for Wishes {
    fn default() -> Self {
        Self { finished: true, synthetic: true, objectives: "[\"error\", \"parameters\"]" }
    }
}

/// Weights that a trial's artifacts name; the same for the same trial.
pub(crate) fn weights(trial: u64) -> Vec<u8> {
    format!("weights of trial {trial}").into_bytes()
}

/// What a worker would have handed over of `trial`.
pub(crate) fn write_blobs(directory: &StudyDirectory, trial: u64) {
    let bytes = weights(trial);
    for bytes in [bytes.clone(), [&bytes[..], b" as TorchScript"].concat()] {
        let path = BlobStore::path(&directory.blobs(), BlobId::of(&bytes));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

pub(crate) fn started(wishes: Wishes) -> Event {
    let settings = [
        "study.name=fashion-mnist, two workers",
        "study.seed=7",
        "space.input=[1, 28, 28]",
        "space.channels=8",
        "space.cells_per_stage=1",
        "data.format=idx",
        "data.path=.data/fashion-mnist",
        "supernet.epochs=3",
        "training.epochs=4",
        "ladder.rung_epochs=1",
        "carbon.hour_seconds=10",
        "carbon.start=2021-07-02T06:00Z",
        "budget.hours=48",
        "budget.carbon_g=4",
        "objectives.reference.latency_ms=20",
    ];
    let mut settings: Vec<String> = settings.map(String::from).into();
    settings.push(format!("objectives.minimise={}", wishes.objectives));
    let config = load(None, [], &settings).unwrap();
    let spec = Box::new(config.study_spec().unwrap());
    let clock = GridClock { wall_origin: Timestamp(WALL), grid_origin: Timestamp(GRID), hour_s: HOUR_S };
    Event::StudyStarted { spec, clock, version: "0.1.0".into(), config: toml::to_string(&config).unwrap() }
}

/// Records from events, each with its time.
pub(crate) fn numbered(events: impl IntoIterator<Item = (Timestamp, Event)>) -> Vec<Record> {
    (1..).zip(events).map(|(sequence, (at, event))| Record { sequence, at, event }).collect()
}

/// Writes the records as a coordinator would have, one moment at a time.
pub(crate) fn write_ledger(path: &std::path::Path, records: &[Record]) {
    let mut ledger = ledger::Ledger::open(path).unwrap();
    for moment in records.chunk_by(|a, b| a.at == b.at) {
        let events: Vec<Event> = moment.iter().map(|record| record.event.clone()).collect();
        ledger.append(moment[0].at, &events).unwrap();
    }
}

/// A proposal among `records` made once more under another name, as no coordinator may: breaks law T-2.
pub(crate) fn repeated_proposal(records: &[Record]) -> Option<Record> {
    let proposal = records.iter().find(|record| matches!(record.event, Event::TrialProposed { .. }))?;
    let last = records.last()?;
    let mut again = Record { sequence: last.sequence + 1, at: last.at, event: proposal.event.clone() };
    if let Event::TrialProposed { trial, .. } = &mut again.event {
        *trial = TrialId(u64::MAX);
    }
    Some(again)
}

/// The whole story.
pub(crate) fn study(wishes: Wishes) -> Vec<Record> {
    let mut story = Story::new(wishes);
    (0..HOURS).for_each(|hour| story.hour(hour));
    story.end();
    numbered(story.events)
}
