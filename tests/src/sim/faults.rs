//! What befalls processes and lines. Each fault ends by itself; what it broke, the cores must mend.

use common::event::Record;
use common::id::{SessionId, TrialId, WorkerName};
use common::time::{Millis, Timestamp};
use coordinator::core::Control;
use worker::Input;

use super::network::Way;
use super::world::{Happening, World};

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// The coordinator's process dies and a new one folds the ledger. `seen`: workers notice that the line is gone.
    CrashCoordinator { down: Millis, seen: bool },
    /// Somebody puts a copy of the ledger back that lacks so many of its last events, and starts the coordinator on it.
    RestoreLedger { events: usize, down: Millis },
    /// The coordinator's process stands still; what arrives meanwhile waits for it.
    FreezeCoordinator { span: Millis },
    /// The coordinator's wall clock is set ahead, or back where negative.
    SetClock { by: Millis },
    /// Appending takes so long.
    SlowDisk { span: Millis, append: Millis },
    /// A worker's process dies; a new one with a session of its own begins after `back`, on the same disk.
    Kill { machine: usize, back: Option<Millis> },
    /// A worker's process stands still. `clock_stops`: its clock with it, as on a suspended machine.
    Freeze { machine: usize, span: Millis, clock_stops: bool },
    /// Somebody asks the worker to go; the machine may come back.
    Leave { machine: usize, back: Option<Millis> },
    /// One way of a worker's line is cut, or both. `seen`: the transport tells the worker.
    Cut { machine: usize, way: Option<Way>, span: Millis, seen: bool },
    /// The worker's session clock leaps ahead.
    LeapClock { machine: usize, by: Millis },
    /// Not a fault of anything: somebody asks the coordinator for this. A dead one does not hear it.
    Asked(Wish),
}

/// How long somebody waits who finds no coordinator.
const ASK_AGAIN: Millis = Millis(1_000);

/// What an operator asks for. Whatever is asked is asked back, so that a study comes to its end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wish {
    Pause,
    Resume,
    /// The machine is released and comes back as another process.
    Drain {
        machine: usize,
        back: Millis,
    },
    Release {
        machine: usize,
    },
    /// The `nth` of all trials, should there be so many.
    Cancel {
        nth: u64,
    },
    Retry {
        nth: u64,
    },
}

impl World {
    pub(super) fn on_fault(&mut self, fault: Fault) {
        self.note(&format!("-- {fault:?}"));
        let now = self.now;
        match fault {
            Fault::CrashCoordinator { down, seen } => self.crash_coordinator(down, seen),
            Fault::RestoreLedger { events, down } => {
                self.crash_coordinator(down, true);
                let ledger = &mut self.site.ledger;
                ledger.truncate(copied(ledger, events));
                self.auditor.coordinator_died(ledger);
            }
            // A second freeze within the first ends nothing: what waits for the first one's end would come late, alone.
            Fault::FreezeCoordinator { span } => {
                self.coordinator_frozen_until = self.coordinator_frozen_until.max(now + span);
            }
            Fault::SetClock { by } => self.wall_ahead = Millis(self.wall_ahead.0 + by.0),
            Fault::SlowDisk { span, append } => self.slow_disk = (now + span, append),
            Fault::Kill { machine, back } => {
                self.kill(machine);
                if let Some(back) = back {
                    self.schedule.push(now + back, Happening::Begin { machine });
                }
            }
            Fault::Freeze { machine, span, clock_stops } => {
                if let Some(process) = self.process(machine) {
                    process.frozen_until = process.frozen_until.max(now + span);
                    if clock_stops {
                        process.clock_lag = Millis(process.clock_lag.0 + span.0);
                    }
                }
            }
            Fault::Leave { machine, back } => {
                self.worker_step(machine, Input::Stop);
                if let Some(back) = back {
                    self.schedule.push(now + back, Happening::Begin { machine });
                }
            }
            Fault::Cut { machine, way, span, seen } => self.cut(machine, way, span, seen),
            Fault::Asked(wish) => self.on_wish(wish),
            Fault::LeapClock { machine, by } => {
                if let Some(process) = self.process(machine) {
                    process.clock_lag = Millis(process.clock_lag.0 - by.0);
                }
            }
        }
    }

    fn on_wish(&mut self, wish: Wish) {
        if self.now < self.coordinator_frozen_until {
            return self.schedule.push(self.coordinator_frozen_until, Happening::Fault(Fault::Asked(wish)));
        }
        let control = match wish {
            Wish::Pause => Control::Pause,
            Wish::Resume => Control::Resume,
            Wish::Drain { machine, back } => {
                self.schedule
                    .push(self.now + back, Happening::Fault(Fault::Asked(Wish::Release { machine })));
                Control::DrainWorker { worker: self.name_of(machine) }
            }
            Wish::Release { machine } => return self.release(machine),
            Wish::Cancel { nth } => Control::Cancel { trial: TrialId(nth) },
            Wish::Retry { nth } => Control::Retry { trial: TrialId(nth) },
        };
        self.coordinator_step(coordinator::core::Input::Control(control));
    }

    /// A word that is left for the coordinator, which one that is dead hears when it is back.
    fn release(&mut self, machine: usize) {
        if self.site.core.is_none() {
            let again = Happening::Fault(Fault::Asked(Wish::Release { machine }));
            return self.schedule.push(self.now + ASK_AGAIN, again);
        }
        let worker = self.name_of(machine);
        self.coordinator_step(coordinator::core::Input::Released { worker });
        self.schedule.push(self.now, Happening::Begin { machine });
    }

    fn cut(&mut self, machine: usize, way: Option<Way>, span: Millis, seen: bool) {
        let (now, name) = (self.now, self.machines[machine].plan.name.clone());
        for cut in [Way::ToCoordinator, Way::ToWorker] {
            if way.is_none_or(|way| way == cut) {
                self.network.cut(cut, &name, now + span);
            }
        }
        if seen {
            self.hear(machine, Input::Disconnected, now);
            self.hear(machine, Input::Connected, now + span);
        }
    }

    /// The process is gone with all it had in memory. Its cache of blobs and its unacknowledged reports are on disk.
    pub(super) fn kill(&mut self, machine: usize) {
        if let Some(process) = self.machines[machine].process.take() {
            let (name, session) = (self.machines[machine].plan.name.clone(), process.core.session());
            self.auditor.process_ended(&name, session, &process.core);
            self.note(&format!("{name} killed"));
        }
    }

    pub(super) fn name_of(&self, machine: usize) -> WorkerName {
        self.machines[machine].plan.name.clone()
    }

    /// Sessions are drawn; here from the machine and its lives, so that traces stay readable.
    pub(super) fn next_session(&mut self, machine: usize) -> SessionId {
        self.machines[machine].lives += 1;
        SessionId(machine as u64 * 100 + self.machines[machine].lives)
    }

    pub(super) fn hear(&mut self, machine: usize, input: Input, at: Timestamp) {
        let life = self.machines[machine].lives;
        self.schedule.push(at, Happening::Hear { machine, life, input: Box::new(input) });
    }
}

/// Records of a copy that lacks so many of the last: what was appended at once is in it whole or not at all.
fn copied(ledger: &[Record], events: usize) -> usize {
    let mut count = ledger.len().saturating_sub(events);
    while count > 0 && ledger.get(count).is_some_and(|next| next.at == ledger[count - 1].at) {
        count -= 1;
    }
    count
}
