//! Frames of each released protocol, recorded once: they decode to what they always meant (law W-2), and today's encoder
//! still writes them. A change that breaks this raises `PROTOCOL` and records a folder of its own.
//!
//! A field added with a default breaks only the second half. Then `record` writes the new form beside the old one
//! (`hello.2.hex`), and both must decode from there on.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::{Path, PathBuf};

use common::architecture::Architecture;
use common::blob::BlobId;
use common::energy::{Measurement, Method};
use common::fidelity::Fidelity;
use common::id::{Attempt, SessionId, SlotId, TaskId, TrialId};
use common::objective::{Objective, ObjectiveKind};
use common::seed::Seed;
use common::space::free_form::Description;
use common::space::mobile::{Design, SqueezeExcite};
use common::space::nas_bench_201::{Nodes, Skeleton};
use common::space::{SpaceSpec, darts};
use common::study::{
    Ability, Augmentation, CommandSpec, DataFormat, DataSpec, EvaluatorSpec, FewShotSpec, Numerics,
    OneShotSpec, Recipe, RegionSpec, StudySpec,
};
use common::time::Millis;
use common::trial::{
    Artifact, ArtifactKind, Checkpoint, CurvePoint, Evaluation, Failure, Part, Region, Subject,
};
use common::unit::{Celsius, Joules, Seconds};
use common::wire::{
    Assignment, Chunk, DecodeError, FromWorker, Hello, LogLevel, LogLine, PROTOCOL, Progress, Report,
    SlotInfo, ToWorker, Vitals, decode, encode,
};

const SESSION: SessionId = SessionId(0x1234_5678_9abc_def0);

fn task() -> TaskId {
    TaskId { trial: TrialId(7), attempt: Attempt(2) }
}

fn blob() -> BlobId {
    BlobId::of(b"a blob")
}

fn checkpoint() -> Checkpoint {
    Checkpoint { blob: blob(), progress: 0.375 }
}

fn delivery(report: Report) -> FromWorker {
    FromWorker::Delivery { session: SESSION, number: 300, report }
}

fn evaluation() -> Evaluation {
    Evaluation {
        validation_error: 0.125,
        test_error: Some(0.1328125),
        parameters: Some(1_234_567),
        flops: Some(98_765_432),
        latency_ms: Some(1.5),
        joules_per_inference: None,
        device: "CPU, 1 thread".into(),
        seconds: Seconds(61.25),
        curve: vec![
            CurvePoint { epoch: 1, training_loss: 2.25, validation_error: None },
            CurvePoint { epoch: 2, training_loss: 1.125, validation_error: Some(0.5) },
        ],
        artifacts: vec![Artifact { kind: ArtifactKind::TorchScript, blob: blob(), bytes: 6 }],
    }
}

fn spec() -> StudySpec {
    let recipe = |epochs| Recipe {
        epochs,
        batch_size: 64,
        learning_rate: 0.1,
        final_learning_rate: 0.0,
        momentum: 0.9,
        weight_decay: 0.0005,
        ..Recipe::PLAIN
    };
    StudySpec {
        name: "recorded".into(),
        seed: Seed(42),
        space: SpaceSpec::NasBench201(Skeleton {
            channels: 16,
            cells_per_stage: 5,
            input: [3, 32, 32],
            classes: 10,
            nodes: Nodes::Four,
        }),
        data: DataSpec {
            format: DataFormat::Cifar10,
            path: "data/cifar-10".into(),
            validation_images: 10_000,
            training_images: None,
            augmentation: Augmentation::FlipCrop,
        },
        objectives: vec![Objective { kind: ObjectiveKind::Error, reference: 1.0 }],
        evaluator: EvaluatorSpec::Rehearsal { seconds_per_epoch: 0.5 },
        supernet: recipe(50),
        one_shot: OneShotSpec { recalibration_images: 512, scoring_images: 1024 },
        few_shot: None,
        region: None,
        training: recipe(200),
        numerics: Numerics::default(),
    }
}

/// As `spec`, in another space.
fn welcome(space: SpaceSpec) -> ToWorker {
    let spec = Box::new(StudySpec { space, ..spec() });
    ToWorker::Welcome { session: SESSION, spec, heartbeat: Millis(2_000), acknowledged: 299 }
}

