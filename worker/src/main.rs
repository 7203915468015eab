//! `ce-nas-worker`: reads the command line, runs the worker, and says by its exit code how it went.

use std::io::{Write, stderr};
use std::process::ExitCode;

use clap::Parser;
use worker::{Cli, Clock, RunError, logging, pack, probe, run};

fn main() -> ExitCode {
    let cli = Cli::parse();
    if cli.evaluator {
        return evaluate_for_a_worker();
    }
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
    if let Some(file) = &cli.pack {
        return match pack(&config, file) {
            Ok(told) => {
                println!("{told}");
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("error: {error:#}");
                ExitCode::FAILURE
            }
        };
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

fn evaluate_for_a_worker() -> ExitCode {
    match evaluation::serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => usage(&format!(
            "the standard input is no worker's socket ({error}): start the worker without this flag"
        )),
    }
}

fn usage(error: &str) -> ExitCode {
    // Whoever hears nothing of it still has the code.
    let _ = writeln!(stderr(), "error: {error}");
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
