//! From histories to a fitted model: scales, skips, lessons, networks, and what the held-out hours say about all of them.

use std::thread;

use common::seed::Seed;

use super::fitted::{About, AboutZone, Fitted, middle};
use super::inputs::Scaling;
use super::lesson::{Lesson, Zone};
use super::network::Member;
use super::options::{INPUT_HOURS, Options};
use super::skip::{Hours, Skip, Windows};
use super::training::{Course, train};
use super::{NAME, OneThread};
use crate::{Error, Series};

/// Shares of the network's correction to choose from: where it does not help, the skip stands alone.
const GAINS: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];

/// Fits one model to all `histories`, of different zones and one kind, each long enough. `stop` ends training early.
pub fn fit(
    histories: &[&Series],
    options: &Options,
    horizon: usize,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Fitted, Error> {
    let _one = OneThread::new();
    let scalings: Vec<Scaling> = histories.iter().map(|history| Scaling::learn(history)).collect();
    let (lessons, skips) = lessons(histories, &scalings, horizon)?;
    let (members, courses) = members(&lessons, options, stop);
    let judged = histories.iter().zip(&lessons).zip(scalings).enumerate();
    let zones = judged
        .map(|(number, ((history, lesson), scaling))| judge(history, lesson, scaling, number, &members));
    let about = About {
        options: options.clone(),
        horizon,
        kind: histories[0].kind(),
        zones: zones.collect(),
        courses,
    };
    Ok(Fitted { about, members, skips })
}

/// Brings one of a model's zones up to another history without training its networks anew: they learn slowly varying things, and are
/// what is dear. Scales stay, for the networks know the zone in them.
pub fn renew(mut fitted: Fitted, zone: usize, history: &Series) -> Result<Fitted, Error> {
    let _one = OneThread::new();
    let of_zone = &mut fitted.about.zones[zone];
    (of_zone.from, of_zone.until) = (history.first_hour(), history.last_hour());
    let scaling = std::slice::from_ref(&of_zone.scaling);
    let (_, mut skips) = lessons(&[history], scaling, fitted.about.horizon)?;
    fitted.skips[zone] = skips.swap_remove(0);
    Ok(fitted)
}

fn lessons(
    histories: &[&Series],
    scalings: &[Scaling],
    horizon: usize,
) -> Result<(Vec<Lesson>, Vec<Skip>), Error> {
    let singular = |history: &Series, reason: &str| Error::Singular {
        model: NAME.into(),
        zone: history.zone().clone(),
        reason: reason.into(),
    };
    let mut prepared = Vec::with_capacity(histories.len());
    for (history, scaling) in histories.iter().zip(scalings) {
        let hours = Hours { figures: scaling.apply(history), first: history.first_hour() };
        let windows = Windows::new(&hours, horizon)
            .ok_or_else(|| singular(history, "it holds too few windows of two weeks and the horizon"))?;
        prepared.push((hours, windows));
    }
    let mut skips = Vec::with_capacity(prepared.len());
    let mut honest = Vec::with_capacity(prepared.len());
    for (zone, history) in histories.iter().enumerate() {
        let others = prepared.iter().enumerate().filter(|(other, _)| *other != zone);
        let others: Vec<&Windows> = others.map(|(_, (_, windows))| windows).collect();
        let (skip, said) = prepared[zone]
            .1
            .fit(&others)
            .ok_or_else(|| singular(history, "its normal equations have no solution"))?;
        skips.push(skip);
        honest.push(Vec::try_from(said.reshape([-1])).expect("a flat tensor of floats"));
    }
    let hours = prepared.into_iter().map(|(hours, _)| hours);
    let lessons = hours.zip(honest).zip(scalings).map(|((hours, skip), scaling)| Lesson {
        hours,
        skip,
        horizon,
        deviation: scaling.deviation(),
    });
    Ok((lessons.collect(), skips))
}

/// One network a thread: a core each where there are cores, and the same numbers where there are not.
fn members(
    lessons: &[Lesson],
    options: &Options,
    stop: &(dyn Fn() -> bool + Sync),
) -> (Vec<Member>, Vec<Course>) {
    let learn = |number: usize| {
        let _one = OneThread::new();
        train(lessons, options, Seed(options.seed).derive("member", number as u64), &|| stop())
    };
    thread::scope(|scope| {
        let learn = &learn;
        let running: Vec<_> = (0..options.members).map(|number| scope.spawn(move || learn(number))).collect();
        running.into_iter().map(|member| member.join().expect("a network learns")).unzip()
    })
}

/// What the held-out hours of one zone say: which share of the correction helps, and how far off the forecast was.
fn judge(
    history: &Series,
    lesson: &Lesson,
    scaling: Scaling,
    number: usize,
    members: &[Member],
) -> AboutZone {
    let days = lesson.horizon.div_ceil(24);
    let windows: Vec<usize> = Zone::held_out_windows(lesson).collect();
    let examples = Zone::new(lesson, number, lesson.deviation).held_out().examples;
    let tries = GAINS.map(|gain| {
        let said = middle(members, &examples, &vec![gain; days]);
        Outcomes { lesson, windows: &windows, said }
    });
    let off = |gain: usize, day: usize| tries[gain].mean(day, |truth, said| Some((truth - said).abs()));
    let best = |day: usize| {
        let better = |a: &usize, b: &usize| off(*a, day).total_cmp(&off(*b, day));
        (0..GAINS.len()).min_by(better).expect("there are gains")
    };
    let chosen: Vec<usize> = (0..days).map(best).collect();
    let percentage = |truth: f64, said: f64| {
        let (truth, said) = (scaling.stretch(truth), scaling.stretch(said));
        (truth > 0.0).then(|| 100.0 * (said - truth).abs() / truth)
    };
    AboutZone {
        zone: history.zone().clone(),
        from: history.first_hour(),
        until: history.last_hour(),
        gains: chosen.iter().map(|&gain| GAINS[gain]).collect(),
        held_out_mape: chosen
            .iter()
            .enumerate()
            .map(|(day, gain)| tries[*gain].mean(day, percentage))
            .collect(),
        scaling,
    }
}

/// What was said at held-out windows, `said [windows × horizon]`.
struct Outcomes<'a> {
    lesson: &'a Lesson,
    windows: &'a [usize],
    said: Vec<f32>,
}

impl Outcomes<'_> {
    /// Mean of `measure(truth, said)`, standardised, over one day ahead; 0 when nothing can be measured.
    fn mean(&self, day: usize, measure: impl Fn(f64, f64) -> Option<f64>) -> f64 {
        let horizon = self.lesson.horizon;
        let (mut sum, mut count) = (0.0, 0.0);
        for (window, said) in self.windows.iter().zip(self.said.chunks_exact(horizon)) {
            for (lead, said) in said.iter().enumerate().skip(day * 24).take(24) {
                let truth = f64::from(self.lesson.hours.intensity(window + INPUT_HOURS + lead));
                if let Some(value) = measure(truth, f64::from(*said)) {
                    sum += value;
                    count += 1.0;
                }
            }
        }
        if count > 0.0 { sum / count } else { 0.0 }
    }
}