/// As `spec`, evaluated by a program of the user's own.
fn welcome_command() -> ToWorker {
    let command = CommandSpec {
        words: vec!["python3".into(), "train.py".into()],
        abilities: vec![Ability::Full, Ability::Rung, Ability::OneShot],
        stop: Seconds(10.0),
        silence: Seconds(1800.0),
        limit: Some(Seconds(86_400.0)),
        disk_bytes: 2_000_000_000,
    };
    let spec = Box::new(StudySpec { evaluator: EvaluatorSpec::Command(command), ..spec() });
    ToWorker::Welcome { session: SESSION, spec, heartbeat: Millis(2_000), acknowledged: 299 }
}

/// As `spec`, its supernet split.
fn welcome_few_shot() -> ToWorker {
    let few_shot = FewShotSpec { decision: 3, options: 5, recipe: spec().supernet };
    let spec = Box::new(StudySpec { few_shot: Some(few_shot), ..spec() });
    ToWorker::Welcome { session: SESSION, spec, heartbeat: Millis(2_000), acknowledged: 299 }
}

/// As `spec`, its supernet following the search.
fn welcome_region() -> ToWorker {
    let region = RegionSpec { every_scores: 200, recipe: spec().supernet };
    let spec = Box::new(StudySpec { region: Some(region), ..spec() });
    ToWorker::Welcome { session: SESSION, spec, heartbeat: Millis(2_000), acknowledged: 299 }
}

fn three_nodes() -> SpaceSpec {
    let four = spec().space.nas_bench_201().expect("the recorded study's space");
    SpaceSpec::NasBench201(Skeleton { nodes: Nodes::Three, ..four })
}

fn darts() -> SpaceSpec {
    let stem = darts::Stem::Imagenet;
    SpaceSpec::Darts(darts::Skeleton { channels: 48, layers: 14, input: [3, 224, 224], classes: 1000, stem })
}

fn mobile() -> SpaceSpec {
    SpaceSpec::Mobile(Design {
        widths: vec![1.0, 1.2],
        depths: vec![2, 3, 4],
        kernels: vec![3, 5, 7],
        expansions: vec![3, 4, 6],
        squeeze_excite: SqueezeExcite::Free,
        resolutions: vec![192, 224],
        planes: 3,
        classes: 1000,
    })
}

/// Every kind of decision and of value.
fn free_form() -> SpaceSpec {
    let text = r#"
        [[decision]]
        name = "optimiser"
        choices = ["sgd", 2, 0.5, true]
        [[decision]]
        name = "layers"
        integer = [2, 12]
        step = 2
        [[decision]]
        name = "learning_rate"
        float = [1e-5, 0.1]
        log = true
        when = { optimiser = ["sgd"], layers = [4, 6] }
    "#;
    SpaceSpec::FreeForm(Description::from_toml(text).expect("a description"))
}

fn from_worker() -> BTreeMap<&'static str, FromWorker> {
    let slot = SlotInfo {
        slot: SlotId(1),
        device: "NVIDIA H100 80GB HBM3".into(),
        memory_mb: 81_559,
        meter: "NVML total energy".into(),
    };
    let energy = Measurement {
        slot: SlotId(1),
        task: Some(task()),
        start: Millis(5_000),
        end: Millis(10_000),
        joules: Joules(1_750.5),
        method: Method::Counter,
        meter: "NVML total energy".into(),
    };
    let progress =
        Progress { task: task(), done: 0.25, epoch: 3, training_loss: Some(1.5), validation_error: None };
    let line = LogLine { clock: Millis(1_400), level: LogLevel::Warning, text: "look".into() };
    let vitals =
        Vitals { clock: Millis(1_500), temperatures: vec![(SlotId(1), Celsius(61.0))], log: vec![line] };
    let chunk = Chunk { blob: blob(), offset: 2, total: 6, bytes: b"blob".to_vec() };
    BTreeMap::from([
        (
            "hello",
            FromWorker::Hello(Hello {
                session: SESSION,
                clock: Millis(1_500),
                zone: "DE".into(),
                slots: vec![slot],
                version: "0.1.0".into(),
                host: "node-17".into(),
                held: vec![task()],
            }),
        ),
        (
            "heartbeat",
            FromWorker::Heartbeat { session: SESSION, clock: Millis(86_400_000), held: vec![task()] },
        ),
        ("delivery_energy", delivery(Report::Energy(energy))),
        ("delivery_checkpointed", delivery(Report::Checkpointed { task: task(), checkpoint: checkpoint() })),
        ("delivery_suspended", delivery(Report::Suspended { task: task(), checkpoint: None })),
        (
            "delivery_finished",
            delivery(Report::Finished { task: task(), evaluation: Box::new(evaluation()) }),
        ),
        (
            "delivery_uncounted",
            delivery(Report::Finished {
                task: task(),
                evaluation: Box::new(Evaluation { parameters: None, flops: None, ..evaluation() }),
            }),
        ),
        (
            "delivery_failed",
            delivery(Report::Failed { task: task(), failure: Failure::Crashed("a fault".into()) }),
        ),
        ("delivery_diverged", delivery(Report::Failed { task: task(), failure: Failure::Diverged })),
        ("delivery_leaving", delivery(Report::Leaving { reason: "asked to stop".into() })),
        ("remembers", FromWorker::Remembers { session: SESSION, acknowledged: 299 }),
        ("progress", FromWorker::Progress { session: SESSION, progress }),
        ("vitals", FromWorker::Vitals { session: SESSION, vitals }),
        ("upload", FromWorker::Upload(chunk)),
        ("download", FromWorker::Download { blob: blob(), offset: 262_144 }),
        ("enrol", FromWorker::Enrol { key: "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7".into() }),
    ])
}

