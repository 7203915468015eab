//! The program as a process: started behind its guard, read with bounded memory, asked to stop, ended.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::libc;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::course::Exit;
use super::guard;
use super::line::{self, Fault, Line};
use super::log::Log;

/// Messages read and not yet heeded: a program that says more is made to wait by its pipe.
const MESSAGES: usize = 64;
const READ_BYTES: usize = 64 * 1024;

pub type Message = Result<Line, Fault>;

/// A running program. Dropped, it is ended.
#[derive(Debug)]
pub struct Process {
    guard: Child,
    messages: Receiver<Message>,
    /// Kept, so that waiting for messages takes its time also when both streams have ended.
    _sender: SyncSender<Message>,
    ears: Ears,
    ended: Option<Exit>,
}

/// What both readers report to.
#[derive(Debug, Clone)]
struct Ears {
    log: Arc<Mutex<Log>>,
    heard: Arc<AtomicBool>,
    /// One reference for each reader that still reads, and ours.
    reading: Arc<()>,
}

impl Process {
    /// Starts `words` with `environment` beside what the worker has. The thread that calls it must outlive the program.
    pub fn start<'a>(
        words: &[String],
        environment: impl IntoIterator<Item = (&'a str, &'a OsStr)>,
        stdin: Stdio,
        log: Log,
    ) -> io::Result<Self> {
        let (program, arguments) =
            words.split_first().ok_or_else(|| io::Error::other("no program is named"))?;
        let mut command = Command::new(program);
        command.args(arguments).envs(environment);
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        guard::install(&mut command);
        let mut guard = command.spawn()?;
        let (out, err) = (guard.stdout.take(), guard.stderr.take());
        let (sender, messages) = sync_channel(MESSAGES);
        let ears = Ears {
            log: Arc::new(Mutex::new(log)),
            heard: Arc::new(AtomicBool::new(false)),
            reading: Arc::new(()),
        };
        // From here on the program ends with this value, whatever fails.
        let process = Self { guard, messages, _sender: sender.clone(), ears, ended: None };
        if let Some(out) = out {
            process.read("program-out", out, Some(sender))?;
        }
        if let Some(err) = err {
            process.read("program-err", err, None)?;
        }
        Ok(process)
    }

    fn read(
        &self,
        name: &str,
        pipe: impl Read + Send + 'static,
        sender: Option<SyncSender<Message>>,
    ) -> io::Result<()> {
        let ears = self.ears.clone();
        std::thread::Builder::new().name(name.into()).spawn(move || ears.listen(pipe, sender.as_ref()))?;
        Ok(())
    }

    /// The next message, if one comes within `patience`.
    pub fn next(&self, patience: Duration) -> Option<Message> {
        self.messages.recv_timeout(patience).ok()
    }

    /// Whether it has said anything since the last look.
    pub fn has_spoken(&self) -> bool {
        self.ears.heard.swap(false, Ordering::AcqRel)
    }

    /// Whether somebody may still read what it said.
    pub fn is_read(&self) -> bool {
        Arc::strong_count(&self.ears.reading) > 1
    }

    /// How it ended, once nothing of it is left.
    pub fn exit(&mut self) -> Option<Exit> {
        if self.ended.is_none() {
            self.ended = match self.guard.try_wait() {
                Ok(None) => None,
                Ok(Some(status)) => Some(exit_of(status)),
                Err(_) => Some(Exit::Unknown),
            };
        }
        self.ended.clone()
    }

    pub fn ask_to_stop(&self) {
        self.signal(guard::ASK_TO_STOP);
    }

    /// Ends it and everything that it started. Its `exit` comes when that is done.
    pub fn end(&self) {
        self.signal(guard::END_ALL);
    }

    fn signal(&self, signal: libc::c_int) {
        // The guard's number is its own until it has been waited for.
        if self.ended.is_none()
            && let Ok(signal) = Signal::try_from(signal)
        {
            let _ = kill(Pid::from_raw(self.guard.id().cast_signed()), signal);
        }
    }

    /// Nothing but this can end a guard whose program can't be killed.
    pub fn abandon(&mut self) {
        let _ = self.guard.kill();
        self.ended.get_or_insert(Exit::Unknown);
    }

    pub fn log(&self) -> MutexGuard<'_, Log> {
        self.ears.log()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.exit().is_none() {
            self.end();
            let _ = self.guard.wait();
        }
    }
}

