//! The log's last lines, on their way to whoever watches the study from afar.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use common::wire::{LogLevel, LogLine, MOST_CHARACTERS, MOST_LINES};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use crate::clock::Clock;

/// Lines that were not sent yet; the oldest give way. Clones are the same lines.
#[derive(Debug, Clone)]
pub struct Recent {
    clock: Clock,
    lines: Arc<Mutex<VecDeque<LogLine>>>,
}

impl Recent {
    pub fn new(clock: Clock) -> Self {
        Self { clock, lines: Arc::default() }
    }

    /// All of them, once.
    pub fn take(&self) -> Vec<LogLine> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.drain(..).collect()
    }

    fn keep(&self, level: LogLevel, text: &str) {
        let text = text.chars().filter(|character| !character.is_control()).take(MOST_CHARACTERS).collect();
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == MOST_LINES {
            lines.pop_front();
        }
        lines.push_back(LogLine { clock: self.clock.now(), level, text });
    }
}

/// What is told to developers only stays at home.
impl<S: Subscriber> Layer<S> for Recent {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let level = match *event.metadata().level() {
            Level::ERROR => LogLevel::Error,
            Level::WARN => LogLevel::Warning,
            Level::INFO => LogLevel::Info,
            Level::DEBUG | Level::TRACE => return,
        };
        let mut line = Line::default();
        event.record(&mut line);
        self.keep(level, &line.0);
    }
}

/// A message and its fields, as the log on the machine writes them.
#[derive(Default)]
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = match field.name() {
            "message" => {
                let fields = std::mem::take(&mut self.0);
                write!(self.0, "{value:?}{fields}")
            }
            name => write!(self.0, " {name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    fn told(say: impl FnOnce()) -> Vec<LogLine> {
        let recent = Recent::new(Clock::start());
        let subscriber = tracing_subscriber::registry().with(recent.clone());
        tracing::subscriber::with_default(subscriber, say);
        let lines = recent.take();
        assert_eq!(recent.take(), [], "each line is told once");
        lines
    }

    #[test]
    fn lines_carry_their_level_and_fields() {
        let lines = told(|| {
            tracing::info!(slot = 1, device = %"a GPU", "slot");
            tracing::warn!("look");
            tracing::error!("a\nb");
            tracing::debug!("for developers");
        });
        let lines: Vec<_> = lines.iter().map(|line| (line.level, line.text.as_str())).collect();
        let wanted = [
            (LogLevel::Info, "slot slot=1 device=a GPU"),
            (LogLevel::Warning, "look"),
            (LogLevel::Error, "ab"),
        ];
        assert_eq!(lines, wanted);
    }

    #[test]
    fn a_flood_leaves_its_last_lines() {
        let lines = told(|| {
            for number in 0..1000 {
                tracing::info!("{number} {}", "x".repeat(1000));
            }
        });
        assert_eq!(lines.len(), MOST_LINES);
        assert!(lines.last().unwrap().text.starts_with("999 "));
        assert!(lines.iter().all(|line| line.text.chars().count() <= MOST_CHARACTERS));
    }
}
