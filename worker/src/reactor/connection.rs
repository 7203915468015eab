//! Finding the coordinator, being admitted, and noticing that it has forgotten us.

use common::study::StudySpec;
use common::time::Millis;

use crate::core::{Core, Course};
use crate::effect::{Effect, Exit, Note};
use crate::limits::SILENCE;

impl Core {
    pub(crate) fn on_welcome(
        &mut self,
        spec: Box<StudySpec>,
        heartbeat: Millis,
        acknowledged: u64,
        now: Millis,
        effects: &mut Vec<Effect>,
    ) {
        self.heartbeat = heartbeat;
        self.reports.keep(&spec.name);
        self.compare_acknowledged(self.options.session, acknowledged, effects);
        self.reports.acknowledge(acknowledged, now);
        if self.spec.as_ref() != Some(&spec) {
            effects.push(Effect::Prepare(spec.clone()));
        }
        // A repeated welcome rewinds nothing: what is on its way is on this connection.
        if !self.standing.admitted {
            effects.push(Effect::Note(Note::Admitted { study: spec.name.clone() }));
            self.standing.admitted = true;
            self.standing.greeted = true;
            self.reports.restart();
            self.downloads.restart();
        }
        self.spec = Some(spec);
    }

    /// A coordinator that restarted. Deliveries and heartbeats on their way each bring this question; one answer serves.
    pub(crate) fn on_who_are_you(&mut self, now: Millis) {
        if self.standing.admitted {
            self.lose_admission(now);
        }
    }

    pub(crate) fn on_connected(&mut self, now: Millis) {
        if !self.standing.connected {
            self.standing.connected = true;
            self.standing.hello.clear();
            self.lose_admission(now);
            self.begin_former_anew(now);
        }
    }

    pub(crate) fn on_disconnected(&mut self, now: Millis) {
        if self.standing.connected {
            self.standing.connected = false;
            self.standing.disconnected_since = now;
            self.lose_admission(now);
        }
    }

    /// Says hello until welcomed, and gives up when that was allowed for.
    pub(crate) fn seek(&mut self, now: Millis, effects: &mut Vec<Effect>) {
        if self.standing.admitted && self.is_ignored(now) {
            effects.push(Effect::Note(Note::Silence));
            self.lose_admission(now);
        }
        if self.standing.admitted {
            return;
        }
        let waited = now.0 - self.standing.seeking_since.0;
        if matches!(self.course, Course::Working) && self.options.give_up.is_some_and(|most| waited >= most.0)
        {
            return self.exit(Exit::GaveUp, effects);
        }
        if self.standing.connected && self.standing.hello.has_lapsed(now) && !self.former_come_first(now) {
            self.standing.hello.prolong(now);
            self.standing.greeted = true;
            effects.push(Effect::Send(self.hello(now)));
        }
    }

    /// Deliveries go out, and nothing at all comes back.
    fn is_ignored(&self, now: Millis) -> bool {
        let heard = self.standing.heard;
        self.reports.outbox.stalled_since().is_some_and(|since| now.0 - since.max(heard).0 > SILENCE.0)
    }

    pub(crate) fn lose_admission(&mut self, now: Millis) {
        if self.standing.admitted {
            self.standing.admitted = false;
            self.standing.seeking_since = now;
            self.standing.hello.clear();
        }
    }
}
