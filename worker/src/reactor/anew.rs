//! A ledger that is older than this process: somebody put a copy of it back. What it had acknowledged since the copy it does not know, so
//! that nothing of this session can follow, and tasks that it names may be other ones than those of the same number here. Then this process
//! goes on as a new one would, under a session of its own.
//!
//! An acknowledgement of less than was acknowledged before may as well be an old word come late. The coordinator can tell: it is asked, and
//! its answer is believed.

use common::id::SessionId;
use common::seed::Seed;
use common::time::Millis;
use common::wire::FromWorker;

use crate::core::{Core, Course};
use crate::effect::{Effect, Note};
use crate::reports::Reports;

impl Core {
    /// Says what is remembered of `session` if that is more than `number`.
    pub(crate) fn compare_acknowledged(&self, session: SessionId, number: u64, effects: &mut Vec<Effect>) {
        let ours = (session == self.options.session).then_some(&self.reports);
        let reports = ours.or_else(|| self.former.iter().find(|reports| reports.session == session));
        if let Some(acknowledged) = reports.map(Reports::acknowledged).filter(|known| *known > number) {
            effects.push(Effect::Send(FromWorker::Remembers { session, acknowledged }));
        }
    }

    pub(crate) fn on_begin_anew(&mut self, session: SessionId, now: Millis, effects: &mut Vec<Effect>) {
        if session == self.options.session {
            self.begin_anew(now, effects);
        } else if let Some(reports) = self.former.iter_mut().find(|reports| reports.session == session)
            && !reports.has_outlived_ledger()
        {
            let given_up = reports.outlive_ledger();
            effects.push(Effect::Note(Note::LedgerIsOlder { session, given_up }));
        }
    }

    /// What is in hand is stopped and its numbers are forgotten, so that the same ones can mean something new.
    fn begin_anew(&mut self, now: Millis, effects: &mut Vec<Effect>) {
        for task in self.slots.tasks().collect::<Vec<_>>() {
            self.on_cancel(task, effects);
        }
        self.seen.clear();
        let session = self.options.session;
        self.options.session = successor(session);
        self.began = now;
        let mut reports = std::mem::replace(&mut self.reports, Reports::new(self.options.session));
        let given_up = reports.outlive_ledger();
        effects.push(Effect::Note(Note::LedgerIsOlder { session, given_up }));
        self.former.push(reports);
        self.standing.greeted = false;
        self.lose_admission(now);
        if let Course::Departing(departure) = &mut self.course {
            departure.said = false;
        }
    }
}

/// As unlike all others as the one that was drawn.
fn successor(session: SessionId) -> SessionId {
    SessionId(Seed(session.0).derive("session after", 0).0)
}
