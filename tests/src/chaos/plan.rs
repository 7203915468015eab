//! What befalls whom when: drawn from a seed, purely. Nobody suffers two misfortunes at once, but several may suffer at the same time.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use common::seed::Seed;
use rand::{Rng, RngExt};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Victim {
    Coordinator,
    /// A worker's machine, counted from 0.
    Machine(usize),
    /// All at once: somebody else wants the processors.
    Everybody,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// SIGKILL, and a start some time later.
    Kill,
    /// SIGTERM, and a start some time after it has left.
    Leave,
    /// SIGSTOP, and SIGCONT some time later.
    Stop,
    /// Runs one moment in twenty.
    Starve,
    /// Twice as many busy loops as there are processors.
    Burn,
    /// Nothing comes or goes.
    CutOff,
    /// What the machine sends is lost; what is sent to it arrives.
    Mute,
    /// The other way round.
    Deaf,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Misfortune {
    pub at: Duration,
    pub lasts: Duration,
    pub victim: Victim,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// In the order in which they begin.
    pub misfortunes: Vec<Misfortune>,
    /// All is whole again by then.
    pub span: Duration,
    pub machines: usize,
}

/// How often each befalls, and how long it lasts at least and at most, in seconds. Losses are declared after ten seconds: each kind has
/// its share on both sides of that.
const OF_COORDINATOR: [(Kind, u32, f64, f64); 3] =
    [(Kind::Kill, 3, 0.2, 20.0), (Kind::Stop, 2, 0.5, 20.0), (Kind::Starve, 1, 2.0, 20.0)];
const OF_MACHINE: [(Kind, u32, f64, f64); 7] = [
    (Kind::Kill, 4, 0.2, 20.0),
    (Kind::Leave, 2, 0.2, 20.0),
    (Kind::Stop, 3, 0.5, 40.0),
    (Kind::Starve, 2, 2.0, 30.0),
    (Kind::CutOff, 3, 0.5, 60.0),
    (Kind::Mute, 2, 0.5, 40.0),
    (Kind::Deaf, 2, 0.5, 40.0),
];
const BURN_S: (f64, f64) = (2.0, 8.0);
/// From the beginning of one to that of the next, seconds.
const PAUSE_S: (f64, f64) = (1.0, 12.0);
/// The study is given this long to begin, seconds.
const FIRST_S: f64 = 5.0;

impl Plan {
    /// Without `has_network` nobody is cut off.
    pub fn drawn(seed: u64, span: Duration, machines: usize, has_network: bool) -> Self {
        let mut dice = Seed(seed).stream("chaos", 0);
        let mut busy_until: BTreeMap<Victim, f64> = BTreeMap::new();
        let mut misfortunes = Vec::new();
        let mut at = FIRST_S;
        while at < span.as_secs_f64() {
            let (victim, kind, least, most) = draw(&mut dice, machines, has_network);
            // Short ones are as likely as long ones.
            let lasts = (least.ln() + dice.random_range(0.0..1.0) * (most / least).ln()).exp();
            let is_free = busy_until.get(&victim).is_none_or(|until| *until < at);
            if is_free && at + lasts < span.as_secs_f64() {
                busy_until.insert(victim, at + lasts + 1.0);
                let (at, lasts) = (Duration::from_secs_f64(at), Duration::from_secs_f64(lasts));
                misfortunes.push(Misfortune { at, lasts, victim, kind });
            }
            at += dice.random_range(PAUSE_S.0..PAUSE_S.1);
        }
        Self { misfortunes, span, machines }
    }

    /// The coordinator is killed once, and away for so long.
    pub fn outage(at: Duration, lasts: Duration, machines: usize) -> Self {
        let killed = Misfortune { at, lasts, victim: Victim::Coordinator, kind: Kind::Kill };
        Self { misfortunes: vec![killed], span: at + lasts + Duration::from_secs(1), machines }
    }

    /// How often each befell whom, in words.
    pub fn counts(&self) -> String {
        let mut counts: BTreeMap<(bool, Kind), usize> = BTreeMap::new();
        for misfortune in &self.misfortunes {
            *counts.entry((misfortune.victim == Victim::Coordinator, misfortune.kind)).or_default() += 1;
        }
        let words = counts.into_iter().map(|((is_coordinator, kind), count)| {
            let whom = if is_coordinator { "coordinator" } else { "machine" };
            if kind == Kind::Burn {
                format!("{count} × {kind}")
            } else {
                format!("{count} × {whom} {kind}")
            }
        });
        words.collect::<Vec<_>>().join(", ")
    }
}

fn draw(dice: &mut impl Rng, machines: usize, has_network: bool) -> (Victim, Kind, f64, f64) {
    match dice.random_range(0..10) {
        0 => (Victim::Everybody, Kind::Burn, BURN_S.0, BURN_S.1),
        1..=3 => {
            let (kind, least, most) = weighed(dice, &OF_COORDINATOR, true);
            (Victim::Coordinator, kind, least, most)
        }
        _ => {
            let (kind, least, most) = weighed(dice, &OF_MACHINE, has_network);
            (Victim::Machine(dice.random_range(0..machines)), kind, least, most)
        }
    }
}

fn weighed(dice: &mut impl Rng, of: &[(Kind, u32, f64, f64)], has_network: bool) -> (Kind, f64, f64) {
    let possible = || of.iter().filter(|(kind, ..)| has_network || !kind.needs_network());
    let mut left = dice.random_range(0..possible().map(|(_, weight, ..)| weight).sum::<u32>());
    for (kind, weight, least, most) in possible() {
        if left < *weight {
            return (*kind, *least, *most);
        }
        left -= weight;
    }
    unreachable!("the weights sum to what was drawn from")
}

impl Kind {
    pub fn needs_network(self) -> bool {
        matches!(self, Self::CutOff | Self::Mute | Self::Deaf)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kill => "killed",
            Self::Leave => "asked to leave",
            Self::Stop => "stopped",
            Self::Starve => "starved",
            Self::Burn => "all processors busy",
            Self::CutOff => "cut off",
            Self::Mute => "not heard",
            Self::Deaf => "not reached",
        })
    }
}

