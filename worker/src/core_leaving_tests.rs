//! Leaving: what is said last, and how long it may take.

use super::*;
use crate::effect::Note;

fn is_leaving(reports: &[Report]) -> bool {
    matches!(reports.last(), Some(Report::Leaving { .. }))
}

#[test]
fn when_the_study_is_over_finished_work_is_delivered_and_the_rest_dropped() {
    let mut rig = Rig::admitted(2);
    rig.assign(assignment(1, 0));
    rig.assign(assignment(2, 1));
    let artifacts = vec![(ArtifactKind::Weights, Bytes::from_static(b"weights"))];
    rig.end(1, Ending::Finished { evaluation: evaluation(), artifacts });
    let effects = rig.hear(ToWorker::StudyOver { reason: "budget spent".into() });
    assert_eq!(asks(&effects), [(task(2), Ask::Cancel)]);
    assert!(rig.assign(assignment(3, 0)).is_empty(), "nothing new is taken");
    assert!(rig.end(2, Ending::Cancelled).contains(&Effect::StopMeters));
    rig.input(Input::Measured(measurement(4.0)));
    assert!(!is_leaving(&reports(&rig.input(Input::MetersStopped))));
    let effects = rig.stored(b"weights");
    assert!(is_leaving(&reports(&effects)), "{effects:?}");
    rig.input(Input::Measured(measurement(9.0)));
    assert_eq!(rig.core.unacknowledged_reports(), 3, "nothing follows a goodbye");
    assert_eq!(exit(&rig.acknowledge(3)).unwrap().code(), 0);
    assert!(rig.core.is_gone());
}

#[test]
fn asked_to_stop_it_puts_work_in_safety_first() {
    let mut rig = Rig::admitted(2);
    rig.assign(assignment(1, 0));
    assert_eq!(asks(&rig.input(Input::Stop)), [(task(1), Ask::Suspend)]);
    rig.end(1, Ending::Suspended(Some(kept(b"half"))));
    rig.input(Input::MetersStopped);
    let reports = reports(&rig.stored(b"half"));
    assert!(matches!(&reports[..], [Report::Suspended { checkpoint: Some(_), .. }, Report::Leaving { .. }]));
    assert_eq!(exit(&rig.acknowledge(2)), Some(Exit::Stopped));
}

#[test]
fn an_upload_that_does_not_end_in_time_takes_no_goodbye_with_it() {
    let mut rig = Rig::admitted(1);
    rig.assign(assignment(1, 0));
    rig.input(Input::Stop);
    rig.end(1, Ending::Suspended(Some(kept(b"half"))));
    rig.input(Input::MetersStopped);
    assert!(deliveries(&rig.after(19_999)).is_empty());
    let effects = rig.after(1);
    assert!(matches!(&deliveries(&effects)[..], [(1, Report::Leaving { .. })]), "{effects:?}");
    assert!(deliveries(&rig.stored(b"half")).is_empty(), "nothing follows a goodbye");
    let effects = rig.acknowledge(1);
    assert_eq!(exit(&effects), Some(Exit::Stopped));
    assert!(effects.contains(&Effect::Note(Note::Undelivered { reports: 1 })), "the next start has it");
}

#[test]
fn a_second_request_ends_it_at_once() {
    let mut rig = Rig::admitted(1);
    rig.assign(assignment(1, 0));
    assert_eq!(exit(&rig.input(Input::Stop)), None);
    assert_eq!(exit(&rig.input(Input::Stop)), Some(Exit::Stopped));
}

#[test]
fn never_admitted_it_has_nothing_to_say() {
    assert_eq!(exit(&Rig::new(1).input(Input::Stop)), Some(Exit::Stopped));
}

#[test]
fn an_evaluator_that_never_looks_up_holds_nobody_for_ever() {
    let mut rig = Rig::admitted(1);
    rig.assign(assignment(1, 0));
    rig.input(Input::Stop);
    assert!(!rig.after(14_999).contains(&Effect::StopMeters));
    assert!(rig.after(1).contains(&Effect::StopMeters));
    assert!(is_leaving(&reports(&rig.input(Input::MetersStopped))));
    assert_eq!(exit(&rig.after(10_000)), Some(Exit::Stopped), "unacknowledged, but bounded");
}

#[test]
fn a_coordinator_that_is_away_is_not_waited_for_long() {
    let mut rig = Rig::admitted(1);
    rig.input(Input::Measured(measurement(1.0)));
    rig.input(Input::Disconnected);
    rig.input(Input::Stop);
    rig.input(Input::MetersStopped);
    assert_eq!(exit(&rig.after(4_999)), None);
    assert_eq!(exit(&rig.after(1)), Some(Exit::Stopped));
}

#[test]
fn a_machine_that_cannot_do_the_work_says_why_and_goes() {
    let mut rig = Rig::admitted(1);
    rig.assign(assignment(1, 0));
    rig.input(Input::CannotPrepare { reason: "no data at .data".into() });
    rig.end(1, Ending::Suspended(None));
    let reports = reports(&rig.input(Input::MetersStopped));
    assert!(is_leaving(&reports), "{reports:?}");
    let exit = exit(&rig.acknowledge(2)).unwrap();
    assert_eq!((exit.code(), exit.to_string()), (1, "no data at .data".into()));
}
