//! Whoever can't prove to be the service is told nothing, least of all the key.

use std::io::{Read, Write};
use std::net::TcpListener;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use ureq::tls::{Certificate, RootCerts};

use super::*;

/// A server over TLS with a certificate for `name`: its address, the certificate, and what reached it in the clear.
pub(super) fn server(name: &str) -> (String, CertificateDer<'static>, Arc<Mutex<String>>) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let heard: Arc<Mutex<String>> = Arc::default();
    let kept = heard.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut connection = rustls::ServerConnection::new(Arc::new(config.clone())).unwrap();
            let mut tls = rustls::Stream::new(&mut connection, &mut stream);
            let mut request = [0_u8; 4096];
            let Ok(length) = tls.read(&mut request) else { continue };
            kept.lock().unwrap().push_str(&String::from_utf8_lossy(&request[..length]));
            let _ = tls.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}");
            tls.conn.send_close_notify();
            let _ = tls.flush();
        }
    });
    (base, certificate, heard)
}

fn ask(base: &str, trusted: Option<&CertificateDer<'_>>) -> Result<Vec<u8>, Trouble> {
    let trusted = trusted.map(|certificate| Certificate::from_der(certificate).to_owned());
    let roots = trusted.map(|certificate| RootCerts::from(vec![certificate]));
    let hands = Hands::at("2026-05-01T10:10Z");
    Client::new(Options { roots, ..options(base, Access::Header("auth-token"), &hands) }).get("/", false)
}

#[track_caller]
fn check_refused(answer: &Result<Vec<u8>, Trouble>, heard: &Mutex<String>) {
    let trouble = answer.as_ref().unwrap_err();
    assert!(matches!(trouble, Trouble::Unreachable(_)), "{trouble}");
    assert!(trouble.to_string().to_lowercase().contains("certificate"), "{trouble}");
    assert_eq!(*heard.lock().unwrap(), "", "no word before the certificate is known to be right");
}

#[test]
fn a_trusted_certificate_of_the_right_name_is_spoken_to() {
    let (base, certificate, heard) = server("localhost");
    assert_eq!(ask(&base, Some(&certificate)).unwrap(), b"{}");
    assert!(heard.lock().unwrap().contains(SECRET), "the key is for the service");
}

#[test]
fn a_certificate_of_another_name_is_not() {
    let (base, certificate, heard) = server("carbon.example.org");
    check_refused(&ask(&base, Some(&certificate)), &heard);
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_not() {
    let (base, _, heard) = server("localhost");
    check_refused(&ask(&base, None), &heard);
}

/// As PEM, RFC 7468: base64 in lines of 64.
fn pem(certificate: &CertificateDer<'_>) -> String {
    let text = key::base64(certificate);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

#[test]
fn certificates_of_ones_own_are_trusted_beside_the_public_authorities() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("campus.pem");
    let (base, certificate, heard) = server("localhost");
    std::fs::write(&path, format!("# our proxy\n{}", pem(&certificate))).unwrap();
    let hands = Hands::at("2026-05-01T10:10Z");
    let ask = |file: &str, base: &str| {
        let roots = roots(file).unwrap();
        Client::new(Options { roots, ..options(base, Access::Header("auth-token"), &hands) }).get("/", false)
    };
    assert_eq!(ask(path.to_str().unwrap(), &base).unwrap(), b"{}");
    let Some(RootCerts::Specific(trusted)) = roots(path.to_str().unwrap()).unwrap() else {
        panic!("no roots")
    };
    assert!(trusted.len() > 100, "the public ones are still there: {}", trusted.len());
    // The name must be right all the same, and without the file nothing is.
    heard.lock().unwrap().clear();
    check_refused(&ask("", &base), &heard);
    let (other, certificate, heard) = server("carbon.example.org");
    std::fs::write(&path, pem(&certificate)).unwrap();
    check_refused(&ask(path.to_str().unwrap(), &other), &heard);
}

#[test]
fn a_file_without_certificates_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("campus.pem");
    let damaged = "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n";
    for (text, expected) in
        [("", "it holds no certificate"), ("hello", "it holds no certificate"), (damaged, "campus.pem")]
    {
        std::fs::write(&path, text).unwrap();
        let error = roots(path.to_str().unwrap()).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("carbon.root_certificates"), "{error}");
    }
    assert!(roots("/no/such.pem").unwrap_err().to_string().contains("it can't be read"));
}
