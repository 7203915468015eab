//! The program `ce-nas`: the command line over the coordinator. A package of its own, so that its commands may use what itself
//! uses the coordinator.

mod agent;
mod cli;
mod forecast;
mod plot;
mod progress;
mod simulate;
mod tabulate;
mod train;
mod try_one;
#[cfg(not(feature = "torch"))]
mod untrained;

fn main() -> std::process::ExitCode {
    cli::main()
}
