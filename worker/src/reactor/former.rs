//! Reports that earlier processes on this machine left: delivered under their own sessions, before this session is spoken of. For a
//! result counts as long as its lease lives, and the lease of a former session ends when its successor says hello. Where the ledger is older
//! than they are, no result counts, and they are delivered afterwards.

use common::blob::BlobId;
use common::id::SessionId;
use common::time::Millis;

use crate::core::Core;
use crate::effect::{Effect, Note};
use crate::limits::FORMER_PATIENCE;
use crate::reports::Reports;

impl Core {
    pub(crate) fn on_former_acknowledged(&mut self, session: SessionId, number: u64, now: Millis) {
        let Some(reports) = self.former(session) else { return };
        // A process whose disk failed has sent more than it could keep.
        let number = number.min(reports.outbox.last());
        if reports.acknowledge(number, now) {
            self.standing.former_heard = now;
        }
    }

    pub(crate) fn on_former_uploaded_to(&mut self, blob: BlobId, received: u64, now: Millis) {
        for reports in &mut self.former {
            if reports.on_uploaded_to(blob, received, now) {
                self.standing.former_heard = now;
            }
        }
    }

    /// They are another study's, whose coordinator may be found at a later start.
    pub(crate) fn on_former_unknown(&mut self, session: SessionId, now: Millis, effects: &mut Vec<Effect>) {
        if let Some(reports) = self.former(session) {
            effects.push(Effect::Note(Note::FormerUnknown { session, reports: reports.len() }));
            self.former.retain(|reports| reports.session != session);
            self.standing.former_heard = now;
        }
    }

    pub(crate) fn on_secured(&mut self, session: SessionId) {
        if session == self.options.session {
            self.reports.on_secured();
        } else if let Some(reports) = self.former(session) {
            reports.on_secured();
        }
    }

    /// The connection is a new one, perhaps to another coordinator.
    pub(crate) fn begin_former_anew(&mut self, now: Millis) {
        self.standing.former_heard = now;
        self.former.iter_mut().for_each(Reports::restart);
    }

    pub(crate) fn deliver_former(&mut self, now: Millis, effects: &mut Vec<Effect>) {
        for reports in &mut self.former {
            reports.release();
            reports.secure(effects);
            if self.standing.connected {
                reports.send_what_is_due(now, effects);
            }
        }
        for reports in self.former.extract_if(.., |reports| reports.is_empty()) {
            let session = reports.session;
            effects.push(Effect::Discard { session });
            effects.push(Effect::Note(Note::FormerDelivered { session }));
        }
    }

    /// Whether this session's first hello has to wait. A coordinator that says nothing about what earlier ones left gets the rest later.
    pub(crate) fn former_come_first(&self, now: Millis) -> bool {
        let heard = self.standing.former_heard;
        let come_first = self.former.iter().any(|reports| !reports.has_outlived_ledger());
        !self.standing.greeted && come_first && now.0 - heard.0 < FORMER_PATIENCE.0
    }

    fn former(&mut self, session: SessionId) -> Option<&mut Reports> {
        self.former.iter_mut().find(|reports| reports.session == session)
    }
}
