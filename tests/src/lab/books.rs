//! What must hold of a ledger, and of the report made from it. The sums are made a second time here, from the bare events by the
//! definitions in `ARCHITECTURE.md`, and share no arithmetic with the coordinator's account, front or report.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use common::carbon::CarbonSample;
use common::energy::{Measurement, Purpose};
use common::event::{Event, Record};
use common::fidelity::Fidelity;
use common::id::{SessionId, TrialId, WorkerName, Zone};
use common::time::{GridClock, GridHour, HOUR_MS, Timestamp};
use common::trial::{Evaluation, Subject};
use coordinator::core::State;
use coordinator::laws;
use ledger::Ledger;
use serde_json::Value;

const JOULES_PER_KWH: f64 = 3.6e6;

/// A study's history and what follows from it.
#[derive(Debug)]
pub struct Books {
    pub records: Vec<Record>,
    pub state: State,
    /// kWh by zone, grid hour and purpose.
    pub booked: BTreeMap<(Zone, GridHour, Purpose), f64>,
    subjects: BTreeMap<TrialId, Subject>,
    evaluations: BTreeMap<TrialId, Evaluation>,
    /// Trials whose result nobody worked for here.
    given: BTreeSet<TrialId>,
}

/// Opens the books of the study in `directory` and fails, naming everything found wrong, unless they are in order.
pub fn audit(directory: &Path) -> Books {
    let ledger = Ledger::read_only(directory.join("ledger.sqlite")).expect("the ledger");
    let records: Vec<Record> =
        ledger.read(1).map(|record| record.expect("every event can be read")).collect();
    let state = State::fold(&records);
    let mut wrong: Vec<String> = laws::check_state(&state).iter().map(|law| format!("{law:?}")).collect();
    if coordinator::snapshot::fold(&ledger).expect("the fold") != state {
        wrong.push("L-1: by way of the snapshot it is another state".into());
    }
    check_order(&records, &mut wrong);
    check_deliveries(&records, &mut wrong);
    check_windows(&records, &mut wrong);
    assert!(wrong.is_empty(), "{} is not in order: {wrong:#?}", directory.display());
    Books::fold(records, state)
}

fn check_order(records: &[Record], wrong: &mut Vec<String>) {
    let mut finished = BTreeSet::new();
    let mut over = false;
    for (record, expected) in records.iter().zip(1..) {
        if record.sequence != expected {
            wrong.push(format!("event {} stands where {expected} belongs", record.sequence));
        }
        match &record.event {
            Event::StudyStarted { .. } if expected != 1 => {
                wrong.push(format!("event {expected} starts the study again"));
            }
            Event::StudyFinished { .. } if over => wrong.push("the study finished twice".into()),
            Event::StudyFinished { .. } => over = true,
            Event::TaskLeased { task, .. } if over => {
                wrong.push(format!("task {task} was leased after the end"));
            }
            Event::EvaluationGiven { trial, .. } if !finished.insert(*trial) => {
                wrong.push(format!("trial {trial} was given, and had a result"));
            }
            Event::TrialFinished { task, .. } if !finished.insert(task.trial) => {
                wrong.push(format!("trial {} finished twice", task.trial));
            }
            _ => {}
        }
    }
    if !matches!(records.first().map(|record| &record.event), Some(Event::StudyStarted { .. })) {
        wrong.push("the first event starts no study".into());
    }
}

fn check_deliveries(records: &[Record], wrong: &mut Vec<String>) {
    let mut last: BTreeMap<(&WorkerName, SessionId), u64> = BTreeMap::new();
    let mut owners: BTreeMap<SessionId, &WorkerName> = BTreeMap::new();
    for record in records {
        match &record.event {
            Event::Acknowledged { worker, session, delivery } => {
                let before = last.insert((worker, *session), *delivery).unwrap_or(0);
                if *delivery != before + 1 {
                    wrong.push(format!("{worker}/{session}: delivery {delivery} follows {before}"));
                }
            }
            Event::ReportsLost { worker, session, up_to } => {
                let before = last.insert((worker, *session), *up_to).unwrap_or(0);
                if *up_to <= before {
                    wrong.push(format!("{worker}/{session}: {up_to} are lost, and {before} were taken in"));
                }
            }
            Event::WorkerJoined { worker, session, .. }
                if *owners.entry(*session).or_insert(worker) != worker =>
            {
                wrong.push(format!("session {session} belongs to two workers"));
            }
            _ => {}
        }
    }
}

