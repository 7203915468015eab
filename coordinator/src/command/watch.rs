//! Shows something again and again, as `--watch` asks: on a terminal in place, in a pipe one after the other.

use std::io::{ErrorKind, IsTerminal, Write};
use std::time::Duration;

use anyhow::Result;

/// Home, and everything below it cleared: no flicker of an empty screen in between.
const IN_PLACE: &str = "\x1b[H\x1b[J";
/// The first time, the whole screen.
const CLEAR: &str = "\x1b[2J\x1b[H";

/// What is shown, and whether nothing will change any more.
#[derive(Debug)]
pub struct Shown {
    pub text: String,
    pub is_last: bool,
}

/// Draws once, or every so many seconds until there is nothing new to come or the reader has gone away. A study that can't be read now
/// may be read the next time, but not the first; on a terminal it is said meanwhile.
pub fn show(
    every_s: Option<f64>,
    out: &mut dyn Write,
    mut draw: impl FnMut() -> Result<Shown>,
) -> Result<()> {
    let mut shown = draw()?;
    let Some(every_s) = every_s else { return super::print(out, &shown.text) };
    let on_terminal = std::io::stdout().is_terminal();
    let mut head = if on_terminal { CLEAR } else { "" };
    let mut trouble = String::new();
    loop {
        let parts = [head, &shown.text, if on_terminal { &trouble } else { "" }];
        let written = parts.iter().try_for_each(|part| out.write_all(part.as_bytes()));
        match written.and_then(|()| out.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            done => done?,
        }
        if shown.is_last {
            return Ok(());
        }
        head = if on_terminal { IN_PLACE } else { "\n" };
        #[allow(clippy::disallowed_methods)]
        // A command in a process of its own: nobody waits for this thread.
        std::thread::sleep(Duration::from_secs_f64(every_s));
        match draw() {
            Ok(next) => (shown, trouble) = (next, String::new()),
            Err(error) => trouble = format!("\nas it was last seen: {error:#}\n"),
        }
    }
}

/// For the command line.
pub fn seconds(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|seconds| (0.1..=86_400.0).contains(seconds))
        .ok_or_else(|| "seconds, from 0.1 to 86400".into())
}
