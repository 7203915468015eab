//! One look: asks the coordinator and the queue, has it decided, does it, and tells.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Context, Result};
use common::time::Timestamp;
use serde::Serialize;

use super::super::super::act::Target;
use super::decide::{Limits, Memory, Step, Wish, decide};
use super::job::{Job, Phase};
use super::script::Recipe;
use super::tools;
use super::unseen::Unseen;
use crate::http::model::{Demand, StudyState};
use crate::keyring::Keyring;
use crate::source::Source;

#[derive(Debug)]
pub struct Launcher<'a> {
    pub target: &'a Target,
    pub recipe: &'a Recipe,
    pub limits: Limits,
    pub dry_run: bool,
}

/// What was seen and done.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Look {
    pub at: String,
    /// Workers that the plan has work for, within the limits; null where nobody could be asked.
    pub wanted: Option<u32>,
    pub running: u32,
    pub waiting: u32,
    pub leaving: u32,
    /// Why so many, in the plan's words; or why nobody could be asked.
    pub reason: String,
    /// Why jobs wait, in Slurm's words.
    pub waiting_for: Vec<String>,
    /// Workers that somebody drained: their places stay empty.
    pub drained: Vec<String>,
    pub submitted: Vec<String>,
    pub cancelled: Vec<String>,
    /// In words, a sentence each; with --dry-run what would be done.
    pub did: Vec<String>,
    /// What went wrong; it is tried again.
    pub trouble: Vec<String>,
    /// No job is left, and none will be wanted.
    pub is_over: bool,
}

impl Launcher<'_> {
    pub fn look(&self, memory: &mut Memory, unseen: &mut Unseen, now: Timestamp) -> Look {
        let mut look = Look { at: now.to_string(), ..Look::default() };
        // With no workers allowed there is nothing to ask.
        let asked = if self.limits.max == 0 { Ok(None) } else { self.ask().map(Some) };
        let wish;
        (wish, look.reason) = match asked {
            Ok(Some(demand)) => {
                look.drained.clone_from(&demand.drained);
                (self.wish(&demand), demand.reason)
            }
            Ok(None) => {
                let nobody = Wish::Workers { wanted: 0, resting: [].into(), drained: [].into() };
                (nobody, "none are allowed".into())
            }
            Err(error) => self.without_coordinator(&error, &mut look),
        };
        let queue = match tools::queue(&self.recipe.job_name, &self.recipe.comment) {
            Ok(queue) => queue,
            Err(error) => {
                // Without the queue nothing is known of what is there: to submit would be to submit twice.
                look.trouble.push(format!("{error:#}"));
                return look;
            }
        };
        look.count(&queue);
        let mut step = decide(&queue, &wish, &self.limits, memory, now);
        match unseen.look(&queue) {
            Ok(ended) if ended.is_empty() => {}
            Ok(ended) => {
                let ids = ended.into_iter().collect::<Vec<_>>().join(", ");
                let folder = self.recipe.folder.display();
                look.trouble.push(format!("job {ids} ended before it was seen: see the logs in {folder}"));
                // The next is still tried; then it waits.
                memory.submission_failed(now);
            }
            Err(error) => {
                // What is there and not seen would be submitted again.
                look.trouble.push(format!("{error:#}"));
                step.submit.clear();
                step.is_over = false;
            }
        }
        self.act(step, memory, unseen, now, &mut look);
        look.is_over |= self.limits.max == 0 && queue.is_empty();
        look
    }

    fn ask(&self) -> Result<Demand> {
        let slots = self.limits.max.saturating_mul(self.recipe.slots);
        let query =
            format!("zone={}&slots={slots}&prefix={}-", escaped(&self.recipe.zone), self.recipe.prefix);
        self.target.client()?.get(&format!("/api/v1/demand?{query}"))
    }

    fn wish(&self, demand: &Demand) -> Wish {
        match demand.state {
            StudyState::Finished => Wish::Over,
            StudyState::Draining => Wish::Unknown,
            StudyState::Running | StudyState::Paused => Wish::Workers {
                wanted: u32::try_from(demand.wanted.div_ceil(self.recipe.slots.into())).unwrap_or(u32::MAX),
                resting: self.indices(&demand.resting),
                drained: self.indices(&demand.drained),
            },
        }
    }

    fn indices(&self, names: &[String]) -> BTreeSet<u32> {
        names.iter().filter_map(|name| self.recipe.index(name)).collect()
    }

    /// A coordinator ends with its study, and can't be asked then; the ledger tells.
    fn without_coordinator(&self, error: &anyhow::Error, look: &mut Look) -> (Wish, String) {
        if let Some((_, reason)) =
            Source::directory(&self.target.place.dir).state().ok().and_then(|state| state.finished)
        {
            return (Wish::Over, format!("the study is finished: {reason}"));
        }
        look.trouble.push(format!("{error:#}"));
        (Wish::Unknown, "nobody could be asked: what is there stays".into())
    }

    fn act(&self, step: Step, memory: &mut Memory, unseen: &mut Unseen, now: Timestamp, look: &mut Look) {
        (look.wanted, look.is_over) = (step.target, step.is_over);
        for id in &step.failed {
            let index = id.0.rsplit('_').next().and_then(|index| index.parse().ok());
            let log = index.map(|index| self.recipe.log(index).display().to_string()).unwrap_or_default();
            look.trouble.push(format!("job {id} ended right after its start: see {log}"));
        }
        if let Some(until) = step.waits_until {
            look.trouble.push(format!("nothing is submitted until {until}, for what was came to nothing"));
        }
        if !step.cancel.is_empty() {
            let ids: Vec<String> = step.cancel.iter().map(ToString::to_string).collect();
            let text =
                format!("{} {}", if self.dry_run { "would cancel" } else { "cancelled" }, ids.join(", "));
            match if self.dry_run { Ok(()) } else { tools::cancel(&step.cancel) } {
                Ok(()) => {
                    look.did.push(text);
                    look.cancelled = ids;
                }
                Err(error) => look.trouble.push(format!("{error:#}")),
            }
        }
        for batch in &step.submit {
            let names: Vec<String> = batch.indices.iter().map(|index| self.recipe.name(*index)).collect();
            let mut text = names.join(", ");
            if let Some(before) = &batch.after {
                let _ = write!(text, " once job {before} has reached its time limit");
            }
            if self.dry_run {
                look.did.push(format!("would submit {text}"));
                continue;
            }
            let submitted = self
                .admit(&names)
                .and_then(|()| tools::submit(&self.recipe.options(batch), &self.recipe.script()));
            match submitted {
                Ok(id) => {
                    unseen.submitted(&id);
                    look.did.push(format!("submitted {text}, as job {id}"));
                    look.submitted.extend(names);
                }
                Err(error) => {
                    memory.submission_failed(now);
                    look.trouble.push(format!("{error:#}"));
                    // The next would be refused as well.
                    break;
                }
            }
        }
    }

    /// Gives each a key of its own that only its owner can read, and puts it on the list of those who may connect.
    fn admit(&self, names: &[String]) -> Result<()> {
        let Some(folder) = &self.recipe.keys else { return Ok(()) };
        let keyring = Keyring::new(folder);
        for name in names {
            keyring.admit_new(name).with_context(|| format!("{name} can't be given a key"))?;
        }
        Ok(())
    }
}

