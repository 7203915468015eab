//! The settings of a user's own program: what makes no sense is refused before anything starts.

use super::load::Error;
use super::meaning::{at_least_one, refuse};
use super::{Config, EvaluatorKind};
use crate::study::{Ability, CommandSpec};
use crate::unit::Seconds;

/// Words of a command, and bytes of all of them: they stand in every `Welcome`, and no command line needs more.
const MOST_WORDS: usize = 256;
const MOST_BYTES: usize = 16 * 1024;
/// Longest `command_stop_s`: a worker that leaves gives its tasks 15 s to let go, packing what they leave included.
const LONGEST_STOP_S: f64 = 12.0;
const BYTES_PER_MB: u64 = 1_000_000;

impl Config {
    pub(super) fn check_command(&self) -> Result<(), Error> {
        let settings = &self.evaluation;
        check_words("worker.command", &self.worker.command)?;
        check_words("evaluation.command", &settings.command)?;
        if settings.evaluator != EvaluatorKind::Command {
            if settings.command.is_empty() {
                return Ok(());
            }
            let reason =
                "no evaluator but \"command\" starts a program: set evaluation.evaluator = \"command\"";
            return refuse("evaluation.command", settings.command.join(" "), reason);
        }
        if settings.command.is_empty() {
            let reason = "name the program and its arguments: [\"python3\", \"train.py\"]";
            return refuse("evaluation.command", "[]", reason);
        }
        if !(0.1..=LONGEST_STOP_S).contains(&settings.command_stop_s) {
            let reason = format!("between 0.1 and {LONGEST_STOP_S} seconds");
            return refuse("evaluation.command_stop_s", settings.command_stop_s, &reason);
        }
        at_least_a_second("evaluation.command_silence_s", settings.command_silence_s)?;
        if let Some(limit) = settings.command_limit_s.get() {
            at_least_a_second("evaluation.command_limit_s", limit)?;
        }
        at_least_one("evaluation.command_disk_mb", settings.command_disk_mb)?;
        self.check_abilities()
    }

    /// What the ladder asks for, the program must offer.
    fn check_abilities(&self) -> Result<(), Error> {
        let abilities = &self.evaluation.command_fidelities;
        let listed = abilities.iter().map(|ability| ability.key()).collect::<Vec<_>>().join(", ");
        let lacks = |ability| !abilities.contains(&ability);
        let reason = if lacks(Ability::Full) {
            "every study trains its best networks to the end: `full` must be one of them"
        } else if self.ladder.rung_epochs > 0 && lacks(Ability::Rung) {
            "the study asks for short trainings: set ladder.rung_epochs = 0, or name `rung` if the program heeds the number of epochs"
        } else if self.ladder.one_shot && lacks(Ability::OneShot) {
            "the study asks for one-shot scores: set ladder.one_shot = false, or name `one_shot` if the program trains a supernet"
        } else {
            return Ok(());
        };
        refuse("evaluation.command_fidelities", listed, reason)
    }

    pub(super) fn command_spec(&self) -> CommandSpec {
        let settings = &self.evaluation;
        CommandSpec {
            words: settings.command.clone(),
            abilities: settings.command_fidelities.clone(),
            stop: Seconds(settings.command_stop_s),
            silence: Seconds(settings.command_silence_s),
            limit: settings.command_limit_s.get().map(Seconds),
            disk_bytes: u64::from(settings.command_disk_mb) * BYTES_PER_MB,
        }
    }
}

fn check_words(key: &'static str, words: &[String]) -> Result<(), Error> {
    let shown = || words.join(" ").chars().take(80).collect::<String>();
    if words.len() > MOST_WORDS || words.iter().map(String::len).sum::<usize>() > MOST_BYTES {
        return refuse(key, shown(), &format!("at most {MOST_WORDS} words and {MOST_BYTES} bytes"));
    }
    if words.first().is_some_and(String::is_empty) || words.iter().any(|word| word.contains('\0')) {
        return refuse(key, shown(), "the first word names a program, and no word holds a zero byte");
    }
    Ok(())
}

pub(super) fn at_least_a_second(key: &'static str, value: f64) -> Result<(), Error> {
    if value >= 1.0 && value.is_finite() { Ok(()) } else { refuse(key, value, "at least 1 second") }
}
