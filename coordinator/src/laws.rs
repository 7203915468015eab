//! The laws of `ARCHITECTURE.md` that hold of a coordinator at rest, checked after each simulated step and counted in
//! production. Each violation names its law.

use std::collections::{BTreeMap, BTreeSet};

use common::fidelity::{Fidelity, Role};
use common::id::TrialId;
use common::unit::Joules;

use crate::core::{Core, Known, State, Trial, TrialState};
use crate::fleet::{LiveSlot, slot_ref};
use crate::ladder::Standing;
use crate::rising::rising;
use crate::roster::Roster;

/// A broken law and what broke it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub law: &'static str,
    pub what: String,
}

impl Violation {
    /// A defect of ours, which the log keeps for whoever reports it.
    pub fn log(&self) {
        tracing::error!(law = self.law, what = %self.what, "a law is broken: please report this");
    }
}

macro_rules! law {
    ($found:ident, $law:literal, $holds:expr, $($what:tt)+) => {
        let holds: bool = $holds;
        if !holds {
            $found.push(Violation { law: $law, what: format!($($what)+) });
        }
    };
}

/// Everything that must hold of the fold alone.
pub fn check_state(state: &State) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut subjects = BTreeSet::new();
    let mut slots = BTreeSet::new();
    for (id, trial) in &state.trials {
        law!(found, "T-2", subjects.insert(&trial.subject), "trial {id} repeats {:?}", trial.subject);
        let finished = trial.state == TrialState::Finished;
        law!(found, "T-3", finished == trial.evaluation.is_some(), "trial {id} is {:?}", trial.state);
        if let Some(lease) = trial.lease() {
            law!(
                found,
                "Q-3",
                slots.insert((&lease.worker, lease.slot)),
                "{} {} twice",
                lease.worker,
                lease.slot
            );
            let worker = state.workers.get(&lease.worker);
            let alive = worker.is_some_and(|record| record.alive && record.session == lease.session);
            law!(found, "Q-1", alive, "task {} is leased to a lost session of {}", lease.task, lease.worker);
        }
    }
    check_books(state, &mut found);
    check_index(state, &mut found);
    for pair in state.progress.windows(2) {
        let (before, after) = (pair[0].hypervolume, pair[1].hypervolume);
        // The incremental sum may lose the last bits.
        law!(found, "M-1", after >= before * (1.0 - 1e-9), "hypervolume fell from {before} to {after}");
    }
    if let Some(front) = &state.front {
        for member in front.members() {
            let free = !front.dominates(&member.objectives);
            law!(found, "M-2", free, "trial {} of the front is dominated", member.payload);
        }
    }
    for forecast in state.forecasts.values() {
        let issued = state.grid_hour(state.last_at);
        law!(found, "F-1", forecast.issued_at <= issued, "a forecast was issued at {}", forecast.issued_at);
    }
    found
}

/// E-1: the same joules, counted by hour, by worker, by method and in all.
fn check_books(state: &State, found: &mut Vec<Violation>) {
    let total = state.account.total();
    let close = |sum: Joules| (sum.0 - total.0).abs() <= 1e-6 * total.0.max(1.0);
    let by_hour: Joules = state.account.joules_by_purpose().into_values().sum();
    let by_method: Joules = state.account.by_method().values().copied().sum();
    let by_worker: Joules = state.workers.values().map(|record| record.joules).sum();
    law!(found, "E-1", close(by_hour), "{by_hour} by hour, {total} in all");
    law!(found, "E-1", close(by_method), "{by_method} by method, {total} in all");
    law!(found, "E-1", close(by_worker), "{by_worker} by worker, {total} in all");
    let (emitted, by_line) =
        (state.account.emissions(), state.account.hours().map(|line| line.grams.0).sum::<f64>());
    let agrees = (emitted.0 - by_line).abs() <= 1e-6 * by_line.max(1.0);
    law!(found, "E-3", agrees, "{emitted} emitted, {by_line} by hour");
    let used = total.0 >= 0.0;
    law!(found, "E-3", used, "negative energy: {total}");
}

