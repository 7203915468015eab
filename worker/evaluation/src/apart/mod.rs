//! The evaluator that has another one at work in a process of its own: a fault of the device, a leak, or the kernel short of memory
//! costs one task there, and never the worker.
//!
//! The process is the worker's own program, started as a child (`child`), below the guard that also stands before users' programs.
//! It lives from task to task, so that images and a supernet are read once, and is started anew after its death. It asks
//! and tells by frames on a socket (`wire`, `words`); whatever it wants to know of its executor it asks across it.

// A skin: how long a process has been silent is told by the real clock.
#![allow(clippy::disallowed_methods)]

mod child;
mod watch;
mod wire;
mod words;

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::study::StudySpec;
use common::trial::Failure;

use crate::Error;
use crate::command::{Exit, Log, Process};
use crate::evaluator::{Control, Evaluator, Finding, Job, Kept, Outcome};
use crate::options::{Options, Patience};
pub use child::serve;
use watch::{Loss, Watch};
use wire::{Frame, Wire};
use words::{Order, Report};

/// Longest wait between two looks at the executor's wishes.
const POLL: Duration = Duration::from_millis(50);
/// An order that is not taken for so long is not going to be: the longest is a supernet's bytes across a socket.
const SEND: Duration = Duration::from_secs(60);
/// At least so long a process may take to start and to read its images.
const START: Duration = Duration::from_secs(600);
/// Processes that are started one after the other until one gets ready.
const STARTS: u32 = 3;
/// For the last words of a process that is gone.
const HEAR_OUT: Duration = Duration::from_secs(2);
/// What still does not end so long after it was killed waits for a disk or a driver.
const UNKILLABLE: Duration = Duration::from_secs(15);

/// Evaluates through a process of its own.
#[derive(Debug)]
pub struct Apart {
    spec: StudySpec,
    options: Options,
    words: Vec<String>,
    patience: Patience,
    logs: PathBuf,
    running: Option<Running>,
    _temporary: Option<tempfile::TempDir>,
}

/// A process that waits for tasks or works on one.
#[derive(Debug)]
struct Running {
    wire: Wire,
    process: Process,
    /// The bytes of the supernet that it holds.
    supernet: Option<Vec<u8>>,
}

impl Apart {
    /// Starts the process `words`, which has the study's evaluator ready when this returns. To be called by the thread that
    /// evaluates, which must outlive it.
    pub fn new(
        spec: StudySpec,
        words: Vec<String>,
        patience: Patience,
        options: &Options,
    ) -> Result<Self, Error> {
        let (folder, temporary) = match &options.scratch {
            Some(folder) => (folder.clone(), None),
            None => {
                let temporary = tempfile::tempdir().map_err(Error::NoRoom)?;
                (temporary.path().to_owned(), Some(temporary))
            }
        };
        let logs = folder.join("logs");
        let options = Options { apart: None, ..options.clone() };
        let mut apart = Self { spec, options, words, patience, logs, running: None, _temporary: temporary };
        apart.running = Some(apart.start()?);
        Ok(apart)
    }

    /// A process that is ended from outside before it is ready (by the kernel short of memory, or by somebody) says nothing of the
    /// machine, and is started again a few times.
    fn start(&self) -> Result<Running, Error> {
        let mut starts = 1;
        loop {
            match self.start_once() {
                Err(Error::Ended(_)) if starts < STARTS => starts += 1,
                result => return result,
            }
        }
    }

    fn start_once(&self) -> Result<Running, Error> {
        let log = Log::create(&self.logs).map_err(Error::NoRoom)?;
        let (ours, theirs) = UnixStream::pair().map_err(Error::NoProcess)?;
        ours.set_write_timeout(Some(SEND)).map_err(Error::NoProcess)?;
        let stdin = Stdio::from(OwnedFd::from(theirs));
        let process = Process::start(&self.words, [], stdin, log).map_err(Error::NoProcess)?;
        let mut running = Running { wire: Wire::new(ours), process, supernet: None };
        let order = Order::Build { spec: Box::new(self.spec.clone()), options: self.options.clone() };
        match running.prepare(&order, self.patience) {
            Ok(Report::Built) => Ok(running),
            Ok(Report::Unbuildable(reason)) => Err(Error::Apart(reason)),
            Ok(other) => Err(Error::Apart(format!("the evaluation's process began with {other:?}"))),
            Err(loss) => {
                let obituary = running.obituary(&loss);
                let was_ended = matches!((loss, running.process.exit()), (Loss::Gone, Some(Exit::Signal(_))));
                Err(if was_ended { Error::Ended(obituary) } else { Error::Apart(obituary) })
            }
        }
    }

    /// The process that did the last task, if it lives, or a new one; and whether it is new.
    fn take(&mut self) -> Result<(Running, bool), Failure> {
        if let Some(mut running) = self.running.take()
            && running.process.exit().is_none()
        {
            return Ok((running, false));
        }
        let started = self.start().map_err(|error| Failure::Crashed(error.to_string()))?;
        Ok((started, true))
    }
}

impl Evaluator for Apart {
    fn name(&self) -> &str {
        "apart"
    }

