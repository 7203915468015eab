//! The core against a coordinator, an executor and a blob store played by hand.

use bytes::Bytes;
use common::architecture::Architecture;
use common::blob::BlobId;
use common::energy::{Measurement, Method};
use common::fidelity::Fidelity;
use common::id::{Attempt, SlotId, TrialId};
use common::trial::{ArtifactKind, Checkpoint, Evaluation, Failure, Subject};
use common::unit::Seconds;
use common::wire::{Assignment, CHUNK_BYTES, Chunk, Report, ToWorker};

use super::*;
use crate::effect::Ask;
use crate::input::{Ending, Kept, Step};

const SESSION: SessionId = SessionId(77);

struct Rig {
    core: Core,
    now: i64,
}

fn task(trial: u64) -> TaskId {
    TaskId { trial: TrialId(trial), attempt: Attempt(0) }
}

fn options(slots: u16) -> Options {
    let info =
        |slot| SlotInfo { slot: SlotId(slot), device: "CPU".into(), memory_mb: 1, meter: "scripted".into() };
    Options {
        session: SESSION,
        zone: "DE".into(),
        slots: (0..slots).map(info).collect(),
        version: "test".into(),
        host: "here".into(),
        checkpoint: Millis(60_000),
        give_up: None,
    }
}

fn spec() -> Box<StudySpec> {
    Box::new(common::config::load(None, [], &[]).unwrap().study_spec().unwrap())
}

fn assignment(trial: u64, slot: u16) -> Assignment {
    let architecture = Architecture::new(vec![0; 6]);
    let subject = Subject::Network { architecture, fidelity: Fidelity::Full };
    Assignment { task: task(trial), slot: SlotId(slot), subject, supernet: None, resume: None }
}

pub(super) fn evaluation() -> Box<Evaluation> {
    Box::new(Evaluation {
        validation_error: 0.1,
        test_error: None,
        parameters: Some(1),
        flops: Some(1),
        latency_ms: None,
        joules_per_inference: None,
        device: "CPU".into(),
        seconds: Seconds(1.0),
        curve: Vec::new(),
        artifacts: Vec::new(),
    })
}

fn measurement(joules: f64) -> Measurement {
    Measurement {
        slot: SlotId(0),
        task: None,
        start: Millis(0),
        end: Millis(1),
        joules: Joules(joules),
        method: Method::Tabulated,
        meter: "scripted".into(),
    }
}

fn kept(bytes: &'static [u8]) -> Kept {
    Kept { bytes: Bytes::from_static(bytes), progress: 0.5 }
}

impl Rig {
    fn new(slots: u16) -> Self {
        Self { core: Core::new(options(slots), Vec::new()), now: 0 }
    }

    fn admitted(slots: u16) -> Self {
        let mut rig = Self::new(slots);
        rig.welcome(0);
        rig
    }

    /// With a disk that takes no time.
    fn input(&mut self, input: Input) -> Vec<Effect> {
        let mut effects = self.core.step(input, Millis(self.now));
        while let Some(at) = effects.iter().position(|effect| matches!(effect, Effect::Secure { .. })) {
            let Effect::Secure { session, .. } = effects.remove(at) else { continue };
            effects.extend(self.core.step(Input::Secured { session }, Millis(self.now)));
        }
        effects
    }

    fn hear(&mut self, message: ToWorker) -> Vec<Effect> {
        self.input(Input::Received(message))
    }

    fn after(&mut self, ms: i64) -> Vec<Effect> {
        self.now += ms;
        self.input(Input::Tick)
    }

    fn welcome(&mut self, acknowledged: u64) -> Vec<Effect> {
        let (session, heartbeat) = (SESSION, Millis(2_000));
        self.hear(ToWorker::Welcome { session, spec: spec(), heartbeat, acknowledged })
    }

    fn assign(&mut self, assignment: Assignment) -> Vec<Effect> {
        self.hear(ToWorker::Assign(Box::new(assignment)))
    }

    fn acknowledge(&mut self, number: u64) -> Vec<Effect> {
        self.hear(ToWorker::Acknowledge { session: SESSION, number })
    }

    fn end(&mut self, trial: u64, ending: Ending) -> Vec<Effect> {
        self.input(Input::Ended { task: task(trial), ending })
    }

