//! The user's file: TOML to a description, with a person in mind who made a mistake.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::description::{Condition, DecisionSpec, Description, Fault};
use super::domain::{Domain, Value};

const KEYS: [&str; 8] = ["name", "choices", "ordered", "integer", "step", "float", "log", "when"];

/// Options that a message can list.
const FEW: usize = 12;

/// A `[[decision]]` as written.
#[derive(Debug, Deserialize)]
struct Written {
    name: String,
    choices: Option<Vec<Value>>,
    #[serde(default)]
    ordered: bool,
    integer: Option<[i64; 2]>,
    step: Option<i64>,
    float: Option<[f64; 2]>,
    #[serde(default)]
    log: bool,
    #[serde(default)]
    when: BTreeMap<String, Vec<Value>>,
}

impl Description {
    /// Reads what `configs/free-form.toml` explains.
    pub fn from_toml(text: &str) -> Result<Self, Fault> {
        let table: toml::Table =
            text.parse().map_err(|error: toml::de::Error| Fault::whole(error.to_string()))?;
        if let Some(key) = table.keys().find(|key| *key != "decision") {
            return Err(Fault::whole(format!(
                "there is no `{key}`{}; a file holds [[decision]] tables",
                hint(key, &["decision"])
            )));
        }
        let Some(entries) = table.get("decision") else { return Self::new(Vec::new()) };
        let entries =
            entries.as_array().ok_or_else(|| Fault::whole("decision must be written [[decision]]"))?;
        let mut decisions: Vec<DecisionSpec> = Vec::with_capacity(entries.len());
        let names: Vec<&str> = entries.iter().filter_map(|entry| entry.get("name")?.as_str()).collect();
        for (entry, number) in entries.iter().zip(1..) {
            decisions.push(decision(entry, number, &decisions, &names)?);
        }
        Self::new(decisions)
    }
}

fn decision(
    entry: &toml::Value,
    number: usize,
    earlier: &[DecisionSpec],
    names: &[&str],
) -> Result<DecisionSpec, Fault> {
    let name = entry.get("name").and_then(toml::Value::as_str);
    let Some(name) = name else {
        return Err(Fault::whole(format!("decision {number} has no name: write name = \"…\"")));
    };
    let fault = |reason: String| Fault::of(name, reason);
    let keys = entry.as_table().into_iter().flat_map(toml::Table::keys);
    if let Some(key) = keys.into_iter().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(fault(format!("there is no key `{key}`{}", hint(key, &KEYS))));
    }
    let written: Written = entry.clone().try_into().map_err(|error: toml::de::Error| {
        fault(error.message().replace(
            "data did not match any variant of untagged enum Value",
            "a choice is a text, a number, true or false",
        ))
    })?;
    let domain = domain(&written).map_err(fault)?;
    if let Some(reason) = domain.fault() {
        return Err(fault(reason));
    }
    let when = written.when.iter().map(|(other, values)| condition(other, values, name, earlier, names));
    let when = when.collect::<Result<_, _>>().map_err(fault)?;
    Ok(DecisionSpec { name: written.name, domain, when })
}

fn domain(written: &Written) -> Result<Domain, String> {
    let only = |present: bool, key: &str, of: &str| {
        if present { Err(format!("`{key}` belongs to `{of}`, which is not here")) } else { Ok(()) }
    };
    only(written.step.is_some() && written.integer.is_none(), "step", "integer")?;
    only(written.log && written.float.is_none(), "log", "float")?;
    only(written.ordered && written.choices.is_none(), "ordered", "choices")?;
    match (&written.choices, written.integer, written.float) {
        (Some(values), None, None) => {
            Ok(Domain::Choices { values: values.clone(), ordered: written.ordered })
        }
        (None, Some([min, max]), None) => Ok(Domain::Integer { min, max, step: written.step.unwrap_or(1) }),
        (None, None, Some([min, max])) => Ok(Domain::Float { min, max, log: written.log }),
        (None, None, None) => {
            Err("say what it chooses from: choices = […], integer = [min, max] or float = [min, max]".into())
        }
        _ => Err("give one of choices, integer and float".into()),
    }
}

/// `other = [values]` of the decision called `own`.
fn condition(
    other: &str,
    values: &[Value],
    own: &str,
    earlier: &[DecisionSpec],
    names: &[&str],
) -> Result<Condition, String> {
    if other == own {
        return Err("its condition names itself".into());
    }
    let Some(decision) = earlier.iter().position(|spec| spec.name == other) else {
        return Err(if names.contains(&other) {
            format!("its condition names `{other}`, which stands below it: put `{other}` first")
        } else {
            format!("its condition names `{other}`, and there is no such decision{}", hint(other, names))
        });
    };
    let domain = &earlier[decision].domain;
    if matches!(domain, Domain::Float { .. }) {
        return Err(format!(
            "its condition names `{other}`, a number on a grid: only choices and whole numbers can be named"
        ));
    }
    if values.is_empty() {
        return Err(format!("its condition on `{other}` names no value, so it would never be asked for"));
    }
    let option = |value: &Value| {
        let text = value.to_string();
        domain.gene(&text).ok_or_else(|| {
            format!(
                "its condition names {other} = {text}, which is no option of `{other}`{}",
                near(&text, domain)
            )
        })
    };
    Ok(Condition { decision, options: values.iter().map(option).collect::<Result<_, _>>()? })
}

/// The options where they are few, else the nearest.
fn near(text: &str, domain: &Domain) -> String {
    let Domain::Choices { values, .. } = domain else { return String::new() };
    let names: Vec<String> = values.iter().map(ToString::to_string).collect();
    if names.len() <= FEW {
        return format!("; they are {}", names.join(", "));
    }
    hint(text, &names.iter().map(String::as_str).collect::<Vec<_>>())
}

/// "; did you mean `step`?", where one is near enough to help.
fn hint(given: &str, known: &[&str]) -> String {
    let similarity = |name: &&str| strsim::jaro_winkler(name, given);
    let nearest = known.iter().copied().max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
    nearest
        .filter(|name| similarity(name) > 0.7)
        .map_or(String::new(), |name| format!("; did you mean `{name}`?"))
}