fn check_windows(records: &[Record], wrong: &mut Vec<String>) {
    let mut windows: BTreeMap<_, Vec<&Measurement>> = BTreeMap::new();
    for record in records {
        if let Event::EnergySpent { worker, session, measurement } = &record.event {
            windows.entry((worker, session, measurement.slot)).or_default().push(measurement);
        }
    }
    for ((worker, session, slot), mut windows) in windows {
        windows.sort_by_key(|window| (window.start, window.end));
        for pair in windows.windows(2).filter(|pair| pair[1].start < pair[0].end) {
            let (a, b) = (pair[0], pair[1]);
            wrong.push(format!(
                "{worker}/{session} slot {slot}: {:?}-{:?} and {:?}-{:?} overlap",
                a.start, a.end, b.start, b.end
            ));
        }
    }
}

impl Books {
    fn fold(records: Vec<Record>, state: State) -> Self {
        let mut books = Self {
            state,
            booked: BTreeMap::new(),
            subjects: BTreeMap::new(),
            evaluations: BTreeMap::new(),
            given: BTreeSet::new(),
            records: Vec::new(),
        };
        let mut clock = None;
        let mut origins: BTreeMap<SessionId, Timestamp> = BTreeMap::new();
        let mut zones: BTreeMap<WorkerName, Zone> = BTreeMap::new();
        for record in &records {
            match &record.event {
                Event::StudyStarted { clock: given, .. } => clock = Some(*given),
                Event::WorkerJoined { worker, session, origin, zone, .. } => {
                    origins.entry(*session).or_insert(*origin);
                    zones.insert(worker.clone(), zone.clone());
                }
                Event::TrialProposed { trial, subject, .. } => {
                    drop(books.subjects.insert(*trial, subject.clone()));
                }
                Event::TrialFinished { task, evaluation } => {
                    books.evaluations.insert(task.trial, (**evaluation).clone());
                }
                Event::EvaluationGiven { trial, subject, evaluation, .. } => {
                    books.subjects.insert(*trial, subject.clone());
                    books.evaluations.insert(*trial, (**evaluation).clone());
                    books.given.insert(*trial);
                }
                Event::EnergySpent { worker, session, measurement } => {
                    let clock = clock.expect("a study has begun");
                    books.book(&clock, origins[session], &zones[worker], measurement);
                }
                _ => {}
            }
        }
        books.records = records;
        books
    }

    /// Spreads a window over the grid hours it touches.
    fn book(&mut self, clock: &GridClock, origin: Timestamp, zone: &Zone, measurement: &Measurement) {
        let purpose = measurement.task.map_or(Purpose::Idle, |task| self.subjects[&task.trial].purpose());
        let kwh = measurement.joules.0 / JOULES_PER_KWH;
        let grid = |since_origin: i64| {
            let wall = (origin.0 + since_origin - clock.wall_origin.0) as f64;
            (clock.grid_origin.0 as f64 + wall * 3600.0 / clock.hour_s) / HOUR_MS as f64
        };
        let (from, to) = (grid(measurement.start.0), grid(measurement.end.0));
        let last = if to > from { to.ceil() as i64 - 1 } else { from.floor() as i64 };
        for hour in from.floor() as i64..=last {
            let share = if to > from {
                (to.min((hour + 1) as f64) - from.max(hour as f64)) / (to - from)
            } else {
                1.0
            };
            *self.booked.entry((zone.clone(), GridHour(hour), purpose)).or_default() += kwh * share;
        }
    }

    pub fn kwh(&self, of: impl Fn(&Zone, GridHour, Purpose) -> bool) -> f64 {
        self.booked
            .iter()
            .filter(|((zone, hour, purpose), _)| of(zone, *hour, *purpose))
            .map(|(_, kwh)| kwh)
            .sum()
    }

    /// Error and size of each full training's network; of several with the same two, the first.
    fn full_trainings(&self) -> BTreeMap<TrialId, [f64; 2]> {
        let full = |trial: &TrialId| self.subjects[trial].fidelity() == Some(Fidelity::Full);
        let point = |evaluation: &Evaluation| {
            [evaluation.validation_error, evaluation.parameters.expect("counted in this space") as f64]
        };
        self.evaluations
            .iter()
            .filter(|(trial, _)| full(trial))
            .map(|(trial, e)| (*trial, point(e)))
            .collect()
    }

    /// The objectives that no other network beats in both, ascending by error.
    pub fn front(&self) -> Vec<[f64; 2]> {
        let points: Vec<[f64; 2]> = self.full_trainings().into_values().collect();
        let beaten = |p: &[f64; 2]| points.iter().any(|q| q != p && q[0] <= p[0] && q[1] <= p[1]);
        let mut front: Vec<[f64; 2]> = points.iter().filter(|point| !beaten(point)).copied().collect();
        front.sort_by(|a, b| a[0].total_cmp(&b[0]));
        front.dedup();
        front
    }

