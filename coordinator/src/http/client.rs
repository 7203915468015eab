//! Talks to a running coordinator, for the commands.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::http::Response;
use ureq::{Agent, Body, RequestBuilder};

use super::address;
use super::life::{self, Life};
use super::model::Problem;
use super::token::Token;
use crate::directory::StudyDirectory;

/// An order is answered once it is on the disk; a file of known results may take longer to be read.
const PATIENCE: Duration = Duration::from_secs(150);
const CONNECT: Duration = Duration::from_secs(5);
/// Longer answers are none of ours.
const MOST: u64 = 16 << 20;

#[derive(Debug)]
pub struct Client {
    agent: Agent,
    url: String,
    token: Option<Token>,
    /// Who is meant, where the address was found in a study's directory.
    life: Option<Life>,
}

impl Client {
    /// The coordinator that works on the study in `directory`.
    pub fn of_study(directory: &Path, token_file: Option<&Path>) -> Result<Self> {
        let found = address::remembered(directory).with_context(|| {
            format!(
                "no coordinator is at work on the study in {0}: start it with `ce-nas run --dir {0}` or `ce-nas coordinator --dir {0}` (with http.listen = \"off\" it takes no orders)",
                directory.display()
            )
        })?;
        let own = StudyDirectory::new(directory).http_token();
        let file = token_file.or_else(|| own.exists().then_some(own.as_path()));
        Ok(Self { life: found.life, ..Self::at(found.url, file)? })
    }

    pub fn at(url: String, token_file: Option<&Path>) -> Result<Self> {
        if !(url.starts_with("http://") || url.starts_with("https://")) {
            bail!("{url} is no address: write http://HOST:PORT, as the coordinator prints it");
        }
        let token = token_file.map(Token::read).transpose()?;
        let agent = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .timeout_connect(Some(CONNECT))
            .http_status_as_error(false)
            // A token goes where it was meant to go, and no further.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .build()
            .new_agent();
        Ok(Self { agent, url: url.trim_end_matches('/').to_owned(), token, life: None })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.answer(self.ask(path))
    }

    /// A file of any length.
    pub fn open(&self, path: &str) -> Result<impl Read + use<>> {
        Ok(self.granted(self.ask(path))?.into_body().into_with_config().limit(u64::MAX).reader())
    }

    fn ask(&self, path: &str) -> Result<Response<Body>, ureq::Error> {
        self.shown(self.agent.get(format!("{}{path}", self.url))).call()
    }

    /// An order with what it says, in JSON.
    pub fn post<T: DeserializeOwned>(&self, path: &str, order: &impl Serialize) -> Result<T> {
        self.send(path, "application/json", &serde_json::to_vec(order)?)
    }

    /// A file as it is.
    pub fn upload<T: DeserializeOwned>(&self, path: &str, bytes: &[u8]) -> Result<T> {
        self.send(path, "application/octet-stream", bytes)
    }

    fn send<T: DeserializeOwned>(&self, path: &str, kind: &str, bytes: &[u8]) -> Result<T> {
        let request = self.agent.post(format!("{}{path}", self.url)).header("content-type", kind);
        self.answer(self.shown(request).send(bytes))
    }

    /// Who asks, and whom.
    fn shown<T>(&self, mut request: RequestBuilder<T>) -> RequestBuilder<T> {
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {}", token.secret()));
        }
        if let Some(life) = &self.life {
            request = request.header(life::HEADER, life.text());
        }
        request
    }

    fn answer<T: DeserializeOwned>(&self, answer: Result<Response<Body>, ureq::Error>) -> Result<T> {
        let url = &self.url;
        let bytes = self.granted(answer)?.body_mut().with_config().limit(MOST).read_to_vec();
        let bytes = bytes.with_context(|| format!("the answer of {url} broke off"))?;
        serde_json::from_slice(&bytes)
            .with_context(|| format!("{url} does not answer as a coordinator of this release does"))
    }

    /// The answer, unless it is a refusal.
    fn granted(&self, answer: Result<Response<Body>, ureq::Error>) -> Result<Response<Body>> {
        let url = &self.url;
        let mut answer = answer.map_err(|error| match error {
            ureq::Error::Io(_) | ureq::Error::ConnectionFailed | ureq::Error::HostNotFound => anyhow!(
                "no coordinator answers at {url} ({error}): is it running? `ce-nas run` or `ce-nas coordinator` starts it"
            ),
            error => anyhow!("{url} does not answer as a coordinator does: {error}"),
        })?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let bytes = answer.body_mut().with_config().limit(MOST).read_to_vec();
        let bytes = bytes.with_context(|| format!("the answer of {url} broke off"))?;
        match serde_json::from_slice::<Problem>(&bytes) {
            Ok(problem) if status == 401 => bail!("{} (here: --token-file FILE)", problem.detail),
            Ok(_) if status == 421 => bail!(
                "another coordinator answers at {url} than the study's own, which is gone or runs on another machine: nothing was done; \
                 `ce-nas run` or `ce-nas coordinator` starts it again"
            ),
            Ok(problem) => bail!("{}", problem.detail),
            Err(_) => bail!("{url} answers {status}, not as a coordinator does: check the address"),
        }
    }
}
