//! Where log lines go: standard error, or a file that is appended to.

use std::fs::OpenOptions;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Mutex;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::clock::Clock;
use crate::recent::Recent;

/// Installs the process's log. `level` is a word, or directives per module. Its last lines are kept for the study's page.
pub fn start(level: &str, file: Option<&Path>, clock: Clock) -> Result<Recent, String> {
    let filter = EnvFilter::try_new(level)
        .map_err(|_| format!("--log {level}: use error, warn, info, debug or trace"))?;
    // A log that can't be written (the terminal is gone, the disk full) is no reason to stop working.
    let log = tracing_subscriber::fmt::layer().log_internal_errors(false).with_target(false);
    let recent = Recent::new(clock);
    let all = tracing_subscriber::registry().with(filter).with(recent.clone());
    match file {
        Some(path) => {
            let opened = OpenOptions::new().append(true).create(true).open(path);
            let file = opened.map_err(|error| format!("--log-file {}: {error}", path.display()))?;
            all.with(log.with_ansi(false).with_writer(Mutex::new(file))).init();
        }
        None => {
            let is_terminal = std::io::stderr().is_terminal();
            all.with(log.with_ansi(is_terminal).with_writer(std::io::stderr)).init();
        }
    }
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    Ok(recent)
}
