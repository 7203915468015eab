//! The course of a baseline.

use super::{Course, HourOf, Step, Trainings};
use crate::fleet::{End, Run, Setting, Shares};
use crate::world::{HourlyTrace, Spent, Task};

const HOUR_S: f64 = 3600.0;

pub fn course(setting: &Setting<'_>, run: &Run) -> Course {
    let mut finished = Trainings::default();
    let mut steps = Vec::new();
    for done in &run.finished {
        match &done.task {
            Task::Full(_) => finished.full += 1,
            Task::Short(_) => finished.short += 1,
            Task::Score(cells) => finished.scored += cells.len(),
            Task::Supernet | Task::SubSupernet(_) => {}
        }
        steps.push(Step {
            hours: done.at_s / HOUR_S,
            spent: done.spent,
            trainings: finished.full,
            hypervolume: done.hypervolume,
        });
    }
    let reason = match run.end {
        End::Horizon => "the time is up",
        End::Limit => "a budget is used",
        End::Target => "the hypervolume is reached",
    };
    Course {
        reason: reason.into(),
        hours: run.end_s / HOUR_S,
        spent: run.spent,
        by_purpose: run.by_purpose.clone(),
        finished,
        steps: Course::improvements(steps),
        by_hour: run
            .roles
            .iter()
            .enumerate()
            .map(|(hour, roles)| hour_of(setting, run, hour, roles))
            .collect(),
    }
}

fn hour_of(setting: &Setting<'_>, run: &Run, hour: usize, roles: &[Shares]) -> HourOf {
    let (began, ended) = (run.hourly[hour], run.hourly.get(hour + 1).copied().unwrap_or(run.spent));
    let spent = Spent { joules: ended.joules - began.joules, grams: ended.grams - began.grams };
    let train = roles.iter().map(|shares| shares.train).sum();
    let sample = roles.iter().map(|shares| shares.score).sum();
    let slots: u32 = setting.zones.iter().map(|(_, slots)| slots).sum();
    let at = setting.start.plus(hour as i64);
    let grid = |trace: &HourlyTrace| (trace.at(at).map_or(0.0, |intensity| intensity.0), None);
    let grids = setting.zones.iter().map(|(trace, _)| grid(trace)).collect();
    HourOf { grids, spent, train, sample, rest: slots - train - sample }
}
