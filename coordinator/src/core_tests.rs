//! The core, driven by hand: tiny cases for what each input must cause. The network's whims are tested in `tests/`.

use std::collections::BTreeMap;

use common::allocation::{Allocation, Shares};
use common::architecture::Architecture;
use common::blob::BlobId;
use common::config::{Config, load};
use common::energy::{Measurement, Method, Purpose};
use common::event::Record;
use common::fidelity::Fidelity;
use common::id::{SessionId, SlotId, TaskId, TrialId, WorkerName, Zone};
use common::time::{GridClock, GridHour, HOUR_MS, Millis, Timestamp};
use common::trial::{Artifact, ArtifactKind, Checkpoint, Evaluation, Failure, Origin, Source, Subject};
use common::unit::{Joules, Seconds};
use common::wire::{FromWorker, Hello, Report, SlotInfo, ToWorker};
use lamoo::Promotion;

use crate::core::{Control, Core, Decision, Effect, Given, Input, NewStudy, Options, State, TrialState};
use crate::ladder::Candidate;
use crate::laws;

/// A core with its ledger, a clock, and somebody who answers its questions.
struct Bench {
    core: Core,
    ledger: Vec<Record>,
    now: Timestamp,
    sent: Vec<(WorkerName, ToWorker)>,
    allocation: Shares,
    numbers: BTreeMap<(WorkerName, SessionId), u64>,
    proposed: u32,
    /// What each newcomer promises; none: there is no model.
    promise: Option<f64>,
    /// What each of those known from below promises.
    promotions: Option<f64>,
    /// What each process is given to know.
    given: Vec<Given>,
    /// Observations told of in each question.
    asked: Vec<usize>,
    exit: Option<String>,
    forgotten: Vec<BlobId>,
}

fn config(settings: &[&str]) -> Config {
    let settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
    load(None, [], &settings).unwrap()
}

impl Bench {
    fn new(settings: &[&str]) -> Self {
        Self::knowing(settings, Vec::new())
    }

    fn knowing(settings: &[&str], given: Vec<Given>) -> Self {
        let mut bench = Self {
            core: Core::new(Options::new(&config(settings)), State::default()),
            ledger: Vec::new(),
            now: Timestamp(HOUR_MS * 1000),
            sent: Vec::new(),
            allocation: Shares { train: 2, sample: 0, rest: 0 },
            numbers: BTreeMap::new(),
            proposed: 0,
            promise: None,
            promotions: None,
            given,
            asked: Vec::new(),
            exit: None,
            forgotten: Vec::new(),
        };
        bench.start(settings);
        bench
    }

    fn start(&mut self, settings: &[&str]) {
        let config = config(settings);
        let clock = GridClock { wall_origin: self.now, grid_origin: self.now, hour_s: 3600.0 };
        let study = NewStudy { spec: config.study_spec().unwrap(), clock, config: String::new() };
        let (study, given) = (Box::new(study), self.given.clone());
        self.step(Input::Started { study, given, version: "test".into(), host: "here".into() });
    }

    fn step(&mut self, input: Input) {
        let Decision { at, events, effects } = self.core.step(input, self.now);
        for event in events {
            let sequence = self.ledger.len() as u64 + 1;
            self.ledger.push(Record { sequence, at, event });
        }
        for effect in effects {
            self.answer(effect);
        }
        assert_eq!(laws::check(&self.core), [], "laws hold");
    }

    fn answer(&mut self, effect: Effect) {
        match effect {
            Effect::Send { to, message } => self.sent.push((to, message)),
            Effect::Observe { hour, .. } => self.step(Input::Observed { hour, samples: Vec::new() }),
            Effect::Forecast { hour, .. } => self.step(Input::Forecasted { hour, forecasts: Vec::new() }),
            Effect::Decide { hour, situation } => {
                let zones = situation.zones.keys().map(|zone| (zone.clone(), self.allocation)).collect();
                self.step(Input::Decided { hour, allocation: Allocation { zones, ..Allocation::default() } });
            }
            Effect::Propose(wanted) => {
                self.asked.push(wanted.observations.len());
                let promise = self.promotions;
                let promised = wanted.promotable.iter().filter_map(|known| Some((known.clone(), promise?)));
                let promotions =
                    promised.map(|(architecture, promise)| Promotion { architecture, promise }).collect();
                let candidates = (0..wanted.count).map(|_| {
                    self.proposed += 1;
                    let genes = vec![3, self.proposed % 5, self.proposed / 5 % 5, 3, 1, self.proposed / 25];
                    Candidate {
                        architecture: Architecture::new(genes),
                        origin: Origin::Initial,
                        promise: self.promise,
                    }
                });
                let candidates = candidates.collect();
                self.step(Input::Proposed { candidates, promotions });
            }
            Effect::Forget(blob) => self.forgotten.push(blob),
            Effect::Exit { reason } => self.exit = Some(reason),
        }
    }

