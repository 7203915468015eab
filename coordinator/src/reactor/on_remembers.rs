//! A worker that was told of more than the ledger knows: the ledger is an older copy of the one that it reported to. What the worker let go
//! of on that word is gone; what it still has is taken in after the gap, under the numbers that it had, and so once. Tasks that it was
//! given since the copy may have had the numbers of others now: the session is to end, and no result of it counts.

use common::event::Event;
use common::id::{SessionId, WorkerName};
use common::wire::ToWorker;

use crate::core::Core;

/// Reports of one session: a thousand a second for nine thousand years. Whoever claims more means harm.
const MOST_REPORTS: u64 = 1 << 48;

impl Core {
    pub(crate) fn on_remembers(&mut self, worker: &WorkerName, session: SessionId, acknowledged: u64) {
        if self.knows(worker, session) {
            self.hear(worker);
        }
        let Some(record) = self.state.workers.get(worker) else { return };
        let Some(&taken) = record.acknowledged.get(&session) else { return };
        if acknowledged <= taken {
            // What it heard last was an old word come late.
            return;
        }
        if acknowledged > MOST_REPORTS {
            let what = format!("it remembers {acknowledged} reports of one session, which none has");
            return self.doubt(worker, what);
        }
        // Whoever lives under the session must end it first: it would take new tasks for those that it knows.
        if record.session == session {
            return self.send(worker, ToWorker::BeginAnew { session });
        }
        self.record(Event::ReportsLost { worker: worker.clone(), session, up_to: acknowledged });
        self.send(worker, ToWorker::Acknowledge { session, number: acknowledged });
    }
}
