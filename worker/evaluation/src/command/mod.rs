//! The evaluator that starts a program of the user's own for each job and takes its word, within bounds.
//!
//! The job goes to the program as a file (`order`), its answers come as lines of JSON (`line`); `course` decides what becomes of it. A
//! `guard` stands between worker and program, so that whatever it does costs its own task and nothing else.
//! What it saves when it is asked to stop is packed (`pack`) and unpacked on any machine.

mod attempt;
mod course;
mod guard;
mod line;
mod log;
mod order;
mod pack;
mod process;
mod room;

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use common::blob::BlobId;
use common::fidelity::Fidelity;
use common::space::SearchSpace;
use common::study::{Ability, CommandSpec, StudySpec};
use common::trial::{ArtifactKind, Evaluation, Failure, Subject};
use common::unit::Seconds;

use crate::Error;
use crate::evaluator::{Control, Evaluator, Finding, Job, Outcome};
use crate::options::{DeviceChoice, Options, Program};
use attempt::{Attempt, Ended};
pub(crate) use course::Exit;
use course::{Course, End, Limits};
use line::Figures;
pub(crate) use log::Log;
use order::{Machine, Order};
use pack::{About, Content};
pub(crate) use process::Process;
use room::Room;

/// Starts a user's program for each job.
#[derive(Debug)]
pub struct Command {
    spec: StudySpec,
    space: Box<dyn SearchSpace>,
    words: Vec<String>,
    abilities: Vec<Ability>,
    limits: Limits,
    options: Options,
    /// `CUDA_VISIBLE_DEVICES` of the program; none leaves it as the worker has it.
    visible_devices: Option<String>,
    /// Of tasks and logs.
    folder: PathBuf,
    _temporary: Option<tempfile::TempDir>,
}

impl Command {
    /// Finds the program, and room for its tasks.
    pub fn new(spec: StudySpec, command: &CommandSpec, options: &Options) -> Result<Self, Error> {
        let words = match &options.program {
            Program::OfTheStudy => command.words.clone(),
            Program::OfTheMachine(words) => words.clone(),
            Program::Refused => return Err(Error::ProgramOfAStranger),
        };
        let name = words.first().cloned().unwrap_or_default();
        if !process::is_program(&name, std::env::var_os("PATH").as_deref()) {
            return Err(Error::NoProgram(name));
        }
        let (folder, temporary) = match &options.scratch {
            Some(folder) => (folder.clone(), None),
            None => {
                let temporary = tempfile::tempdir().map_err(Error::NoRoom)?;
                (temporary.path().to_owned(), Some(temporary))
            }
        };
        fs::create_dir_all(&folder).map_err(Error::NoRoom)?;
        // The program may go elsewhere.
        let folder = folder.canonicalize().map_err(Error::NoRoom)?;
        let inherited = std::env::var("CUDA_VISIBLE_DEVICES").ok();
        Ok(Self {
            space: spec.space.build(),
            spec,
            words,
            abilities: command.abilities.clone(),
            limits: Limits {
                stop: command.stop,
                silence: command.silence,
                limit: command.limit,
                disk_bytes: command.disk_bytes,
            },
            visible_devices: visible_devices(options.device, inherited.as_deref()),
            options: options.clone(),
            folder,
            _temporary: temporary,
        })
    }

    /// What the program need not be started for.
    fn check(&self, job: &Job) -> Result<(), Failure> {
        let ability = Ability::needed_for(job.subject);
        if !self.abilities.contains(&ability) {
            let key = ability.key();
            return Err(Failure::Refused(format!("evaluation.command_fidelities does not offer `{key}`")));
        }
        if let Subject::SubSupernet(_) | Subject::RegionSupernet(_) = job.subject {
            return Err(Failure::Refused("a program of the user's own trains one supernet, whole".into()));
        }
        if let Some(architecture) = job.subject.architecture() {
            self.space.check(architecture).map_err(|error| Failure::Refused(error.to_string()))?;
        }
        match job.subject.fidelity() {
            Some(Fidelity::Rung(0)) => Err(Failure::Refused("a rung has at least one epoch".into())),
            Some(Fidelity::OneShot) if job.supernet.is_none() => {
                Err(Failure::Refused("one-shot scoring needs a supernet, and the job brings none".into()))
            }
            _ => Ok(()),
        }
    }

