//! All that distinguishes one run from another. A plan is drawn from a seed, or written by hand for a named scenario.

use common::id::{TrialId, WorkerName, Zone};
use common::seed::Seed;
use common::time::Millis;
use coordinator::core::Given;

use super::faults::{Fault, Wish};
use super::network::{Lose, Way, Weather};
use super::random::Dice;

#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: Seed,
    /// `section.key=value`, over the defaults.
    pub settings: Vec<String>,
    /// Wall seconds of a grid hour.
    pub hour_s: f64,
    pub machines: Vec<MachinePlan>,
    pub weather: Weather,
    pub faults: Vec<(Millis, Fault)>,
    pub lose: Vec<Lose>,
    pub death: Option<Death>,
    pub mishaps: Mishaps,
    /// Results from elsewhere, and the first process of the coordinator that is given them.
    pub given: Vec<Given>,
    pub given_from: u64,
    /// Tasks handed out in one step at most; none: as many as by default.
    pub handouts: Option<usize>,
    /// One of `allocation::POLICIES`; none swings with the grid.
    pub policy: Option<&'static str>,
    /// Share of the coordinator's questions that nobody answers, while faults last.
    pub unanswered: f64,
    /// From here on no fault begins, all those begun end, and the network is calm.
    pub faults_end: Millis,
    /// The study must be over by then.
    pub deadline: Millis,
    pub keep_trace: bool,
}

#[derive(Debug, Clone)]
pub struct MachinePlan {
    pub name: WorkerName,
    pub zone: Zone,
    pub slots: u16,
    /// 2 works twice as fast as 1.
    pub speed: f64,
    pub joins: Millis,
    pub checkpoint: Millis,
}

/// How work goes wrong by itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mishaps {
    /// Share of the trials that diverge, and of those that end with a figure that is not a number.
    pub diverges: f64,
    pub unusable: f64,
    /// Share of the attempts that crash.
    pub crashes: f64,
    pub always_crashing: Option<TrialId>,
    pub supernet_diverges: bool,
}

/// The coordinator dies as it handles the first event of a kind.
#[derive(Debug, Clone, Copy)]
pub struct Death {
    pub event: &'static str,
    pub moment: Moment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The event is lost, and with it all that was decided.
    BeforeAppend,
    /// The event is durable; nothing that follows from it was done.
    BeforeEffects,
}

impl MachinePlan {
    pub fn new(name: &str, zone: &str, slots: u16) -> Self {
        Self {
            name: name.into(),
            zone: zone.into(),
            slots,
            speed: 1.0,
            joins: Millis(0),
            checkpoint: Millis(4_000),
        }
    }
}

impl Plan {
    /// A small study on two workers, and nothing goes wrong but what the caller adds.
    pub fn calm(seed: u64) -> Self {
        let settings = [
            "evaluation.evaluator=rehearsal",
            "training.epochs=20",
            "ladder.one_shot=true",
            "ladder.rung_epochs=6",
            "ladder.scores_per_rung=2",
            "ladder.rungs_per_full=2",
            "ladder.pool=6",
            "search.initial_samples=3",
            "search.batch=3",
            "budget.trainings=8",
            "budget.hours=unlimited",
            "carbon.zones=[\"DE\"]",
        ];
        Self {
            seed: Seed(seed),
            settings: settings.iter().map(ToString::to_string).collect(),
            hour_s: 15.0,
            machines: vec![MachinePlan::new("w0", "DE", 1), MachinePlan::new("w1", "DE", 1)],
            weather: Weather::CALM,
            faults: Vec::new(),
            lose: Vec::new(),
            death: None,
            mishaps: Mishaps::default(),
            given: Vec::new(),
            given_from: 1,
            handouts: None,
            policy: None,
            unanswered: 0.0,
            faults_end: Millis(0),
            deadline: Millis(3_600_000),
            keep_trace: false,
        }
    }

    /// The world that belongs to a seed: its fleet, its budget, its network and its misfortunes.
    pub fn drawn(seed: u64) -> Self {
        let mut plan = Self::calm(seed);
        let mut dice = Dice::new(plan.seed.stream("plan", 0));
        let count = dice.between(2, 5) as usize;
        plan.machines = (0..count).map(|index| machine(index, &mut dice)).collect();
        plan.hour_s = dice.between(8, 25) as f64;
        plan.settings.push("budget.trainings=unlimited".into());
        plan.settings.push(match dice.between(0, 4) {
            0 => format!("budget.hours={}", dice.between(8, 20)),
            1 => format!("budget.carbon_g={}", dice.between(10, 40) as f64 / 10.0),
            2 => format!("budget.energy_kwh={}", dice.between(4, 12) as f64 / 1000.0),
            _ => format!("budget.trainings={}", dice.between(6, 15)),
        });
        if dice.happens(0.15) {
            plan.settings.push("ladder.one_shot=false".into());
        }
        if dice.happens(0.15) {
            plan.settings.push("ladder.rung_epochs=0".into());
        }
        let (calm, storm) = (Weather::CALM, Weather::STORM);
        plan.weather = match dice.between(0, 4) {
            0 => calm,
            1 => Weather { delay_ms: (1, 1_500), ..calm },
            2 => Weather { lost: 0.25, ..calm },
            3 => Weather { repeated: 0.3, slow: 0.2, ..calm },
            _ => storm,
        };
        plan.mishaps = Mishaps {
            diverges: if dice.happens(0.5) { 0.08 } else { 0.0 },
            unusable: if dice.happens(0.5) { 0.05 } else { 0.0 },
            crashes: if dice.happens(0.6) { 0.12 } else { 0.0 },
            supernet_diverges: dice.happens(0.1),
            always_crashing: None,
        };
        plan.policy = dice.happens(0.4).then_some("planner");
        plan.unanswered = if dice.happens(0.5) { 0.15 } else { 0.0 };
        plan.faults_end = Millis(dice.between(60_000, 150_000));
        let Millis(end) = plan.faults_end;
        for _ in 0..dice.between(0, 9) {
            let at = Millis(dice.between(500, end - 1_000));
            plan.faults.push((at, fault(count, &mut dice)));
        }
        plan.ask(count);
        plan.crash();
        // Of a stream of its own, so that what was drawn before there were parts is drawn still.
        let scores = !plan.settings.iter().any(|setting| setting == "ladder.one_shot=false");
        let happens = |what: &str| scores && Dice::new(plan.seed.stream(what, 0)).happens(0.3);
        if happens("few-shot") {
            plan.settings.push("few_shot.split=0".into());
        } else if happens("region") {
            let follows = ["search.searcher=lamoo-evolution", "region.every_scores=2"];
            plan.settings.extend(follows.map(String::from));
        }
        if Dice::new(plan.seed.stream("handouts", 0)).happens(0.3) {
            plan.handouts = Some(1);
        }
        plan
    }
}

