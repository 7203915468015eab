//! The process: a worker's program that takes orders from its standard input, which is a socket, and evaluates.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use common::trial::Failure;
use common::unit::{Joules, Seconds};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

use super::wire::{Frame, Wire};
use super::words::{Order, Report};
use crate::evaluator::{Control, Evaluator, Job, Kept, Outcome, Step, Wish};

/// Between two questions for the executor's wish. Each takes some ten microseconds, and one is asked after every batch or
/// inference that is timed: so they cost less than one part in a hundred, and a stop waits no longer than before.
const ASK_EVERY: Duration = Duration::from_millis(2);
/// Between two readings of the meter, which itself moves less often.
const READ_EVERY: Duration = Duration::from_millis(20);

/// Works until the worker closes the socket, or is gone.
pub fn serve() -> io::Result<()> {
    let stdin = io::stdin().as_fd().try_clone_to_owned()?;
    let mut wire = Wire::new(UnixStream::from(stdin));
    match work(&mut wire) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(()),
        ended => ended,
    }
}

fn work(wire: &mut Wire) -> io::Result<()> {
    let Order::Build { spec, options } = next(wire)?.said else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    keep_to(&options.near_cpus);
    let mut evaluator = match crate::build(&spec, &options) {
        Ok(evaluator) => evaluator,
        Err(error) => return wire.send(&Report::Unbuildable(error.to_string()), &[]),
    };
    wire.send(&Report::Built, &[])?;
    let mut supernet = None;
    loop {
        evaluate(wire, &mut *evaluator, &mut supernet)?;
    }
}

/// Memory is taken where its first user runs, and a GPU's own node is the nearest to it. Threads that are started later keep to the
/// same processors; what is forbidden here is left as it is.
fn keep_to(cpus: &[usize]) {
    let mut set = CpuSet::new();
    let allowed = cpus.iter().filter(|&&cpu| set.set(cpu).is_ok()).count();
    if allowed > 0 {
        let _ = sched_setaffinity(Pid::from_raw(0), &set);
    }
}

/// One job. `supernet` is the one that was brought last.
fn evaluate(
    wire: &mut Wire,
    evaluator: &mut dyn Evaluator,
    supernet: &mut Option<Vec<u8>>,
) -> io::Result<()> {
    let Frame { said, blobs } = next(wire)?;
    let Order::Evaluate { subject, trial_seed, inherits, brings_supernet, resumes } = said else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let mut blobs = blobs.into_iter();
    if brings_supernet {
        *supernet = blobs.next();
    }
    let resume = blobs.next().filter(|_| resumes);
    let inherited = supernet.as_deref().filter(|_| inherits);
    let job = Job { subject: &subject, supernet: inherited, resume: resume.as_deref(), trial_seed };
    let result = evaluator.evaluate(&job, &mut Line::new(wire));
    report(wire, result)
}

fn next(wire: &mut Wire) -> io::Result<Frame<Order>> {
    let frame = wire.receive(None)?;
    Ok(frame.expect("without a limit it is waited for"))
}

fn report(wire: &mut Wire, result: Result<Outcome, Failure>) -> io::Result<()> {
    match result {
        Ok(Outcome::Finished(finding)) => {
            let (kinds, blobs): (Vec<_>, Vec<_>) = finding.artifacts.into_iter().unzip();
            let blobs: Vec<&[u8]> = blobs.iter().map(Vec::as_slice).collect();
            let evaluation = Box::new(finding.evaluation);
            wire.send(&Report::Finished { evaluation, artifacts: kinds }, &blobs)
        }
        Ok(Outcome::Suspended(kept)) => {
            let progress = kept.as_ref().map(|kept| kept.progress);
            let blobs: Vec<&[u8]> = kept.iter().map(|kept| kept.bytes.as_slice()).collect();
            wire.send(&Report::Suspended { progress }, &blobs)
        }
        Ok(Outcome::Cancelled) => wire.send(&Report::Cancelled, &[]),
        Err(failure) => wire.send(&Report::Failed(failure), &[]),
    }
}

/// The executor, across the socket. Once that is broken, everything is to be cancelled.
struct Line<'a> {
    wire: &'a mut Wire,
    begun: Instant,
    asked: Option<Instant>,
    /// When the meter was read, and what it showed.
    read: Option<(Instant, Option<Joules>)>,
}

impl<'a> Line<'a> {
    fn new(wire: &'a mut Wire) -> Self {
        Self { wire, begun: Instant::now(), asked: None, read: None }
    }

    fn ask(&mut self, report: &Report) -> Option<Order> {
        self.wire.send(report, &[]).ok()?;
        next(self.wire).ok().map(|frame| frame.said)
    }
}

impl Control for Line<'_> {
    fn wish(&mut self) -> Wish {
        let now = Instant::now();
        if self.asked.is_some_and(|asked| now.duration_since(asked) < ASK_EVERY) {
            return Wish::GoOn;
        }
        self.asked = Some(now);
        match self.ask(&Report::Wish) {
            Some(Order::Wish(wish)) => wish,
            _ => Wish::Cancel,
        }
    }

    fn progress(&mut self, step: Step) {
        // A broken socket is found out by the next wish.
        let _ = self.wire.send(&Report::Progress(step), &[]);
    }

    fn keep(&mut self, Kept { bytes, progress }: Kept) {
        let _ = self.wire.send(&Report::Kept { progress }, &[&bytes]);
    }

    fn elapsed(&mut self) -> Seconds {
        Seconds(self.begun.elapsed().as_secs_f64())
    }

    fn energy(&mut self) -> Option<Joules> {
        if let Some((read, joules)) = self.read
            && read.elapsed() < READ_EVERY
        {
            return joules;
        }
        let joules = match self.ask(&Report::Energy) {
            Some(Order::Energy(joules)) => joules,
            _ => None,
        };
        self.read = Some((Instant::now(), joules));
        joules
    }
}
