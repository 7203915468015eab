//! `ce-nas check-config`: what a study would run with, or why it can't.

use std::io::Write;

use anyhow::Result;

use super::{ConfigArgs, Usage, print, print_json};
use crate::carbon;

/// Check a configuration and print it resolved: defaults, file, environment and --set together
///
/// Example: ce-nas check-config --config study.toml --set budget.hours=24
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub settings: ConfigArgs,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    let config = args.settings.load()?;
    // What the settings mean together is refused here too, not first when a study starts.
    let spec = config.study_spec()?;
    if config.carbon.source == "live" {
        carbon::build(&carbon::Settings::new(&config.carbon, spec.seed))
            .map_err(|error| Usage(error.to_string()))?;
    }
    if args.json {
        return print_json(out, &config);
    }
    // As comments: what is printed is a configuration file.
    let words: String = spec.space.words().iter().map(|line| format!("# {line}\n")).collect();
    print(out, &format!("{words}\n{}", toml::to_string(&config)?))
}