    fn stored(&mut self, bytes: &[u8]) -> Vec<Effect> {
        self.hear(ToWorker::UploadedTo { blob: BlobId::of(bytes), received: bytes.len() as u64 })
    }
}

fn hellos(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::Send(FromWorker::Hello(_)))).count()
}

fn deliveries(effects: &[Effect]) -> Vec<(u64, Report)> {
    let delivery = |effect: &Effect| match effect {
        Effect::Send(FromWorker::Delivery { number, report, .. }) => Some((*number, report.clone())),
        _ => None,
    };
    effects.iter().filter_map(delivery).collect()
}

fn reports(effects: &[Effect]) -> Vec<Report> {
    deliveries(effects).into_iter().map(|(_, report)| report).collect()
}

fn uploads(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::Send(FromWorker::Upload(_)))).count()
}

fn starts(effects: &[Effect]) -> Vec<TaskId> {
    let start = |effect: &Effect| match effect {
        Effect::Start { assignment, .. } => Some(assignment.task),
        _ => None,
    };
    effects.iter().filter_map(start).collect()
}

fn asks(effects: &[Effect]) -> Vec<(TaskId, Ask)> {
    let ask = |effect: &Effect| match effect {
        Effect::Ask { task, ask, .. } => Some((*task, *ask)),
        _ => None,
    };
    effects.iter().filter_map(ask).collect()
}

fn exit(effects: &[Effect]) -> Option<Exit> {
    effects.iter().find_map(|effect| match effect {
        Effect::Exit(exit) => Some(exit.clone()),
        _ => None,
    })
}

mod connection {
    use super::*;

    #[test]
    fn hello_is_repeated_with_growing_pauses_until_welcome() {
        let mut rig = Rig::new(1);
        let said: Vec<i64> = (0..400).filter(|_| hellos(&rig.after(100)) == 1).map(|at| at * 100).collect();
        assert_eq!(said[..5], [0, 500, 1_500, 3_500, 7_500]);
        assert_eq!(said[6] - said[5], 10_000, "{said:?}");
        let effects = rig.welcome(0);
        assert!(matches!(&effects[0], Effect::Prepare(_)), "{effects:?}");
        assert_eq!(hellos(&rig.after(60_000)), 0);
        assert!(rig.core.heartbeat(Millis(1)).is_some());
    }

    #[test]
    fn nobody_hears_a_heartbeat_before_admission() {
        assert_eq!(Rig::new(1).core.heartbeat(Millis(0)), None);
    }

    #[test]
    fn words_to_another_session_are_passed_over() {
        let mut rig = Rig::new(1);
        let session = SessionId(1);
        rig.hear(ToWorker::Welcome { session, spec: spec(), heartbeat: Millis(1), acknowledged: 5 });
        assert!(!rig.core.is_admitted());
    }

    #[test]
    fn a_coordinator_that_restarted_gets_everything_again() {
        let mut rig = Rig::admitted(1);
        assert_eq!(deliveries(&rig.input(Input::Measured(measurement(1.0)))).len(), 1);
        rig.hear(ToWorker::WhoAreYou { session: SESSION });
        assert_eq!(hellos(&rig.after(1)), 1);
        rig.hear(ToWorker::WhoAreYou { session: SESSION });
        assert_eq!(hellos(&rig.after(1)), 0, "one answer serves");
        assert!(deliveries(&rig.input(Input::Measured(measurement(2.0)))).is_empty());
        let numbers: Vec<u64> = deliveries(&rig.welcome(0)).into_iter().map(|(number, _)| number).collect();
        assert_eq!(numbers, [1, 2]);
        assert!(deliveries(&rig.welcome(2)).is_empty());
        assert_eq!(rig.core.unacknowledged_joules(), Joules(0.0));
    }

    #[test]
    fn an_equal_or_lower_number_in_a_welcome_changes_nothing() {
        let mut rig = Rig::admitted(1);
        rig.input(Input::Measured(measurement(1.0)));
        rig.input(Input::Measured(measurement(1.0)));
        rig.acknowledge(1);
        assert!(deliveries(&rig.welcome(1)).is_empty());
        assert!(deliveries(&rig.welcome(0)).is_empty());
        assert_eq!(rig.core.unacknowledged_reports(), 1);
    }