    fn says(&mut self, worker: &str, message: FromWorker) {
        self.step(Input::Message { worker: worker.into(), message });
    }

    fn joins(&mut self, worker: &str, session: u64) {
        let slot = SlotInfo { slot: SlotId(0), device: "test".into(), memory_mb: 1, meter: "test".into() };
        self.says(
            worker,
            FromWorker::Hello(Hello {
                session: SessionId(session),
                clock: Millis(0),
                zone: Zone::new("LOCAL"),
                slots: vec![slot],
                version: "test".into(),
                host: "here".into(),
                held: Vec::new(),
            }),
        );
    }

    fn delivers(&mut self, worker: &str, session: u64, report: Report) {
        let number = self.numbers.entry((worker.into(), SessionId(session))).or_default();
        *number += 1;
        let number = *number;
        self.says(worker, FromWorker::Delivery { session: SessionId(session), number, report });
    }

    fn beats(&mut self, worker: &str, session: u64, held: &[TaskId]) {
        let held = held.to_vec();
        self.says(worker, FromWorker::Heartbeat { session: SessionId(session), clock: Millis(0), held });
    }

    fn passes(&mut self, seconds: f64) {
        // In strides that a living process makes: a longer one would mean that it stood still.
        let strides = seconds.ceil();
        for _ in 0..strides as u32 {
            self.now = self.now + Millis::from_seconds(seconds / strides);
            self.step(Input::Tick);
        }
    }

    fn task_of(&self, worker: &str) -> Option<TaskId> {
        self.core
            .state()
            .leases()
            .find(|(_, lease)| lease.worker.as_str() == worker)
            .map(|(_, lease)| lease.task)
    }

    fn subject_of(&self, worker: &str) -> Subject {
        let task = self.task_of(worker).expect("the worker has a lease");
        self.core.state().trial(task.trial).unwrap().subject.clone()
    }

    fn finishes(&mut self, worker: &str, session: u64, evaluation: Evaluation) -> TaskId {
        let task = self.task_of(worker).expect("the worker has a lease");
        self.delivers(worker, session, Report::Finished { task, evaluation: Box::new(evaluation) });
        task
    }

    /// A coordinator that died and came back: only the ledger survives.
    fn restarts(&mut self, settings: &[&str]) {
        let state = State::fold(&self.ledger);
        assert_eq!(&state, self.core.state(), "L-1: the fold of the ledger is the live state");
        self.core = Core::new(Options::new(&config(settings)), state);
        self.sent.clear();
        self.start(settings);
    }
}

fn evaluation(error: f64, parameters: u64, artifacts: Vec<Artifact>) -> Evaluation {
    Evaluation {
        validation_error: error,
        test_error: None,
        parameters: Some(parameters),
        flops: Some(1),
        latency_ms: None,
        joules_per_inference: None,
        device: "test".into(),
        seconds: Seconds(10.0),
        curve: Vec::new(),
        artifacts,
    }
}

fn supernet() -> Evaluation {
    let artifact = Artifact { kind: ArtifactKind::Supernet, blob: BlobId::of(b"supernet"), bytes: 8 };
    evaluation(0.5, 1, vec![artifact])
}

fn checkpoint(of: &[u8], progress: f64) -> Checkpoint {
    Checkpoint { blob: BlobId::of(of), progress }
}

fn energy(task: Option<TaskId>, joules: f64) -> Report {
    Report::Energy(Measurement {
        slot: SlotId(0),
        task,
        start: Millis(0),
        end: Millis(1000),
        joules: Joules(joules),
        method: Method::Estimated,
        meter: "test".into(),
    })
}

