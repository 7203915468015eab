//! Colours, where a person reads along: a state is told by its word, and seen by its colour. Files, pipes and tests get plain text.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};

/// Off until a program that writes to a terminal says otherwise.
static IS_COLOURED: AtomicBool = AtomicBool::new(false);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    Good,
    Attention,
    Bad,
    /// What stands by, such as a column's heading.
    Quiet,
    Strong,
}

/// Looks at standard output and the environment (NO_COLOR, TERM) once, as the program begins.
pub fn look_at_terminal() {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    let is_coloured = std::io::stdout().is_terminal() && !set("NO_COLOR") && !is_dumb;
    IS_COLOURED.store(is_coloured, Ordering::Relaxed);
}

impl Ink {
    pub fn paint(self, text: &str) -> String {
        if IS_COLOURED.load(Ordering::Relaxed) { self.painted(text) } else { text.into() }
    }

    fn painted(self, text: &str) -> String {
        let code = match self {
            Self::Good => "32",
            Self::Attention => "33",
            Self::Bad => "31",
            Self::Quiet => "2",
            Self::Strong => "1",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// Of a word that says how a trial or a worker stands; none where there is nothing to see.
    pub fn of(state: &str) -> Option<Self> {
        match state {
            "finished" | "given" => Some(Self::Good),
            "running" => Some(Self::Strong),
            "suspended" | "paused" | "draining" | "put aside" => Some(Self::Attention),
            "failed" | "gone" | "silent" => Some(Self::Bad),
            "idle" | "waiting" => Some(Self::Quiet),
            _ => None,
        }
    }
}

/// A state's word in its colour.
pub fn state(word: &str) -> String {
    Ink::of(word).map_or_else(|| word.into(), |ink| ink.paint(word))
}

/// Characters that are seen: what switches colours takes no room.
pub fn width(text: &str) -> usize {
    let mut is_code = false;
    let seen = text.chars().filter(|&letter| match (is_code, letter) {
        (false, '\x1b') => {
            is_code = true;
            false
        }
        (true, 'm') => {
            is_code = false;
            false
        }
        (is_code, _) => !is_code,
    });
    seen.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_take_no_room() {
        assert_eq!(width(&Ink::Bad.painted("göne")), 4);
        assert_eq!(width("plain"), 5);
    }

    #[test]
    fn what_nobody_reads_on_a_terminal_is_plain() {
        assert_eq!(state("failed"), "failed");
        assert_eq!(Ink::Strong.paint("x"), "x");
    }
}
