//! How far it is: a bar on a terminal, a line for each run elsewhere.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressStyle};
use simulation::compare::Course;

#[derive(Debug)]
pub struct Progress {
    runs: usize,
    ended: AtomicUsize,
    bar: Option<ProgressBar>,
}

impl Progress {
    pub fn of(runs: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template(
                "{bar:30} {pos} of {len} runs, {elapsed}, {eta} left  {wide_msg}",
            );
            let bar = ProgressBar::new(runs as u64).with_style(style.expect("a valid template"));
            bar.enable_steady_tick(std::time::Duration::from_millis(500));
            bar
        });
        Self { runs, ended: AtomicUsize::new(0), bar }
    }

    /// `most`: the table's hypervolume.
    pub fn one_more(&self, label: &str, course: &Course, most: f64) {
        let ended = self.ended.fetch_add(1, Ordering::Relaxed) + 1;
        match &self.bar {
            Some(bar) => {
                bar.set_message(label.to_owned());
                bar.inc(1);
            }
            None => {
                let (kg, percent) = (course.spent.grams.0 / 1000.0, 100.0 * course.hypervolume() / most);
                let _ = writeln!(
                    std::io::stderr(),
                    "{ended} of {}: {label}: {percent:.2} % for {kg:.3} kg in {:.1} h",
                    self.runs,
                    course.hours
                );
            }
        }
    }

    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