const PLAIN: &[&str] = &["ladder.one_shot=false", "ladder.rung_epochs=0", "search.initial_samples=2"];

#[test]
fn the_supernet_comes_first_and_others_train_meanwhile() {
    let mut bench = Bench::new(&[]);
    bench.joins("a", 1);
    assert_eq!(bench.subject_of("a"), Subject::Supernet);
    bench.joins("b", 2);
    assert!(matches!(bench.subject_of("b"), Subject::Network { fidelity: Fidelity::Rung(12), .. }));
    bench.allocation = Shares { train: 1, sample: 1, rest: 0 };
    bench.finishes("a", 1, supernet());
    bench.passes(3600.0);
    bench.beats("a", 1, &[]);
    let assigned = bench.sent.iter().rev().find_map(|(_, message)| match message {
        ToWorker::Assign(assignment) => Some(assignment.clone()),
        _ => None,
    });
    assert!(assigned.is_some());
}

#[test]
fn a_failing_supernet_does_not_end_the_study() {
    let mut bench = Bench::new(&[]);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    bench.delivers("a", 1, Report::Failed { task, failure: Failure::Diverged });
    assert!(matches!(bench.core.state().trial(task.trial).unwrap().state, TrialState::Failed { .. }));
    assert!(matches!(bench.subject_of("a"), Subject::Network { .. }), "trainings go on without scores");
}

#[test]
fn deliveries_count_once() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.task_of("a");
    bench.delivers("a", 1, energy(task, 5.0));
    let repeated = FromWorker::Delivery { session: SessionId(1), number: 1, report: energy(task, 5.0) };
    bench.says("a", repeated);
    let early = FromWorker::Delivery { session: SessionId(1), number: 9, report: energy(task, 5.0) };
    bench.says("a", early);
    assert_eq!(bench.core.state().account.total(), Joules(5.0));
    assert_eq!(bench.core.state().account.joules_by_purpose()[&Purpose::Full], Joules(5.0));
    let acknowledged = |message: &ToWorker| matches!(message, ToWorker::Acknowledge { number: 1, .. });
    assert_eq!(bench.sent.iter().filter(|(_, m)| acknowledged(m)).count(), 3);
}

#[test]
fn a_late_result_books_its_joules_and_nothing_else() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    bench.passes(11.0);
    assert_eq!(bench.core.state().leases().count(), 0, "silence voids the lease");
    bench.delivers("a", 1, energy(Some(task), 7.0));
    bench.delivers("a", 1, Report::Finished { task, evaluation: Box::new(evaluation(0.1, 5, vec![])) });
    assert_eq!(bench.core.state().account.total(), Joules(7.0));
    assert_eq!(bench.core.state().trial(task.trial).unwrap().evaluation, None);
}

#[test]
fn a_vanished_worker_is_retried_from_its_last_checkpoint_elsewhere() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    bench.delivers("a", 1, Report::Checkpointed { task, checkpoint: checkpoint(b"half", 0.5) });
    bench.passes(9.0);
    bench.joins("b", 2);
    bench.passes(3.0);
    let again = bench.task_of("b").unwrap();
    bench.beats("b", 2, &[again]);
    let taken = bench.ledger.iter().rev().find_map(|record| match &record.event {
        common::event::Event::TaskLeased { task: leased, resume, .. } if leased.trial == task.trial => {
            Some(*resume)
        }
        _ => None,
    });
    // `b` had begun a trial of its own; the lost one waits with its checkpoint or was taken up from it.
    let trial = bench.core.state().trial(task.trial).unwrap();
    assert_eq!(trial.crashes, 1);
    assert_eq!(trial.checkpoint, Some(checkpoint(b"half", 0.5)));
    assert!(trial.is_waiting() || taken.flatten().is_some());
}

#[test]
fn crashes_are_limited_and_planned_stops_are_not_crashes() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let first = bench.task_of("a").unwrap();
    for attempt in 0..5 {
        let task = bench.task_of("a").unwrap();
        assert_eq!((task.trial, task.attempt.0), (first.trial, attempt));
        bench.delivers("a", 1, Report::Failed { task, failure: Failure::Crashed("device fault".into()) });
    }
    assert!(matches!(bench.core.state().trial(first.trial).unwrap().state, TrialState::Failed { .. }));

    let task = bench.task_of("a").unwrap();
    assert_ne!(task.trial, first.trial, "the study goes on");
    bench.delivers("a", 1, Report::Suspended { task, checkpoint: Some(checkpoint(b"kept", 0.3)) });
    assert_eq!(bench.core.state().trial(task.trial).unwrap().crashes, 0);
}

