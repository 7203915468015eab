//! One process of a test. What it says goes to files, so that it never waits for a reader; it is killed when its handle goes,
//! also when the test panics.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::patience;

static STARTED: AtomicU32 = AtomicU32::new(0);

#[derive(Debug)]
pub struct Process {
    child: Child,
    line: String,
    out: PathBuf,
    err: PathBuf,
}

/// How a process ended.
#[derive(Debug)]
pub struct Ended {
    /// None when a signal ended it.
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
    line: String,
}

impl Process {
    /// Starts `command`; what it says is kept in `folder`.
    pub fn start(mut command: Command, folder: &Path) -> Self {
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let (out, err) = (folder.join(format!("{number}.out")), folder.join(format!("{number}.err")));
        let file = |path: &Path| File::create(path).expect("a file for what the process says");
        command.stdout(file(&out)).stderr(file(&err));
        let line = format!("{command:?}");
        let child = command.spawn().unwrap_or_else(|error| panic!("{line}: {error}"));
        Self { child, line, out, err }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// As `kill -9`: nothing of it runs afterwards.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.id().cast_signed()), signal).expect("the process is there");
    }

    /// Everything it has said so far, both ways.
    pub fn said(&self) -> String {
        [&self.out, &self.err].map(|path| fs::read_to_string(path).unwrap_or_default()).concat()
    }

    /// Waits for it to end by itself, while it goes on to say something.
    pub fn end(&mut self) -> Ended {
        let status = patience::while_it_goes_on(|| {
            let ended = self.child.try_wait().expect("a child can be waited for");
            ended.ok_or_else(|| self.said().len())
        });
        let status =
            status.unwrap_or_else(|| panic!("it does not end: {}\nit said: {}", self.line, self.said()));
        let read = |path| fs::read_to_string(path).expect("what it said");
        Ended { code: status.code(), out: read(&self.out), err: read(&self.err), line: self.line.clone() }
    }

    /// Most memory it has held at once so far, in MiB.
    pub fn peak_mib(&self) -> u64 {
        self.memory_mib("VmHWM:")
    }

    /// Memory it holds now, in MiB.
    pub fn resident_mib(&self) -> u64 {
        self.memory_mib("VmRSS:")
    }

    fn memory_mib(&self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("the kernel tells");
        let kib: u64 = line.split_whitespace().next().expect("a number").parse().expect("a number");
        kib / 1024
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{} had said before the test failed:\n{}", self.line, tail(&self.said()));
        }
        self.kill();
    }
}

impl Ended {
    /// Fails unless it ended with `code`.
    pub fn with(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "{}\nout: {}\nerr: {}",
            self.line,
            tail(&self.out),
            tail(&self.err)
        );
        self
    }

    /// Fails unless each of `phrases` was said.
    pub fn saying(self, phrases: &[&str]) -> Self {
        for phrase in phrases {
            let said = self.out.contains(phrase) || self.err.contains(phrase);
            assert!(
                said,
                "not a word of `{phrase}`: {}\nout: {}\nerr: {}",
                self.line,
                tail(&self.out),
                tail(&self.err)
            );
        }
        self
    }
}

/// The end of a long story.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}
