//! What a worker says of itself is held against bounds, and how often it begins anew.

use super::*;

fn greeting(session: u64) -> Hello {
    let slot =
        |slot| SlotInfo { slot: SlotId(slot), device: "test".into(), memory_mb: 1, meter: "test".into() };
    Hello {
        session: SessionId(session),
        clock: Millis(0),
        zone: Zone::new("LOCAL"),
        slots: vec![slot(0), slot(1)],
        version: "test".into(),
        host: "here".into(),
        held: Vec::new(),
    }
}

fn refusals(bench: &Bench) -> Vec<String> {
    let reason = |(_, message): &(WorkerName, ToWorker)| match message {
        ToWorker::Refused { reason } => Some(reason.clone()),
        _ => None,
    };
    bench.sent.iter().filter_map(reason).collect()
}

#[test]
fn w3_who_says_what_cant_be_is_refused_with_the_reason() {
    let mut bench = Bench::new(PLAIN);
    let check = |bench: &mut Bench, lie: &dyn Fn(&mut Hello), expected: &str| {
        let (events, mut hello) = (bench.ledger.len(), greeting(1));
        lie(&mut hello);
        bench.sent.clear();
        bench.says("liar", FromWorker::Hello(hello));
        let told = refusals(bench);
        assert!(told.len() == 1 && told[0].contains(expected), "{expected}: {told:?}");
        assert_eq!(bench.ledger.len(), events, "{expected}");
    };
    let eleven_years = 11 * 365 * 24 * HOUR_MS;
    check(&mut bench, &|hello| hello.slots.clear(), "at least one slot");
    check(&mut bench, &|hello| hello.slots[1].slot = SlotId(0), "the same number");
    let many = |hello: &mut Hello| hello.slots = vec![hello.slots[0].clone(); 1_025];
    check(&mut bench, &many, "1025 slots");
    check(&mut bench, &|hello| hello.clock = Millis(-1), "clock");
    check(&mut bench, &|hello| hello.clock = Millis(i64::MIN), "clock");
    check(&mut bench, &|hello| hello.clock = Millis(i64::MAX), "clock");
    check(&mut bench, &move |hello| hello.clock = Millis(eleven_years), "clock");
    check(&mut bench, &|hello| hello.zone = Zone::new(""), "zone");
    check(&mut bench, &|hello| hello.zone = Zone::new("x".repeat(65)), "zone");
    check(&mut bench, &|hello| hello.zone = Zone::new("D\nE"), "zone");
    check(&mut bench, &|hello| hello.host = "x".repeat(257), "length");
    check(&mut bench, &|hello| hello.version = "x".repeat(257), "length");
    check(&mut bench, &|hello| hello.slots[1].device = "x".repeat(1_025), "length");
    check(&mut bench, &|hello| hello.slots[1].meter = "x".repeat(1_025), "length");
    // A session that is two years old is nothing odd.
    bench.says("honest", FromWorker::Hello(Hello { clock: Millis(eleven_years / 5), ..greeting(1) }));
    assert!(bench.core.state().is_alive(&WorkerName::new("honest")));
}

#[test]
fn one_that_begins_anew_over_and_over_is_refused_for_a_while() {
    let mut bench = Bench::new(PLAIN);
    for session in 0..20 {
        bench.joins("restless", session);
    }
    assert!(refusals(&bench).is_empty());
    let events = bench.ledger.len();
    for session in 20..40 {
        bench.joins("restless", session);
    }
    let told = refusals(&bench);
    assert!(told.len() == 20 && told[0].contains("begun anew 20 times within a minute"), "{told:?}");
    assert_eq!(bench.ledger.len(), events, "it leaves no trace");
    bench.joins("calm", 1);
    assert!(bench.core.state().is_alive(&WorkerName::new("calm")), "nobody else waits for it");
    bench.passes(61.0);
    bench.joins("restless", 40);
    let record = &bench.core.state().workers[&WorkerName::new("restless")];
    assert!(record.alive && record.session == SessionId(40));
}

#[test]
fn the_last_sessions_of_a_worker_are_remembered_and_no_more() {
    let mut bench = Bench::new(PLAIN);
    for session in 1..=40 {
        bench.passes(4.0);
        bench.joins("a", session);
    }
    let record = &bench.core.state().workers[&WorkerName::new("a")];
    let kept: Vec<u64> = record.origins.keys().map(|session| session.0).collect();
    assert_eq!(kept, (25..=40).collect::<Vec<_>>());
    assert!(record.acknowledged.keys().eq(record.origins.keys()));
    assert_eq!(record.sessions, 40);
    // One of them may still tell what it used; one before them is asked who it is.
    bench.delivers("a", 30, energy(None, 3.0));
    bench.delivers("a", 3, energy(None, 5.0));
    assert_eq!(bench.core.state().account.total(), Joules(3.0));
    let (_, last) = bench.sent.last().unwrap();
    assert_eq!(*last, ToWorker::WhoAreYou { session: SessionId(3) });
    bench.restarts(PLAIN);
}

#[test]
fn energy_of_others_work_is_the_liars_own_idling() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("honest", 1);
    let task = bench.task_of("honest").expect("work");
    bench.joins("liar", 2);
    let own = bench.task_of("liar").expect("work");
    let never = TaskId { trial: TrialId(u64::MAX), attempt: task.attempt };
    for of in [task, never, own] {
        bench.spends("liar", 2, Some(of), 5.0);
    }
    bench.delivers("honest", 1, energy(Some(task), 3.0));
    let state = bench.core.state();
    let joules = |task: TaskId| state.trial(task.trial).unwrap().joules;
    assert_eq!((joules(task), joules(own)), (Joules(3.0), Joules(5.0)));
    assert_eq!(state.workers[&WorkerName::new("liar")].joules, Joules(15.0), "it is booked all the same");
    assert_eq!(bench.warnings.len(), 2, "{:?}", bench.warnings);
}

#[test]
fn e1_no_window_is_booked_a_second_time() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("liar", 2);
    for _ in 0..3 {
        bench.delivers("liar", 2, energy(None, 5.0));
    }
    assert_eq!(bench.core.state().workers[&WorkerName::new("liar")].joules, Joules(5.0));
    assert_eq!(bench.warnings.len(), 2, "{:?}", bench.warnings);
    // Another life begins its clock anew.
    bench.joins("liar", 3);
    bench.delivers("liar", 3, energy(None, 5.0));
    assert_eq!(bench.core.state().workers[&WorkerName::new("liar")].joules, Joules(10.0));
}
