//! The course of the real core, from its ledger: exact between two energy reports too, for the power of each reported window is constant.

use std::collections::BTreeMap;

use common::energy::Purpose;
use common::event::Event;
use common::fidelity::Fidelity;
use common::id::{SessionId, WorkerName, Zone};
use common::time::{HOUR_MS, Millis, Timestamp};
use common::unit::{Grams, Joules};

use super::{Course, HourOf, Step, Trainings};
use crate::drive::{Outcome, Study};
use crate::world::{HourlyTrace, Spent};

/// Percent × mJ for each share × joule.
const HYPERVOLUME: f64 = 100.0 * 1000.0;

/// Ahead of the hour, a forecast is shown with.
const DAY_H: i64 = 24;

pub fn course(study: &Study<'_>, outcome: &Outcome) -> Course {
    let start = study.start.start();
    let books = Books::of(study, outcome);
    let mut fulls = 0;
    let steps = outcome.state.progress.iter().filter(|milestone| !milestone.given).map(|milestone| {
        fulls += 1;
        Step {
            hours: hours(milestone.at.since(start)),
            spent: books.until(milestone.at),
            trainings: fulls,
            hypervolume: milestone.hypervolume * HYPERVOLUME,
        }
    });
    let steps = Course::improvements(steps);
    let rung = Fidelity::Rung(study.table.epochs().0);
    Course {
        reason: outcome.reason.clone(),
        hours: hours(outcome.end.since(start)),
        spent: books.until(outcome.end),
        by_purpose: purposes(outcome),
        finished: Trainings {
            full: outcome.finished(Fidelity::Full),
            short: outcome.finished(rung),
            scored: outcome.finished(Fidelity::OneShot),
        },
        steps,
        by_hour: by_hour(study, outcome, &books),
    }
}

fn hours(span: Millis) -> f64 {
    span.0 as f64 / HOUR_MS as f64
}

fn purposes(outcome: &Outcome) -> BTreeMap<Purpose, Joules> {
    let nothing = Purpose::ALL.into_iter().map(|purpose| (purpose, Joules::ZERO));
    nothing.chain(outcome.state.account.joules_by_purpose()).collect()
}

fn by_hour(study: &Study<'_>, outcome: &Outcome, books: &Books) -> Vec<HourOf> {
    let start = study.start.start();
    let count = (outcome.end.since(start).0 as f64 / HOUR_MS as f64).ceil() as i64;
    let mut by_hour: Vec<HourOf> = (0..count)
        .map(|hour| {
            let from = start + Millis(hour * HOUR_MS);
            let to = (from + Millis(HOUR_MS)).min(outcome.end);
            let (began, ended) = (books.until(from), books.until(to));
            let spent = Spent { joules: ended.joules - began.joules, grams: ended.grams - began.grams };
            let grid =
                |trace: &HourlyTrace| (trace.at(from.hour()).map_or(0.0, |intensity| intensity.0), None);
            let grids = study.zones.iter().map(|(trace, _)| grid(trace)).collect();
            HourOf { spent, grids, ..HourOf::default() }
        })
        .collect();
    expect(study, outcome, &mut by_hour);
    for record in &outcome.records {
        let Event::AllocationDecided { allocation } = &record.event else { continue };
        let hour = record.at.since(start).0.div_euclid(HOUR_MS);
        let Some(hour) = usize::try_from(hour).ok().and_then(|hour| by_hour.get_mut(hour)) else { continue };
        let sum = |of: fn(&common::allocation::Shares) -> u32| allocation.zones.values().map(of).sum();
        (hour.train, hour.sample, hour.rest) =
            (sum(|shares| shares.train), sum(|shares| shares.sample), sum(|shares| shares.rest));
    }
    by_hour
}

/// What was forecast: for each hour the last word of a day before, or else the first of all.
fn expect(study: &Study<'_>, outcome: &Outcome, by_hour: &mut [HourOf]) {
    let place = |zone: &Zone| study.zones.iter().position(|(trace, _)| trace.zone() == zone);
    for record in &outcome.records {
        let Event::ForecastIssued { forecast } = &record.event else { continue };
        let Some(zone) = place(&forecast.zone) else { continue };
        for (hour, of) in by_hour.iter_mut().enumerate() {
            let at = study.start.plus(hour as i64);
            let expected = &mut of.grids[zone].1;
            if expected.is_none() || at.0 - forecast.issued_at.0 >= DAY_H {
                *expected = forecast.quantile(at, 0.5).map(|intensity| intensity.0).or(*expected);
            }
        }
    }
}

/// All energy windows by their end, with the sum of those before.
struct Books {
    windows: Vec<Window>,
    /// `[windows + 1]`.
    before: Vec<Spent>,
    longest: Millis,
}

#[derive(Clone, Copy)]
struct Window {
    from: Timestamp,
    to: Timestamp,
    spent: Spent,
}

impl Books {
    fn of(study: &Study<'_>, outcome: &Outcome) -> Self {
        let traces: BTreeMap<&Zone, &HourlyTrace> =
            study.zones.iter().map(|(trace, _)| (trace.zone(), trace)).collect();
        let mut sessions: BTreeMap<(&WorkerName, SessionId), (Timestamp, &HourlyTrace)> = BTreeMap::new();
        let mut windows = Vec::new();
        for record in &outcome.records {
            match &record.event {
                Event::WorkerJoined { worker, session, origin, zone, .. } => {
                    sessions.insert((worker, *session), (*origin, traces[zone]));
                }
                Event::EnergySpent { worker, session, measurement } => {
                    let (origin, trace) = sessions[&(worker, *session)];
                    let (from, to) = (origin + measurement.start, origin + measurement.end);
                    // Reports come so often, and on the hour, that no window reaches over a border.
                    let intensity = trace.at(from.hour()).expect("checked to cover the study");
                    let grams: Grams = measurement.joules.emissions(intensity);
                    windows.push(Window { from, to, spent: Spent { joules: measurement.joules, grams } });
                }
                _ => {}
            }
        }
        windows.sort_by_key(|window| window.to);
        let mut sum = Spent::default();
        let sums = windows.iter().map(|window| {
            sum.joules += window.spent.joules;
            sum.grams += window.spent.grams;
            sum
        });
        let before = std::iter::once(Spent::default()).chain(sums).collect();
        let longest = windows.iter().map(|window| window.to.since(window.from)).max().unwrap_or(Millis(0));
        Self { windows, before, longest }
    }

    /// By every slot, up to `at`.
    fn until(&self, at: Timestamp) -> Spent {
        let ended = self.windows.partition_point(|window| window.to <= at);
        let mut spent = self.before[ended];
        for window in self.windows[ended..].iter().take_while(|window| window.to <= at + self.longest) {
            let share = at.since(window.from).0 as f64 / window.to.since(window.from).0 as f64;
            if share > 0.0 {
                spent.joules += window.spent.joules * share;
                spent.grams += window.spent.grams * share;
            }
        }
        spent
    }
}
