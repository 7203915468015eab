//! Reads settings in their order of precedence and refuses keys that do not exist, naming the nearest that does.

use std::path::{Path, PathBuf};

use config::{Environment, File, FileFormat, Map, Source, Value, ValueKind};

use super::Config;

/// `configs/default.toml`: every key, unit and default.
pub const DEFAULTS: &str = include_str!("../../../configs/default.toml");
/// Environment variables are `CENAS__SECTION__KEY`.
const PREFIX: &str = "CENAS";
const SEPARATOR: &str = "__";
/// Names under this prefix that tests read, or a secret that is no setting.
const OTHER_VARIABLES: [&str; 5] =
    ["CENAS_CIFAR10", "CENAS_DATA", "CENAS_FASHION_MNIST", "CENAS_JOIN_CODE", "CENAS_PYTHON"];

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the configuration file {} can't be read: {reason}", path.display())]
    Unreadable { path: PathBuf, reason: std::io::Error },
    #[error("{origin}: {reason}")]
    Syntax { origin: String, reason: String },
    #[error("{origin}: there is no setting `{key}`{}", suggestion(nearest))]
    UnknownKey { origin: String, key: String, nearest: Option<String> },
    #[error("`{0}` is not of the form section.key=value")]
    Assignment(String),
    #[error("{0}")]
    Value(String),
    #[error("the description of the space, {}: {reason}", path.display())]
    SpaceFile { path: PathBuf, reason: String },
    #[error("{key} = {value}: {reason}")]
    Meaning { key: String, value: String, reason: String },
}

fn suggestion(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or(String::new(), |key| format!("; did you mean `{key}`?"))
}

/// Merges defaults, `file`, `environment` (pairs of name and value) and `assignments` (`section.key=value`), then checks what
/// can be checked without touching the machine.
pub fn load(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
    assignments: &[String],
) -> Result<Config, Error> {
    let defaults = parse("configs/default.toml", DEFAULTS)?;
    let mut builder = config::Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));

    if let Some(path) = file {
        let unreadable = |reason| Error::Unreadable { path: path.into(), reason };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let origin = path.display().to_string();
        refuse_unknown(&defaults, &parse(&origin, &text)?, &origin)?;
        builder = builder.add_source(File::from_str(&text, FileFormat::Toml));
    }

    let variables: Map<String, String> = environment
        .into_iter()
        .filter(|(name, _)| name.starts_with(PREFIX) && !OTHER_VARIABLES.contains(&name.as_str()))
        .collect();
    for name in variables.keys() {
        let key = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix(SEPARATOR)).unwrap_or(name);
        check_key(
            &defaults,
            &key.replace(SEPARATOR, ".").to_lowercase(),
            &format!("environment variable {name}"),
        )?;
    }
    let environment = Environment::with_prefix(PREFIX)
        .prefix_separator(SEPARATOR)
        .separator(SEPARATOR)
        .try_parsing(true)
        .list_separator(",")
        .with_list_parse_key("objectives.minimise")
        .with_list_parse_key("evaluation.command")
        .with_list_parse_key("evaluation.command_fidelities")
        .with_list_parse_key("worker.command")
        .with_list_parse_key("carbon.traces")
        .with_list_parse_key("carbon.zones")
        .with_list_parse_key("carbon.live")
        .with_list_parse_key("carbon.constants")
        .with_list_parse_key("space.mobile.widths")
        .with_list_parse_key("space.mobile.depths")
        .with_list_parse_key("space.mobile.kernels")
        .with_list_parse_key("space.mobile.expansions")
        .with_list_parse_key("space.mobile.resolutions")
        .source(Some(variables));
    builder = builder.add_source(environment);

    for assignment in assignments {
        let (key, value) = assignment.split_once('=').ok_or_else(|| Error::Assignment(assignment.clone()))?;
        let (key, value) = (key.trim(), value.trim());
        check_key(&defaults, key, &format!("--set {assignment}"))?;
        // A value is TOML where it parses as such, and plain text otherwise, so that quotes may be left out.
        let text = format!("{key} = {value}");
        let quoted = || format!("{key} = {}", toml::Value::String(value.into()));
        let text = if text.parse::<toml::Table>().is_ok() { text } else { quoted() };
        builder = builder.add_source(File::from_str(&text, FileFormat::Toml));
    }

    let merged = builder.build().map_err(|error| Error::Value(error.to_string()))?;
    let mut config: Config = merged.try_deserialize().map_err(|error| Error::Value(error.to_string()))?;
    config.space.read_description()?;
    config.check()?;
    Ok(config)
}

fn parse(origin: &str, text: &str) -> Result<Map<String, Value>, Error> {
    File::from_str(text, FileFormat::Toml)
        .collect()
        .map_err(|error| Error::Syntax { origin: origin.into(), reason: error.to_string() })
}

fn refuse_unknown(known: &Map<String, Value>, given: &Map<String, Value>, origin: &str) -> Result<(), Error> {
    leaves(given).iter().try_for_each(|key| check_key(known, key, origin))
}

fn check_key(known: &Map<String, Value>, key: &str, origin: &str) -> Result<(), Error> {
    let known = leaves(known);
    if known.iter().any(|candidate| candidate == key) {
        return Ok(());
    }
    let similarity = |candidate: &String| {
        let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_string();
        strsim::jaro_winkler(candidate, key).max(strsim::jaro_winkler(&last(candidate), &last(key)) * 0.99)
    };
    // Below this the suggestion would puzzle more than it helps.
    let nearest = known
        .into_iter()
        .map(|candidate| (similarity(&candidate), candidate))
        .filter(|(score, _)| *score > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate);
    Err(Error::UnknownKey { origin: origin.into(), key: key.into(), nearest })
}

/// Dotted paths of all values that are not tables, sorted.
fn leaves(table: &Map<String, Value>) -> Vec<String> {
    let mut paths = Vec::new();
    for (key, value) in table {
        match &value.kind {
            ValueKind::Table(inner) => {
                paths.extend(leaves(inner).into_iter().map(|leaf| format!("{key}.{leaf}")));
            }
            _ => paths.push(key.clone()),
        }
    }
    paths.sort_unstable();
    paths
}
