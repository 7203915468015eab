//! Named misfortunes, one at a time in an otherwise calm world: what each must and must not cause.

use common::blob::BlobId;
use common::event::Event;
use common::id::{TrialId, WorkerName};
use common::time::Millis;
use common::trial::{Evaluation, Source, Subject};
use common::unit::Seconds;
use coordinator::core::{Given, TrialState};
use system_tests::sim::{Death, Fault, Lose, MachinePlan, Mishaps, Moment, Outcome, Plan, Way, Weather, run};

const MINUTE: Millis = Millis(60_000);

/// A study of full trainings alone, each of 12 to 28 s on one of two workers.
fn trainings(seed: u64) -> Plan {
    let mut plan = Plan { policy: Some("greedy"), ..Plan::calm(seed) };
    plan.settings.extend(["ladder.one_shot=false".into(), "ladder.rung_epochs=0".into()]);
    plan
}

fn with(fault: Fault, at_ms: i64, plan: Plan) -> Plan {
    Plan { faults: vec![(Millis(at_ms), fault)], faults_end: MINUTE, ..plan }
}

fn name(worker: &str) -> WorkerName {
    WorkerName::new(worker)
}

/// Nobody was blamed, lost or made to repeat anything.
fn undisturbed(outcome: &Outcome) {
    assert_eq!(outcome.count("task_failed"), 0);
    assert_eq!(outcome.count("trial_failed"), 0);
    assert!(outcome.lost_j.abs() < 1e-6, "{} J of {} are lost", outcome.lost_j, outcome.emitted_j);
}

#[test]
fn in_calm_weather_everything_is_finished_and_every_joule_booked() {
    for policy in [None, Some("planner"), Some("greedy"), Some("linear"), Some("threshold")] {
        let outcome = run(Plan { policy, ..Plan::calm(1) }).lawful();
        undisturbed(&outcome);
        assert_eq!(outcome.exit.as_deref(), Some("all 8 full trainings are done"));
        assert_eq!(outcome.state.progress.len(), 8);
        assert!(outcome.emitted_j > 1_000.0);
    }
}

#[test]
fn a_lost_assignment_is_repeated() {
    let lose = vec![Lose { way: Way::ToWorker, kind: "assign", times: 3 }];
    let outcome = run(Plan { lose, ..trainings(1) }).lawful();
    undisturbed(&outcome);
    assert_eq!(outcome.count("task_leased"), outcome.state.trials.len(), "one attempt each");
}

#[test]
fn lost_acknowledgements_cost_nothing() {
    let lose = vec![Lose { way: Way::ToWorker, kind: "acknowledge", times: 40 }];
    undisturbed(&run(Plan { lose, ..Plan::calm(2) }).lawful());
}

#[test]
fn lost_deliveries_and_heartbeats_cost_nothing() {
    for kind in ["delivery", "heartbeat", "hello", "upload"] {
        let lose = vec![Lose { way: Way::ToCoordinator, kind, times: 4 }];
        undisturbed(&run(Plan { lose, ..Plan::calm(3) }).lawful());
    }
}

#[test]
fn the_coordinator_may_die_between_any_event_and_what_follows() {
    let kinds = [
        "study_started",
        "coordinator_started",
        "worker_joined",
        "carbon_observed",
        "forecast_issued",
        "allocation_decided",
        "trial_proposed",
        "task_leased",
        "task_checkpointed",
        "task_suspended",
        "trial_finished",
        "energy_spent",
        "acknowledged",
        "study_finished",
        "worker_lost",
    ];
    for event in kinds {
        for moment in [Moment::BeforeAppend, Moment::BeforeEffects] {
            let death = Some(Death { event, moment });
            let outcome = run(Plan { death, hour_s: 4.0, ..Plan::calm(4) }).lawful();
            undisturbed(&outcome);
            assert_eq!(outcome.lives, 2, "{event} happens, and is fatal {moment:?}");
            assert_eq!(outcome.state.progress.len(), 8, "after a death of {event}, {moment:?}");
        }
    }
}

