//! A description's tables, read key by key: an unknown key is refused with the nearest known one, a value of another kind with
//! the kind that is wanted.

use std::fmt;

use anyhow::{Result, anyhow, bail};
use common::nearest::did_you_mean;
use toml::{Table, Value};

/// One table of a description.
#[derive(Debug, Clone)]
pub struct Section {
    /// The file and the way to this table: "FILE: [objectives.x]".
    place: String,
    table: Table,
}

impl Section {
    /// The whole of a file's text.
    pub fn parse(file: &str, text: &str, keys: &[&str]) -> Result<Self> {
        let table: Table = text.parse().map_err(|error: toml::de::Error| {
            let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            anyhow!("{file}, line {line}: {}", error.message())
        })?;
        let section = Self { place: format!("{file}:"), table };
        section.only(keys)?;
        Ok(section)
    }

    fn of(place: String, value: Value, keys: &[&str]) -> Result<Self> {
        match value {
            Value::Table(table) => {
                let section = Self { place, table };
                section.only(keys)?;
                Ok(section)
            }
            other => bail!("{place} is {}, not a table", Shown(&other)),
        }
    }

    /// Refuses every key but these.
    fn only(&self, keys: &[&str]) -> Result<()> {
        match self.table.keys().find(|key| !keys.contains(&key.as_str())) {
            Some(key) => {
                bail!("{} there is no key `{key}`{}", self.place, did_you_mean(key, keys.iter().copied()))
            }
            None => Ok(()),
        }
    }

    /// A message that begins with the place of this table.
    pub fn wrong(&self, what: impl fmt::Display) -> anyhow::Error {
        anyhow!("{} {what}", self.place)
    }

    fn take<T>(&mut self, key: &str, kind: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Option<T>> {
        let Some(value) = self.table.remove(key) else { return Ok(None) };
        match read(&value) {
            Some(read) => Ok(Some(read)),
            None => Err(self.wrong(format!("{key} = {} where {kind} is expected", Shown(&value)))),
        }
    }

    pub fn text(&mut self, key: &str) -> Result<Option<String>> {
        self.take(key, "a text in quotes", |value| value.as_str().map(str::to_owned))
    }

    pub fn needed_text(&mut self, key: &str) -> Result<String> {
        let text = self.text(key)?;
        text.ok_or_else(|| self.wrong(format!("`{key}` is missing")))
    }

    pub fn flag(&mut self, key: &str) -> Result<Option<bool>> {
        self.take(key, "true or false", Value::as_bool)
    }

    pub fn number(&mut self, key: &str) -> Result<Option<f64>> {
        self.take(key, "a number", number)
    }

    /// A number, or the text that stands in its place.
    pub fn number_or_text(&mut self, key: &str) -> Result<Option<Result<f64, String>>> {
        let either = |value: &Value| match value {
            Value::String(text) => Some(Err(text.clone())),
            other => number(other).map(Ok),
        };
        self.take(key, "a number or a column", either)
    }

    pub fn count(&mut self, key: &str) -> Result<Option<u32>> {
        let count = |value: &Value| value.as_integer().and_then(|count| u32::try_from(count).ok());
        self.take(key, "a whole number from 0", count)
    }

    /// Texts and numbers, as they would stand in a cell.
    pub fn values(&mut self, key: &str) -> Result<Option<Vec<String>>> {
        let value = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Boolean(claim) => Some(claim.to_string()),
            other => number(other).map(|number| number.to_string()),
        };
        self.take(key, "a list of values", |list| list.as_array()?.iter().map(value).collect())
    }

    /// A table below this one.
    pub fn section(&mut self, key: &str, keys: &[&str]) -> Result<Option<Self>> {
        let Some(value) = self.table.remove(key) else { return Ok(None) };
        Self::of(format!("{} [{key}]", self.place), value, keys).map(Some)
    }

    /// The tables below `key`, in the order of their names: TOML keeps no other.
    pub fn named(&mut self, key: &str, keys: &[&str]) -> Result<Vec<(String, Self)>> {
        match self.table.remove(key) {
            None => Ok(Vec::new()),
            Some(Value::Table(table)) => {
                let named = |(name, value): (String, Value)| {
                    let section = Self::of(format!("{} [{key}.{name}]", self.place), value, keys)?;
                    Ok((name, section))
                };
                table.into_iter().map(named).collect()
            }
            Some(other) => Err(self.wrong(format!("{key} is {}, not a table", Shown(&other)))),
        }
    }

    /// The tables of a list: `[[key]]`.
    pub fn list(&mut self, key: &str, keys: &[&str]) -> Result<Vec<Self>> {
        match self.table.remove(key) {
            None => Ok(Vec::new()),
            Some(Value::Array(list)) => {
                let of = |(index, value)| {
                    Self::of(format!("{} [[{key}]], the one at {}:", self.place, index + 1), value, keys)
                };
                list.into_iter().enumerate().map(of).collect()
            }
            Some(other) => Err(self.wrong(format!("{key} is {}, not a list of tables", Shown(&other)))),
        }
    }

    /// Texts by name: `{ a = "x", b = "y" }`.
    pub fn pairs(&mut self, key: &str) -> Result<Vec<(String, String)>> {
        let pairs = |value: &Value| {
            let pair = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
            value.as_table()?.iter().map(pair).collect()
        };
        Ok(self.take(key, "texts by name, { a = \"x\" },", pairs)?.unwrap_or_default())
    }
}

fn number(value: &Value) -> Option<f64> {
    let number = value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64))?;
    number.is_finite().then_some(number)
}

/// A value as it would stand in the file, in one line.
struct Shown<'a>(&'a Value);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Table(_) => f.write_str("a table"),
            Value::Array(_) => f.write_str("a list"),
            other => write!(f, "{other}"),
        }
    }
}
