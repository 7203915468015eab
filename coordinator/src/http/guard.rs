//! Who may ask. On this machine whoever is on it, beyond it whoever shows the token; and never a page of another site in somebody's
//! browser: its name must be in the Host, and what changes something must not come from elsewhere.

use std::net::SocketAddr;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::{Error, web};

use super::life::{self, Life};
use super::problem::{forbidden, misdirected, unauthorised};
use super::token::Token;

/// The cookie that a page gets for a token, so that the token itself is kept nowhere in a browser.
pub const COOKIE: &str = "ce-nas-token";
/// Nothing from elsewhere, no script in the text of a page, in nobody's frame.
const POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const LIFE: HeaderName = HeaderName::from_static(life::HEADER);

/// What the server was told about callers.
#[derive(Debug, Clone)]
pub struct Guard {
    /// None on this machine, unless a file is named.
    pub token: Option<Token>,
    /// Whether only this machine reaches the socket.
    pub is_local: bool,
    /// Of this server, for callers that look for one in particular.
    pub life: Life,
}

impl Guard {
    pub fn new(at: SocketAddr, token: Option<Token>, life: Life) -> Self {
        Self { token, is_local: at.ip().is_loopback(), life }
    }

    fn admits(&self, request: &ServiceRequest) -> Result<(), Error> {
        let headers = request.headers();
        let host = text(headers, &HOST);
        // A name that somebody else's server gave for this machine's address (DNS rebinding) is not ours.
        if self.is_local && !host.is_some_and(is_loopback_name) {
            return Err(forbidden(
                "this address is for this machine alone: ask for it as localhost or 127.0.0.1",
            )
            .into());
        }
        let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
        if changes && !is_of_this_site(headers, host) {
            return Err(forbidden("a page of another site may not act on a study").into());
        }
        // Whoever was given the address by hand shows none. Before the token: another coordinator's is as wrong, and says less.
        if headers.get(LIFE).is_some_and(|shown| shown.as_bytes() != self.life.text().as_bytes()) {
            return Err(
                misdirected("another coordinator answers here than the one that was looked for").into()
            );
        }
        match &self.token {
            Some(token) if needs_token(request.path()) && !shown(request).is_some_and(|it| token.is(&it)) => {
                Err(unauthorised(
                    "show the token of http.token_file (http-token in the study's directory, unless another was named) as `Authorization: Bearer TOKEN`",
                )
                .into())
            }
            _ => Ok(()),
        }
    }
}

/// The page's own files hold no secret, and whether it lives and is ready is asked by machines without one.
fn needs_token(path: &str) -> bool {
    (path.starts_with("/api/") && path != "/api/v1/login") || path == "/metrics"
}

fn shown(request: &ServiceRequest) -> Option<String> {
    if let Some(header) = text(request.headers(), &AUTHORIZATION) {
        let (scheme, token) = header.split_once(' ')?;
        return scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned());
    }
    let cookies = text(request.headers(), &actix_web::http::header::COOKIE)?;
    let named = cookies.split(';').filter_map(|cookie| cookie.trim().split_once('='));
    named.filter(|(name, _)| *name == COOKIE).map(|(_, value)| value.to_owned()).next()
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// localhost, 127.0.0.1 or [::1], at any port: a tunnel has one of its own.
fn is_loopback_name(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Programs say nothing of where they come from; browsers do.
fn is_of_this_site(headers: &HeaderMap, host: Option<&str>) -> bool {
    let of_origin = match headers.get(ORIGIN).map(|origin| origin.to_str()) {
        None => true,
        Some(Ok(origin)) => {
            let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
            authority.is_some() && authority == host
        }
        Some(Err(_)) => false,
    };
    let of_site = text(headers, &SITE).is_none_or(|site| matches!(site, "same-origin" | "none"));
    of_origin && of_site
}

/// Admits the caller, and gives every answer the headers that keep a browser from being tricked.
pub async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let guard = request.app_data::<web::Data<Guard>>().cloned();
    let nobody = || Err(forbidden("nobody is admitted here").into());
    let admitted = guard.map_or_else(nobody, |guard| guard.admits(&request));
    let mut response = match admitted {
        // Handlers and extractors turn their errors into answers themselves.
        Ok(()) => next.call(request).await?.map_into_left_body(),
        Err(error) => request.into_response(error.error_response()).map_into_right_body(),
    };
    let is_kept = response.headers().contains_key(CACHE_CONTROL);
    let headers = response.headers_mut();
    let mut say =
        |name: HeaderName, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
    say(CONTENT_SECURITY_POLICY, POLICY);
    say(X_CONTENT_TYPE_OPTIONS, "nosniff");
    say(X_FRAME_OPTIONS, "DENY");
    say(REFERRER_POLICY, "no-referrer");
    say(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    say(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    if !is_kept {
        say(CACHE_CONTROL, "no-store");
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_names_at_any_port_and_nothing_like_them() {
        for host in
            ["localhost", "LOCALHOST:7591", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:7591", "127.8.9.1:1"]
        {
            assert!(is_loopback_name(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example:7591",
            "10.0.0.7:7591",
            "[::2]:1",
            "127.0.0.1.nip.io",
            "[",
        ] {
            assert!(!is_loopback_name(host), "{host}");
        }
    }

    #[test]
    fn only_pages_of_this_site_may_change_something() {
        let of = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            is_of_this_site(&headers, Some("localhost:7591"))
        };
        assert!(of(&[]), "a program");
        assert!(of(&[("origin", "http://localhost:7591"), ("sec-fetch-site", "same-origin")]));
        assert!(!of(&[("origin", "http://localhost:8000")]));
        assert!(!of(&[("origin", "https://evil.example")]));
        assert!(!of(&[("origin", "null")]));
        assert!(!of(&[("sec-fetch-site", "cross-site")]));
        assert!(!of(&[("sec-fetch-site", "same-site")]));
    }
}