    fn evaluate(&mut self, job: &Job, control: &mut dyn Control) -> Result<Outcome, Failure> {
        loop {
            let (mut running, is_new) = self.take()?;
            let mut watch = Watch::new(self.patience, Instant::now());
            match running.work(job, control, &mut watch) {
                Ok(result) => {
                    self.running = Some(running);
                    // Whatever came of it meanwhile, nobody wants it.
                    return if watch.is_cancelled() { Ok(Outcome::Cancelled) } else { result };
                }
                // It died of itself between two tasks, and that costs neither.
                Err(Loss::Gone) if !is_new && watch.has_heard_nothing() => {}
                Err(loss) => {
                    let obituary = running.obituary(&loss);
                    return watch.meaning(obituary);
                }
            }
        }
    }
}

impl Running {
    fn prepare(&mut self, order: &Order, patience: Patience) -> Result<Report, Loss> {
        self.wire.send(order, &[])?;
        let patience = Patience { silence: patience.silence.max(START), ..patience };
        let mut watch = Watch::new(patience, Instant::now());
        loop {
            match self.wire.receive::<Report>(Some(POLL))? {
                Some(frame) => return Ok(frame.said),
                None => watch.on_silence(Instant::now())?,
            }
        }
    }

    /// The job to its end; an error is the loss of the process.
    fn work(
        &mut self,
        job: &Job,
        control: &mut dyn Control,
        watch: &mut Watch,
    ) -> Result<Result<Outcome, Failure>, Loss> {
        self.order(job)?;
        loop {
            let Some(Frame { said, blobs }) = self.wire.receive::<Report>(Some(POLL))? else {
                watch.on_wish(control.wish(), Instant::now());
                watch.on_silence(Instant::now())?;
                continue;
            };
            watch.on_word(Instant::now());
            let mut blobs = blobs.into_iter();
            match said {
                Report::Wish => {
                    watch.on_wish(control.wish(), Instant::now());
                    self.wire.send(&Order::Wish(watch.answer()), &[])?;
                }
                Report::Energy => self.wire.send(&Order::Energy(control.energy()), &[])?,
                Report::Progress(step) => control.progress(step),
                Report::Kept { progress } => {
                    let bytes = blobs.next().ok_or(Loss::Nonsense)?;
                    control.keep(Kept { bytes, progress });
                }
                Report::Finished { evaluation, artifacts } => {
                    let artifacts = artifacts.into_iter().zip(blobs).collect();
                    return Ok(Ok(Outcome::Finished(Finding { evaluation: *evaluation, artifacts })));
                }
                Report::Suspended { progress } => {
                    let kept = progress.zip(blobs.next()).map(|(progress, bytes)| Kept { bytes, progress });
                    return Ok(Ok(Outcome::Suspended(kept)));
                }
                Report::Cancelled => return Ok(Ok(Outcome::Cancelled)),
                Report::Failed(failure) => return Ok(Err(failure)),
                Report::Built | Report::Unbuildable(_) => return Err(Loss::Nonsense),
            }
        }
    }

    fn order(&mut self, job: &Job) -> Result<(), Loss> {
        // Compared, not hashed: a checksum takes a GPU's time for a score.
        let is_held = job.supernet.is_some() && self.supernet.as_deref() == job.supernet;
        let sent = job.supernet.filter(|_| !is_held);
        let order = Order::Evaluate {
            subject: job.subject.clone(),
            trial_seed: job.trial_seed,
            inherits: job.supernet.is_some(),
            brings_supernet: sent.is_some(),
            resumes: job.resume.is_some(),
        };
        let blobs: Vec<&[u8]> = sent.into_iter().chain(job.resume).collect();
        self.wire.send(&order, &blobs)?;
        if let Some(sent) = sent {
            self.supernet = Some(sent.to_vec());
        }
        Ok(())
    }

    /// Ends the process and all that it started, and says what became of it.
    fn obituary(&mut self, loss: &Loss) -> String {
        let by_itself = matches!(loss, Loss::Gone);
        if !by_itself {
            self.process.end();
        }
        let exit = self.ended();
        let hear_until = Instant::now() + HEAR_OUT;
        while self.process.is_read() && Instant::now() < hear_until {
            self.process.next(POLL);
        }
        let (words, path) = {
            let mut log = self.process.log();
            log.close();
            (log.last_words(), log.path().display().to_string())
        };
        let how = match (loss, exit) {
            (Loss::Gone, Exit::Signal(signal)) => format!("was ended by {signal}"),
            (Loss::Gone, Exit::Code(code)) => format!("ended with exit code {code}"),
            (Loss::Gone, Exit::Unknown) => "is gone".into(),
            (Loss::Hung { silent_s }, _) => format!("hung: not a word for {silent_s:.0} s"),
            (Loss::Slow, _) => "did not stop in time and was killed".into(),
            (Loss::Nonsense, _) => "talked nonsense and was killed".into(),
        };
        let words = if words.is_empty() { String::new() } else { format!("; its last words: {words}") };
        format!("the evaluation's process {how}{words} (log: {path})")
    }

    fn ended(&mut self) -> Exit {
        let (mut killed, begun) = (false, Instant::now());
        loop {
            if let Some(exit) = self.process.exit() {
                return exit;
            }
            let waited = begun.elapsed();
            if waited > HEAR_OUT && !killed {
                // It closed its socket and lives on.
                killed = true;
                self.process.end();
            }
            if waited > UNKILLABLE {
                self.process.abandon();
            }
            self.process.next(POLL);
        }
    }
}

impl From<io::Error> for Loss {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::InvalidData => Self::Nonsense,
            // Nobody takes what is sent.
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                Self::Hung { silent_s: SEND.as_secs_f64() }
            }
            _ => Self::Gone,
        }
    }
}
