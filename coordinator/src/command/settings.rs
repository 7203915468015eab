//! `--config FILE` and `--set KEY=VALUE`, alike in every command that reads settings.

use std::path::PathBuf;

use common::config::{Config, Error, load};

/// Where a command takes its settings from.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ConfigArgs {
    /// Settings that differ from configs/default.toml
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// One setting, as section.key=value; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

impl ConfigArgs {
    /// The same, and over them what other options of the command set.
    pub fn with(mut self, more: impl IntoIterator<Item = String>) -> Self {
        self.set.extend(more);
        self
    }

    /// Defaults, file, this process's environment and single settings; what comes later prevails.
    pub fn load(&self) -> Result<Config, Error> {
        load(self.config.as_deref(), std::env::vars(), &self.set)
    }
}
