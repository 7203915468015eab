//! A process that dies, and its successor on the same disk.

use std::collections::BTreeMap;

use super::*;
use crate::effect::Note;
use crate::journal::{Item, Record};
use crate::kept::Kept as KeptReports;
use crate::limits::FORMER_PATIENCE;

const BEFORE: SessionId = SESSION;
const AFTER: SessionId = SessionId(78);

/// A process whose disk is looked at.
struct Machine {
    core: Core,
    now: i64,
    disk: Option<KeptReports>,
    blobs: BTreeMap<BlobId, Bytes>,
    discarded: Vec<SessionId>,
}

impl Machine {
    fn new() -> Self {
        let core = Core::new(options(1), Vec::new());
        let mut machine = Self { core, now: 0, disk: None, blobs: BTreeMap::new(), discarded: Vec::new() };
        machine.hear(welcome(BEFORE));
        machine
    }

    /// The same machine after a crash: what was in memory is gone.
    fn restarted(self) -> Self {
        let former = self.disk.clone().map(|kept| Former { kept, blobs: self.blobs.clone() });
        let core = Core::new(Options { session: AFTER, ..options(1) }, former.into_iter().collect());
        Self { core, now: 0, ..self }
    }

    fn input(&mut self, input: Input) -> Vec<Effect> {
        let mut told = Vec::new();
        for effect in self.core.step(input, Millis(self.now)) {
            match effect {
                Effect::Secure { session, items } => {
                    items.into_iter().for_each(|item| self.write(item));
                    told.extend(self.input(Input::Secured { session }));
                }
                Effect::Discard { session } => self.discarded.push(session),
                other => told.push(other),
            }
        }
        told
    }

    fn write(&mut self, item: Item) {
        match item {
            Item::Blob { blob, bytes } => drop(self.blobs.insert(blob, bytes)),
            Item::Forget { blob } => drop(self.blobs.remove(&blob)),
            Item::Record(record @ Record::Began { .. }) => {
                self.disk.get_or_insert(KeptReports::begun_by(&record).unwrap());
            }
            Item::Record(record) => self.disk.as_mut().unwrap().apply(record),
        }
    }

    fn hear(&mut self, message: ToWorker) -> Vec<Effect> {
        self.input(Input::Received(message))
    }

    fn after(&mut self, ms: i64) -> Vec<Effect> {
        self.now += ms;
        self.input(Input::Tick)
    }

    fn finish(&mut self, trial: u64, weights: &'static [u8]) -> Vec<Effect> {
        self.hear(ToWorker::Assign(Box::new(assignment(trial, 0))));
        let artifacts = vec![(ArtifactKind::Weights, Bytes::from_static(weights))];
        self.input(Input::Ended {
            task: task(trial),
            ending: Ending::Finished { evaluation: evaluation(), artifacts },
        })
    }
}

fn welcome(session: SessionId) -> ToWorker {
    ToWorker::Welcome { session, spec: spec(), heartbeat: Millis(2_000), acknowledged: 0 }
}

fn sessions(effects: &[Effect]) -> Vec<SessionId> {
    let session = |effect: &Effect| match effect {
        Effect::Send(FromWorker::Delivery { session, .. }) => Some(*session),
        _ => None,
    };
    effects.iter().filter_map(session).collect()
}

#[test]
fn nothing_is_sent_that_the_disk_does_not_have() {
    let mut core = Core::new(options(1), Vec::new());
    core.step(Input::Received(welcome(BEFORE)), Millis(0));
    core.step(Input::Secured { session: BEFORE }, Millis(0));
    let effects = core.step(Input::Measured(measurement(1.0)), Millis(1));
    assert!(matches!(&effects[..], [Effect::Secure { .. }]), "{effects:?}");
    let effects = core.step(Input::Secured { session: BEFORE }, Millis(2));
    assert_eq!(deliveries(&effects).len(), 1);
}

#[test]
fn a_successor_delivers_what_a_dead_process_had_measured_and_trained_before_it_says_hello() {
    let mut machine = Machine::new();
    machine.input(Input::Disconnected);
    machine.input(Input::Measured(measurement(3.0)));
    machine.finish(1, b"weights");
    let mut machine = machine.restarted();
    assert_eq!(machine.core.former_reports(), 2);
    let effects = machine.after(0);
    assert_eq!((deliveries(&effects)[0].0, sessions(&effects)), (1, vec![BEFORE]));
    assert_eq!(hellos(&effects), 0);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Send(FromWorker::Upload(_)))));
    machine.hear(ToWorker::Acknowledge { session: BEFORE, number: 1 });
    let effects = machine.hear(ToWorker::UploadedTo { blob: BlobId::of(b"weights"), received: 7 });
    assert!(matches!(&deliveries(&effects)[..], [(2, Report::Finished { .. })]));
    assert!(machine.blobs.is_empty(), "the coordinator has it");
    // What the coordinator gives to the dead process now is not for its successor.
    let assign = ToWorker::Assign(Box::new(assignment(2, 0)));
    assert!(machine.hear(assign).is_empty());
    assert!(machine.discarded.is_empty());
    machine.hear(ToWorker::Acknowledge { session: BEFORE, number: 2 });
    assert_eq!(machine.discarded, [BEFORE]);
    assert_eq!(hellos(&machine.after(250)), 1);
}