#[test]
fn a_coordinator_that_is_away_for_ten_minutes_loses_and_repeats_no_training() {
    for seen in [true, false] {
        let fault = Fault::CrashCoordinator { down: Millis(600_000), seen };
        let outcome = run(with(fault, 20_000, trainings(5))).lawful();
        undisturbed(&outcome);
        assert_eq!(outcome.count("worker_lost"), 2, "only the farewells");
        assert_eq!(outcome.count("task_leased"), outcome.state.trials.len(), "one attempt each");
        assert_eq!(outcome.state.lives, 2);
    }
}

/// What has a number in the older ledger may be another network than the one that workers knew by it: the auditor holds each result
/// against its own.
#[test]
fn a_ledger_put_back_from_a_copy_stalls_nobody_and_counts_nothing_twice() {
    let mut gaps = 0;
    for (seed, events) in [(31, 10), (32, 40), (33, 80), (34, 120), (35, usize::MAX)] {
        for weather in [Weather::CALM, Weather::STORM] {
            let fault = Fault::RestoreLedger { events, down: Millis(2_000) };
            let mut plan = with(fault, 40_000, Plan { policy: Some("greedy"), weather, ..Plan::calm(seed) });
            // The newer ledger had older checkpoints thrown away.
            plan.machines.iter_mut().for_each(|machine| machine.checkpoint = Millis(3_600_000));
            let outcome = run(plan).lawful();
            assert_eq!(outcome.exit.as_deref(), Some("all 8 full trainings are done"));
            assert_eq!(outcome.count("trial_failed"), 0, "nobody is blamed");
            gaps += outcome.count("reports_lost");
        }
    }
    assert!(gaps >= 10, "{gaps}: two workers had reported more than most copies know");
}

#[test]
fn a_coordinator_that_stood_still_loses_nobody() {
    for span in [3_000, 15_000, 120_000] {
        let fault = Fault::FreezeCoordinator { span: Millis(span) };
        let outcome = run(with(fault, 20_000, trainings(6))).lawful();
        undisturbed(&outcome);
        assert_eq!(outcome.count("worker_lost"), 2, "only the farewells");
    }
}

#[test]
fn a_coordinator_whose_clock_is_set_loses_nobody() {
    for by in [86_400_000, -30_000] {
        let outcome = run(with(Fault::SetClock { by: Millis(by) }, 20_000, trainings(7))).lawful();
        undisturbed(&outcome);
        assert_eq!(outcome.count("worker_lost"), 2, "only the farewells");
    }
}

#[test]
fn a_clock_set_back_while_nobody_was_there_turns_no_history_back() {
    let mut plan = trainings(8);
    plan.faults = vec![
        (Millis(20_000), Fault::CrashCoordinator { down: Millis(2_000), seen: true }),
        (Millis(20_500), Fault::SetClock { by: Millis(-40_000) }),
    ];
    plan.faults_end = MINUTE;
    let outcome = run(plan).lawful();
    undisturbed(&outcome);
    assert!(outcome.ledger.is_sorted_by_key(|record| record.at));
}

#[test]
fn a_clock_that_was_a_day_ahead_and_is_mended_holds_nobody_up() {
    let day = 86_400_000;
    let mut plan = trainings(8);
    plan.faults = vec![
        (Millis(5_000), Fault::SetClock { by: Millis(day) }),
        (Millis(20_000), Fault::CrashCoordinator { down: Millis(2_000), seen: true }),
        (Millis(20_500), Fault::SetClock { by: Millis(-day) }),
        (Millis(30_000), Fault::Kill { machine: 0, back: None }),
    ];
    plan.faults_end = MINUTE;
    let outcome = run(plan).lawful();
    assert!(outcome.ledger.is_sorted_by_key(|record| record.at));
    let silent = |event: &Event| matches!(event, Event::WorkerLost { worker, reason, .. } if *worker == name("w0") && reason.contains("no heartbeat"));
    assert!(outcome.ledger.iter().any(|record| silent(&record.event)), "time goes on: silence is noticed");
    assert_eq!(outcome.exit.as_deref(), Some("all 8 full trainings are done"));
}

