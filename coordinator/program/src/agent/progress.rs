//! How far a long piece of work is: a bar on a terminal, a line for each tenth elsewhere.

use std::io::{IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};

#[derive(Debug)]
pub struct Progress {
    what: String,
    all: u64,
    done: u64,
    bar: Option<ProgressBar>,
}

impl Progress {
    pub fn of(what: &str, all: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style =
                ProgressStyle::with_template("{bar:30} {pos} of {len}, {elapsed}, {eta} left  {wide_msg}");
            ProgressBar::new(all).with_style(style.expect("a valid template")).with_message(what.to_owned())
        });
        Self { what: what.into(), all, done: 0, bar }
    }

    pub fn one_more(&mut self) {
        self.done += 1;
        match &self.bar {
            Some(bar) => bar.inc(1),
            None if self.done * 10 / self.all.max(1) > (self.done - 1) * 10 / self.all.max(1) => {
                let _ = writeln!(std::io::stderr(), "{}: {} of {}", self.what, self.done, self.all);
            }
            None => {}
        }
    }

    /// A line that stays.
    #[cfg(feature = "torch")]
    pub fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None => drop(writeln!(std::io::stderr(), "{line}")),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
