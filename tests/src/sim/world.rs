//! The loop: one happening after another until the study is over, a law is broken, or time is up.

use std::collections::BTreeMap;

use allocation::Situation;
use common::allocation::Allocation;
use common::config::load;
use common::event::{Event, Record};
use common::id::{SlotId, TrialId, WorkerName};
use common::space::SearchSpace;
use common::study::StudySpec;
use common::time::{HOUR_MS, Millis, Timestamp};
use common::wire::{ToWorker, decode};
use coordinator::core::{Options, State};
use worker::Ask;

use super::auditor::Auditor;
use super::coordinator_side::Site;
use super::faults::Fault;
use super::grid;
use super::network::{Network, Weather};
use super::plan::Plan;
use super::process::Machine;
use super::random::Dice;
use super::schedule::Schedule;
use super::trace::{self, Trace};

/// Everything that can come.
#[derive(Debug)]
pub enum Happening {
    CoordinatorTick { life: u64 },
    CoordinatorBack,
    Appended { life: u64 },
    CarryOut { life: u64 },
    Answer { life: u64, input: Box<coordinator::core::Input> },
    AtCoordinator { machine: usize, bytes: Vec<u8> },
    AtWorker { to: WorkerName, bytes: Vec<u8> },
    Begin { machine: usize },
    Timer { machine: usize, life: u64, timer: Timer },
    Hear { machine: usize, life: u64, input: Box<worker::Input> },
    Fault(Fault),
    FaultsEnd,
}

/// What a worker's process waits for.
#[derive(Debug, Clone, Copy)]
pub enum Timer {
    Tick,
    Meter,
    Progress { slot: SlotId, run: u64 },
    End { slot: SlotId, run: u64 },
    Answer { slot: SlotId, run: u64, ask: Ask },
}

/// Who decides allocations.
#[derive(Debug)]
pub enum Policy {
    Swing,
    Real(Box<dyn allocation::Policy>),
}

#[derive(Debug)]
pub struct World {
    pub plan: Plan,
    pub now: Timestamp,
    pub begun: Timestamp,
    pub schedule: Schedule<Happening>,
    pub network: Network,
    pub dice: Dice,
    pub auditor: Auditor,
    pub site: Site,
    pub options: Options,
    pub spec: StudySpec,
    pub space: Box<dyn SearchSpace>,
    /// The optimiser's list of the space: the same in each life of a coordinator.
    pub memory: lamoo::Memory,
    pub policy: Policy,
    pub machines: Vec<Machine>,
    /// The machine that last spoke under a name: where answers go.
    pub routes: BTreeMap<WorkerName, usize>,
    pub coordinator_frozen_until: Timestamp,
    /// What the coordinator's wall clock is ahead of the world's time.
    pub wall_ahead: Millis,
    /// Until when appending takes how long.
    pub slow_disk: (Timestamp, Millis),
    trace: Trace,
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    pub seed: u64,
    pub violations: Vec<String>,
    pub steps: u64,
    pub elapsed: Millis,
    /// Why the study ended, where it did.
    pub exit: Option<String>,
    pub ledger: Vec<Record>,
    pub state: State,
    /// Processes that the coordinator has had.
    pub lives: u64,
    /// Joules that the meters handed in, and those of them that never reached the ledger.
    pub emitted_j: f64,
    pub lost_j: f64,
    pub trace_hash: u64,
    pub trace_lines: u64,
    pub trace_tail: String,
    pub trace: Vec<String>,
}

pub fn run(plan: Plan) -> Outcome {
    let mut world = World::new(plan);
    let mut steps = 0;
    while world.auditor.violations.is_empty() && world.site.exit.is_none() {
        let Some((at, happening)) = world.schedule.pop() else { break };
        world.now = at;
        if at.since(world.begun) > world.plan.deadline {
            world.give_up();
            break;
        }
        steps += 1;
        world.take(happening);
    }
    world.finish(steps)
}

