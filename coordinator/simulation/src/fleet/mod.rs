//! A simulated fleet: identical slots that train, score or rest by the hour, and the rules of who takes up what and when.
//!
//! The rules, so that any two implementations agree to the last event:
//! 1. at each hour the [`Director`] says how many slots of each zone train and score; the first train, the next score, the rest rest;
//! 2. a slot whose role changes gives its task up at once: trainings are suspended with their progress and wait in the list of their
//!    role, scoring is abandoned (its energy stays charged, its cells go back to the director);
//! 3. a free slot, in the order of slots until nothing changes, takes the suspended task of its role that was dispatched first, else the
//!    director's next, else it idles and is asked again after every event;
//! 4. resuming takes [`Work::resume_s`] at the task's power, and all of it again when interrupted meanwhile;
//! 5. at equal times tasks finish first, in the order of slots, each followed by dispatch; then the hour's roles; then dispatch;
//! 6. a fleet that moves to another zone keeps each slot's task and stands still for [`Work::resume_s`], at the power it had.
//!
//! `director` holds who decides and what is known to it, `run` what became of it.
//!
//! Absent on purpose: what to train and how many slots to use. Those are the director's.

mod director;
mod run;

use std::collections::{BTreeMap, BTreeSet};

use common::energy::Purpose;
use common::fidelity::Role;
use common::time::GridHour;
use moo::Front;

pub use director::{Director, Hour, Shares};
pub use run::{End, Finished, Run};

use crate::table::{CellId, Level, Table};
use crate::world::{Draw, HourlyTrace, Limit, Meter, Moment, Schedule, Task, TraceError, Work};

const HOUR_S: f64 = 3600.0;

/// A world to run a fleet in.
#[derive(Debug, Clone)]
pub struct Setting<'a> {
    pub table: &'a dyn Table,
    pub work: Work,
    /// Zones with their slots; slots are numbered through, zone by zone.
    pub zones: Vec<(HourlyTrace, u32)>,
    pub start: GridHour,
    /// Whole hours after which the study ends.
    pub horizon_hours: usize,
    pub limit: Limit,
    /// Hypervolume, in percent × mJ, at which the study ends.
    pub target_hypervolume: Option<f64>,
}

/// Runs `director` through the world. Pure: the same world and an equal director give an equal run.
pub fn run(setting: &Setting<'_>, director: &mut dyn Director) -> Result<Run, TraceError> {
    let zones: Vec<_> = setting.zones.iter().map(|(trace, slots)| (trace, *slots)).collect();
    let meter = Meter::new(&setting.work, setting.start, setting.horizon_hours, &zones)?;
    let slots =
        zones.iter().enumerate().flat_map(|(zone, (_, slots))| (0..*slots).map(move |_| Slot::resting(zone)));
    let mut fleet = Fleet {
        setting,
        mean_epoch_s: setting.table.mean_epoch_s(),
        meter,
        slots: slots.collect(),
        open: BTreeSet::new(),
        suspended: BTreeMap::new(),
        ends: Schedule::new(),
        dispatched: 0,
        front: setting.table.front(),
        finished: Vec::new(),
        roles: Vec::new(),
        now_s: 0.0,
    };
    let end = fleet.live(director);
    Ok(Run {
        end,
        end_s: fleet.now_s,
        finished: fleet.finished,
        front: fleet.front,
        roles: fleet.roles,
        hourly: fleet.meter.hourly().to_vec(),
        spent: fleet.meter.spent(),
        zones: (0..zones.len()).map(|zone| fleet.meter.spent_in(zone)).collect(),
        by_purpose: fleet.meter.by_purpose(),
    })
}

struct Fleet<'a> {
    setting: &'a Setting<'a>,
    mean_epoch_s: f64,
    meter: Meter,
    slots: Vec<Slot>,
    /// Slots that have a role and no task.
    open: BTreeSet<usize>,
    /// By role and the order of first dispatch.
    suspended: BTreeMap<(Role, u64), Suspended>,
    /// When tasks end, with the slot and the dispatch that must still hold it.
    ends: Schedule<(Moment, usize), u64>,
    dispatched: u64,
    front: Front<CellId>,
    finished: Vec<Finished>,
    roles: Vec<Vec<Shares>>,
    now_s: f64,
}

#[derive(Debug)]
struct Slot {
    zone: usize,
    role: Role,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    /// Numbers first dispatches.
    id: u64,
    /// Numbers all dispatches, so that the end of an interrupted one is told from the present one's.
    dispatch: u64,
    task: Task,
    /// When work proper begins: after resuming.
    from_s: f64,
    done_s: f64,
}

#[derive(Debug)]
struct Suspended {
    task: Task,
    done_s: f64,
}

impl Slot {
    fn resting(zone: usize) -> Self {
        Self { zone, role: Role::Rest, running: None }
    }

    fn draw(&self) -> Draw {
        match (&self.running, self.role) {
            (Some(running), _) => Draw::For(running.task.purpose()),
            (None, Role::Rest) => Draw::Released,
            (None, _) => Draw::For(Purpose::Idle),
        }
    }
}