#[test]
fn an_allocation_that_takes_the_slot_suspends_and_gives_it_back() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    bench.allocation = Shares { train: 0, sample: 0, rest: 1 };
    for _ in 0..720 {
        bench.passes(5.0);
        bench.beats("a", 1, &[task]);
    }
    assert!(bench.sent.iter().any(|(_, message)| *message == ToWorker::Suspend { task }));
    bench.delivers("a", 1, Report::Suspended { task, checkpoint: Some(checkpoint(b"kept", 0.4)) });
    assert_eq!(bench.core.state().leases().count(), 0, "resting means no work");
    bench.allocation = Shares { train: 1, sample: 0, rest: 0 };
    for _ in 0..721 {
        bench.passes(5.0);
        bench.beats("a", 1, &[]);
    }
    let resumed = bench.task_of("a").unwrap();
    assert_eq!((resumed.trial, resumed.attempt.0), (task.trial, 1), "what waits goes first");
    let assigned = bench.sent.iter().rev().find_map(|(_, message)| match message {
        ToWorker::Assign(assignment) => assignment.resume,
        _ => None,
    });
    assert_eq!(assigned, Some(checkpoint(b"kept", 0.4)));
}

#[test]
fn a_restart_changes_nothing_and_keeps_leases() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    bench.delivers("a", 1, energy(Some(task), 3.0));
    bench.now = bench.now + Millis(600_000);
    bench.restarts(PLAIN);
    bench.beats("a", 1, &[task]);
    bench.passes(1.0);
    assert_eq!(bench.task_of("a"), Some(task), "the time it was away counts against nobody");
    bench.delivers("a", 1, Report::Finished { task, evaluation: Box::new(evaluation(0.2, 10, vec![])) });
    assert_eq!(bench.core.state().finished_at(Fidelity::Full).count(), 1);
    assert_eq!(bench.core.state().account.total(), Joules(3.0));
}

#[test]
fn a_new_process_of_a_worker_frees_what_the_old_one_held_at_once() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    bench.joins("a", 2);
    let again = bench.task_of("a").unwrap();
    assert_eq!((again.trial, again.attempt.0), (task.trial, 1));
    bench.beats("a", 1, &[task]);
    let (_, last) = bench.sent.last().unwrap();
    assert_eq!(*last, ToWorker::WhoAreYou { session: SessionId(1) }, "the old process is not heard any more");
}

#[test]
fn a_lost_assignment_is_sent_again_and_a_stray_task_cancelled() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    let stray = TaskId { trial: TrialId(99), ..task };
    bench.sent.clear();
    bench.beats("a", 1, &[stray]);
    assert_eq!(bench.sent.iter().filter(|(_, m)| *m == ToWorker::Cancel { task: stray }).count(), 1);
    bench.passes(5.0);
    bench.beats("a", 1, &[]);
    let repeated =
        |message: &ToWorker| matches!(message, ToWorker::Assign(assignment) if assignment.task == task);
    assert!(bench.sent.iter().any(|(_, message)| repeated(message)));
}

#[test]
fn the_study_ends_when_its_trainings_are_done_and_waits_for_farewells() {
    let settings = [PLAIN, &["budget.trainings=1"]].concat();
    let mut bench = Bench::new(&settings);
    bench.joins("a", 1);
    bench.finishes("a", 1, evaluation(0.2, 10, vec![]));
    assert!(bench.core.state().finished.is_some());
    assert!(matches!(
        bench.sent.last().unwrap().1,
        ToWorker::StudyOver { .. } | ToWorker::Acknowledge { .. }
    ));
    bench.passes(1.0);
    assert_eq!(bench.exit, None, "the worker has not left yet");
    bench.delivers("a", 1, energy(None, 1.0));
    bench.delivers("a", 1, Report::Leaving { reason: "study over".into() });
    bench.passes(1.0);
    assert!(bench.exit.is_some());
    assert_eq!(bench.core.state().account.total(), Joules(1.0), "the last joules are booked");
}

