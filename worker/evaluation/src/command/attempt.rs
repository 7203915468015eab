//! One attempt at a job: a program at work, and what is left of it. Does what `course` says; decides nothing.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use common::trial::{ArtifactKind, Failure};
use common::unit::Seconds;
use common::wire::MAX_BLOB_BYTES;

use super::course::{Course, Effect, End, Exit, Input};
use super::pack::{self, About, Content};
use super::process::Process;
use super::room::Room;
use super::{crashed, refused};
use crate::evaluator::{Control, Kept};

/// Longest wait for a message between two looks at wishes: short beside the second within which a slot is given back.
const POLL: Duration = Duration::from_millis(50);
/// Between two looks at what the program has left on the disk.
const LOOK_EVERY: Seconds = Seconds(1.0);
/// What still does not end so long after it was killed waits for a disk or a driver, and won't be waited for.
const UNKILLABLE: Seconds = Seconds(15.0);
/// Looks at streams that stay open after the program's end, at most: they belong to what can't be killed.
const LAST_LOOKS: u32 = 40;
const LEFT: &str = "the checkpoint that the user's program left";
/// What a full training may leave beside its figures, by its name in the artifacts' folder.
const ARTIFACTS: [(&str, ArtifactKind); 2] =
    [("weights.safetensors", ArtifactKind::Weights), ("network.pt", ArtifactKind::TorchScript)];

/// A program at work.
#[derive(Debug)]
pub struct Attempt {
    course: Course,
    room: Room,
    process: Process,
    /// What was known when it was started.
    about: About,
    disk_bytes: u64,
    /// On the control's clock.
    begun: Seconds,
    /// When its folders were last looked at, and when it was killed; since it was started.
    looked: Seconds,
    killed: Option<Seconds>,
}

impl Attempt {
    pub fn new(course: Course, room: Room, process: Process, about: About, disk_bytes: u64) -> Self {
        let (begun, looked, killed) = (Seconds::ZERO, Seconds::ZERO, None);
        Self { course, room, process, about, disk_bytes, begun, looked, killed }
    }

    /// To its end, and what the end means.
    pub fn run(mut self, control: &mut dyn Control) -> (End, Ended) {
        self.begun = control.elapsed();
        let exit = self.attend(control);
        self.hear_out(control);
        self.end(exit, control)
    }

    /// Until nothing of the program is left.
    fn attend(&mut self, control: &mut dyn Control) -> Exit {
        loop {
            let wish = control.wish();
            self.take(Input::Wish(wish), control);
            if let Some(message) = self.process.next(POLL) {
                self.take(Input::Said(message), control);
            }
            if self.process.has_spoken() {
                self.take(Input::Heard, control);
            }
            if let Some(exit) = self.process.exit() {
                return exit;
            }
            let now = control.elapsed() - self.begun;
            if now - self.looked >= LOOK_EVERY {
                self.looked = now;
                self.take(Input::Holds(self.room.bytes()), control);
            }
            self.take(Input::Tick, control);
            if self.killed.is_some_and(|killed| now - killed > UNKILLABLE) {
                self.process.abandon();
            }
        }
    }

    /// What it said last is still on its way.
    fn hear_out(&mut self, control: &mut dyn Control) {
        let mut looks = 0;
        loop {
            let was_read = self.process.is_read();
            match self.process.next(if was_read { POLL } else { Duration::ZERO }) {
                Some(message) => self.take(Input::Said(message), control),
                None if !was_read => return,
                None => looks += 1,
            }
            if looks > LAST_LOOKS {
                return;
            }
        }
    }

