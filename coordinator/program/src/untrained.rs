//! `ce-nas agent train` and `ce-nas forecast train` in a program without libtorch: what is missing.

use std::io::Write;

use anyhow::Result;
use coordinator::command::Usage;

/// Train it anew; needs a program built with the feature torch
#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    rest: Vec<String>,
}

pub fn run(_: &Args, _: &mut dyn Write) -> Result<()> {
    let cure = "build it with `scripts/setup-libtorch && cargo build --release -p ce-nas --features torch`";
    Err(Usage(format!("this program was built without libtorch, which training needs: {cure}")).into())
}