#[test]
fn a_lost_workers_training_goes_on_elsewhere_from_its_last_checkpoint() {
    let mut plan = with(Fault::Kill { machine: 0, back: None }, 12_500, trainings(9));
    let cut = Fault::Cut { machine: 0, way: None, span: Millis(5_000), seen: false };
    plan.faults.push((Millis(9_000), cut));
    let outcome = run(plan).lawful();
    let lost = outcome.ledger.iter().find_map(|record| match &record.event {
        Event::TaskFailed { task, .. } => Some(task.trial),
        _ => None,
    });
    let leases = outcome.leases(lost.expect("w0 was at work"));
    assert_eq!(leases[0], (name("w0"), 0.0));
    assert_eq!(leases[1].0, name("w1"));
    assert!(leases[1].1 > 0.1, "resumed at {}", leases[1].1);
    assert_eq!(outcome.count("trial_failed"), 0);
    assert!(outcome.lost_j > 0.0, "what it had not delivered died with it");
}

#[test]
fn a_leaving_workers_training_is_suspended_and_resumes_elsewhere() {
    let outcome = run(with(Fault::Leave { machine: 0, back: None }, 11_000, trainings(10))).lawful();
    undisturbed(&outcome);
    let suspended = outcome.ledger.iter().find_map(|record| match &record.event {
        Event::TaskSuspended { task, checkpoint: Some(_) } => Some(task.trial),
        _ => None,
    });
    let leases = outcome.leases(suspended.expect("w0 put its work in safety"));
    assert_eq!(leases[0], (name("w0"), 0.0));
    let (worker, from) = leases.last().unwrap();
    assert_eq!(*worker, name("w1"));
    assert!(*from > 0.3, "all of 10 s of work is kept, not only the last safety checkpoint");
}

#[test]
fn a_training_suspended_again_before_it_went_on_keeps_its_checkpoint() {
    let joining =
        |name: &str, joins: i64| MachinePlan { joins: Millis(joins), ..MachinePlan::new(name, "DE", 1) };
    let machines = vec![joining("w0", 0), joining("w1", 14_000), joining("w2", 24_000)];
    let lose = vec![Lose { way: Way::ToWorker, kind: "chunk", times: 5 }];
    let leave = |machine, at| (Millis(at), Fault::Leave { machine, back: None });
    let faults = vec![leave(0, 11_000), leave(1, 17_000)];
    let outcome = run(Plan { machines, lose, faults, faults_end: MINUTE, ..trainings(21) }).lawful();
    undisturbed(&outcome);
    let leases = outcome.leases(TrialId(0));
    let from = |worker: &str| leases.iter().find(|(leased, _)| *leased == name(worker)).unwrap().1;
    assert!(from("w1") > 0.3);
    assert_eq!(from("w2"), from("w1"), "w1 never got to work on it");
}

#[test]
fn the_last_trainings_wait_for_nobody_but_themselves() {
    let mut plan = trainings(22);
    plan.settings.push("budget.trainings=2".into());
    let fault = Fault::Kill { machine: 0, back: Some(Millis(1_000)) };
    let outcome = run(with(fault, 2_500, plan)).lawful();
    assert_eq!(outcome.state.progress.len(), 2);
}

#[test]
fn a_question_that_nobody_answers_is_gone_on_without() {
    let plan = Plan { unanswered: 0.6, hour_s: 3_600.0, faults_end: Millis(900_000), ..trainings(23) };
    let outcome = run(Plan { deadline: Millis(1_500_000), ..plan }).lawful();
    undisturbed(&outcome);
}

#[test]
fn a_dirty_hour_suspends_and_a_clean_one_goes_on() {
    let outcome = run(Plan { policy: None, hour_s: 4.0, ..trainings(11) }).lawful();
    undisturbed(&outcome);
    assert!(outcome.count("task_suspended") >= 2);
    assert_eq!(outcome.state.progress.len(), 8);
}

#[test]
fn five_crashes_end_a_trial_and_not_the_study() {
    let bad = TrialId(1);
    let mishaps = Mishaps { always_crashing: Some(bad), ..Mishaps::default() };
    let outcome = run(Plan { mishaps, ..trainings(12) }).lawful();
    let trial = outcome.state.trial(bad).unwrap();
    assert!(
        matches!(&trial.state, TrialState::Failed { reason } if reason.starts_with("given up after 5 crashes"))
    );
    assert_eq!((trial.crashes, outcome.leases(bad).len()), (5, 5));
    assert_eq!(outcome.state.progress.len(), 8);
    assert!(trial.joules.0 > 100.0, "what it cost is booked");
}

