//! Whose certificates vouch for a service: the public authorities that come with the program, and those of the user's own, such as a
//! campus proxy's.

use ureq::tls::{Certificate, PemItem, RootCerts, parse_pem};

use crate::carbon::Error;

/// `path` is "" for the public authorities alone.
pub fn roots(path: &str) -> Result<Option<RootCerts>, Error> {
    if path.is_empty() {
        return Ok(None);
    }
    let odd = |reason: String| Error::Roots { path: path.into(), reason };
    let pem = std::fs::read(path).map_err(|error| odd(format!("it can't be read: {error}")))?;
    let mut certificates: Vec<Certificate<'static>> = Vec::new();
    for item in parse_pem(&pem) {
        // A key or whatever else lies beside them is none of ours.
        if let PemItem::Certificate(certificate) = item.map_err(|error| odd(error.to_string()))? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() {
        return Err(odd("it holds no certificate".into()));
    }
    certificates
        .extend(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(|root| Certificate::from_der(root)));
    Ok(Some(RootCerts::from(certificates)))
}
