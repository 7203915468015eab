//! The command line: flags become settings, and settings win over the environment and the file.

use std::path::PathBuf;

use clap::Parser;
use common::config::{self, Config};

/// Of the worker's own children, which take no other argument.
pub const EVALUATOR_FLAG: &str = "evaluator-process";

const EXAMPLES: &str = "\
Examples:
  # On the coordinator's machine, with settings from the study's file:
  ce-nas-worker --config configs/quickstart.toml

  # On another machine, with the two key files that `ce-nas keygen` made for it:
  ce-nas-worker --coordinator tcp://head-node:7590 --zone DE --data /scratch/cifar-10 \\
      --coordinator-key coordinator.pub --key gpu-07.key

  # The same with one line that `ce-nas workers invite` printed, and no key files to carry:
  ce-nas-worker --coordinator tcp://head-node:7590 --join CODE --zone DE

  # A rehearsal on one machine without keys:
  ce-nas-worker --set coordinator.security=null --name two --directory runs/two

Settings:
  configs/default.toml explains every key. Order of precedence: defaults, --config,
  the environment (CENAS__SECTION__KEY=value), --set, the other flags.

Signals:
  SIGTERM and Ctrl-C ask the worker to leave: trainings are checkpointed and
  reports delivered, within 25 s; a second one insists. SIGHUP is ignored: a
  worker outlives its terminal and its coordinator.

Exit codes:
  0  the study is over, or the worker was asked to stop
  1  an error: this machine can't do the work (missing data, a full disk,
     another worker in the directory)
  2  a mistake on the command line or in the configuration
  3  the coordinator refused this worker (unknown key, another release, drained)
  4  no coordinator answered within worker.give_up_s";

/// A worker of CE-NAS: evaluates architectures for a coordinator, and reports results and energy.
#[derive(Debug, Parser)]
#[command(name = "ce-nas-worker", version, after_help = EXAMPLES, max_term_width = 110)]
pub struct Cli {
    /// Settings that differ from the defaults (TOML)
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// One setting; may be repeated
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    pub assignments: Vec<String>,
    /// The coordinator's address, or several with commas between them, tried one after another [worker.coordinator]
    #[arg(long, value_name = "tcp://HOST:PORT[,...]")]
    pub coordinator: Option<String>,
    /// The coordinator's public key file [worker.coordinator_key]
    #[arg(long, value_name = "FILE")]
    pub coordinator_key: Option<String>,
    /// This worker's secret key file [worker.key]
    #[arg(long, value_name = "FILE")]
    pub key: Option<String>,
    /// Join with a code of `ce-nas workers invite`: the code, `-` to read it from standard input, or @FILE
    ///
    /// The worker makes its own keys in its directory. A command line can be read by everybody on this machine; the code
    /// is good for one worker, once, and not for long.
    #[arg(long, value_name = "CODE", env = "CENAS_JOIN_CODE", hide_env_values = true)]
    pub join: Option<String>,
    /// The area of the electricity grid this machine draws from [worker.zone]
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,
    /// This worker's name where there are no keys to tell it [worker.name]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Evaluations at the same time [worker.slots]
    #[arg(long, value_name = "N")]
    pub slots: Option<u16>,
    /// Threads of one evaluation [worker.threads]
    #[arg(long, value_name = "N")]
    pub threads: Option<u32>,
    /// Where the images lie on this machine [worker.data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    /// Where this worker keeps its lock, its cache and what it has not delivered; one worker per directory [worker.directory]
    #[arg(long, value_name = "DIR")]
    pub directory: Option<String>,
    /// Say in JSON what this machine has to offer with these settings, and end; `ce-nas doctor` asks it
    #[arg(long)]
    pub probe: bool,
    /// Make one file of the study's images, and end; `ce-nas data pack` asks for it
    #[arg(long, value_name = "FILE")]
    pub pack: Option<PathBuf>,
    /// Evaluate for the worker whose socket is the standard input; only a worker starts this
    #[arg(long = EVALUATOR_FLAG, hide = true)]
    pub evaluator: bool,
    /// error, warn, info, debug or trace; also per module: info,transport=debug
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub log: String,
    /// Log here instead of to standard error
    #[arg(long, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
}

impl Cli {
    /// The resolved settings. `environment` is pairs of name and value.
    pub fn settings(
        &self,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Config, config::Error> {
        let texts = [
            ("worker.coordinator", &self.coordinator),
            ("worker.coordinator_key", &self.coordinator_key),
            ("worker.key", &self.key),
            ("worker.zone", &self.zone),
            ("worker.name", &self.name),
            ("worker.data", &self.data),
            ("worker.directory", &self.directory),
        ];
        let numbers = [
            ("worker.slots", self.slots.map(|slots| slots.to_string())),
            ("worker.threads", self.threads.map(|threads| threads.to_string())),
        ];
        let mut assignments = self.assignments.clone();
        let text = |(key, value): (&str, &Option<String>)| Some(format!("{key}={}", quoted(value.as_ref()?)));
        assignments.extend(texts.into_iter().filter_map(text));
        assignments.extend(numbers.into_iter().filter_map(|(key, value)| Some(format!("{key}={}", value?))));
        config::load(self.config.as_deref(), environment, &assignments)
    }
}

/// As a TOML string, so that a zone called `1` stays a name.
fn quoted(text: &str) -> String {
    let escaped: String =
        text.chars().flat_map(|c| matches!(c, '"' | '\\').then_some('\\').into_iter().chain([c])).collect();
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(arguments: &[&str]) -> Result<Config, config::Error> {
        Cli::parse_from(["ce-nas-worker"].iter().chain(arguments)).settings([])
    }

    #[test]
    fn flags_win_over_set() {
        let flags = ["--set", "worker.slots=4", "--slots", "2", "--zone", "1", "--name", "a\"b\\c"];
        let config = settings(&flags).unwrap();
        assert_eq!(config.worker.slots.get(), Some(2));
        assert_eq!((config.worker.zone.as_str(), config.worker.name.as_str()), ("1", "a\"b\\c"));
        assert_eq!(config.worker.threads.get(), None);
    }

    #[test]
    fn mistakes_are_named() {
        let error = settings(&["--set", "worker.zon=DE"]).unwrap_err().to_string();
        assert!(error.contains("did you mean `worker.zone`?"), "{error}");
        assert!(Cli::try_parse_from(["ce-nas-worker", "--slots", "many"]).is_err());
    }
}