impl Plan {
    /// What an operator asks for, from dice of its own: the rest of a seed's world is as it was before there were operators.
    fn ask(&mut self, machines: usize) {
        let mut dice = Dice::new(self.seed.stream("operator", 0));
        let Millis(end) = self.faults_end;
        let mut asked = |at: i64, wish: Wish| self.faults.push((Millis(at), Fault::Asked(wish)));
        if dice.happens(0.3) {
            let at = dice.between(500, end - 1_000);
            asked(at, Wish::Pause);
            // The word may not be heard: a coordinator that is dead just then is told again.
            let until = at + dice.between(500, 15_000);
            (0..4).for_each(|again| asked(until + again * 25_000, Wish::Resume));
            asked(end + 30_000, Wish::Resume);
        }
        if dice.happens(0.3) {
            let machine = dice.between(0, machines as i64 - 1) as usize;
            let back = Millis(40_000 + dice.between(0, 10_000));
            asked(dice.between(500, end - 1_000), Wish::Drain { machine, back });
        }
        for _ in 0..dice.between(0, 3) {
            let (nth, at) = (dice.between(0, 25) as u64, dice.between(500, end - 1_000));
            asked(at, Wish::Cancel { nth });
            if dice.happens(0.6) {
                asked(at + dice.between(100, 20_000), Wish::Retry { nth });
            }
        }
    }
}

impl Plan {
    /// How soon a trial is given up, and how often work crashes, from dice of their own. The limit is seldom reached where it is the
    /// usual one: in half of the worlds it is lower, and in a third of those a trial crashes whenever it is tried.
    fn crash(&mut self) {
        let mut dice = Dice::new(self.seed.stream("crashes", 0));
        if dice.happens(0.5) {
            self.settings.push(format!("coordinator.crash_limit={}", dice.between(1, 4)));
            if dice.happens(0.35) {
                self.mishaps.always_crashing = Some(TrialId(dice.between(1, 12) as u64));
            }
            if dice.happens(0.35) {
                self.mishaps.crashes = dice.between(20, 45) as f64 / 100.0;
            }
        }
        if dice.happens(0.5) {
            self.settings.push(format!("coordinator.retry_s={}", dice.between(0, 20)));
        }
    }
}

fn machine(index: usize, dice: &mut Dice) -> MachinePlan {
    let zone = if dice.happens(0.6) { "DE" } else { "PL-N" };
    MachinePlan {
        speed: dice.between(7, 14) as f64 / 10.0,
        joins: if index == 0 || dice.happens(0.6) { Millis(0) } else { Millis(dice.between(0, 60_000)) },
        checkpoint: Millis(dice.between(2_000, 10_000)),
        slots: dice.between(1, 3) as u16,
        ..MachinePlan::new(&format!("w{index}"), zone, 1)
    }
}

fn fault(machines: usize, dice: &mut Dice) -> Fault {
    let machine = dice.between(0, machines as i64 - 1) as usize;
    let back = Some(dice.millis((100, 20_000)));
    let span = dice.millis((200, 25_000));
    let flip = dice.happens(0.5);
    match dice.between(0, 14) {
        0..=2 => Fault::CrashCoordinator { down: dice.millis((50, 20_000)), seen: flip },
        3 => Fault::FreezeCoordinator { span },
        4 => Fault::SlowDisk { span, append: dice.millis((100, 2_500)) },
        5..=7 => Fault::Kill { machine, back },
        8 => Fault::Freeze { machine, span, clock_stops: flip },
        9 => Fault::Leave { machine, back: back.map(|Millis(ms)| Millis(ms + 26_000)) },
        10 => Fault::LeapClock { machine, by: dice.millis((1_000, 90_000)) },
        11 => Fault::Cut { machine, way: Some(Way::ToCoordinator), span, seen: false },
        12 => Fault::Cut { machine, way: Some(Way::ToWorker), span, seen: false },
        13 => Fault::SetClock { by: dice.millis((-20_000, 40_000)) },
        _ => Fault::Cut { machine, way: None, span, seen: flip },
    }
}