    /// The intensity last observed for each hour.
    fn observed(&self) -> BTreeMap<(Zone, GridHour), f64> {
        let samples = self.records.iter().filter_map(|record| match &record.event {
            Event::CarbonObserved { samples } => Some(samples),
            _ => None,
        });
        let of = |sample: &CarbonSample| ((sample.zone.clone(), sample.hour), sample.intensity.0);
        samples.flatten().map(of).collect()
    }

    /// Fails unless `report.json` in `directory` tells the same as these books.
    pub fn check_report(&self, directory: &Path) {
        let text = fs::read_to_string(directory.join("report.json")).expect("report.json");
        let report: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(report["laws"]["violations"], 0, "{}", report["laws"]);
        self.check_energy(&report["energy"]);
        self.check_hours(&report["energy"]["by_hour"]);
        self.check_trials(&report["trials"]);
        self.check_front(&report);
    }

    fn check_energy(&self, energy: &Value) {
        let all = self.kwh(|_, _, _| true);
        assert!(all > 0.0, "a study uses energy");
        close("kWh in all", &energy["total"]["kwh"], all);
        close("training kWh", &energy["training"]["kwh"], self.kwh(|_, _, purpose| purpose.is_training()));
        for purpose in Purpose::ALL {
            let told = energy["by_fidelity"].get(name(purpose)).map_or(&Value::Null, |spent| &spent["kwh"]);
            let counted = self.kwh(|_, _, of| of == purpose);
            if counted > 0.0 || !told.is_null() {
                close(&format!("kWh of {purpose}"), told, counted);
            }
        }
    }

    fn check_hours(&self, hours: &Value) {
        let observed = self.observed();
        let booked: BTreeSet<_> = self.booked.keys().map(|(zone, hour, _)| (zone.clone(), *hour)).collect();
        let hours = hours.as_array().expect("hours");
        let mut told = BTreeSet::new();
        for line in hours {
            let zone = Zone::new(line["zone"].as_str().expect("a zone"));
            let text = line["hour"].as_str().expect("an hour");
            let known = |(of, hour): &&(Zone, GridHour)| *of == zone && hour.to_string() == text;
            let Some((_, hour)) = booked.iter().find(known) else {
                close(&format!("kWh of {text}, in which nothing was used"), &line["kwh"], 0.0);
                continue;
            };
            assert!(told.insert((zone.clone(), *hour)), "{text} stands there twice");
            let kwh = self.kwh(|of, at, _| *of == zone && at == *hour);
            close(&format!("kWh of {text}"), &line["kwh"], kwh);
            for purpose in Purpose::ALL {
                let counted = self.kwh(|of, at, for_what| *of == zone && at == *hour && for_what == purpose);
                if counted > 0.0 {
                    close(
                        &format!("kWh of {purpose} in {text}"),
                        &line["kwh_by_fidelity"][name(purpose)],
                        counted,
                    );
                }
            }
            if let Some(intensity) = observed.get(&(zone, *hour)) {
                close(&format!("intensity of {text}"), &line["intensity_g_per_kwh"], *intensity);
                close(&format!("gCO2eq of {text}"), &line["gco2eq"], kwh * intensity);
            }
        }
        assert_eq!(told, booked, "every hour that used energy is told of");
    }

    fn check_trials(&self, trials: &Value) {
        assert_eq!(trials["total"], self.subjects.len());
        for purpose in Purpose::ALL.into_iter().filter(|purpose| *purpose != Purpose::Idle) {
            let of = |trial: &&TrialId| self.subjects[*trial].purpose() == purpose;
            let (given, finished): (Vec<&TrialId>, Vec<&TrialId>) =
                self.evaluations.keys().filter(of).partition(|trial| self.given.contains(trial));
            let (given, finished) = (given.len(), finished.len());
            let counts = &trials["by_fidelity"][name(purpose)];
            assert_eq!(counts["finished"], finished, "finished {purpose}: {counts}");
            assert_eq!(counts["given"], given, "given {purpose}: {counts}");
            let all: u64 = counts
                .as_object()
                .expect("counts")
                .values()
                .map(|count| count.as_u64().expect("a count"))
                .sum();
            assert_eq!(all as usize, self.subjects.keys().filter(of).count(), "all {purpose}: {counts}");
        }
    }