impl World {
    fn new(plan: Plan) -> Self {
        let config = load(None, [], &plan.settings).expect("the plan's settings are settings");
        let spec = config.study_spec().expect("the plan describes a study");
        let begun = Timestamp(HOUR_MS * 450_000);
        let seed = plan.seed;
        let network = Network::new(plan.weather, Dice::new(seed.stream("network", 0)), plan.lose.clone());
        let machines = plan.machines.iter().map(|machine| {
            let (process, lives) = (None, 0);
            let (cache, shelf) = (BTreeMap::new(), BTreeMap::new());
            Machine { plan: machine.clone(), process, lives, cache, shelf }
        });
        let machines = machines.collect();
        let mut options = Options::new(&config);
        options.handouts = plan.handouts.unwrap_or(options.handouts);
        let mut world = Self {
            now: begun,
            begun,
            schedule: Schedule::default(),
            network,
            dice: Dice::new(seed.stream("world", 0)),
            auditor: Auditor::new(),
            site: Site::default(),
            options,
            space: spec.space.build(),
            memory: lamoo::Memory::default(),
            spec,
            policy: Policy::named(plan.policy),
            machines,
            routes: BTreeMap::new(),
            coordinator_frozen_until: begun,
            wall_ahead: Millis(0),
            slow_disk: (begun, Millis(0)),
            trace: Trace::new(begun, plan.keep_trace),
            plan,
        };
        world.schedule.push(begun, Happening::CoordinatorBack);
        for (machine, plan) in world.plan.machines.iter().enumerate() {
            world.schedule.push(begun + plan.joins, Happening::Begin { machine });
        }
        for (at, fault) in &world.plan.faults {
            world.schedule.push(begun + *at, Happening::Fault(*fault));
        }
        world.schedule.push(begun + world.plan.faults_end, Happening::FaultsEnd);
        world
    }

    fn take(&mut self, happening: Happening) {
        if let Some(later) = self.frozen(&happening) {
            return self.schedule.postpone(later, happening);
        }
        match happening {
            Happening::CoordinatorTick { life } if life == self.site.life => self.coordinator_tick(),
            Happening::Appended { life } if life == self.site.life => self.appended(),
            Happening::CarryOut { life } if life == self.site.life => self.carry_out(),
            Happening::Answer { life, input } if life == self.site.life => self.coordinator_step(*input),
            // Of a process that is gone.
            Happening::CoordinatorTick { .. }
            | Happening::Appended { .. }
            | Happening::CarryOut { .. }
            | Happening::Answer { .. } => {}
            Happening::CoordinatorBack => self.begin_coordinator(),
            Happening::AtCoordinator { machine, bytes } => self.at_coordinator(machine, &bytes),
            Happening::AtWorker { to, bytes } => self.at_worker(&to, &bytes),
            Happening::Begin { machine } => self.begin(machine),
            Happening::Timer { machine, life, timer } => {
                if self.lives(machine, life) {
                    self.on_timer(machine, timer);
                }
            }
            Happening::Hear { machine, life, input } => {
                if self.lives(machine, life) {
                    self.worker_step(machine, *input);
                }
            }
            Happening::Fault(fault) => self.on_fault(fault),
            Happening::FaultsEnd => {
                self.note("-- faults end");
                self.network.weather = Weather::CALM;
            }
        }
    }

    fn at_worker(&mut self, to: &WorkerName, bytes: &[u8]) {
        let Some(machine) = self.machine_of(to) else { return };
        let Ok(message) = decode::<ToWorker>(bytes) else {
            return self.note(&format!("{to} <? {} bytes refused", bytes.len()));
        };
        self.note(&format!("{to} < {}", trace::to_worker(&message).1));
        self.worker_step(machine, worker::Input::Received(message));
    }