impl fmt::Display for Victim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Coordinator => f.write_str("coordinator"),
            Self::Machine(index) => write!(f, "machine-{index}"),
            Self::Everybody => f.write_str("everybody"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn one_seed_makes_a_plan_and_another_makes_another() {
        let plan = Plan::drawn(1, HOUR, 4, true);
        assert_eq!(plan, Plan::drawn(1, HOUR, 4, true));
        assert_ne!(plan, Plan::drawn(2, HOUR, 4, true));
    }

    #[test]
    fn an_hour_has_all_kinds_and_nobody_suffers_two_at_once() {
        for seed in 0..50 {
            let plan = Plan::drawn(seed, HOUR, 4, true);
            let mut until: BTreeMap<Victim, Duration> = BTreeMap::new();
            let mut kinds = std::collections::BTreeSet::new();
            for misfortune in &plan.misfortunes {
                kinds.insert((misfortune.victim == Victim::Coordinator, misfortune.kind));
                let end = misfortune.at + misfortune.lasts;
                assert!(end <= plan.span, "seed {seed}: {misfortune:?}");
                let before = until.insert(misfortune.victim, end);
                assert!(before.is_none_or(|before| before < misfortune.at), "seed {seed}: {misfortune:?}");
            }
            assert_eq!(kinds.len(), OF_COORDINATOR.len() + OF_MACHINE.len() + 1, "seed {seed}");
            assert!(plan.misfortunes.len() > 200, "seed {seed}: {}", plan.misfortunes.len());
        }
        let bare = Plan::drawn(1, HOUR, 4, false);
        assert!(bare.misfortunes.iter().all(|misfortune| !misfortune.kind.needs_network()));
    }
}
