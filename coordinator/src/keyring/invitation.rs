//! An invitation: a name, and the public key of the throw-away pair that may enrol a worker under it, until when. The secret half
//! is in the join code alone.

use std::fmt;

use anyhow::{Context, Result};
use common::time::Timestamp;
use transport::{PeerName, PublicKey};

/// The beginning of the name under which an invited stranger is known until it has enrolled. No worker's name begins so.
pub const GUEST: &str = "joining.";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The worker's, once it has enrolled.
    pub name: PeerName,
    pub key: PublicKey,
    pub until: Timestamp,
}

impl Invitation {
    /// Refuses a name that leaves no room for what a guest is called.
    pub fn new(name: &str, key: PublicKey, until: Timestamp) -> Result<Self> {
        let name: PeerName = name.parse()?;
        let _: PeerName =
            format!("{GUEST}{name}").parse().context("the name is too long for an invitation")?;
        Ok(Self { name, key, until })
    }

    /// Who the bearer of the code is to the transport.
    pub fn peer(&self) -> PeerName {
        format!("{GUEST}{}", self.name).parse().expect("checked when the invitation was made")
    }

    pub(super) fn parse(line: &str) -> Result<Self> {
        let mut words = line.split_whitespace();
        let mut word =
            |what| words.next().with_context(|| format!("expected a name, a time and a public key: {what}"));
        let name = word("the name is missing")?;
        let until = word("the time is missing")?.parse().context("the time is no number")?;
        // Z85 has no space.
        let key = word("the key is missing")?.parse().map_err(anyhow::Error::new)?;
        Self::new(name, key, Timestamp(until))
    }
}

impl fmt::Display for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.name, self.until.0, self.key)
    }
}
