//! Recorded intensities, as commands are given them.

use std::path::Path;

use anyhow::Result;
use common::id::Zone;
use coordinator::carbon::Trace;
use coordinator::command::Usage;
use forecast::Series;

/// For commands that do not work without one.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)] // Flattened into arguments of any name.
pub struct Traces {
    /// Traces, as FILE or ZONE=FILE; without a zone it is the file's name up to its first dot
    #[arg(long = "trace", value_name = "FILE", required = true, num_args = 1..)]
    files: Vec<String>,
    /// The column of intensities in g/kWh, mix_direct or mix_lifecycle
    #[arg(long, value_name = "NAME", default_value = "auto")]
    column: String,
}

impl Traces {
    /// All of them, each of another zone.
    pub fn read(&self) -> Result<Vec<Series>> {
        read_all(&self.files, &self.column)
    }
}

pub fn read_all(files: &[String], column: &str) -> Result<Vec<Series>> {
    let all = files.iter().map(|text| read(text, column)).collect::<Result<Vec<_>>>()?;
    for (index, series) in all.iter().enumerate() {
        if all[..index].iter().any(|other| other.zone() == series.zone()) {
            let zone = series.zone();
            return Err(Usage(format!("--trace gives {zone} twice: name zones with ZONE=FILE")).into());
        }
    }
    Ok(all)
}

/// `FILE` or `ZONE=FILE`; a file whose own name holds a `=` is found too.
pub fn read(text: &str, column: &str) -> Result<Series> {
    let named = text.split_once('=').filter(|_| !Path::new(text).is_file());
    let (zone, path) = match named {
        Some((zone, path)) => (zone.trim().to_owned(), Path::new(path.trim())),
        None => {
            let name =
                Path::new(text).file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
            (name.split('.').next().unwrap_or_default().to_owned(), Path::new(text))
        }
    };
    if zone.is_empty() {
        return Err(Usage(format!("--trace {text}: write it as ZONE=FILE")).into());
    }
    Ok(Trace::read(path, Zone::new(&zone), column)?.series()?)
}
