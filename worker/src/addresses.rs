//! Where the coordinator may be found: one address, or several in the order in which they are tried.

use anyhow::{Context as _, bail};
use transport::Endpoint;

/// `tcp://HOST:PORT`, or several with commas between them.
pub(crate) fn read(text: &str) -> anyhow::Result<Vec<Endpoint>> {
    let mut endpoints = Vec::new();
    for word in text.split(',') {
        let endpoint: Endpoint = word.trim().parse().context("worker.coordinator")?;
        if endpoints.contains(&endpoint) {
            bail!("worker.coordinator: {endpoint} is named twice");
        }
        endpoints.push(endpoint);
    }
    Ok(endpoints)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        format!("{:#}", read(text).unwrap_err())
    }

    #[test]
    fn one_or_several() {
        let words = |text| read(text).unwrap().iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(words("tcp://a:7590"), ["tcp://a:7590"]);
        assert_eq!(words("tcp://a:7590, tcp://[::1]:1,tcp://b:7590").len(), 3);
    }

    #[test]
    fn mistakes_are_named() {
        assert!(refusal("tcp://a:7590,b:7590").contains("\"b:7590\" is no endpoint"));
        assert!(refusal("tcp://a:7590,").contains("tcp://HOST:PORT"));
        assert!(refusal("tcp://a:7590,tcp://a:7590").contains("named twice"));
    }
}
