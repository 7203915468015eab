//! Settings that are a number or a word: `"unlimited"`, `"auto"`, `"all"`.

use std::fmt;
use std::marker::PhantomData;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A word that may stand in place of a number.
pub trait Word {
    const TEXT: &'static str;
}

macro_rules! word {
    ($name:ident, $text:literal) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name;
        impl Word for $name {
            const TEXT: &'static str = $text;
        }
    };
}
word!(Unlimited, "unlimited");
word!(Auto, "auto");
word!(All, "all");
word!(Never, "never");

/// A number, or `W`'s word for "none given".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrWord<T, W> {
    number: Option<T>,
    word: PhantomData<W>,
}

impl<T, W> OrWord<T, W> {
    pub fn number(value: T) -> Self {
        Self { number: Some(value), word: PhantomData }
    }
    pub fn word() -> Self {
        Self { number: None, word: PhantomData }
    }
    pub fn get(self) -> Option<T> {
        self.number
    }
}

impl<T: fmt::Display, W: Word> fmt::Display for OrWord<T, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.number {
            Some(number) => number.fmt(f),
            None => f.write_str(W::TEXT),
        }
    }
}

impl<T: Serialize, W: Word> Serialize for OrWord<T, W> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.number {
            Some(number) => number.serialize(serializer),
            None => serializer.serialize_str(W::TEXT),
        }
    }
}

impl<'de, T: Deserialize<'de>, W: Word> Deserialize<'de> for OrWord<T, W> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either<T> {
            Number(T),
            Text(String),
        }
        match Either::<T>::deserialize(deserializer) {
            Ok(Either::Number(number)) => Ok(Self::number(number)),
            Ok(Either::Text(text)) if text == W::TEXT => Ok(Self::word()),
            _ => Err(serde::de::Error::custom(format!(
                "expected a number that is not negative, or \"{}\"",
                W::TEXT
            ))),
        }
    }
}
