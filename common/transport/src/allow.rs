//! Who may connect: worker names and their public keys. It reads no files; the configuration does.

use std::collections::{BTreeMap, BTreeSet};

use crate::{PeerName, PublicKey};

/// The peers a server admits. One name has one key and one key has one name, so that a name in
/// the ledger always means one machine. An empty list admits nobody.
#[derive(Clone, Debug, Default)]
pub struct Allow {
    names: BTreeMap<PublicKey, PeerName>,
    listed: BTreeSet<PeerName>,
}

/// The entry contradicts one that is already there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AllowError {
    #[error("the key of {second} is already the key of {first}: give every worker a key of its own")]
    SameKey { first: PeerName, second: PeerName },
    #[error("two keys are listed for {name}: remove the one that is no longer used")]
    SameName { name: PeerName },
}

impl Allow {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a peer; adding the same pair twice is fine.
    pub fn insert(&mut self, name: PeerName, key: PublicKey) -> Result<(), AllowError> {
        match self.names.get(&key) {
            Some(first) if *first == name => return Ok(()),
            Some(first) => return Err(AllowError::SameKey { first: first.clone(), second: name }),
            None => {}
        }
        if !self.listed.insert(name.clone()) {
            return Err(AllowError::SameName { name });
        }
        self.names.insert(key, name);
        Ok(())
    }

    pub fn name_of(&self, key: &PublicKey) -> Option<&PeerName> {
        self.names.get(key)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&PeerName, &PublicKey)> {
        self.names.iter().map(|(key, name)| (name, key))
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::KeyPair;

    #[test]
    fn a_name_has_one_key_and_a_key_one_name() {
        let (first, second): (PeerName, PeerName) = ("a".parse().unwrap(), "b".parse().unwrap());
        let (key, other) = (KeyPair::generate().public(), KeyPair::generate().public());
        let mut allow = Allow::new();
        allow.insert(first.clone(), key).unwrap();
        allow.insert(first.clone(), key).unwrap();
        assert_eq!(
            allow.insert(second.clone(), key),
            Err(AllowError::SameKey { first: first.clone(), second })
        );
        assert_eq!(allow.insert(first.clone(), other), Err(AllowError::SameName { name: first.clone() }));
        assert_eq!(allow.name_of(&key), Some(&first));
        assert_eq!(allow.name_of(&other), None);
        assert_eq!(allow.len(), 1);
    }
}