impl Look {
    fn count(&mut self, queue: &[Job]) {
        for job in queue {
            match &job.phase {
                Phase::Running => self.running += 1,
                Phase::Leaving => self.leaving += 1,
                Phase::Waiting(reason) | Phase::Stuck(reason) => {
                    self.waiting += 1;
                    if !self.waiting_for.contains(reason) {
                        self.waiting_for.push(reason.clone());
                    }
                }
            }
        }
    }

    /// Without the time, so that the same is seen to be the same.
    pub fn text(&self) -> String {
        let wanted = self.wanted.map_or_else(|| "?".into(), |wanted| wanted.to_string());
        let mut text = format!("{wanted} wanted, {} running, {} waiting", self.running, self.waiting);
        if !self.waiting_for.is_empty() {
            let _ = write!(text, " ({})", self.waiting_for.join(", "));
        }
        if self.leaving > 0 {
            let _ = write!(text, ", {} leaving", self.leaving);
        }
        let _ = write!(text, ": {}", self.reason);
        if !self.drained.is_empty() {
            let names = self.drained.join(", ");
            let _ =
                write!(text, "\n  {names} drained: nobody takes the place until `ce-nas workers release`");
        }
        for line in self.did.iter().chain(&self.trouble) {
            let _ = write!(text, "\n  {line}");
        }
        if self.is_over {
            text.push_str("\n  no job is left");
        }
        text
    }
}

/// For a query: everything but letters, digits and what is safe beside them.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => escaped.push(char::from(byte)),
            _ => {
                let _ = write!(escaped, "%{byte:02X}");
            }
        }
    }
    escaped
}