/// L-1: what is kept up beside the trials says what the trials say.
fn check_index(state: &State, found: &mut Vec<Violation>) {
    let count = |is: &dyn Fn(&Trial) -> bool| state.trials.values().filter(|trial| is(trial)).count();
    let is_training = |trial: &Trial| trial.subject.role() == Role::Train;
    let is_full = |trial: &Trial| trial.subject.fidelity() == Some(Fidelity::Full);
    let pairs = [
        ("leased", state.leases().count(), count(&|trial| trial.lease().is_some())),
        ("held slots", state.roles_held().count(), count(&|trial| trial.lease().is_some())),
        ("waiting", state.waiting().count(), count(&Trial::is_waiting)),
        ("trained", state.trained(), count(&|trial| is_training(trial) && trial.evaluation.is_some())),
        ("open", state.open_fulls() as usize, count(&|trial| is_full(trial) && trial.is_open())),
    ];
    for (what, kept, counted) in pairs {
        law!(found, "L-1", kept == counted, "{kept} {what} by the index, {counted} by the trials");
    }
}

/// What must hold between steps of a live coordinator. Reads the whole study.
pub fn check(core: &Core) -> Vec<Violation> {
    let mut found = check_state(core.state());
    found.extend(check_fleet(core));
    found
}

/// The part of it that is about the fleet, and takes no longer the more is known.
pub fn check_fleet(core: &Core) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut told = rising(core.slots.roles(), slot_ref);
    let live = core.live_slots();
    let roles: Vec<Role> = live.iter().map(|slot| told(slot.key).copied().unwrap_or(Role::Rest)).collect();
    let slots: Vec<(LiveSlot<'_>, Role)> = live.into_iter().zip(roles).collect();
    let mut counted: BTreeMap<_, [u32; 2]> = BTreeMap::new();
    for (slot, role) in &slots {
        let counts = counted.entry(slot.zone).or_default();
        counts[0] += 1;
        counts[1] += u32::from(*role != Role::Rest);
    }
    for (zone, [alive, at_work]) in &counted {
        law!(found, "A-1", at_work <= alive, "{at_work} of {alive} slots at work in {zone}");
    }
    let now = core.now();
    // A tick may come a second late; silence beyond that means that nobody looked.
    let limit = core.options.lost_after.0 + 2_000;
    let mut heard = rising(&core.heard, |worker| worker);
    for (key, _) in core.state.roles_held() {
        let silence = heard(&key.0).map(|heard| now.since(*heard));
        let recent = silence.is_some_and(|silence| silence.0 <= limit);
        law!(found, "Q-1", recent, "{} {} is leased after {silence:?}", key.0, key.1);
    }
    check_idle(core, &slots, &mut found);
    found
}

/// L-1: what a running coordinator keeps up is what one would find that starts now. Reads the whole study: for tests.
pub fn check_kept(core: &Core) -> Vec<Violation> {
    let mut found = Vec::new();
    let (kept, anew) = (&core.standing, Standing::of_study(&core.state, core.standing.rules()));
    law!(
        found,
        "L-1",
        kept.tells() == anew.tells(),
        "{:?} kept, {:?} found anew",
        kept.tells(),
        anew.tells()
    );
    let (kept, anew) = (&core.known, Known::of(&core.state));
    law!(found, "L-1", *kept == anew, "{kept:?} kept, {anew:?} found anew");
    let (kept, anew) = (core.slots.roster(), Roster::of(&core.state, &core.options.requirements));
    let (kept, anew) = (kept.tells(), anew.tells());
    law!(found, "L-1", kept == anew, "{kept:?} kept, {anew:?} found anew");
    found
}

/// no slot idles in a role for which work waits, once what one step may hand out is handed out.
fn check_idle(core: &Core, slots: &[(LiveSlot<'_>, Role)], found: &mut Vec<Violation>) {
    if core.is_over() || core.draining || core.goes_on || core.state.paused.is_some() {
        return;
    }
    // The same work fits all of a kind: thousands of slots may idle while thousands of trials wait for something else.
    let mut waits_for: BTreeMap<_, Option<TrialId>> = BTreeMap::new();
    for (slot, role) in slots.iter().filter(|(slot, _)| slot.holding.is_none()) {
        let Some(place) = core.place(slot.key) else { continue };
        let waiting =
            *waits_for.entry((*role, place)).or_insert_with_key(|(role, place)| core.waiting(*role, place));
        law!(found, "Q-2", waiting.is_none(), "trial {waiting:?} waits while {:?} idles as {role}", slot.key);
    }
}