    #[test]
    fn long_silence_brings_another_hello() {
        let mut rig = Rig::admitted(1);
        rig.input(Input::Measured(measurement(1.0)));
        let hellos: usize = (0..160).map(|_| hellos(&rig.after(100))).sum();
        assert_eq!(hellos, 2, "at 15.1 s and 15.6 s");
        assert!(!rig.core.is_admitted());
    }

    #[test]
    fn an_idle_worker_is_not_alarmed_by_silence() {
        let mut rig = Rig::admitted(1);
        assert_eq!(hellos(&rig.after(3_600_000)), 0);
        rig.input(Input::Measured(measurement(1.0)));
        assert_eq!(hellos(&rig.after(10_000)), 0);
    }

    #[test]
    fn away_nothing_is_sent_and_back_all_begins_with_hello() {
        let mut rig = Rig::admitted(1);
        rig.input(Input::Disconnected);
        assert!(rig.input(Input::Measured(measurement(1.0))).is_empty());
        assert!(rig.after(30_000).is_empty());
        rig.input(Input::Connected);
        assert_eq!(hellos(&rig.after(1)), 1);
        assert_eq!(deliveries(&rig.welcome(0)).len(), 1);
    }

    #[test]
    fn refusal_ends_it() {
        let effects = Rig::new(1).hear(ToWorker::Refused { reason: "no such zone".into() });
        let exit = exit(&effects).unwrap();
        assert_eq!((exit.code(), exit.to_string().contains("no such zone")), (3, true));
    }

    #[test]
    fn patience_has_the_length_that_was_chosen() {
        let mut core = Core::new(Options { give_up: Some(Millis(5_000)), ..options(1) }, Vec::new());
        assert_eq!(exit(&core.step(Input::Tick, Millis(4_999))), None);
        assert_eq!(exit(&core.step(Input::Tick, Millis(5_000))), Some(Exit::GaveUp));
        assert!(core.step(Input::Tick, Millis(6_000)).is_empty(), "gone is gone");
    }

    #[test]
    fn a_night_that_the_machine_sleeps_is_no_time_without_a_coordinator() {
        let mut core = Core::new(Options { give_up: Some(Millis(90_000)), ..options(1) }, Vec::new());
        let morning = 8 * 3_600_000;
        for at in [50_000, morning, morning + 39_999] {
            assert_eq!(exit(&core.step(Input::Tick, Millis(at))), None, "{at}");
        }
        assert_eq!(exit(&core.step(Input::Tick, Millis(morning + 40_000))), Some(Exit::GaveUp));
    }
}

mod tasks {
    use super::*;

    #[test]
    fn a_task_runs_and_its_report_waits_for_its_artifacts() {
        let mut rig = Rig::admitted(1);
        let effects = rig.assign(assignment(1, 0));
        assert_eq!(starts(&effects), [task(1)]);
        assert!(effects.contains(&Effect::Attribute { slot: SlotId(0), task: Some(task(1)) }));
        let artifacts = vec![(ArtifactKind::Weights, Bytes::from_static(b"weights"))];
        let effects = rig.end(1, Ending::Finished { evaluation: evaluation(), artifacts });
        assert!(effects.contains(&Effect::Attribute { slot: SlotId(0), task: None }));
        assert_eq!((uploads(&effects), deliveries(&effects).len()), (1, 0));
        assert_eq!(rig.core.held(), [task(1)]);
        assert_eq!(starts(&rig.assign(assignment(2, 0))), [task(2)], "the slot is free already");
        let reports = reports(&rig.stored(b"weights"));
        let [Report::Finished { evaluation, .. }] = &reports[..] else { panic!("{reports:?}") };
        let artifact = evaluation.artifact(ArtifactKind::Weights).unwrap();
        assert_eq!((artifact.blob, artifact.bytes), (BlobId::of(b"weights"), 7));
        assert_eq!(rig.core.held(), [task(1), task(2)], "held until acknowledged");
        rig.acknowledge(1);
        assert_eq!(rig.core.held(), [task(2)]);
    }

    #[test]
    fn a_repeated_assignment_starts_nothing() {
        let mut rig = Rig::admitted(1);
        rig.assign(assignment(1, 0));
        assert!(rig.assign(assignment(1, 0)).is_empty());
        rig.end(1, Ending::Failed(Failure::Diverged));
        assert!(starts(&rig.assign(assignment(1, 0))).is_empty());
        rig.acknowledge(1);
        assert!(starts(&rig.assign(assignment(1, 0))).is_empty(), "done is done");
    }

