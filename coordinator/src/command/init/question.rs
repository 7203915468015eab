//! One question at a time, on a terminal or from a pipe: an answer that can't be is asked for again.

use std::io::{BufRead, Write};

use anyhow::Result;

use crate::command::Usage;

/// Asks, reads and echoes nothing.
pub struct Asker<'a> {
    pub input: &'a mut dyn BufRead,
    pub out: &'a mut dyn Write,
    /// Take what is proposed wherever nothing was said on the command line.
    pub takes_defaults: bool,
}

/// What is asked, and what an empty answer means.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    pub text: &'q str,
    pub hint: &'q str,
    pub default: &'q str,
    /// The flag that answers it.
    pub flag: &'static str,
}

impl Asker<'_> {
    /// The first answer that `read` takes. What was `told` on the command line is not asked for, and is refused at once.
    pub fn ask<T>(
        &mut self,
        question: Question<'_>,
        told: Option<&str>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T> {
        let Question { text, hint, default, flag } = question;
        if let Some(answer) = told {
            return read(answer.trim()).map_err(|reason| Usage(format!("{flag} {answer}: {reason}")).into());
        }
        if self.takes_defaults {
            return read(default).map_err(|reason| Usage(format!("{flag} must be said: {reason}")).into());
        }
        writeln!(self.out, "\n{text}")?;
        hint.lines().try_for_each(|line| writeln!(self.out, "  {line}"))?;
        loop {
            write!(self.out, "[{default}] ")?;
            self.out.flush()?;
            let mut line = String::new();
            if self.input.read_line(&mut line)? == 0 {
                let rest = format!(
                    "the answers ended before this question; say {flag}, or --yes to take what is proposed"
                );
                return Err(Usage(rest).into());
            }
            let answer = if line.trim().is_empty() { default } else { line.trim() };
            match read(answer) {
                Ok(answer) => return Ok(answer),
                Err(reason) => writeln!(self.out, "  {reason}")?,
            }
        }
    }
}
