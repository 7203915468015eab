//! `key=value` arguments of an example.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

#[derive(Debug)]
pub struct Keys(BTreeMap<String, String>);

impl Keys {
    pub fn read() -> Self {
        let pair = |argument: String| {
            argument.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()))
        };
        Self(std::env::args().skip(1).filter_map(pair).collect())
    }

    pub fn text(&self, key: &str, default: &'static str) -> &str {
        self.0.get(key).map_or(default, String::as_str)
    }

    /// Ends the program where the value is no such number.
    pub fn number<N: FromStr>(&self, key: &str, default: N) -> N
    where
        N::Err: Display,
    {
        let Some(value) = self.0.get(key) else { return default };
        value.parse().unwrap_or_else(|error| {
            eprintln!("{key}={value}: {error}");
            std::process::exit(2)
        })
    }
}
