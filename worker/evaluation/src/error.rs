//! Why an evaluator can't be built. A person reads these, so each names the cure.
//! Failures of single jobs are `common::trial::Failure`.

use crate::data;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Data(#[from] data::Error),
    #[error("this worker was built without libtorch: rebuild with --features torch")]
    WithoutTorch,
    #[error(
        "libtorch builds no networks of {0}; set evaluation.evaluator = \"command\" (a program of your own) or \"rehearsal\""
    )]
    Space(&'static str),
    #[error("the study's recipe `{recipe}` has {key} = {value}; {cure}")]
    Recipe { recipe: &'static str, key: &'static str, value: f64, cure: &'static str },
    #[error(
        "device {0} is not available to libtorch; choose `auto` or `cpu`, or install libtorch with CUDA by scripts/setup-libtorch --cuda"
    )]
    NoDevice(String),
    #[error(
        "the study's program `{0}` can't be started on this machine; install it, give the worker a search path that has it, or name another by worker.command"
    )]
    NoProgram(String),
    #[error(
        "the study wants to start a program, and without keys anybody could be its coordinator: name the program by worker.command, or use keys (coordinator.security = \"curve\")"
    )]
    ProgramOfAStranger,
    #[error(
        "there is no room for the tasks of the study's program: {0}; check worker.directory and its disk"
    )]
    NoRoom(std::io::Error),
    #[error(
        "no process for evaluations can be started: {0}; check how many processes and how much memory this machine allows (`ulimit -a`)"
    )]
    NoProcess(std::io::Error),
    /// As the process for evaluations told it, cure included.
    #[error("{0}")]
    Apart(String),
    /// The same, by a signal before it was ready.
    #[error("{0}")]
    Ended(String),
}