#[test]
fn without_a_supernet_the_study_goes_on_without_scores() {
    let mishaps = Mishaps { supernet_diverges: true, ..Mishaps::default() };
    let outcome = run(Plan { mishaps, ..Plan::calm(13) }).lawful();
    let supernet = outcome.state.of_subject(&Subject::Supernet).unwrap();
    assert!(matches!(supernet.state, TrialState::Failed { .. }));
    assert_eq!(outcome.state.progress.len(), 8);
    assert!(
        outcome.state.trials.values().all(|trial| trial.subject.role() != common::fidelity::Role::Sample)
    );
}

#[test]
fn figures_that_are_no_numbers_fail_their_trial_alone() {
    let mishaps = Mishaps { unusable: 0.3, ..Mishaps::default() };
    let outcome = run(Plan { mishaps, ..trainings(14) }).lawful();
    assert!(outcome.count("trial_failed") > 0);
    assert_eq!(outcome.state.progress.len(), 8);
    assert!(outcome.lost_j.abs() < 1e-6);
}

#[test]
fn two_processes_under_one_name_break_nothing() {
    let mut plan = trainings(15);
    let twin = MachinePlan { joins: Millis(12_000), ..MachinePlan::new("w0", "DE", 1) };
    plan.machines.push(twin);
    let outcome = run(with(Fault::Kill { machine: 2, back: None }, 22_000, plan)).lawful();
    assert!(outcome.state.workers[&name("w0")].sessions >= 2);
    assert_eq!(outcome.state.progress.len(), 8);
}

#[test]
fn a_worker_that_comes_back_under_its_name_is_told_from_its_predecessor() {
    let fault = Fault::Kill { machine: 0, back: Some(Millis(500)) };
    let outcome = run(with(fault, 11_000, trainings(16))).lawful();
    assert_eq!(outcome.count("task_failed"), 1);
    assert_eq!(outcome.state.workers[&name("w0")].sessions, 2);
    assert!(outcome.lost_j.abs() < 1e-6, "it books what its predecessor had measured");
}

#[test]
fn what_a_worker_finished_while_nobody_was_there_counts_though_it_died() {
    for seen in [true, false] {
        let away = Fault::CrashCoordinator { down: MINUTE, seen };
        let fault = Fault::Kill { machine: 0, back: Some(Millis(5_000)) };
        let mut plan = with(away, 11_000, trainings(16));
        plan.faults.push((Millis(45_000), fault));
        let outcome = run(plan).lawful();
        undisturbed(&outcome);
        assert_eq!(outcome.state.workers[&name("w0")].sessions, 2);
        let begun = outcome.count("task_leased") - outcome.count("task_suspended");
        assert_eq!(begun, outcome.state.trials.len(), "nothing is trained twice");
    }
}

#[test]
fn a_session_clock_that_leaps_or_stands_still_kills_nobody() {
    let leap = Fault::LeapClock { machine: 0, by: Millis(86_400_000) };
    let outcome = run(with(leap, 11_000, trainings(17))).lawful();
    undisturbed(&outcome);
    assert_eq!(outcome.count("worker_lost"), 2, "only the farewells");
    let still = Fault::Freeze { machine: 0, span: Millis(6_000), clock_stops: true };
    let outcome = run(with(still, 11_000, trainings(17))).lawful();
    undisturbed(&outcome);
    assert_eq!(outcome.count("worker_lost"), 2, "only the farewells");
}

#[test]
fn a_line_cut_one_way_costs_at_most_the_work_since_the_last_checkpoint() {
    for way in [Way::ToCoordinator, Way::ToWorker] {
        let cut = Fault::Cut { machine: 0, way: Some(way), span: Millis(25_000), seen: false };
        let outcome = run(with(cut, 11_000, trainings(18))).lawful();
        assert_eq!(outcome.count("trial_failed"), 0);
        assert!(outcome.lost_j.abs() < 1e-6, "late joules are booked");
        assert_eq!(outcome.state.progress.len(), 8);
    }
}