#[test]
fn a3_nothing_starts_that_the_budget_cannot_pay() {
    let settings = [PLAIN, &["budget.energy_kwh=0.00001"]].concat();
    let mut bench = Bench::new(&settings);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    bench.delivers("a", 1, energy(Some(task), 20.0));
    bench.finishes("a", 1, evaluation(0.2, 10, vec![]));
    assert_eq!(bench.task_of("a"), None, "16 J are left and a training takes 20");
}

#[test]
fn unusable_results_fail_the_trial_and_not_the_study() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.finishes("a", 1, evaluation(f64::NAN, 10, vec![]));
    assert!(matches!(bench.core.state().trial(task.trial).unwrap().state, TrialState::Failed { .. }));
    assert!(bench.task_of("a").is_some());
}

#[test]
fn draining_suspends_and_hands_out_nothing() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    bench.step(Input::Control(Control::Drain));
    bench.delivers("a", 1, Report::Suspended { task, checkpoint: None });
    assert_eq!(bench.core.state().leases().count(), 0);
    assert!(bench.core.state().finished.is_none(), "the study goes on another time");
}

#[test]
fn a_superseded_checkpoint_is_forgotten() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    bench.delivers("a", 1, Report::Checkpointed { task, checkpoint: checkpoint(b"first", 0.2) });
    bench.delivers("a", 1, Report::Checkpointed { task, checkpoint: checkpoint(b"second", 0.4) });
    assert_eq!(bench.forgotten, [BlobId::of(b"first")]);
    bench.finishes("a", 1, evaluation(0.2, 10, vec![]));
    assert_eq!(bench.forgotten, [BlobId::of(b"first"), BlobId::of(b"second")]);
}

#[test]
fn emissions_are_sliced_by_the_hour_of_use() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let window = Measurement {
        slot: SlotId(0),
        task: None,
        start: Millis(0),
        end: Millis(2 * HOUR_MS),
        joules: Joules(10.0),
        method: Method::Estimated,
        meter: "test".into(),
    };
    bench.delivers("a", 1, Report::Energy(window));
    let hours: Vec<(GridHour, Joules)> =
        bench.core.state().account.hours().map(|line| (line.hour, line.joules[&Purpose::Idle])).collect();
    assert_eq!(hours, [(GridHour(1000), Joules(5.0)), (GridHour(1001), Joules(5.0))]);
}

#[test]
fn a_finished_training_is_asked_about_and_the_newest_answer_replaces_the_stock() {
    let settings = ["ladder.one_shot=false", "search.initial_samples=2"];
    let mut bench = Bench::new(&settings);
    bench.joins("a", 1);
    assert_eq!(bench.asked.last(), Some(&0));
    bench.promise = Some(1.0);
    bench.finishes("a", 1, evaluation(0.5, 10, vec![]));
    assert_eq!(bench.asked.last(), Some(&1), "what finished is told of");
    let stock: Vec<Option<f64>> = bench.core.stock.iter().map(|candidate| candidate.promise).collect();
    assert_eq!(stock, vec![Some(1.0); bench.core.options.batch], "nothing of the old answer is left");
    let questions = bench.asked.len();
    bench.passes(2.0);
    assert_eq!(bench.asked.len(), questions, "with nothing new to tell, nothing is asked");
}

#[test]
fn a_short_training_that_promises_most_goes_on_to_the_end() {
    let settings = ["ladder.one_shot=false", "search.initial_samples=2"];
    let mut bench = Bench::new(&settings);
    (bench.promise, bench.promotions) = (Some(1.0), Some(0.5));
    bench.joins("a", 1);
    for _ in 0..3 {
        bench.finishes("a", 1, evaluation(0.5, 10, vec![]));
    }
    let is_full = |bench: &Bench| bench.subject_of("a").fidelity() == Some(Fidelity::Full);
    assert!(!is_full(&bench), "newcomers promise more");
    bench.promotions = Some(2.0);
    // The slot takes up what the last answer promised; the next knows better.
    bench.finishes("a", 1, evaluation(0.5, 10, vec![]));
    bench.finishes("a", 1, evaluation(0.5, 10, vec![]));
    assert!(is_full(&bench));
}

