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

    /// User and password as HTTP's Basic scheme sends them.
    pub(super) fn basic(&self) -> String {
        base64(self.0.replacen('\n', ":", 1).as_bytes())
    }

    /// `text` without the secret, should a service send it back: as it was sent, or as JSON writes that.
    pub(super) fn struck_from(&self, text: &str) -> String {
        let basic = self.basic();
        std::iter::once(basic.trim_end_matches('='))
            .chain(self.0.split(['\n', ':']))
            .filter(|part| part.len() >= 4)
            .flat_map(|part| {
                let escaped = part.replace('\\', r"\\").replace('"', "\\\"");
                [escaped.replace('/', r"\/"), escaped, part.to_owned()]
            })
            .fold(text.to_owned(), |text, form| text.replace(&form, "…"))
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

/// RFC 4648, section 4: what HTTP's Basic scheme is written in.
pub(super) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let word =
            three.iter().enumerate().fold(0_u32, |word, (i, byte)| word | u32::from(*byte) << (16 - 8 * i));
        for place in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= three.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_encoded() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(plain.as_bytes()), coded, "RFC 4648, section 10");
        }
        assert_eq!(base64(b"Aladdin:open sesame"), "QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }

    #[test]
    fn a_secret_is_struck_out_in_every_form_it_was_sent_in() {
        let key = Key::new("some/one:pa\"ss\\word");
        for echo in ["some/one", r"some\/one", "pa\"ss\\word", r#"pa\"ss\\word"#, &key.basic()] {
            let struck = key.struck_from(&format!("no such user: {echo}!"));
            assert!(struck.starts_with("no such user: …") && !struck.contains("ss"), "{echo}: {struck}");
        }
        assert_eq!(Key::new("a\nbc").basic(), base64(b"a:bc"), "two lines of a file");
    }
}