#[test]
fn a_task_that_lost_its_lease_is_stopped_before_it_wastes_more() {
    let mut plan = trainings(20);
    plan.machines[0].speed = 0.1;
    // Somebody else takes the training over, and there is no other work that would push the stray task out.
    plan.settings.push("budget.trainings=2".into());
    plan.machines.push(MachinePlan { joins: Millis(8_000), ..MachinePlan::new("w2", "DE", 1) });
    plan.machines[1].speed = 0.4;
    plan.machines[2].speed = 0.3;
    let cut = Fault::Cut { machine: 0, way: None, span: Millis(14_000), seen: false };
    let outcome = run(with(cut, 3_000, plan)).lawful();
    let lost = outcome.ledger.iter().find_map(|record| match &record.event {
        Event::TaskFailed { task, .. } => Some(*task),
        _ => None,
    });
    let last_window = outcome.ledger.iter().filter_map(|record| match &record.event {
        Event::EnergySpent { measurement, .. } if measurement.task == lost => Some(measurement.end),
        _ => None,
    });
    let stopped = last_window.max().expect("w0 was at work");
    assert!(
        stopped < Millis(30_000),
        "the line was back at 17 s, and the work went on until {} s",
        stopped.seconds()
    );
}

#[test]
fn a_slow_disk_slows_and_breaks_nothing() {
    let slow = Fault::SlowDisk { span: Millis(30_000), append: Millis(4_000) };
    undisturbed(&run(with(slow, 5_000, trainings(19))).lawful());
}

fn given(subject: Subject) -> Given {
    let evaluation = Evaluation {
        validation_error: 0.25,
        test_error: None,
        parameters: Some(50_000),
        flops: Some(1_000_000),
        latency_ms: None,
        joules_per_inference: None,
        device: "elsewhere".into(),
        seconds: Seconds(1e9),
        curve: Vec::new(),
        artifacts: Vec::new(),
    };
    let source = Source { file: "known.csv".into(), sha256: BlobId::of(b"known") };
    Given { subject, source, evaluation }
}

/// What the first trainings of this study work on, in order.
fn first_subjects(outcome: &Outcome) -> Vec<Subject> {
    outcome.state.trials.values().map(|trial| trial.subject.clone()).take(4).collect()
}

#[test]
fn what_is_known_is_never_trained_and_costs_nothing() {
    let known: Vec<Given> = first_subjects(&run(trainings(4)).lawful()).into_iter().map(given).collect();
    let crash = Fault::CrashCoordinator { down: Millis(3_000), seen: true };
    let outcome = run(with(crash, 20_000, Plan { given: known.clone(), ..trainings(4) })).lawful();
    assert_eq!(outcome.count("evaluation_given"), known.len(), "a second process is given nothing new");
    for known in known {
        let trial = outcome.state.of_subject(&known.subject).expect("it is known");
        assert!(trial.is_given() && trial.joules.0 == 0.0 && trial.next_attempt.0 == 0, "{trial:?}");
    }
    // A billion seconds each would have used any budget, and any patience.
    assert_eq!(outcome.exit.as_deref(), Some("all 8 full trainings are done"));
    assert_eq!(outcome.state.trained_fully(), 8);
}

#[test]
fn a_training_under_way_ends_when_its_result_is_given() {
    let crash = Fault::CrashCoordinator { down: Millis(2_000), seen: true };
    let plan = || with(crash, 6_000, trainings(5));
    let first = first_subjects(&run(plan()).lawful()).swap_remove(0);
    let outcome = run(Plan { given: vec![given(first.clone())], given_from: 2, ..plan() }).lawful();
    let trial = outcome.state.of_subject(&first).expect("it was begun");
    assert!(trial.is_given() && trial.state == TrialState::Finished, "{trial:?}");
    assert!(trial.joules.0 > 0.0, "what it had used stays booked");
    assert_eq!(outcome.state.trained_fully(), 8, "it counts for no training of this study");
}
