//! Whoever can't prove to be the service is told nothing, least of all the key.

use std::io::{Read, Write};
use std::net::TcpListener;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use ureq::tls::{Certificate, RootCerts};

use super::*;

/// A server over TLS with a certificate for `name`: its address, the certificate, and what reached it in the clear.
fn server(name: &str) -> (String, CertificateDer<'static>, Arc<Mutex<String>>) {
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