impl Ears {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until the stream ends; `sender` takes the messages where there are any.
    fn listen(&self, mut pipe: impl Read, sender: Option<&SyncSender<Message>>) {
        let mut buffer = vec![0; READ_BYTES];
        let mut lines = Lines::default();
        loop {
            let length = match pipe.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            self.heard.store(true, Ordering::Release);
            self.log().write(&buffer[..length]);
            if let Some(sender) = sender {
                // Nobody listens any more once the task is over; the pipe is read to its end all the same.
                lines.take(&buffer[..length], |message| drop(sender.send(message)));
            }
        }
        if let Some(sender) = sender {
            lines.take(b"\n", |message| drop(sender.send(message)));
        }
    }
}

/// Cuts a stream into lines and reads those that are messages, holding one line at most.
#[derive(Debug, Default)]
struct Lines {
    line: Vec<u8>,
    /// The rest of this line is passed over.
    skipping: bool,
}

impl Lines {
    fn take(&mut self, bytes: &[u8], mut tell: impl FnMut(Message)) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (content, is_whole) = match part.strip_suffix(b"\n") {
                Some(content) => (content, true),
                None => (part, false),
            };
            if !self.skipping {
                let room = line::MOST_BYTES - self.line.len();
                self.line.extend_from_slice(&content[..content.len().min(room)]);
                if content.len() > room {
                    self.skipping = true;
                    if line::is_message(&self.line) {
                        tell(Err(Fault::TooLong));
                    }
                }
            }
            if is_whole {
                if !self.skipping && line::is_message(&self.line) {
                    tell(line::read(&self.line));
                }
                self.line.clear();
                self.skipping = false;
            }
        }
    }
}

fn exit_of(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(number)) => match Signal::try_from(number) {
            Ok(signal) => Exit::Signal(signal.as_str().into()),
            Err(_) => Exit::Signal(format!("signal {number}")),
        },
        (None, None) => Exit::Unknown,
    }
}

/// Whether `name` can be started: a path, or a name on the search path.
pub fn is_program(name: &str, search_path: Option<&OsStr>) -> bool {
    let can_run =
        |path: &Path| path.is_file() && nix::unistd::access(path, nix::unistd::AccessFlags::X_OK).is_ok();
    if name.contains('/') {
        return can_run(Path::new(name));
    }
    search_path.is_some_and(|path| std::env::split_paths(path).any(|folder| can_run(&folder.join(name))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(pieces: &[&[u8]]) -> Vec<Message> {
        let (mut lines, mut told) = (Lines::default(), Vec::new());
        for piece in pieces {
            lines.take(piece, |message| told.push(message));
            assert!(lines.line.len() <= line::MOST_BYTES);
        }
        lines.take(b"\n", |message| told.push(message));
        told
    }

    #[test]
    fn lines_come_whole_however_they_are_cut() {
        let text = b"talk\n{\"type\":\"checkpoint\"}\n\n \xff\xfe\n{\"type\":\"checkpoint\"}";
        let expected = vec![Ok(Line::Checkpoint), Ok(Line::Checkpoint)];
        assert_eq!(messages(&[text]), expected);
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(messages(&bytes), expected);
    }

    #[test]
    fn a_line_without_an_end_costs_no_memory() {
        let talk = vec![b'x'; 10_000];
        let piece: &[u8] = &talk;
        assert_eq!(
            messages(&[&[piece; 50][..], &[b"\n{\"type\":\"checkpoint\"}\n"]].concat()),
            [Ok(Line::Checkpoint)]
        );
        let message: &[u8] = b"{\"type\":\"";
        let long = [&[message][..], &[piece; 50], &[b"\"}\n{\"type\":\"checkpoint\"}\n"]].concat();
        assert_eq!(messages(&long), [Err(Fault::TooLong), Ok(Line::Checkpoint)]);
    }

    #[test]
    fn programs_are_found_as_a_shell_finds_them() {
        let path = std::env::var_os("PATH");
        assert!(is_program("sh", path.as_deref()) && is_program("/bin/sh", None));
        assert!(!is_program("sh", None) && !is_program("no-such-program", path.as_deref()));
        let text = tempfile::NamedTempFile::new().unwrap();
        assert!(!is_program(text.path().to_str().unwrap(), None) && !is_program("/tmp", None));
    }
}