    fn check_front(&self, report: &Value) {
        let objective =
            |network: &Value, name: &str| network["objectives"][name].as_f64().expect("an objective");
        let told = report["front"].as_array().expect("the front");
        let mut points: Vec<[f64; 2]> =
            told.iter().map(|n| [objective(n, "error"), objective(n, "parameters")]).collect();
        points.sort_by(|a, b| a[0].total_cmp(&b[0]));
        let front = self.front();
        assert_eq!(points, front, "the front");
        for network in told {
            let trial = TrialId(network["trial"].as_u64().expect("a trial"));
            assert_eq!(
                self.full_trainings()[&trial],
                [objective(network, "error"), objective(network, "parameters")]
            );
        }
        let reference: Vec<f64> = report["hypervolume"]["reference"]
            .as_array()
            .expect("a point")
            .iter()
            .filter_map(Value::as_f64)
            .collect();
        close("hypervolume", &report["hypervolume"]["value"], area(&front, [reference[0], reference[1]]));
    }
}

/// Area between a front, ascending by its first objective, and the reference point.
fn area(front: &[[f64; 2]], reference: [f64; 2]) -> f64 {
    let within = front.iter().filter(|point| point[0] < reference[0] && point[1] < reference[1]);
    within
        .fold((0.0, reference[1]), |(sum, ceiling), point| {
            (sum + (reference[0] - point[0]) * (ceiling - point[1]), point[1])
        })
        .0
}

fn name(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Idle => "idle",
        Purpose::Supernet => "supernet",
        Purpose::OneShot => "one_shot",
        Purpose::Rung => "rung",
        Purpose::Full => "full",
    }
}

/// Equal but for the rounding of sums and of times to milliseconds.
fn close(what: &str, told: &Value, counted: f64) {
    let told = told.as_f64().unwrap_or_else(|| panic!("{what}: the report tells {told}, counted {counted}"));
    let room = 1e-12 + 1e-6 * counted.abs();
    assert!((told - counted).abs() <= room, "{what}: the report tells {told}, counted {counted}");
}

#[cfg(test)]
mod tests {
    use common::energy::Method;
    use common::id::SlotId;
    use common::time::Millis;
    use common::unit::Joules;

    use super::*;

    fn records(events: impl IntoIterator<Item = Event>) -> Vec<Record> {
        let record = |(event, sequence)| Record { sequence, at: Timestamp(0), event };
        events.into_iter().zip(1..).map(record).collect()
    }

    fn window(session: u64, start: i64, end: i64) -> Event {
        let measurement = Measurement {
            slot: SlotId(0),
            task: None,
            start: Millis(start),
            end: Millis(end),
            joules: Joules(1.0),
            method: Method::Estimated,
            meter: "test".into(),
        };
        Event::EnergySpent { worker: "w".into(), session: SessionId(session), measurement }
    }

    fn acknowledged(session: u64, delivery: u64) -> Event {
        Event::Acknowledged { worker: "w".into(), session: SessionId(session), delivery }
    }

    fn found(check: fn(&[Record], &mut Vec<String>), events: Vec<Event>) -> usize {
        let mut wrong = Vec::new();
        check(&records(events), &mut wrong);
        wrong.len()
    }

    #[test]
    fn forged_books_are_noticed() {
        assert_eq!(found(check_windows, vec![window(1, 0, 10), window(1, 10, 20), window(2, 5, 15)]), 0);
        assert_eq!(found(check_windows, vec![window(1, 0, 10), window(1, 9, 20)]), 1);
        assert_eq!(found(check_windows, vec![window(1, 0, 10), window(1, 0, 10)]), 1, "booked twice");
        assert_eq!(
            found(check_deliveries, vec![acknowledged(1, 1), acknowledged(2, 1), acknowledged(1, 2)]),
            0
        );
        assert_eq!(found(check_deliveries, vec![acknowledged(1, 1), acknowledged(1, 3)]), 1);
        assert_eq!(found(check_deliveries, vec![acknowledged(1, 1), acknowledged(1, 1)]), 1);
        let over = || Event::StudyFinished { reason: "over".into() };
        assert_eq!(found(check_order, vec![over(), over()]), 2, "begun by nothing, ended twice");
        let mut gap = records([over(), over()]);
        gap[1].sequence = 3;
        let mut wrong = Vec::new();
        check_order(&gap, &mut wrong);
        assert!(wrong[0].contains("event 3 stands where 2 belongs"), "{wrong:?}");
    }

    #[test]
    fn the_area_of_two_steps() {
        // Two rectangles below (1, 10): 0.5 × 6 and 0.2 × 2 more; the third point lies outside.
        let front = [[0.5, 4.0], [0.8, 2.0], [2.0, 1.0]];
        assert!((area(&front, [1.0, 10.0]) - 3.4).abs() < 1e-12);
    }
}