    fn take(&mut self, input: Input, control: &mut dyn Control) {
        let now = control.elapsed() - self.begun;
        for effect in self.course.step(input, now) {
            match effect {
                Effect::Tell(step) => control.progress(step),
                Effect::AskToStop => self.process.ask_to_stop(),
                Effect::Kill => {
                    self.killed = Some(now);
                    self.process.end();
                }
                Effect::AskForCheckpoint => {
                    if let Err(error) = fs::write(self.room.wanted(), "") {
                        self.take(Input::Unkept(crashed("no checkpoint can be asked for")(error)), control);
                    }
                }
                Effect::Keep => match self.pack(now) {
                    Ok(kept) => {
                        if let Some(kept) = kept {
                            control.keep(kept);
                        }
                        // The program may go on with its folder; where it was deleted, it has nothing to wait for.
                        let _ = fs::remove_file(self.room.wanted());
                    }
                    Err(error) => self.take(Input::Unkept(refused(LEFT)(error)), control),
                },
            }
        }
    }

    fn pack(&self, now: Seconds) -> Result<Option<Kept>, pack::Error> {
        let about = self.about_now(now);
        let progress = about.done;
        let bytes = pack::pack(&self.room.checkpoint(), about, self.disk_bytes)?;
        Ok(bytes.map(|bytes| Kept { bytes, progress }))
    }

    fn about_now(&self, now: Seconds) -> About {
        About {
            seconds: self.about.seconds + now,
            done: self.course.done(),
            curve: self.course.curve().to_vec(),
            ..self.about.clone()
        }
    }

    /// What the program's end means, and what it has left.
    fn end(self, exit: Exit, control: &mut dyn Control) -> (End, Ended) {
        let about = self.about_now(control.elapsed() - self.begun);
        let (last_words, log) = {
            let mut log = self.process.log();
            log.close();
            (log.last_words(), log.path().to_owned())
        };
        (
            self.course.end(exit, &last_words),
            Ended { about, room: self.room, log, disk_bytes: self.disk_bytes },
        )
    }
}

/// What is left of an attempt once its program is gone.
#[derive(Debug)]
pub struct Ended {
    /// As of the end.
    pub about: About,
    room: Room,
    log: PathBuf,
    disk_bytes: u64,
}

impl Ended {
    pub fn kept(self) -> Result<Option<Kept>, Failure> {
        let progress = self.about.done;
        let packed = pack::pack(&self.room.checkpoint(), self.about, self.disk_bytes);
        let bytes = packed.map_err(refused(LEFT))?;
        Ok(bytes.map(|bytes| Kept { bytes, progress }))
    }

    pub fn supernet(&self) -> Result<Vec<u8>, Failure> {
        // Whoever scores with it has no use for how it was learnt; and equal weights are to be equal blobs.
        let about = About {
            content: Content::Supernet,
            identity: String::new(),
            seconds: Seconds::ZERO,
            done: 1.0,
            curve: Vec::new(),
        };
        let packed = pack::pack(&self.room.supernet(), about, self.disk_bytes);
        let packed = packed.map_err(refused("the supernet that the user's program left"))?;
        let nothing =
            || Failure::Refused("the user's program: it left nothing in the supernet's folder".into());
        packed.ok_or_else(nothing)
    }

    pub fn artifacts(&self) -> Result<Vec<(ArtifactKind, Vec<u8>)>, Failure> {
        let mut artifacts = Vec::new();
        for (name, kind) in ARTIFACTS {
            let path = self.room.artifacts().join(name);
            let Ok(about) = fs::metadata(&path) else { continue };
            if !about.is_file() || about.len() > MAX_BLOB_BYTES {
                let reason =
                    format!("the user's program: {name} is no file of at most {MAX_BLOB_BYTES} bytes");
                return Err(Failure::Refused(reason));
            }
            artifacts.push((kind, fs::read(&path).map_err(crashed("an artifact can't be read"))?));
        }
        Ok(artifacts)
    }

    pub fn with_log(&self, failure: Failure) -> Failure {
        let with = |reason: String| format!("{reason} (log: {})", self.log.display());
        match failure {
            Failure::Refused(reason) => Failure::Refused(with(reason)),
            Failure::Crashed(reason) => Failure::Crashed(with(reason)),
            Failure::Diverged => Failure::Diverged,
        }
    }
}
