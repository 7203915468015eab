//! A study under chaos, from its start to the verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use common::event::{Event, Record};
use common::id::{TaskId, TrialId};

use super::machines::{Machines, Mended};
use super::network::Network;
use super::plan::{Kind, Misfortune, Plan, Victim};
use super::watch::Watch;
use crate::lab::books::{Books, audit};
use crate::lab::patience::pause;
use crate::lab::{Ended, Study};

const TICK: Duration = Duration::from_millis(50);
const LOOK: Duration = Duration::from_secs(2);
/// Of these ticks a starved process runs in one.
const STARVED_TICKS: u32 = 20;
/// Nobody whose coordinator runs is silent for so long, and nobody who was asked to leave stays so long: it hangs.
pub const HANG: Duration = Duration::from_secs(120);

#[derive(Debug)]
pub struct Settings {
    /// Of the study, TOML, and what is set besides. It must end by itself, by its hours, after the plan's span.
    pub study: String,
    pub more: Vec<String>,
    /// Its directory, which stays.
    pub directory: PathBuf,
    /// From the last misfortune's end to the study's own at most.
    pub rest: Duration,
    /// Tells each misfortune as it begins and ends.
    pub tells: bool,
}

/// What became of the study.
#[derive(Debug)]
pub struct Verdict {
    pub books: Books,
    /// What must not be, in words.
    pub wrong: Vec<String>,
    pub longest_silence: Duration,
    /// From a task's lease to its end.
    pub longest_lease: Duration,
}

/// Runs the plan. Panics, naming what is not in order, where the ledger breaks a law.
pub fn run(plan: &Plan, network: Option<Network>, settings: Settings) -> Verdict {
    let Settings { study, more, directory, rest, tells } = settings;
    let study = Study::within(&study, directory);
    let mut watch = Watch::new(study.directory.join("ledger.sqlite"));
    let machines = Machines::start(study, plan.machines, network, more);
    let mut time = Time { machines, active: Vec::new(), wrong: Vec::new(), began: Instant::now(), tells };
    let mut next = plan.misfortunes.iter().peekable();
    let (mut ticks, mut looked) = (0_u32, Instant::now());
    while next.peek().is_some() || !time.active.is_empty() {
        while let Some(misfortune) = next.next_if(|misfortune| misfortune.at <= time.began.elapsed()) {
            time.begin(*misfortune);
        }
        time.end_those_due();
        time.starve(ticks);
        if looked.elapsed() > LOOK {
            watch.look(time.is_coordinator_ill());
            looked = Instant::now();
        }
        ticks += 1;
        pause(TICK);
    }
    let Time { mut machines, mut wrong, .. } = time;
    wait_for_the_end(&mut machines, &mut watch, rest, &mut wrong);
    let books = audit(&machines.study.directory);
    books.check_report(&machines.study.directory);
    wrong.extend(watch.lost(&books.records));
    if watch.longest_silence > HANG {
        wrong.push(format!("nothing happened for {:.0} s", watch.longest_silence.as_secs_f64()));
    }
    let longest_lease = longest_lease(&books.records);
    Verdict { books, wrong, longest_silence: watch.longest_silence, longest_lease }
}

fn wait_for_the_end(machines: &mut Machines, watch: &mut Watch, rest: Duration, wrong: &mut Vec<String>) {
    let healed = Instant::now();
    while machines.coordinator.is_running() && healed.elapsed() < rest {
        watch.look(false);
        pause(LOOK);
    }
    if machines.coordinator.is_running() {
        wrong.push(format!("the study did not end within {} s of the last misfortune", rest.as_secs()));
        machines.coordinator.kill();
    }
    let mut ended = |name: String, ended: Ended| {
        if ended.code != Some(0) {
            let said: Vec<&str> = ended.err.lines().rev().take(3).collect();
            wrong.push(format!("{name} ended with {:?}: {said:?}", ended.code));
        }
    };
    ended("the coordinator".into(), machines.coordinator.end());
    for (index, worker) in machines.workers.iter_mut().enumerate() {
        ended(super::machines::name(index), worker.end());
    }
    watch.look(true);
}

/// What is under way.
#[derive(Debug)]
struct Time {
    machines: Machines,
    active: Vec<Misfortune>,
    wrong: Vec<String>,
    began: Instant,
    tells: bool,
}

impl Time {
    fn begin(&mut self, misfortune: Misfortune) {
        self.machines.strike(&misfortune);
        self.active.push(misfortune);
        let lasts = misfortune.lasts.as_secs_f64();
        self.tell(&format!("{} {} for {lasts:.1} s", misfortune.victim, misfortune.kind));
    }