    /// Lays everything out for the program and starts it.
    fn begin(&self, job: &Job) -> Result<Attempt, Failure> {
        let room = Room::make(self.folder.join("task")).map_err(crashed("no room for the task"))?;
        if let (Some(Fidelity::OneShot), Some(blob)) = (job.subject.fidelity(), job.supernet) {
            unpack(blob, Content::Supernet, None, &room.supernet()).map_err(refused("the supernet"))?;
        }
        let fresh = About {
            content: Content::Checkpoint,
            identity: identity(job),
            seconds: Seconds::ZERO,
            done: 0.0,
            curve: Vec::new(),
        };
        let about = match job.resume {
            Some(blob) => unpack(blob, fresh.content, Some(&fresh.identity), &room.checkpoint())
                .map_err(refused("the checkpoint"))?,
            None => fresh,
        };
        let data = self.options.data.as_ref().map(|path| path.display().to_string());
        let machine = Machine {
            data: data.as_ref().unwrap_or(&self.spec.data.path),
            device: match self.options.device {
                DeviceChoice::Auto => "auto",
                DeviceChoice::Cpu => "cpu",
                DeviceChoice::Cuda(_) => "cuda",
            },
            threads: self.options.threads,
            stop_s: self.limits.stop.0,
        };
        let order = Order::new(&self.spec, job.subject, job.trial_seed, machine, &room, job.resume.is_some());
        let text = serde_json::to_vec_pretty(&order).map_err(io::Error::from);
        text.and_then(|text| fs::write(room.task(), text)).map_err(crashed("the task can't be written"))?;

        let log = Log::create(&self.folder.join("logs")).map_err(crashed("no log can be kept"))?;
        let (task, threads) = (room.task(), self.options.threads.to_string());
        let mut environment: Vec<(&str, &OsStr)> = vec![
            ("CE_NAS_TASK", task.as_os_str()),
            ("OMP_NUM_THREADS", threads.as_ref()),
            // Python holds lines back otherwise, and silence is taken for a hang.
            ("PYTHONUNBUFFERED", "1".as_ref()),
        ];
        if let Some(visible) = &self.visible_devices {
            environment.push(("CUDA_VISIBLE_DEVICES", visible.as_ref()));
        }
        let process = Process::start(&self.words, environment, Stdio::null(), log)
            .map_err(crashed("the program can't be started"))?;
        let epochs = order::epochs(&self.spec, job.subject);
        let course = Course::new(self.limits, epochs, about.curve.clone(), about.done);
        Ok(Attempt::new(course, room, process, about, self.limits.disk_bytes))
    }

    fn finding(&self, job: &Job, figures: Figures, ended: &Ended) -> Result<Finding, Failure> {
        let is_full = job.subject.fidelity() == Some(Fidelity::Full);
        // What the space counts is known to the search; what it can't, the program alone knows.
        let cost = job.subject.architecture().and_then(|architecture| self.space.cost(architecture));
        let evaluation = Evaluation {
            validation_error: figures.validation_error,
            test_error: figures.test_error.filter(|_| is_full),
            parameters: cost.map(|cost| cost.parameters).or(figures.parameters),
            flops: cost.map(|cost| cost.flops).or(figures.flops),
            latency_ms: figures.latency_ms,
            joules_per_inference: figures.joules_per_inference,
            device: self.options.device_name.clone().unwrap_or_else(|| "a user's program".into()),
            seconds: ended.about.seconds,
            curve: ended.about.curve.clone(),
            artifacts: Vec::new(),
        };
        let artifacts = match job.subject {
            Subject::Supernet | Subject::SubSupernet(_) | Subject::RegionSupernet(_) => {
                vec![(ArtifactKind::Supernet, ended.supernet()?)]
            }
            Subject::Network { .. } if is_full => ended.artifacts()?,
            Subject::Network { .. } => Vec::new(),
        };
        Ok(Finding { evaluation, artifacts })
    }
}

impl Evaluator for Command {
    fn name(&self) -> &str {
        "command"
    }

    fn evaluate(&mut self, job: &Job, control: &mut dyn Control) -> Result<Outcome, Failure> {
        self.check(job)?;
        let (end, ended) = self.begin(job)?.run(control);
        match end {
            End::Finished(figures) => self.finding(job, figures, &ended).map(Outcome::Finished),
            End::Suspended { whole: true } => ended.kept().map(Outcome::Suspended),
            // The worker still has the checkpoint before, if there was one.
            End::Suspended { whole: false } => Ok(Outcome::Suspended(None)),
            End::Cancelled => Ok(Outcome::Cancelled),
            End::Failed(failure) => Err(ended.with_log(failure)),
        }
    }
}

/// Puts what is in `blob` into `folder`, if it is what is wanted.
fn unpack(
    blob: &[u8],
    content: Content,
    identity: Option<&str>,
    folder: &Path,
) -> Result<About, pack::Error> {
    let (about, archive) = pack::open(blob)?;
    if about.content != content || identity.is_some_and(|identity| identity != about.identity) {
        return Err(pack::Error::Foreign);
    }
    pack::unpack(archive, folder)?;
    Ok(about)
}

fn identity(job: &Job) -> String {
    BlobId::of(&serde_json::to_vec(&(job.subject, job.trial_seed)).expect("plain data")).to_string()
}

/// The slot's own board, by its name among those that the worker sees; none at all where the slot is a processor.
fn visible_devices(device: DeviceChoice, inherited: Option<&str>) -> Option<String> {
    match device {
        DeviceChoice::Auto => None,
        DeviceChoice::Cpu => Some(String::new()),
        DeviceChoice::Cuda(number) => {
            let named = inherited.and_then(|list| list.split(',').nth(number)).map(str::trim);
            Some(named.map_or_else(|| number.to_string(), str::to_owned))
        }
    }
}

/// What is wrong with a blob stays wrong; a disk may have room another time.
fn refused(what: &'static str) -> impl Fn(pack::Error) -> Failure {
    move |error| match error {
        pack::Error::Io(error) => crashed(what)(error),
        error => Failure::Refused(format!("{what} can't be used: {error}")),
    }
}

fn crashed(what: &'static str) -> impl Fn(io::Error) -> Failure {
    move |error| Failure::Crashed(format!("{what}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_sees_the_board_of_its_slot_alone() {
        let check = |device, inherited, expected: Option<&str>| {
            assert_eq!(visible_devices(device, inherited).as_deref(), expected, "{device:?} {inherited:?}");
        };
        check(DeviceChoice::Auto, Some("1"), None);
        check(DeviceChoice::Cpu, Some("1"), Some(""));
        check(DeviceChoice::Cuda(1), None, Some("1"));
        check(DeviceChoice::Cuda(1), Some("2, GPU-5f,0"), Some("GPU-5f"));
    }
}