#[test]
fn a_number_once_given_survives_a_second_crash() {
    let mut machine = Machine::new();
    machine.finish(1, b"weights");
    let mut machine = machine.restarted();
    machine.after(0);
    machine.hear(ToWorker::UploadedTo { blob: BlobId::of(b"weights"), received: 7 });
    let mut machine = machine.restarted();
    assert!(matches!(&deliveries(&machine.after(0))[..], [(1, Report::Finished { .. })]));
}

#[test]
fn another_study_is_told_nothing_and_what_is_kept_stays() {
    let mut machine = Machine::new();
    machine.input(Input::Measured(measurement(3.0)));
    let mut machine = machine.restarted();
    machine.after(0);
    let effects = machine.hear(ToWorker::WhoAreYou { session: BEFORE });
    assert!(effects.contains(&Effect::Note(Note::FormerUnknown { session: BEFORE, reports: 1 })));
    assert_eq!(hellos(&machine.after(250)), 1);
    assert!(machine.discarded.is_empty() && !machine.disk.unwrap().is_empty());
}

#[test]
fn a_coordinator_that_says_nothing_about_them_gets_them_later() {
    let mut machine = Machine::new();
    machine.input(Input::Measured(measurement(3.0)));
    let mut machine = machine.restarted();
    assert_eq!(hellos(&machine.after(0)), 0);
    assert_eq!(hellos(&machine.after(FORMER_PATIENCE.0)), 1);
    machine.hear(welcome(AFTER));
    assert_eq!(sessions(&machine.after(10_000)), [BEFORE]);
    machine.hear(ToWorker::Acknowledge { session: BEFORE, number: 1 });
    assert_eq!(machine.discarded, [BEFORE]);
}

#[test]
fn who_leaves_with_nothing_undelivered_leaves_nothing_behind() {
    let mut machine = Machine::new();
    machine.input(Input::Stop);
    machine.input(Input::MetersStopped);
    machine.hear(ToWorker::Acknowledge { session: BEFORE, number: 1 });
    assert!(machine.core.is_gone());
    assert_eq!(machine.discarded, [BEFORE]);
}

#[test]
fn a_coordinator_that_took_in_more_than_a_failing_disk_kept_is_believed() {
    let mut machine = Machine::new();
    machine.input(Input::Measured(measurement(3.0)));
    let mut machine = machine.restarted();
    machine.after(0);
    machine.hear(ToWorker::Acknowledge { session: BEFORE, number: 5 });
    assert_eq!(machine.discarded, [BEFORE]);
}

#[test]
fn a_ledger_that_is_older_than_a_dead_process_keeps_its_successor_from_nothing() {
    let mut machine = Machine::new();
    machine.input(Input::Measured(measurement(3.0)));
    machine.hear(ToWorker::Acknowledge { session: BEFORE, number: 1 });
    machine.input(Input::Measured(measurement(5.0)));
    machine.finish(1, b"weights");
    let mut machine = machine.restarted();
    assert_eq!(deliveries(&machine.after(0))[0].0, 2);
    let effects = machine.hear(ToWorker::Acknowledge { session: BEFORE, number: 0 });
    assert!(effects.contains(&Effect::Send(FromWorker::Remembers { session: BEFORE, acknowledged: 1 })));
    assert_eq!(hellos(&machine.after(250)), 0, "it may have been an old word");
    let effects = machine.hear(ToWorker::BeginAnew { session: BEFORE });
    assert!(effects.contains(&Effect::Note(Note::LedgerIsOlder { session: BEFORE, given_up: 1 })));
    assert!(machine.blobs.is_empty(), "what is given up is not kept");
    assert_eq!(hellos(&machine.after(250)), 1);
    assert!(machine.hear(ToWorker::BeginAnew { session: BEFORE }).is_empty(), "said twice");
    machine.hear(welcome(AFTER));
    machine.hear(ToWorker::Acknowledge { session: BEFORE, number: 2 });
    assert_eq!(machine.discarded, [BEFORE]);
}
