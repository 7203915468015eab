//! The thin HTTP client of one service, shared by its zones: key, log-in, pace and one time limit for a whole request.
//!
//! It follows no redirect, for a key must not travel to another host, and sends no key over a connection that others can read.

use std::time::Duration;

use common::time::{Millis, Timestamp};
use ureq::http::Response;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::typestate::WithoutBody;
use ureq::{Agent, Body, RequestBuilder};

use super::Clock;
use super::back_off::BackOff;
use super::key::Key;
use super::memory::Slot;
use super::pace::Pace;
use super::service::Access;
use super::trouble::{Said, Trouble, beginning};

/// Ten days in five-minute steps are some 200 KB; what is longer is not an answer.
const LONGEST_ANSWER: u64 = 8 << 20;

#[derive(Debug)]
pub struct Client {
    agent: Agent,
    base: String,
    access: Access,
    key: Option<Key>,
    /// Where the key is looked for, should it be missing.
    key_origin: String,
    /// Whether it was accepted once: a refusal is of the one question then.
    is_key_proven: bool,
    /// What logging in bought.
    token: Option<Key>,
    timeout: Millis,
    pace: Pace,
    /// Where the pace outlives a restart.
    slot: Slot,
    clock: Clock,
}

/// What a client is made of.
#[derive(Debug)]
pub struct Options {
    pub base: String,
    pub access: Access,
    pub key: Option<Key>,
    pub key_origin: String,
    pub timeout: Millis,
    pub pace: Pace,
    /// Where the pace outlives a restart.
    pub slot: Slot,
    pub clock: Clock,
    /// Certificates that vouch for the service; None takes those that come with the program.
    pub roots: Option<RootCerts>,
}

