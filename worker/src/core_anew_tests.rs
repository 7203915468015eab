//! A coordinator whose ledger is older than this process.

use super::*;
use crate::effect::Note;

fn begin_anew() -> ToWorker {
    ToWorker::BeginAnew { session: SESSION }
}

fn remembered(effects: &[Effect]) -> Vec<(SessionId, u64)> {
    let word = |effect: &Effect| match effect {
        Effect::Send(FromWorker::Remembers { session, acknowledged }) => Some((*session, *acknowledged)),
        _ => None,
    };
    effects.iter().filter_map(word).collect()
}

fn hello_of(effects: &[Effect]) -> Option<SessionId> {
    effects.iter().find_map(|effect| match effect {
        Effect::Send(FromWorker::Hello(hello)) => Some(hello.session),
        _ => None,
    })
}

/// As `Rig::welcome`, of the session that there is.
fn welcome(rig: &mut Rig) -> Vec<Effect> {
    let (session, heartbeat) = (rig.core.session(), Millis(2_000));
    rig.hear(ToWorker::Welcome { session, spec: spec(), heartbeat, acknowledged: 0 })
}

/// With two reports acknowledged, and one under way.
fn reporting(slots: u16) -> Rig {
    let mut rig = Rig::admitted(slots);
    for joules in [1.0, 2.0, 4.0] {
        rig.input(Input::Measured(measurement(joules)));
    }
    rig.acknowledge(2);
    rig
}

#[test]
fn a_word_of_less_than_was_acknowledged_is_answered_and_changes_nothing() {
    let mut rig = reporting(1);
    for number in [0, 1] {
        assert_eq!(remembered(&rig.acknowledge(number)), [(SESSION, 2)]);
    }
    assert_eq!(remembered(&rig.welcome(1)), [(SESSION, 2)]);
    for number in [2, 3] {
        assert_eq!(remembered(&rig.acknowledge(number)), []);
    }
    assert_eq!(remembered(&rig.acknowledge(2)), [(SESSION, 3)], "so may an old word come late");
    assert_eq!(rig.core.session(), SESSION);
}

#[test]
fn whoever_is_to_begin_anew_gives_up_its_work_and_reports_what_it_used_under_the_old_name() {
    let mut rig = reporting(2);
    rig.assign(assignment(1, 0));
    rig.assign(assignment(2, 1));
    let artifacts = vec![(ArtifactKind::Weights, Bytes::from_static(b"weights"))];
    rig.end(2, Ending::Finished { evaluation: evaluation(), artifacts });

    let effects = rig.hear(begin_anew());
    assert_eq!(asks(&effects), [(task(1), Ask::Cancel)]);
    assert!(effects.contains(&Effect::Note(Note::LedgerIsOlder { session: SESSION, given_up: 1 })));
    let session = rig.core.session();
    assert_ne!(session, SESSION);
    assert_eq!(rig.core.held(), [task(1)], "until it has let go");
    assert!(rig.assign(assignment(3, 1)).is_empty(), "meant for the session that is over");
    assert_eq!(hello_of(&rig.after(1)), Some(session), "nothing holds it up");
    assert!(!rig.hear(begin_anew()).iter().any(|effect| matches!(effect, Effect::Note(_))), "said twice");
    assert_eq!(rig.core.session(), session);
    welcome(&mut rig);

    // What it had not delivered keeps its number, and is delivered once.
    let again = rig.after(1_000);
    assert!(matches!(&deliveries(&again)[..], [(3, Report::Energy(_))]), "{again:?}");
    assert_eq!(uploads(&again), 0, "nobody wants the weights");
    let effects = rig.acknowledge(3);
    assert!(effects.contains(&Effect::Discard { session: SESSION }));
    let own = rig.input(Input::Measured(measurement(8.0)));
    assert!(matches!(&deliveries(&own)[..], [(1, Report::Energy(_))]), "{own:?}");
}

#[test]
fn the_same_number_may_mean_other_work_now() {
    let mut rig = reporting(2);
    rig.assign(assignment(1, 0));
    rig.assign(assignment(2, 1));
    rig.end(2, Ending::Failed(Failure::Diverged));
    rig.hear(begin_anew());
    rig.after(1);
    welcome(&mut rig);
    assert_eq!(starts(&rig.assign(assignment(2, 1))), [task(2)]);
    rig.end(2, Ending::Failed(Failure::Diverged));
    assert!(starts(&rig.assign(assignment(1, 1))).is_empty(), "one of that number is still letting go");
    assert!(deliveries(&rig.end(1, Ending::Cancelled)).is_empty(), "of the old one nothing is said");
    assert_eq!(starts(&rig.assign(assignment(1, 1))), [task(1)]);
}

#[test]
fn what_was_drawn_for_work_that_is_given_up_is_told_as_idling() {
    let mut rig = reporting(1);
    rig.assign(assignment(1, 0));
    rig.after(1_000);
    rig.hear(begin_anew());
    rig.after(1);
    welcome(&mut rig);
    let told = |rig: &mut Rig, start: i64| {
        let window = Measurement {
            task: Some(task(1)),
            start: Millis(start),
            end: Millis(start + 1),
            ..measurement(1.0)
        };
        let reports = reports(&rig.input(Input::Measured(window)));
        let [Report::Energy(window)] = &reports[..] else { panic!("{reports:?}") };
        window.task
    };
    assert_eq!(told(&mut rig, 999), None);
    assert_eq!(told(&mut rig, 1_000), Some(task(1)));
}

#[test]
fn whoever_is_leaving_says_goodbye_under_its_new_name() {
    let mut rig = reporting(1);
    rig.input(Input::Stop);
    rig.input(Input::MetersStopped);
    rig.hear(begin_anew());
    let session = hello_of(&rig.after(1)).expect("a hello");
    let effects = welcome(&mut rig);
    let is_goodbye =
        |(number, report): &(u64, Report)| *number == 1 && matches!(report, Report::Leaving { .. });
    assert!(deliveries(&effects).iter().any(is_goodbye), "{effects:?}");
    let effects = rig.hear(ToWorker::Acknowledge { session, number: 1 });
    assert_eq!(exit(&effects), Some(Exit::Stopped));
}