fn given(genes: &[u32], fidelity: Fidelity, error: f64) -> Given {
    let subject = Subject::Network { architecture: Architecture::new(genes.to_vec()), fidelity };
    let source = Source { file: "known.csv".into(), sha256: BlobId::of(b"known") };
    Given { subject, source, evaluation: evaluation(error, 10, vec![]) }
}

/// What a bench without a model trains first, and second.
const FIRST: [u32; 6] = [3, 1, 0, 3, 1, 0];
const SECOND: [u32; 6] = [3, 2, 0, 3, 1, 0];

#[test]
fn what_is_given_is_finished_and_neither_trained_nor_paid_for() {
    let mut bench =
        Bench::knowing(PLAIN, vec![given(&FIRST, Fidelity::Full, 0.3), given(&SECOND, Fidelity::Full, 0.2)]);
    let state = bench.core.state();
    assert_eq!(state.finished_at(Fidelity::Full).count(), 2);
    assert_eq!((state.trained_fully(), state.mean_cost(Purpose::Full)), (0, None));
    assert_eq!(state.front.as_ref().unwrap().len(), 1, "equal in size, the smaller error stays");
    assert_eq!(state.progress.len(), 1, "what is given at once is one step");
    assert!(state.progress[0].given && state.progress[0].joules == Joules::ZERO);
    assert_eq!(bench.asked.first(), Some(&2), "the first question tells of them");
    bench.joins("a", 1);
    let trained = bench.subject_of("a");
    assert!(trained.architecture().is_some_and(|a| ![&FIRST[..], &SECOND].contains(&a.genes())));
}

#[test]
fn given_again_after_a_restart_it_changes_nothing_and_what_is_new_is_added() {
    let mut bench = Bench::knowing(PLAIN, vec![given(&FIRST, Fidelity::Full, 0.3)]);
    bench.joins("a", 1);
    let own = bench.finishes("a", 1, evaluation(0.4, 10, vec![])).trial;
    let subject = bench.core.state().trial(own).unwrap().subject.clone();
    let genes = subject.architecture().unwrap().genes().to_vec();
    bench.given.extend([given(&genes, Fidelity::Full, 0.1), given(&SECOND, Fidelity::Rung(3), 0.5)]);
    bench.restarts(PLAIN);
    let state = bench.core.state();
    assert_eq!(state.given().count(), 2);
    let own = state.trial(own).unwrap();
    assert!(!own.is_given());
    assert_eq!(own.evaluation.as_ref().unwrap().validation_error, 0.4, "the study's own result wins");
    let before = bench.ledger.iter().filter(|record| record.event.kind() == "evaluation_given").count();
    bench.restarts(PLAIN);
    let after = bench.ledger.iter().filter(|record| record.event.kind() == "evaluation_given").count();
    assert_eq!((before, after), (2, 2));
}

#[test]
fn a_training_whose_result_is_given_is_called_off() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let task = bench.task_of("a").unwrap();
    bench.delivers("a", 1, energy(Some(task), 5.0));
    bench.delivers("a", 1, Report::Checkpointed { task, checkpoint: checkpoint(b"half", 0.5) });
    let genes = bench.subject_of("a").architecture().unwrap().genes().to_vec();
    bench.given.push(given(&genes, Fidelity::Full, 0.1));
    bench.restarts(PLAIN);
    assert!(bench.sent.contains(&("a".into(), ToWorker::Cancel { task })));
    assert_eq!(bench.forgotten, [BlobId::of(b"half")]);
    let trial = bench.core.state().trial(task.trial).unwrap();
    assert!(trial.is_given() && trial.joules == Joules(5.0), "what it had used stays booked");
    assert_eq!(bench.core.state().mean_cost(Purpose::Full), None);
}

#[test]
fn a_short_training_that_is_given_may_be_promoted() {
    let settings = ["ladder.one_shot=false", "search.initial_samples=1", "search.searcher=random"];
    let settings = [&settings[..], &["ladder.rungs_per_full=1"]].concat();
    let mut bench = Bench::knowing(&settings, vec![given(&FIRST, Fidelity::Rung(12), 0.3)]);
    bench.joins("a", 1);
    let subject = bench.subject_of("a");
    assert_eq!(subject.architecture().unwrap().genes(), FIRST);
    assert_eq!(subject.fidelity(), Some(Fidelity::Full));
}