impl Client {
    pub fn new(options: Options) -> Self {
        let Options { base, access, key, key_origin, timeout, mut pace, slot, clock, roots } = options;
        if let Some(spent) = slot.load(&base) {
            pace.recall(spent, clock.now());
        }
        let roots = roots.unwrap_or(RootCerts::WebPki);
        let mut config = Agent::config_builder()
            .timeout_global(Some(Duration::from_millis(u64::try_from(timeout.0).unwrap_or(0))))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("ce-nas/", env!("CARGO_PKG_VERSION")))
            .tls_config(TlsConfig::builder().root_certs(roots).build());
        if is_loopback(&base) {
            config = config.proxy(None);
        }
        let agent = config.build().new_agent();
        let is_key_proven = access == Access::Open;
        Self { agent, base, access, key, key_origin, is_key_proven, token: None, timeout, pace, slot, clock }
    }

    /// The body of the answer to `path`. What is wrong with this question alone delays no other. A plan may not hold the `optional`
    /// ones, such as forecasts: their refusal never says that the key is wrong.
    pub fn get(&mut self, path: &str, optional: bool) -> Result<Vec<u8>, Trouble> {
        let answer = self.ask(path, optional);
        match &answer {
            Err(Trouble::Waiting { .. } | Trouble::BudgetSpent { .. }) => return answer,
            Err(trouble) if !trouble.is_of_the_question() => {
                let now = self.clock.now();
                self.change(|pace| pace.on_failure(trouble, now));
            }
            // Also a refusal is a sign of life.
            _ => self.change(Pace::on_answer),
        }
        answer
    }

    /// How a zone of it waits after answers of no use.
    pub fn back_off(&self, zone: &str) -> BackOff {
        self.pace.law().of(zone)
    }

    /// Until when the service is left in peace after a failure.
    pub fn waits_until(&self) -> Option<Timestamp> {
        self.pace.waits_until(self.clock.now())
    }

    /// A service's words, fit to be shown and kept: on one line, short, and without the secrets.
    pub fn fit(&self, words: &str) -> String {
        let secrets = [&self.key, &self.token].into_iter().flatten();
        beginning(&secrets.fold(words.to_owned(), |words, key| key.struck_from(&words)))
    }

    /// A request is on the disk before it is on its way: a process killed over and over spends no more than one that lives.
    fn pay(&mut self) -> Result<(), Trouble> {
        let now = self.clock.now();
        self.change(|pace| pace.take(now))
    }

    /// Commands ask the services of a study beside its coordinator: what another process did since is known first.
    fn change<T>(&mut self, change: impl FnOnce(&mut Pace) -> T) -> T {
        let _held = self.slot.hold();
        if let Some(spent) = self.slot.news(&self.base) {
            self.pace.recall(spent, self.clock.now());
        }
        let changed = change(&mut self.pace);
        self.slot.store(&self.base, &self.pace.spent());
        changed
    }

    fn ask(&mut self, path: &str, optional: bool) -> Result<Vec<u8>, Trouble> {
        if let Access::Login(login) = self.access {
            let fresh = self.token.is_none();
            if fresh {
                self.log_in(login)?;
            }
            return match self.send(path) {
                // Tokens live half an hour: one that was bought before may have run out.
                Err(Trouble::Refused { status: 401, .. }) if !fresh => {
                    self.token = None;
                    self.log_in(login)?;
                    self.send(path)
                }
                answer => answer,
            };
        }
        let answer = self.send(path);
        self.is_key_proven |= answer.is_ok();
        match answer {
            Err(Trouble::Refused { status: 401, said }) if !self.is_key_proven && !optional => {
                Err(Trouble::KeyRefused { status: 401, said })
            }
            answer => answer,
        }
    }

    fn send(&mut self, path: &str) -> Result<Vec<u8>, Trouble> {
        let key = match self.access {
            Access::Open => None,
            Access::Header(name) => Some((name, self.needed_key()?.secret().to_owned())),
            Access::Login(_) => {
                let token = self.token.as_ref().map_or("", Key::secret);
                Some(("authorization", format!("Bearer {token}")))
            }
        };
        self.pay()?;
        let mut request = self.agent.get(format!("{}{path}", self.base));
        if let Some((name, secret)) = key {
            request = request.header(name, secret);
        }
        self.body(request)
    }

    /// Whatever is wrong here is wrong for all zones.
    fn log_in(&mut self, path: &str) -> Result<(), Trouble> {
        let of_the_service = |trouble: Trouble| match trouble.is_of_the_question() {
            true => Trouble::LogIn(Box::new(trouble)),
            false => trouble,
        };
        self.token = Some(self.bought_token(path).map_err(of_the_service)?);
        Ok(())
    }

    fn bought_token(&mut self, path: &str) -> Result<Key, Trouble> {
        #[derive(serde::Deserialize)]
        struct Token {
            token: String,
        }
        let basic = self.needed_key()?.basic();
        self.pay()?;
        let request = self.agent.get(format!("{}{path}", self.base));
        let body = self.body(request.header("authorization", format!("Basic {basic}")))?;
        // An answer that holds a token must not be quoted.
        let unreadable = |_| Trouble::Unreadable { reason: "no token".into(), begins: "…".into() };
        Ok(Key::new(serde_json::from_slice::<Token>(&body).map_err(unreadable)?.token))
    }

    fn needed_key(&self) -> Result<&Key, Trouble> {
        let missing = || Trouble::NoKey(format!("put it into {}", self.key_origin));
        self.key.as_ref().ok_or_else(missing)
    }

    fn body(&self, request: RequestBuilder<WithoutBody>) -> Result<Vec<u8>, Trouble> {
        let mut response = request.call().map_err(|error| self.trouble(error))?;
        let status = response.status().as_u16();
        let retry_after = retry_after(&response, self.clock.now());
        let body = response.body_mut().with_config().limit(LONGEST_ANSWER).read_to_vec();
        if status == 200 {
            return body.map_err(|error| self.trouble(error));
        }
        let said = self.said(&body.unwrap_or_default());
        Err(match status {
            401 | 403 => Trouble::Refused { status, said },
            429 => Trouble::Throttled { retry_after, said },
            _ => Trouble::Status { status, retry_after, said },
        })
    }

    /// The service's own words, by the keys under which services put them.
    fn said(&self, body: &[u8]) -> Said {
        let text = String::from_utf8_lossy(body);
        let json: Option<serde_json::Value> = serde_json::from_str(&text).ok();
        let words = json.as_ref().and_then(|json| {
            ["message", "error"].iter().find_map(|key| {
                let value = &json[key];
                value.as_str().or_else(|| value["message"].as_str())
            })
        });
        Said(self.fit(words.unwrap_or(&text)))
    }

    fn trouble(&self, error: ureq::Error) -> Trouble {
        match error {
            ureq::Error::Timeout(_) => Trouble::TimedOut(self.timeout),
            ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => {
                Trouble::TimedOut(self.timeout)
            }
            ureq::Error::BodyExceedsLimit(limit) => Trouble::TooLong(limit),
            error => Trouble::Unreachable(self.fit(&error.to_string())),
        }
    }
}

/// `Retry-After` as seconds or as a date; what is neither is ignored.
fn retry_after(response: &Response<Body>, now: Timestamp) -> Option<Millis> {
    let text = response.headers().get("retry-after")?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Millis(i64::from(seconds) * 1000));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(Millis((date.timestamp().as_millisecond() - now.0).max(0)))
}

/// Whether `base` names this very machine.
pub(in crate::carbon) fn is_loopback(base: &str) -> bool {
    let rest = base.split_once("://").map_or(base, |(_, rest)| rest);
    let host = rest.split('/').next().unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    ["127.0.0.1", "localhost", "[::1]"].contains(&host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_told_from_the_world() {
        for base in ["http://127.0.0.1:80", "http://localhost/x", "http://[::1]:9"] {
            assert!(is_loopback(base), "{base}");
        }
        for base in ["http://127.0.0.1.example.org", "https://example.org", "http://localhost.org:1"] {
            assert!(!is_loopback(base), "{base}");
        }
    }
}