    #[test]
    fn a_slot_that_does_not_exist_is_reported() {
        let reports = reports(&Rig::admitted(1).assign(assignment(1, 5)));
        assert!(
            matches!(&reports[..], [Report::Failed { failure: Failure::Crashed(why), .. }] if why.contains("slot 5"))
        );
    }

    #[test]
    fn suspend_reports_the_checkpoint_once_it_is_stored() {
        let mut rig = Rig::admitted(1);
        rig.assign(assignment(1, 0));
        assert_eq!(asks(&rig.hear(ToWorker::Suspend { task: task(1) })), [(task(1), Ask::Suspend)]);
        assert!(rig.hear(ToWorker::Suspend { task: task(1) }).is_empty(), "repeated");
        assert!(deliveries(&rig.end(1, Ending::Suspended(Some(kept(b"half"))))).is_empty());
        let checkpoint = Some(Checkpoint { blob: BlobId::of(b"half"), progress: 0.5 });
        assert_eq!(reports(&rig.stored(b"half")), [Report::Suspended { task: task(1), checkpoint }]);
    }

    #[test]
    fn suspended_without_anything_new_names_the_checkpoint_it_came_with() {
        let mut rig = Rig::admitted(1);
        let resume = Checkpoint { blob: BlobId::of(b"old"), progress: 0.3 };
        let effects = rig.assign(Assignment { resume: Some(resume), ..assignment(1, 0) });
        assert!(effects.contains(&Effect::FindBlob { blob: resume.blob }));
        rig.input(Input::BlobFound { blob: resume.blob, bytes: Some(Bytes::from_static(b"old")) });
        rig.hear(ToWorker::Suspend { task: task(1) });
        let reports = reports(&rig.end(1, Ending::Suspended(None)));
        assert_eq!(reports, [Report::Suspended { task: task(1), checkpoint: Some(resume) }]);
    }

    #[test]
    fn unknown_tasks_are_suspended_and_cancelled_without_harm() {
        let mut rig = Rig::admitted(1);
        assert!(rig.hear(ToWorker::Suspend { task: task(9) }).is_empty());
        assert!(rig.hear(ToWorker::Cancel { task: task(9) }).is_empty());
        assert!(rig.end(9, Ending::Cancelled).is_empty());
    }

    #[test]
    fn a_cancelled_task_reports_nothing_whatever_it_still_says() {
        let mut rig = Rig::admitted(1);
        rig.assign(assignment(1, 0));
        rig.hear(ToWorker::Suspend { task: task(1) });
        assert_eq!(asks(&rig.hear(ToWorker::Cancel { task: task(1) })), [(task(1), Ask::Cancel)]);
        assert!(rig.input(Input::Kept { task: task(1), kept: kept(b"x") }).is_empty());
        let effects = rig.end(1, Ending::Suspended(Some(kept(b"x"))));
        assert_eq!((uploads(&effects), deliveries(&effects).len()), (0, 0));
        assert!(rig.core.held().is_empty());
    }

    #[test]
    fn cancel_also_stops_reports_that_wait_for_their_blobs() {
        let mut rig = Rig::admitted(1);
        rig.assign(assignment(1, 0));
        let artifacts = vec![(ArtifactKind::Weights, Bytes::from_static(b"weights"))];
        rig.end(1, Ending::Finished { evaluation: evaluation(), artifacts });
        rig.hear(ToWorker::Cancel { task: task(1) });
        assert!(deliveries(&rig.stored(b"weights")).is_empty());
        assert!(uploads(&rig.after(5_000)) == 0 && rig.core.held().is_empty());
    }

    #[test]
    fn a_newer_assignment_makes_the_present_task_let_go_without_loss() {
        let mut rig = Rig::admitted(1);
        rig.assign(assignment(1, 0));
        assert_eq!(asks(&rig.assign(assignment(2, 0))), [(task(1), Ask::Suspend)]);
        assert_eq!(rig.core.held(), [task(1), task(2)]);
        let third = rig.assign(assignment(3, 0));
        assert_eq!(reports(&third), [Report::Suspended { task: task(2), checkpoint: None }]);
        let effects = rig.end(1, Ending::Suspended(Some(kept(b"half"))));
        assert_eq!(starts(&effects), [task(3)]);
        assert_eq!(uploads(&effects), 1);
    }

