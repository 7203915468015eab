//! The course of one task: what is to be done with the program, and what its end means. Pure: `step` takes what happened
//! and says what to do, `end` takes how the program ended.

use common::trial::{CurvePoint, Failure};
use common::unit::Seconds;

use super::line::{Fault, Figures, Line};
use crate::evaluator::{Step, Wish};

/// "Stopped as asked": the checkpoint folder is whole (EX_TEMPFAIL of sysexits).
pub const STOPPED: i32 = 75;
/// "I can't work on this architecture": trying again would only repeat it (EX_DATAERR).
pub const REFUSED: i32 = 65;
/// A program whose result is not wanted gets no longer than this to clear up.
const CANCEL: Seconds = Seconds(2.0);

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From the request to stop until it is killed.
    pub stop: Seconds,
    /// Without a word for so long it hangs.
    pub silence: Seconds,
    /// Of the whole attempt.
    pub limit: Option<Seconds>,
    /// Bytes in its folders.
    pub disk_bytes: u64,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    Wish(Wish),
    Said(Result<Line, Fault>),
    /// Something on either stream since the last look, message or talk.
    Heard,
    /// Bytes in its folders.
    Holds(u64),
    /// A checkpoint that was wanted could not be asked for, or not be taken.
    Unkept(Failure),
    Tick,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Leave word that a checkpoint is wanted.
    AskForCheckpoint,
    /// The checkpoint folder is whole, and wanted: hand it over.
    Keep,
    Tell(Step),
    /// SIGTERM.
    AskToStop,
    /// The end of it and of everything that it started.
    Kill,
}

/// How the program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    Code(i32),
    /// By a signal, in words.
    Signal(String),
    /// Nobody can tell: not even killing it ended it.
    Unknown,
}

/// What the task came to.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    Finished(Figures),
    /// Whether the checkpoint folder is to be trusted.
    Suspended {
        whole: bool,
    },
    Cancelled,
    Failed(Failure),
}

#[derive(Debug)]
pub struct Course {
    limits: Limits,
    /// Of the job; 0 where there are none.
    epochs: u32,
    stage: Stage,
    heard: Seconds,
    done: f64,
    curve: Vec<CurvePoint>,
    result: Option<Figures>,
    wanted: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Stage {
    Working,
    /// Asked to stop, with time until then.
    Leaving {
        why: Why,
        until: Seconds,
    },
    Killed {
        why: Why,
    },
}

#[derive(Debug, Clone, PartialEq)]
enum Why {
    Suspend,
    Cancel,
    Fault(Failure),
}

impl Course {
    /// A program about to start; `curve` and `done` are what an earlier attempt told up to the checkpoint it goes on from.
    pub fn new(limits: Limits, epochs: u32, curve: Vec<CurvePoint>, done: f64) -> Self {
        let stage = Stage::Working;
        Self { limits, epochs, stage, heard: Seconds::ZERO, done, curve, result: None, wanted: false }
    }

    pub fn curve(&self) -> &[CurvePoint] {
        &self.curve
    }

    /// Share of the job that is done.
    pub fn done(&self) -> f64 {
        self.done
    }

    /// Takes in what happened at `now`, the time since the program was started.
    pub fn step(&mut self, input: Input, now: Seconds) -> Vec<Effect> {
        match input {
            Input::Wish(wish) => self.on_wish(wish, now),
            Input::Said(Ok(line)) => self.on_line(line),
            Input::Said(Err(Fault::Diverged)) => self.fail(Failure::Diverged),
            Input::Said(Err(fault)) => self.refuse(fault.to_string()),
            Input::Heard => {
                self.heard = now;
                Vec::new()
            }
            Input::Holds(bytes) if bytes > self.limits.disk_bytes => {
                let most = self.limits.disk_bytes;
                self.refuse(format!(
                    "it left {bytes} bytes in its folders, and evaluation.command_disk_mb allows {most}"
                ))
            }
            Input::Holds(_) => Vec::new(),
            Input::Unkept(failure) => self.fail(failure),
            Input::Tick => self.on_tick(now),
        }
    }

