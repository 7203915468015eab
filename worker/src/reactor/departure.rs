//! Leaving: let go of what runs, close the meters, deliver what is left, say `Leaving`, and go; each within its time.

use common::time::Millis;
use common::wire::Report;

use crate::core::{Core, Course, Departure, Meters};
use crate::effect::{Effect, Exit, Note};
use crate::limits::{DEPARTURE, DEPARTURE_AWAY, LAST_UPLOADS, LET_GO};

impl Core {
    /// The study needs nothing more; finished work on its way is still delivered.
    pub(crate) fn on_study_over(&mut self, reason: String, now: Millis, effects: &mut Vec<Effect>) {
        if !matches!(self.course, Course::Working) {
            return;
        }
        for task in self.slots.tasks().collect::<Vec<_>>() {
            self.on_cancel(task, effects);
        }
        self.begin_departure(Exit::Done { reason: reason.clone() }, reason, now, effects);
    }

    /// Work is put in safety first. Asked a second time, the worker goes at once.
    pub(crate) fn on_stop(&mut self, now: Millis, effects: &mut Vec<Effect>) {
        if !matches!(self.course, Course::Working) || self.spec.is_none() {
            return self.exit(Exit::Stopped, effects);
        }
        self.suspend_all(effects);
        self.begin_departure(Exit::Stopped, "asked to stop".into(), now, effects);
    }

    pub(crate) fn on_cannot_prepare(&mut self, reason: String, now: Millis, effects: &mut Vec<Effect>) {
        if matches!(self.course, Course::Working) {
            self.suspend_all(effects);
            self.begin_departure(Exit::Broken { reason: reason.clone() }, reason, now, effects);
        }
    }

    pub(crate) fn on_meters_stopped(&mut self) {
        if let Course::Departing(departure) = &mut self.course {
            departure.meters = Meters::Stopped;
        }
    }

    pub(crate) fn has_said_goodbye(&self) -> bool {
        matches!(&self.course, Course::Departing(departure) if departure.said)
    }

    /// Takes the next steps of a departure under way, as far as they are possible.
    pub(crate) fn depart(&mut self, now: Millis, effects: &mut Vec<Effect>) {
        let slots_free = self.slots.all_free();
        let Course::Departing(departure) = &mut self.course else { return };
        let spent = now.0 - departure.begun.0;
        let away = !self.standing.connected
            && now.0 - departure.begun.max(self.standing.disconnected_since).0 >= DEPARTURE_AWAY.0;
        let out_of_time = spent >= DEPARTURE.0 || away;

        if departure.meters == Meters::Running && (slots_free || spent >= LET_GO.0 || out_of_time) {
            departure.meters = Meters::Stopping;
            effects.push(Effect::StopMeters);
        }
        let meters_stopped = departure.meters == Meters::Stopped;
        let uploaded = self.reports.pending.is_empty() || spent >= LAST_UPLOADS.0;
        if !departure.said && meters_stopped && uploaded && (slots_free || spent >= LET_GO.0) {
            departure.said = true;
            self.reports.outbox.push(Report::Leaving { reason: departure.reason.clone() });
        }
        let delivered = departure.said && self.reports.outbox.is_empty();
        if delivered || out_of_time {
            let exit = departure.exit.clone();
            let reports = self.unacknowledged_reports();
            if reports > 0 {
                effects.push(Effect::Note(Note::Undelivered { reports }));
            }
            self.exit(exit, effects);
        }
    }

    /// The end, at once.
    pub(crate) fn exit(&mut self, exit: Exit, effects: &mut Vec<Effect>) {
        self.course = Course::Gone;
        for reports in self.former.iter_mut().chain([&mut self.reports]) {
            reports.close(effects);
        }
        effects.push(Effect::Exit(exit));
    }

    fn suspend_all(&mut self, effects: &mut Vec<Effect>) {
        for task in self.slots.tasks().collect::<Vec<_>>() {
            self.on_suspend(task, effects);
        }
    }

    fn begin_departure(&mut self, exit: Exit, reason: String, now: Millis, effects: &mut Vec<Effect>) {
        effects.push(Effect::Note(Note::Leaving { reason: reason.clone() }));
        let meters = Meters::Running;
        self.course = Course::Departing(Departure { exit, reason, begun: now, meters, said: false });
    }
}