    #[test]
    fn after_cancel_the_next_task_waits_only_for_the_executor() {
        let mut rig = Rig::admitted(1);
        rig.assign(assignment(1, 0));
        rig.hear(ToWorker::Cancel { task: task(1) });
        assert!(starts(&rig.assign(assignment(2, 0))).is_empty());
        assert_eq!(starts(&rig.end(1, Ending::Cancelled)), [task(2)]);
    }

    #[test]
    fn a_task_that_stops_unasked_has_crashed() {
        let mut rig = Rig::admitted(1);
        rig.assign(assignment(1, 0));
        let reports = reports(&rig.end(1, Ending::Cancelled));
        assert!(matches!(&reports[..], [Report::Failed { failure: Failure::Crashed(_), .. }]));
    }

    #[test]
    fn progress_is_no_flood() {
        let mut rig = Rig::admitted(1);
        rig.assign(assignment(1, 0));
        let step = Step { done: 0.1, epoch: 1, training_loss: None, validation_error: None };
        let mut sent = 0;
        for _ in 0..100 {
            rig.now += 100;
            sent += rig.input(Input::Progressed { task: task(1), step }).len();
        }
        assert_eq!(sent, 5, "ten seconds");
        assert!(rig.input(Input::Progressed { task: task(2), step }).is_empty());
    }
}

mod checkpoints {
    use super::*;

    #[test]
    fn trainings_are_asked_for_one_a_minute_and_one_at_a_time() {
        let mut rig = Rig::admitted(1);
        rig.assign(assignment(1, 0));
        assert!(asks(&rig.after(59_999)).is_empty());
        assert_eq!(asks(&rig.after(1)), [(task(1), Ask::Checkpoint)]);
        let effects = rig.input(Input::Kept { task: task(1), kept: kept(b"one") });
        assert_eq!(uploads(&effects), 1);
        assert!(asks(&rig.after(600_000)).is_empty(), "the first is still on its way");
        let checkpoint = Checkpoint { blob: BlobId::of(b"one"), progress: 0.5 };
        let effects = rig.stored(b"one");
        assert_eq!(reports(&effects), [Report::Checkpointed { task: task(1), checkpoint }]);
        assert_eq!(asks(&rig.after(1)), [(task(1), Ask::Checkpoint)]);
    }

    #[test]
    fn scoring_is_never_asked() {
        let mut rig = Rig::admitted(1);
        let architecture = Architecture::new(vec![0; 6]);
        let subject = Subject::Network { architecture, fidelity: Fidelity::OneShot };
        rig.assign(Assignment { subject, ..assignment(1, 0) });
        assert!(asks(&rig.after(3_600_000)).is_empty());
    }

    #[test]
    fn a_failure_follows_the_checkpoint_that_preceded_it() {
        let mut rig = Rig::admitted(1);
        rig.assign(assignment(1, 0));
        rig.input(Input::Kept { task: task(1), kept: kept(b"one") });
        assert!(deliveries(&rig.end(1, Ending::Failed(Failure::Crashed("gpu".into())))).is_empty());
        let reports = reports(&rig.stored(b"one"));
        assert!(matches!(&reports[..], [Report::Checkpointed { .. }, Report::Failed { .. }]), "{reports:?}");
    }

    #[test]
    fn a_result_does_not_wait_for_a_checkpoint() {
        let mut rig = Rig::admitted(1);
        rig.assign(assignment(1, 0));
        rig.input(Input::Kept { task: task(1), kept: kept(b"one") });
        let effects = rig.end(1, Ending::Finished { evaluation: evaluation(), artifacts: vec![] });
        assert!(matches!(&reports(&effects)[..], [Report::Finished { .. }]));
        assert_eq!(uploads(&rig.after(5_000)), 0);
    }
}

#[path = "core_blobs_tests.rs"]
mod blobs;

#[path = "core_leaving_tests.rs"]
mod leaving;

#[path = "core_former_tests.rs"]
mod former;

#[path = "core_anew_tests.rs"]
mod anew;
