//! `ce-nas-worker`: reads the command line, runs the worker, and says by its exit code how it went.

use std::process::ExitCode;

use clap::Parser;
use worker::{Cli, Clock, RunError, logging, probe, run};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let environment = std::env::vars_os();
    let environment =
        environment.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let config = match cli.settings(environment) {
        Ok(config) => config,
        Err(error) => return usage(&error.to_string()),
    };
    if cli.probe {
        println!("{}", serde_json::json!(probe(&config)));
        return ExitCode::SUCCESS;
    }
    let clock = Clock::start();
    let recent = match logging::start(&cli.log, cli.log_file.as_deref(), clock) {
        Ok(recent) => recent,
        Err(error) => return usage(&error),
    };
    match run(&config, cli.join.as_deref(), clock, recent) {
        Ok(ended) => {
            let code = ended.exit.code();
            if code == 0 {
                tracing::info!("{}", ended.exit);
            } else {
                tracing::error!("{}", ended.exit);
            }
            if ended.busy {
                leave_at_once(code);
            }
            ExitCode::from(code)
        }
        Err(RunError::Usage(error)) => usage(&format!("{error:#}")),
        Err(RunError::Failed(error)) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn usage(error: &str) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::from(2)
}

/// Without destructors of static objects: an evaluation still computes on its thread with what they would take away.
fn leave_at_once(code: u8) -> ! {
    #[allow(unsafe_code)]
    // SAFETY: `_exit` has no preconditions; all that had to be written was written by the core's departure.
    unsafe {
        nix::libc::_exit(i32::from(code))
    }
}
