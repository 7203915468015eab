//! The program `ce-nas`.

fn main() -> std::process::ExitCode {
    coordinator::cli::main()
}
