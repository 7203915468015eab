//! How far a long piece of work is: a bar on a terminal, lines elsewhere. Any number of threads may tell it.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

#[derive(Debug)]
pub struct Progress {
    what: String,
    all: u64,
    done: AtomicU64,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// `what` there are `all` of.
    pub fn of(what: &str, all: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let template =
                format!("{{bar:30}} {{pos}} of {{len}} {what}, {{elapsed}}, {{eta}} left  {{wide_msg}}");
            let style = ProgressStyle::with_template(&template).expect("a valid template");
            let bar = ProgressBar::new(all).with_style(style);
            bar.enable_steady_tick(Duration::from_millis(500));
            bar
        });
        Self { what: what.into(), all, done: AtomicU64::new(0), bar }
    }

    /// Without a terminal a line for each tenth.
    pub fn one_more(&self) {
        let (before, done) = self.count();
        let tenth = |count: u64| count * 10 / self.all.max(1);
        match &self.bar {
            Some(bar) => bar.inc(1),
            None if tenth(done) > tenth(before) => say(&format!("{}: {done} of {}", self.what, self.all)),
            None => {}
        }
    }

    /// One that deserves a line of its own: `name` beside the bar, `name: outcome` without a terminal.
    pub fn one_more_named(&self, name: &str, outcome: &str) {
        let (_, done) = self.count();
        match &self.bar {
            Some(bar) => {
                bar.set_message(name.to_owned());
                bar.inc(1);
            }
            None => say(&format!("{done} of {}: {name}: {outcome}", self.all)),
        }
    }

    /// A line that stays.
    #[cfg(feature = "torch")]
    pub fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None => say(line),
        }
    }

    fn count(&self) -> (u64, u64) {
        let before = self.done.fetch_add(1, Ordering::Relaxed);
        (before, before + 1)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