    fn end_those_due(&mut self) {
        let now = self.began.elapsed();
        let machines = &mut self.machines;
        let mut hang = Vec::new();
        self.active.retain(|misfortune| {
            let end = misfortune.at + misfortune.lasts;
            if now < end {
                return true;
            }
            match machines.mend(misfortune) {
                Mended::Whole => false,
                Mended::NotYet if now > end + HANG => {
                    hang.push(format!("{} does not leave when asked to", misfortune.victim));
                    machines.strike(&Misfortune { kind: Kind::Kill, ..*misfortune });
                    true
                }
                Mended::NotYet => true,
            }
        });
        self.wrong.extend(hang);
    }

    fn starve(&mut self, ticks: u32) {
        let starved = self.active.iter().filter(|misfortune| misfortune.kind == Kind::Starve);
        let starved: Vec<Victim> = starved.map(|misfortune| misfortune.victim).collect();
        for victim in starved {
            match ticks % STARVED_TICKS {
                0 => self.machines.breathe(victim, true),
                1 => self.machines.breathe(victim, false),
                _ => {}
            }
        }
    }

    fn is_coordinator_ill(&self) -> bool {
        self.active.iter().any(|misfortune| misfortune.victim == Victim::Coordinator)
    }

    fn tell(&self, what: &str) {
        if self.tells {
            println!("{:7.1} s  {what}", self.began.elapsed().as_secs_f64());
        }
    }
}

fn longest_lease(records: &[Record]) -> Duration {
    let mut since: BTreeMap<TaskId, i64> = BTreeMap::new();
    let mut longest = 0;
    for record in records {
        match &record.event {
            Event::TaskLeased { task, .. } => drop(since.insert(*task, record.at.0)),
            Event::TaskSuspended { task, .. }
            | Event::TaskFailed { task, .. }
            | Event::TrialFinished { task, .. } => {
                longest = longest.max(since.remove(task).map_or(0, |since| record.at.0 - since));
            }
            _ => {}
        }
    }
    Duration::from_millis(longest.max(0).unsigned_abs())
}

impl Verdict {
    /// Trials that were started more than once, and that failed for good.
    pub fn repeated(&self) -> (usize, usize) {
        let mut leases: BTreeMap<TrialId, usize> = BTreeMap::new();
        let mut given_up = BTreeSet::new();
        for record in &self.books.records {
            match &record.event {
                Event::TaskLeased { task, .. } => *leases.entry(task.trial).or_default() += 1,
                Event::TrialFailed { trial, .. } => drop(given_up.insert(*trial)),
                _ => {}
            }
        }
        (leases.values().filter(|count| **count > 1).count(), given_up.len())
    }

    /// The figures, and what is wrong. That nothing was booked or counted twice is what the audit passed.
    pub fn tell(&self) {
        println!("{}", self.figures());
        for wrong in &self.wrong {
            println!("FAILED: {wrong}");
        }
        if self.wrong.is_empty() {
            println!(
                "results lost 0, results counted twice 0, joules booked twice 0, hangs 0; the study ended by itself"
            );
        }
    }

    /// The figures, in words.
    pub fn figures(&self) -> String {
        let records = &self.books.records;
        let count = |is: fn(&Event) -> bool| records.iter().filter(|record| is(&record.event)).count();
        let lives = count(|event| matches!(event, Event::CoordinatorStarted { .. }));
        let joined = count(|event| matches!(event, Event::WorkerJoined { .. }));
        let lost = count(|event| matches!(event, Event::WorkerLost { .. }));
        let crashed = count(|event| matches!(event, Event::TaskFailed { .. }));
        let finished = count(|event| matches!(event, Event::TrialFinished { .. }));
        let windows = count(|event| matches!(event, Event::EnergySpent { .. }));
        let (repeated, given_up) = self.repeated();
        format!(
            "{} events, {lives} coordinator lives, {joined} arrivals and {lost} departures of workers\n\
             {finished} results, {crashed} attempts lost, {repeated} trials begun more than once, {given_up} given up\n\
             {windows} windows of energy, {:.6} kWh\n\
             longest silence {:.1} s, longest lease {:.1} s",
            records.len(),
            self.books.kwh(|_, _, _| true),
            self.longest_silence.as_secs_f64(),
            self.longest_lease.as_secs_f64(),
        )
    }
}
