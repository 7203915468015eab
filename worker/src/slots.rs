//! The device slots: what each works on, and what waits for it to let go.

use bytes::Bytes;
use common::blob::BlobId;
use common::id::{SlotId, TaskId};
use common::time::Millis;
use common::trial::Checkpoint;
use common::wire::{Assignment, SlotInfo};

#[derive(Debug)]
pub struct Slots(Vec<Slot>);

#[derive(Debug)]
pub struct Slot {
    pub info: SlotInfo,
    pub work: Option<Work>,
    /// Begins when the present work has let go.
    pub next: Option<Box<Assignment>>,
}

/// A task in a slot.
#[derive(Debug)]
pub struct Work {
    pub assignment: Box<Assignment>,
    pub phase: Phase,
    /// The newest checkpoint of this trial that was or will be reported.
    pub checkpoint: Option<Checkpoint>,
    pub checkpoint_due: Millis,
    pub progress_due: Millis,
}

#[derive(Debug)]
pub enum Phase {
    /// Blobs are on their way.
    Fetching(Needs),
    Running,
    /// Asked to put the work in safety and let go.
    Suspending,
    /// Asked to let go; its result is not wanted.
    Cancelling,
}

/// The blobs of an assignment, as far as they are here.
#[derive(Debug, Default)]
pub struct Needs {
    pub supernet: Option<Need>,
    pub resume: Option<Need>,
}

#[derive(Debug)]
pub struct Need {
    pub blob: BlobId,
    pub bytes: Option<Bytes>,
}

impl Slots {
    pub fn new(infos: Vec<SlotInfo>) -> Self {
        Self(infos.into_iter().map(|info| Slot { info, work: None, next: None }).collect())
    }

    pub fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.0.iter()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Slot> {
        self.0.iter_mut()
    }

    pub fn get_mut(&mut self, slot: SlotId) -> Option<&mut Slot> {
        self.0.iter_mut().find(|candidate| candidate.info.slot == slot)
    }

    /// The slot that works on `task` now.
    pub fn working_on(&mut self, task: TaskId) -> Option<&mut Slot> {
        self.0.iter_mut().find(|slot| slot.task() == Some(task))
    }

    /// Tasks worked on or waiting for their slot.
    pub fn tasks(&self) -> impl Iterator<Item = TaskId> + '_ {
        self.0.iter().flat_map(|slot| slot.task().into_iter().chain(slot.next.iter().map(|next| next.task)))
    }

    pub fn all_free(&self) -> bool {
        self.0.iter().all(|slot| slot.work.is_none() && slot.next.is_none())
    }

    pub fn needs(&self, blob: BlobId) -> bool {
        self.0.iter().any(|slot| slot.needs().is_some_and(|needs| needs.wants(blob)))
    }
}

impl Slot {
    pub fn id(&self) -> SlotId {
        self.info.slot
    }

    pub fn task(&self) -> Option<TaskId> {
        self.work.as_ref().map(|work| work.assignment.task)
    }

    /// What is still to be fetched for the present work.
    pub fn needs(&self) -> Option<&Needs> {
        match &self.work.as_ref()?.phase {
            Phase::Fetching(needs) => Some(needs),
            _ => None,
        }
    }
}

impl Work {
    pub fn new(assignment: Box<Assignment>, now: Millis) -> Self {
        let needs = Needs {
            supernet: assignment.supernet.map(Need::new),
            resume: assignment.resume.map(|checkpoint| Need::new(checkpoint.blob)),
        };
        let checkpoint = assignment.resume;
        let phase = Phase::Fetching(needs);
        Self { assignment, phase, checkpoint, checkpoint_due: now, progress_due: now }
    }

    pub fn needs_mut(&mut self) -> Option<&mut Needs> {
        match &mut self.phase {
            Phase::Fetching(needs) => Some(needs),
            _ => None,
        }
    }
}

impl Needs {
    pub fn iter(&self) -> impl Iterator<Item = &Need> {
        self.supernet.iter().chain(&self.resume)
    }

    /// Whether `blob` is needed and not here.
    pub fn wants(&self, blob: BlobId) -> bool {
        self.iter().any(|need| need.blob == blob && need.bytes.is_none())
    }

    pub fn give(&mut self, blob: BlobId, bytes: &Bytes) {
        for need in self.supernet.iter_mut().chain(&mut self.resume) {
            if need.blob == blob {
                need.bytes = Some(bytes.clone());
            }
        }
    }

    pub fn are_met(&self) -> bool {
        self.iter().all(|need| need.bytes.is_some())
    }
}

impl Need {
    fn new(blob: BlobId) -> Self {
        Self { blob, bytes: None }
    }
}

#[cfg(test)]
mod tests {
    use common::id::{Attempt, TrialId};
    use common::trial::Subject;

    use super::*;

    #[test]
    fn a_work_needs_what_its_assignment_names() {
        let (supernet, resume) = (BlobId::of(b"supernet"), BlobId::of(b"resume"));
        let task = TaskId { trial: TrialId(1), attempt: Attempt(0) };
        let info = SlotInfo { slot: SlotId(4), device: String::new(), memory_mb: 0, meter: String::new() };
        let assignment = Assignment {
            task,
            slot: SlotId(4),
            subject: Subject::Supernet,
            supernet: Some(supernet),
            resume: Some(Checkpoint { blob: resume, progress: 0.25 }),
        };
        let mut slots = Slots::new(vec![info]);
        assert!(slots.all_free() && slots.get_mut(SlotId(0)).is_none());
        slots.get_mut(SlotId(4)).unwrap().work = Some(Work::new(Box::new(assignment), Millis(0)));
        assert!(slots.needs(supernet) && slots.needs(resume) && !slots.needs(BlobId::of(b"")));
        let slot = slots.working_on(task).unwrap();
        let needs = slot.work.as_mut().unwrap().needs_mut().unwrap();
        needs.give(supernet, &Bytes::from_static(b"supernet"));
        assert!(!needs.are_met() && !needs.wants(supernet));
        needs.give(resume, &Bytes::from_static(b"resume"));
        assert!(needs.are_met());
        assert_eq!(slots.tasks().collect::<Vec<_>>(), [task]);
    }
}