fn to_worker() -> BTreeMap<&'static str, ToWorker> {
    let architecture = Architecture::new(vec![3, 0, 1, 2, 4, 3]);
    let assignment = Assignment {
        task: task(),
        slot: SlotId(1),
        subject: Subject::Network { architecture, fidelity: Fidelity::Rung(12) },
        supernet: Some(blob()),
        resume: Some(checkpoint()),
    };
    let supernet =
        Assignment { subject: Subject::Supernet, supernet: None, resume: None, ..assignment.clone() };
    let part = Part { decision: 3, option: 2 };
    let sub_supernet = Assignment {
        subject: Subject::SubSupernet(part),
        supernet: Some(blob()),
        resume: None,
        ..assignment.clone()
    };
    let members = vec![Architecture::new(vec![3, 0, 1, 2, 4, 3]), Architecture::new(vec![3, 1, 1, 2, 4, 0])];
    let region = Region { number: 2, path: "+-".into(), members };
    let region_supernet = Assignment { subject: Subject::RegionSupernet(region), ..sub_supernet.clone() };
    let chunk = Chunk { blob: blob(), offset: 0, total: 6, bytes: b"a blob".to_vec() };
    BTreeMap::from([
        ("welcome", welcome(spec().space)),
        ("welcome_command", welcome_command()),
        ("welcome_few_shot", welcome_few_shot()),
        ("welcome_region", welcome_region()),
        ("welcome_three_nodes", welcome(three_nodes())),
        ("welcome_darts", welcome(darts())),
        ("welcome_mobile", welcome(mobile())),
        ("welcome_free_form", welcome(free_form())),
        ("refused", ToWorker::Refused { reason: "a worker needs at least one slot".into() }),
        ("who_are_you", ToWorker::WhoAreYou { session: SESSION }),
        ("begin_anew", ToWorker::BeginAnew { session: SESSION }),
        ("assign", ToWorker::Assign(Box::new(assignment))),
        ("assign_supernet", ToWorker::Assign(Box::new(supernet))),
        ("assign_sub_supernet", ToWorker::Assign(Box::new(sub_supernet))),
        ("assign_region_supernet", ToWorker::Assign(Box::new(region_supernet))),
        ("suspend", ToWorker::Suspend { task: task() }),
        ("cancel", ToWorker::Cancel { task: task() }),
        ("acknowledge", ToWorker::Acknowledge { session: SESSION, number: 300 }),
        ("uploaded_to", ToWorker::UploadedTo { blob: blob(), received: 6 }),
        ("chunk", ToWorker::Chunk(chunk)),
        ("blob_missing", ToWorker::BlobMissing { blob: blob() }),
        ("enrolled", ToWorker::Enrolled { name: "gpu-07".into() }),
        ("study_over", ToWorker::StudyOver { reason: "all 8 full trainings are done".into() }),
    ])
}