    /// When whoever this is for moves again, if it stands still.
    fn frozen(&self, happening: &Happening) -> Option<Timestamp> {
        let machine = match happening {
            Happening::Timer { machine, .. } | Happening::Hear { machine, .. } => Some(*machine),
            Happening::AtWorker { to, .. } => self.machine_of(to),
            Happening::Begin { .. } | Happening::Fault(_) | Happening::FaultsEnd => None,
            _ => return Some(self.coordinator_frozen_until).filter(|until| self.now < *until),
        };
        let process = self.machines[machine?].process.as_ref()?;
        Some(process.frozen_until).filter(|until| self.now < *until)
    }

    fn machine_of(&self, name: &WorkerName) -> Option<usize> {
        let there = |machine: &usize| self.machines[*machine].process.is_some();
        let named = |machine: &usize| self.machines[*machine].plan.name == *name;
        let routed = self.routes.get(name).copied().filter(there);
        routed.or_else(|| (0..self.machines.len()).filter(there).find(named))
    }

    fn lives(&self, machine: usize, life: u64) -> bool {
        let machine = &self.machines[machine];
        machine.lives == life && machine.process.is_some()
    }

    pub(super) fn note(&mut self, line: &str) {
        self.trace.line(self.now, line);
    }

    fn give_up(&mut self) {
        let deadline_s = self.plan.deadline.seconds();
        let fulls = self.fulls();
        let what = format!("the study is not over after {deadline_s} s with {fulls} full trainings");
        self.auditor.violation("live", what);
    }

    fn finish(mut self, steps: u64) -> Outcome {
        if self.auditor.violations.is_empty() {
            let processes = self
                .machines
                .iter()
                .filter_map(|machine| Some((&machine.plan.name, machine.process.as_ref()?)));
            for (name, process) in processes {
                self.auditor.process_ended(name, process.core.session(), &process.core);
            }
            if !self.events().any(|event| matches!(event, Event::StudyFinished { .. })) {
                self.auditor.violation("live", "the coordinator left before the study was over".into());
            }
            self.auditor.close(&self.site.ledger, &self.site.store, self.options.crash_limit);
        }
        Outcome {
            seed: self.plan.seed.0,
            lives: self.site.begun,
            emitted_j: self.auditor.emitted_j(),
            lost_j: self.auditor.lost_j(),
            violations: self.auditor.violations,
            steps,
            elapsed: self.now.since(self.begun),
            exit: self.site.exit,
            state: State::fold(&self.site.ledger),
            ledger: self.site.ledger,
            trace_hash: self.trace.hash(),
            trace_lines: self.trace.lines(),
            trace_tail: self.trace.tail(),
            trace: self.trace.into_whole(),
        }
    }
}

impl Policy {
    fn named(name: Option<&str>) -> Self {
        let build = |name| allocation::build(name, &allocation::Options::default());
        name.map_or(Self::Swing, |name| Self::Real(build(name).expect("the plan names a policy")))
    }

    pub fn decide(&mut self, situation: &Situation) -> Allocation {
        match self {
            Self::Swing => grid::decide(situation),
            Self::Real(policy) => policy.decide(situation),
        }
    }
}

impl Outcome {
    /// Ends the test with the whole story if a law was broken.
    pub fn lawful(self) -> Self {
        assert!(
            self.violations.is_empty(),
            "seed {} broke {:?} after {} steps, {} s in\n\n{}\nreplay: CENAS_SIM_SEED={} cargo test -p system-tests --test simulation one_seed\n",
            self.seed,
            self.violations,
            self.steps,
            self.elapsed.seconds(),
            self.trace_tail,
            self.seed
        );
        self
    }

    /// Leases of a trial, in order: who, and from how far on.
    pub fn leases(&self, wanted: TrialId) -> Vec<(WorkerName, f64)> {
        let lease = |record: &Record| match &record.event {
            Event::TaskLeased { task, worker, resume, .. } if task.trial == wanted => {
                Some((worker.clone(), resume.map_or(0.0, |checkpoint| checkpoint.progress)))
            }
            _ => None,
        };
        self.ledger.iter().filter_map(lease).collect()
    }

    pub fn count(&self, kind: &str) -> usize {
        self.ledger.iter().filter(|record| record.event.kind() == kind).count()
    }
}
