//! The fields of a worked run, by any of their names. What was never asked for is refused at the end, so that a misspelt setting can't
//! silently become the default.

use std::collections::BTreeSet;

use anyhow::{Result, anyhow, bail};
use common::nearest::{nearest, similarity};
use coordinator::command::Usage;
use serde_json::{Map, Value};

/// Words about the run: for people.
const REMARKS: [&str; 6] = ["name", "note", "notes", "description", "comment", "version"];
/// Beyond this likeness a name is a setting misspelt, not a result that we don't know.
const MISSPELT: f64 = 0.88;

#[derive(Debug)]
pub struct Fields {
    /// Settings, which come before `top`.
    inputs: Map<String, Value>,
    /// Settings and results.
    top: Map<String, Value>,
    asked: Vec<&'static str>,
}

/// Lower case, without what people put between words.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn take(map: &mut Map<String, Value>, names: &[&str]) -> Option<(String, Value)> {
    let key = names.iter().find_map(|name| map.keys().find(|key| plain(key) == plain(name)).cloned())?;
    map.remove_entry(&key)
}

impl Fields {
    pub fn parse(text: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(text).map_err(|error| anyhow!("it is no JSON: {error}"))?;
        let Value::Object(mut top) = value else { bail!("it is no JSON object with fields such as `cells`") };
        let inputs = match top.remove("inputs") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(inputs)) => inputs,
            Some(other) => bail!("inputs must be an object, found {other}"),
        };
        Ok(Self { inputs, top, asked: Vec::new() })
    }

    /// The value of the first of `names` that is there, with the name it has in the file. Null is as good as absent.
    pub fn any(&mut self, names: &[&'static str]) -> Option<(String, Value)> {
        self.asked.extend(names);
        let found = take(&mut self.inputs, names).or_else(|| take(&mut self.top, names));
        found.filter(|(_, value)| !value.is_null())
    }

    /// As [`Fields::any`], of the settings only: a result of that name may stand beside them.
    pub fn any_input(&mut self, names: &[&'static str]) -> Option<(String, Value)> {
        take(&mut self.inputs, names).filter(|(_, value)| !value.is_null())
    }

    /// The first setting among the inputs whose name holds one of `words`.
    pub fn like(&mut self, words: &[&str]) -> Option<(String, Value)> {
        // Lengths of trainings and of pauses are settings of another kind.
        let is_length = |key: &str| key.ends_with("_s") || key.contains("epoch");
        let is_like = |key: &&String| !is_length(key) && words.iter().any(|word| plain(key).contains(word));
        let key = self.inputs.keys().find(is_like)?.clone();
        self.inputs.remove_entry(&key).filter(|(_, value)| !value.is_null())
    }

    /// Puts a setting back.
    pub fn put(&mut self, name: String, value: Value) {
        self.inputs.insert(name, value);
    }

    /// Leaves the settings only: those called `results` and sums by zone are gone.
    pub fn drop_results(&mut self, results: &[&str]) {
        self.top.retain(|key, value| !results.contains(&key.as_str()) && value.get("kwh").is_none());
    }

    /// What it says about itself.
    pub fn remarks(&self) -> String {
        let texts = REMARKS.iter().filter_map(|name| self.top.get(*name).or(self.inputs.get(*name)));
        texts.filter_map(Value::as_str).collect::<Vec<_>>().join("; ")
    }

    pub fn name(&self) -> Option<&str> {
        self.top.get("name").and_then(Value::as_str)
    }

    /// What else stands at the top: results, remarks, and what nobody knows.
    pub fn top(&self) -> &Map<String, Value> {
        &self.top
    }

    /// Settings that this file lacks, out of another one: those called `names`, or all of them.
    pub fn complete(&mut self, other: Self, names: Option<&[&str]>) {
        let is_wanted =
            |key: &str| names.is_none_or(|names| names.iter().any(|name| plain(name) == plain(key)));
        let own: BTreeSet<String> = self.inputs.keys().chain(self.top.keys()).map(|key| plain(key)).collect();
        for (key, value) in other.inputs.into_iter().chain(other.top) {
            if is_wanted(&key) && !own.contains(&plain(&key)) && !REMARKS.contains(&key.as_str()) {
                self.inputs.insert(key, value);
            }
        }
    }

    /// What is left at the top when settings, `results` and remarks are gone; refuses settings that nobody asked for.
    pub fn finish(mut self, results: &[&str]) -> Result<(Map<String, Value>, Vec<String>)> {
        self.top.retain(|key, _| !REMARKS.contains(&key.as_str()));
        self.inputs.retain(|key, _| !REMARKS.contains(&key.as_str()));
        let settings = || self.asked.iter().copied();
        if let Some(key) = self.inputs.keys().next() {
            let like = nearest(key, settings()).unwrap_or("cells");
            bail!(Usage(format!("`inputs.{key}` is not understood; did you mean `{like}`?")));
        }
        let (known, unknown): (Vec<String>, Vec<String>) =
            self.top.keys().cloned().partition(|key| results.contains(&key.as_str()));
        for key in &unknown {
            let like = nearest(key, settings()).filter(|like| similarity(like, key) > MISSPELT);
            if let Some(like) = like {
                bail!(Usage(format!("`{key}` is not understood; did you mean `{like}`?")));
            }
        }
        self.top.retain(|key, _| known.contains(key));
        Ok((self.top, unknown))
    }
}

/// A number; `wanted` says which.
pub fn number(name: &str, value: &Value, wanted: &str, fits: impl Fn(f64) -> bool) -> Result<f64> {
    let number = value.as_f64().filter(|number| fits(*number));
    number.ok_or_else(|| refuse(name, wanted, value))
}

pub fn whole(name: &str, value: &Value, least: u32) -> Result<u32> {
    let number = number(name, value, &format!("a whole number, {least} or more"), |number| {
        number.fract() == 0.0 && (f64::from(least)..=f64::from(u32::MAX)).contains(&number)
    })?;
    Ok(number as u32)
}

pub fn list<'a>(name: &str, value: &'a Value) -> Result<&'a [Value]> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| refuse(name, "a list", value))
}

pub fn text<'a>(name: &str, value: &'a Value) -> Result<&'a str> {
    value.as_str().ok_or_else(|| refuse(name, "a text", value))
}

pub fn refuse(name: &str, wanted: &str, found: &Value) -> anyhow::Error {
    let found: String = found.to_string().chars().take(60).collect();
    Usage(format!("`{name}` must be {wanted}; found {found}")).into()
}
