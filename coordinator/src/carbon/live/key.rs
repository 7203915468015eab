//! Keys of services: from the environment or a file, never from a setting or the command line, and shown nowhere.

use std::fmt;
use std::path::Path;

use super::trouble::Trouble;

/// A secret. Printing it, in whatever way, prints dots.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    pub(super) fn secret(&self) -> &str {
        &self.0
    }

    /// `text` without the secret, should a service send it back.
    pub(super) fn struck_from(&self, text: &str) -> String {
        self.0
            .split(['\n', ':'])
            .filter(|part| part.len() >= 4)
            .fold(text.to_owned(), |text, part| text.replace(part, "…"))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// From `file` where one is set, else from the environment `variable`, else none.
pub fn find(file: &str, variable: &str) -> Result<Option<Key>, Trouble> {
    let text = if file.is_empty() {
        std::env::var(variable).unwrap_or_default()
    } else {
        std::fs::read_to_string(Path::new(file))
            .map_err(|error| Trouble::NoKey(format!("the key file {file} can't be read: {error}")))?
    };
    let secret = text.trim();
    // What can't stand in a header is no key: better said now than by the service.
    if !secret.chars().all(|c| c.is_ascii_graphic() || c == ' ' || c == '\n' || c == '\r') {
        return Err(Trouble::NoKey(format!("{} holds characters that no key has", origin(file, variable))));
    }
    Ok((!secret.is_empty()).then(|| Key::new(secret.replace('\r', ""))))
}

/// Where a key is looked for, in words.
fn origin(file: &str, variable: &str) -> String {
    if file.is_empty() {
        format!("the environment variable {variable}")
    } else {
        format!("the key file {file}")
    }
}