    fn on_wish(&mut self, wish: Wish, now: Seconds) -> Vec<Effect> {
        match (&mut self.stage, wish) {
            (Stage::Working, Wish::Checkpoint) if !self.wanted => {
                self.wanted = true;
                vec![Effect::AskForCheckpoint]
            }
            (Stage::Working, Wish::Suspend) => {
                self.stage = Stage::Leaving { why: Why::Suspend, until: now + self.limits.stop };
                vec![Effect::AskToStop]
            }
            (Stage::Working, Wish::Cancel) => {
                let until = now + CANCEL.min(self.limits.stop);
                self.stage = Stage::Leaving { why: Why::Cancel, until };
                vec![Effect::AskToStop]
            }
            // It was asked to stop already; now nobody waits for what it saves.
            (Stage::Leaving { why: Why::Suspend, .. }, Wish::Cancel) => self.kill(Why::Cancel),
            (Stage::Killed { why }, Wish::Cancel) => {
                *why = Why::Cancel;
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn on_line(&mut self, line: Line) -> Vec<Effect> {
        match line {
            Line::Progress { epoch, done, training_loss, validation_error } => {
                let reached = epoch.map(|epoch| f64::from(epoch) / f64::from(self.epochs.max(1)));
                // It grows; a program that goes on from a checkpoint may tell an epoch twice.
                self.done = done.or(reached).unwrap_or(self.done).clamp(self.done, 1.0);
                if let (Some(epoch), Some(training_loss)) = (epoch, training_loss) {
                    self.draw(CurvePoint { epoch, training_loss, validation_error });
                }
                let epoch = epoch.unwrap_or(self.curve.len() as u32);
                vec![Effect::Tell(Step { done: self.done, epoch, training_loss, validation_error })]
            }
            Line::Checkpoint if self.wanted && self.stage == Stage::Working => {
                self.wanted = false;
                vec![Effect::Keep]
            }
            Line::Checkpoint => Vec::new(),
            Line::Result(figures) => {
                self.result = Some(figures);
                Vec::new()
            }
        }
    }

    /// One point for each epoch of the job, in order: one told again replaces what followed it, one out of turn is left out.
    fn draw(&mut self, point: CurvePoint) {
        let before = point.epoch.saturating_sub(1) as usize;
        if before <= self.curve.len() && point.epoch <= self.epochs {
            self.curve.truncate(before);
            self.curve.push(point);
        }
    }

    fn on_tick(&mut self, now: Seconds) -> Vec<Effect> {
        match &self.stage {
            Stage::Working => {
                let silent = now - self.heard;
                if silent > self.limits.silence {
                    return self.crash(format!("it hung: not a word for {:.0} s", silent.0));
                }
                match self.limits.limit {
                    Some(limit) if now > limit => self.crash(format!("it took longer than {:.0} s", limit.0)),
                    _ => Vec::new(),
                }
            }
            Stage::Leaving { why, until } if now > *until => {
                let why = why.clone();
                self.kill(why)
            }
            Stage::Leaving { .. } | Stage::Killed { .. } => Vec::new(),
        }
    }

    fn refuse(&mut self, reason: String) -> Vec<Effect> {
        self.fail(Failure::Refused(told(&reason)))
    }

    fn crash(&mut self, reason: String) -> Vec<Effect> {
        self.fail(Failure::Crashed(told(&reason)))
    }

    /// Of two reasons the first counts.
    fn fail(&mut self, failure: Failure) -> Vec<Effect> {
        match &self.stage {
            Stage::Working | Stage::Leaving { why: Why::Suspend, .. } => self.kill(Why::Fault(failure)),
            Stage::Leaving { .. } | Stage::Killed { .. } => Vec::new(),
        }
    }

    fn kill(&mut self, why: Why) -> Vec<Effect> {
        self.stage = Stage::Killed { why };
        vec![Effect::Kill]
    }

    /// What it all came to. `last_words` are the end of what the program said to nobody in particular.
    pub fn end(self, exit: Exit, last_words: &str) -> End {
        let suspended = |whole| End::Suspended { whole };
        match (self.stage, self.result, exit) {
            (Stage::Leaving { why: Why::Cancel, .. } | Stage::Killed { why: Why::Cancel }, ..) => {
                End::Cancelled
            }
            (Stage::Killed { why: Why::Fault(failure) }, ..) => End::Failed(failure),
            (Stage::Leaving { .. } | Stage::Working, Some(figures), Exit::Code(0)) => End::Finished(figures),
            (Stage::Leaving { .. }, _, Exit::Code(0 | STOPPED)) => suspended(true),
            // What it saved before it was killed, or crashed over, may be half of something.
            (Stage::Leaving { .. } | Stage::Killed { .. }, ..) => suspended(false),
            (Stage::Working, _, exit) => End::Failed(failure(&exit, last_words)),
        }
    }
}

/// Nobody stopped it, and there is no result.
fn failure(exit: &Exit, last_words: &str) -> Failure {
    let words = if last_words.is_empty() { String::new() } else { format!("; its last words: {last_words}") };
    match exit {
        Exit::Code(0) => Failure::Refused(told(&format!("it ended without a result{words}"))),
        Exit::Code(REFUSED) => {
            Failure::Refused(told(&format!("it can't work on this (exit code {REFUSED}){words}")))
        }
        Exit::Code(code) => Failure::Crashed(told(&format!("it ended with exit code {code}{words}"))),
        Exit::Signal(signal) => Failure::Crashed(told(&format!("it was ended by {signal}{words}"))),
        Exit::Unknown => Failure::Crashed(told("it could not be ended")),
    }
}

fn told(reason: &str) -> String {
    format!("the user's program: {reason}")
}

#[cfg(test)]
#[path = "course_tests.rs"]
mod tests;