impl Fleet<'_> {
    fn live(&mut self, director: &mut dyn Director) -> End {
        for index in 0..self.setting.horizon_hours {
            self.assign_roles(index, director);
            self.dispatch(director);
            let border_s = (index + 1) as f64 * HOUR_S;
            // A task that ends on the border is finished, not suspended.
            while let Some((at_s, slot)) = self.next_end(border_s) {
                if self.advance(at_s) {
                    return End::Limit;
                }
                self.finish(slot, director);
                if self.setting.target_hypervolume.is_some_and(|target| self.front.hypervolume() >= target) {
                    return End::Target;
                }
                self.dispatch(director);
            }
            if self.advance(border_s) {
                return End::Limit;
            }
        }
        End::Horizon
    }

    /// Whether a limit was reached on the way.
    fn advance(&mut self, to_s: f64) -> bool {
        let stopped = self.meter.advance(to_s, &self.setting.limit);
        self.now_s = stopped.unwrap_or(to_s);
        stopped.is_some()
    }

    /// The next task to end, no later than `until_s`.
    fn next_end(&mut self, until_s: f64) -> Option<(f64, usize)> {
        while let Some((&(Moment(at_s), slot), &dispatch)) = self.ends.peek() {
            if at_s > until_s {
                return None;
            }
            self.ends.pop();
            if self.slots[slot].running.as_ref().is_some_and(|running| running.dispatch == dispatch) {
                return Some((at_s, slot));
            }
        }
        None
    }

    fn assign_roles(&mut self, index: usize, director: &mut dyn Director) {
        let (spent, hypervolume) = (self.meter.spent(), self.front.hypervolume());
        let hour = Hour { index, setting: self.setting, spent, hypervolume };
        if let Some(zone) = director.site(&hour) {
            self.move_to(zone);
        }
        let shares = director.roles(&hour);
        let mut first = 0;
        let mut roles = Vec::new();
        for (zone, (_, slots)) in self.setting.zones.iter().enumerate() {
            let Shares { train, score } = shares.get(zone).copied().unwrap_or_default();
            for place in 0..*slots {
                let role = match place {
                    place if place < train => Role::Train,
                    place if place - train < score => Role::Sample,
                    _ => Role::Rest,
                };
                self.change_role(first + place as usize, role, director);
            }
            let train = train.min(*slots);
            roles.push(Shares { train, score: score.min(*slots - train) });
            first += *slots as usize;
        }
        self.roles.push(roles);
    }

    fn move_to(&mut self, zone: usize) {
        let zone = zone.min(self.setting.zones.len().saturating_sub(1));
        for index in 0..self.slots.len() {
            let slot = &mut self.slots[index];
            if slot.zone == zone {
                continue;
            }
            self.meter.relocate(slot.zone, zone, slot.draw());
            slot.zone = zone;
            let Some(running) = &mut slot.running else { continue };
            running.done_s += (self.now_s - running.from_s).max(0.0);
            running.from_s = self.now_s + self.setting.work.resume_s;
            running.dispatch = self.dispatched;
            self.dispatched += 1;
            let seconds = self.setting.work.seconds(&running.task, self.setting.table, self.mean_epoch_s).0;
            let ends_s = running.from_s + (seconds - running.done_s);
            self.ends.push((Moment(ends_s), index), running.dispatch);
        }
    }

    fn change_role(&mut self, index: usize, role: Role, director: &mut dyn Director) {
        let slot = &mut self.slots[index];
        if slot.role == role {
            return;
        }
        let before = slot.draw();
        if let Some(Running { id, task, from_s, done_s, .. }) = slot.running.take() {
            if task.can_suspend() {
                // Interrupted while resuming, nothing was done.
                let done_s = done_s + (self.now_s - from_s).max(0.0);
                self.suspended.insert((slot.role, id), Suspended { task, done_s });
            } else {
                director.on_abandoned(task);
            }
        }
        slot.role = role;
        if role == Role::Rest {
            self.open.remove(&index)
        } else {
            self.open.insert(index)
        };
        self.meter.change(slot.zone, before, slot.draw());
    }

    fn dispatch(&mut self, director: &mut dyn Director) {
        loop {
            let mut changed = false;
            for index in self.open.iter().copied().collect::<Vec<_>>() {
                changed |= self.take_up(index, director);
            }
            if !changed {
                return;
            }
        }
    }

    /// Whether the free slot found work.
    fn take_up(&mut self, index: usize, director: &mut dyn Director) -> bool {
        let role = self.slots[index].role;
        let first = self.suspended.range((role, 0)..=(role, u64::MAX)).next().map(|(key, _)| *key);
        let (id, task, done_s, pause_s) =
            match first.and_then(|key| Some((key.1, self.suspended.remove(&key)?))) {
                Some((id, Suspended { task, done_s })) => (id, task, done_s, self.setting.work.resume_s),
                None => match director.next(role, self.setting.table) {
                    Some(task) => (self.dispatched, task, 0.0, 0.0),
                    None => return false,
                },
            };
        let dispatch = self.dispatched;
        self.dispatched += 1;
        let seconds = self.setting.work.seconds(&task, self.setting.table, self.mean_epoch_s).0;
        let from_s = self.now_s + pause_s;
        self.ends.push((Moment(from_s + (seconds - done_s)), index), dispatch);
        let slot = &mut self.slots[index];
        let before = slot.draw();
        slot.running = Some(Running { id, dispatch, task, from_s, done_s });
        self.open.remove(&index);
        self.meter.change(slot.zone, before, slot.draw());
        true
    }

    fn finish(&mut self, index: usize, director: &mut dyn Director) {
        let slot = &mut self.slots[index];
        let before = slot.draw();
        let Some(Running { task, .. }) = slot.running.take() else { return };
        self.meter.change(slot.zone, before, slot.draw());
        self.open.insert(index);
        if let Task::Full(cell) = task {
            let objectives = self.setting.table.row(cell).objectives(Level::Full);
            self.front.insert(&objectives, cell).expect("tables hold numbers only");
        }
        let (hypervolume, spent) = (self.front.hypervolume(), self.meter.spent());
        let finished = Finished { at_s: self.now_s, slot: index, task, hypervolume, spent };
        director.on_finished(&finished, self.setting.table);
        self.finished.push(finished);
    }
}
