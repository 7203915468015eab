//! What every policy owes its users, checked on random situations: used by each policy's own tests.

use common::carbon::Forecast;
use common::energy::Purpose;
use common::id::Zone;
use common::seed::Seed;
use common::time::GridHour;
use common::unit::{Grams, Intensity, Joules, Seconds};
use rand::Rng;

use crate::{BudgetLeft, Cost, Pace, Policy, Situation, Work, ZoneSituation};

/// Panics with seed and situation where a policy made by `new` breaks a promise of the trait.
pub fn check_policy(new: impl Fn() -> Box<dyn Policy>, situations: u64) {
    for seed in 0..situations {
        let mut dice = Dice(Box::new(Seed(seed).stream("conformance", 0)));
        // A few situations in a row, some within one hour, so that what a policy remembers is tried as well.
        let first = dice.situation();
        let history: Vec<Situation> = (0..4).map(|step| dice.later(&first, step)).collect();
        let (mut policy, mut twin) = (new(), new());
        for situation in &history {
            let (mut copy, mut other) = (policy.copy(), policy.copy());
            // Of another situation: whoever asks a copy what would be if, changes nothing.
            let _ = other.decide(&dice.situation());
            let allocation = policy.decide(situation);
            let context = || format!("seed {seed}: {situation:?} -> {allocation:?}");
            assert_eq!(
                allocation,
                policy.decide(situation),
                "A-2, deciding twice changes nothing: {}",
                context()
            );
            assert_eq!(allocation, copy.decide(situation), "a copy remembers the same: {}", context());
            assert_eq!(
                allocation,
                twin.decide(situation),
                "the same situations get the same answers: {}",
                context()
            );
            assert_eq!(allocation.policy, policy.name(), "{}", context());
            assert!(
                !allocation.reason.is_empty() && !allocation.reason.contains('\n'),
                "a reason: {}",
                context()
            );
            assert!(!allocation.reason.contains("NaN"), "a reason a person can read: {}", context());
            assert!(
                allocation.zones.keys().eq(situation.zones.keys()),
                "every zone is decided on: {}",
                context()
            );
            for (name, zone) in &situation.zones {
                let total = u64::from(allocation.shares(name).train)
                    + u64::from(allocation.shares(name).sample)
                    + u64::from(allocation.shares(name).rest);
                assert_eq!(total, u64::from(zone.slots), "A-1, neither more nor fewer slots: {}", context());
            }
        }
    }
    let empty = new().decide(&Situation::default());
    assert!(empty.zones.is_empty(), "no zones, no slots");
}

struct Dice(Box<dyn Rng>);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0.next_u64() % bound
    }
    fn maybe<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(3) > 0).then(|| value(self))
    }
    /// Mostly within reason, sometimes none of it.
    fn number(&mut self, scale: f64) -> f64 {
        match self.below(24) {
            0 => f64::NAN,
            1 => f64::INFINITY,
            2 => -scale,
            3 => 0.0,
            _ => scale * (self.below(1_000) as f64 + 1.0) / 500.0,
        }
    }

    fn situation(&mut self) -> Situation {
        let hour = GridHour(450_000 + self.below(10_000) as i64);
        let zones =
            (0..self.below(5)).map(|index| (Zone::new(format!("Z{index}")), self.zone(hour))).collect();
        Situation {
            hour,
            hour_left: self.number(0.5),
            hour_s: self.number(3_600.0),
            zones,
            budget: BudgetLeft {
                carbon: self.maybe(|dice| Grams(dice.number(5_000.0))),
                energy: self.maybe(|dice| Joules(dice.number(1e8))),
                hours: self.maybe(|dice| dice.number(80.0)),
                trainings: self.maybe(|dice| dice.below(100)),
            },
            work: self.work(),
            costs: Purpose::ALL.into_iter().filter_map(|purpose| Some((purpose, self.cost()?))).collect(),
            ..Situation::default()
        }
    }

    fn zone(&mut self, hour: GridHour) -> ZoneSituation {
        let slots = [0, 1, 2, 8, 1_000, u64::from(u32::MAX)][self.below(6) as usize] as u32;
        let recent = (0..self.below(200)).map(|_| Intensity(self.number(300.0))).collect();
        ZoneSituation {
            slots,
            intensity: self.maybe(|dice| Intensity(dice.number(300.0))),
            forecast: self.maybe(|dice| {
                let rows = (0..dice.below(100)).map(|_| dice.number(300.0));
                Forecast {
                    zone: Zone::new("Z"),
                    issued_at: hour,
                    model: "made up".into(),
                    levels: vec![0.1, 0.5, 0.9],
                    quantiles: rows.map(|median| vec![0.8 * median, median, 1.3 * median]).collect(),
                }
            }),
            recent,
            pace: Pace { seconds: self.number(3.0), joules: self.number(3.0) },
            ..ZoneSituation::default()
        }
    }

    fn work(&mut self) -> Work {
        Work {
            trainings_running: self.below(5) as u32,
            trainings_waiting: self.below(20) as u32,
            training_wanted: self.below(2) == 0,
            scored: self.below(20) as u32,
            scores_wanted: self.below(50) as u32,
        }
    }

    fn cost(&mut self) -> Option<Cost> {
        self.maybe(|dice| Cost { seconds: Seconds(dice.number(1_000.0)), joules: Joules(dice.number(2e5)) })
    }

    /// The same study a little later: in the same hour on odd steps, with other work, and slots that come and go.
    fn later(&mut self, first: &Situation, step: u64) -> Situation {
        let mut later = first.clone();
        later.hour = first.hour.plus(step as i64 / 2);
        later.work = self.work();
        if step == 3 {
            later.zones.values_mut().for_each(|zone| zone.slots /= 2);
        }
        later
    }
}