/// A new message doesn't compile here before somebody has thought of its recorded frame above.
#[allow(dead_code)]
fn every_kind_is_sampled(from: &FromWorker, to: &ToWorker) {
    match from {
        FromWorker::Hello(_)
        | FromWorker::Heartbeat { .. }
        | FromWorker::Remembers { .. }
        | FromWorker::Progress { .. }
        | FromWorker::Vitals { .. }
        | FromWorker::Upload(_)
        | FromWorker::Download { .. }
        | FromWorker::Enrol { .. } => {}
        FromWorker::Delivery { report, .. } => match report {
            Report::Energy(_)
            | Report::Checkpointed { .. }
            | Report::Suspended { .. }
            | Report::Finished { .. }
            | Report::Failed { .. }
            | Report::Leaving { .. } => {}
        },
    }
    match to {
        ToWorker::Welcome { .. }
        | ToWorker::Refused { .. }
        | ToWorker::WhoAreYou { .. }
        | ToWorker::BeginAnew { .. }
        | ToWorker::Assign(_)
        | ToWorker::Suspend { .. }
        | ToWorker::Cancel { .. }
        | ToWorker::Acknowledge { .. }
        | ToWorker::UploadedTo { .. }
        | ToWorker::Chunk(_)
        | ToWorker::BlobMissing { .. }
        | ToWorker::Enrolled { .. }
        | ToWorker::StudyOver { .. } => {}
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("frames").join(format!("v{PROTOCOL}"))
}

/// The recorded forms of a kind, oldest first.
fn recorded(kind: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder()).into_iter().flatten().flatten().map(|entry| entry.path());
    let of_kind = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.split_once('.').is_some_and(|(stem, rest)| stem == kind && rest.ends_with("hex"))
    };
    let mut found: Vec<PathBuf> = entries.filter(of_kind).collect();
    found.sort_by_key(|path| (path.as_os_str().len(), path.clone()));
    found
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    let pair = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal digits");
    (0..digits.len()).step_by(2).map(pair).collect()
}

fn to_hex(frame: &[u8]) -> String {
    let line = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>() + "\n";
    frame.chunks(32).map(line).collect()
}

fn check<M: PartialEq + Debug>(
    samples: BTreeMap<&str, M>,
    decode: impl Fn(&[u8]) -> Result<M, DecodeError>,
    encode: impl Fn(&M) -> Vec<u8>,
) {
    for (kind, expected) in samples {
        let files = recorded(kind);
        assert!(!files.is_empty(), "no recorded frame of `{kind}`: run the ignored test `record`");
        for file in &files {
            let frame = from_hex(&std::fs::read_to_string(file).unwrap());
            let name = file.display();
            assert_eq!(
                decode(&frame).as_ref(),
                Ok(&expected),
                "{name} no longer means what it meant: raise PROTOCOL"
            );
        }
        let newest = from_hex(&std::fs::read_to_string(files.last().unwrap()).unwrap());
        let cure = "raise PROTOCOL, or, if a field with a default was added, run the ignored test `record`";
        assert_eq!(
            to_hex(&encode(&expected)),
            to_hex(&newest),
            "`{kind}` is written differently now: {cure}"
        );
    }
}

#[test]
fn recorded_frames_mean_what_they_meant() {
    check(from_worker(), decode::<FromWorker>, encode::<FromWorker>);
    check(to_worker(), decode::<ToWorker>, encode::<ToWorker>);
}

#[test]
fn every_recorded_frame_is_checked() {
    let kinds: Vec<&str> = from_worker().into_keys().chain(to_worker().into_keys()).collect();
    for entry in std::fs::read_dir(folder()).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = name.split('.').next().unwrap_or_default();
        assert!(kinds.contains(&kind), "{name} belongs to no message");
    }
}

#[test]
fn frames_of_other_versions_are_refused_by_number() {
    for kind in ["hello", "heartbeat"] {
        let mut frame = from_hex(&std::fs::read_to_string(&recorded(kind)[0]).unwrap());
        let found = PROTOCOL + 1;
        frame[2..4].copy_from_slice(&found.to_le_bytes());
        assert_eq!(decode::<FromWorker>(&frame), Err(DecodeError::Version { found }));
    }
}

/// Writes what is not recorded yet, and never over what is.
#[test]
#[ignore = "records frames for others to be held against; run it when a message is new or has gained a field"]
fn record() {
    let frames = from_worker().into_iter().map(|(kind, message)| (kind, encode(&message)));
    let frames = frames.chain(to_worker().into_iter().map(|(kind, message)| (kind, encode(&message))));
    std::fs::create_dir_all(folder()).unwrap();
    for (kind, frame) in frames {
        let files = recorded(kind);
        let newest = files.last().map(|file| from_hex(&std::fs::read_to_string(file).unwrap()));
        if newest.as_ref() != Some(&frame) {
            let name = match files.len() {
                0 => format!("{kind}.hex"),
                count => format!("{kind}.{}.hex", count + 1),
            };
            std::fs::write(folder().join(name), to_hex(&frame)).unwrap();
        }
    }
}
