//! The socket and its limits, and the threads that serve it.

use std::any::Any;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpServer, web};
use anyhow::{Context as _, Result};
use common::config::Http;
use socket2::SockRef;

use super::desk::Desk;
use super::guard::{Guard, guard};
use super::history::{Ringer, bell, follow};
use super::life::Life;
use super::problem::malformed;
use super::token::Token;
use super::{address, route};
use crate::actor::Coordinator;
use crate::directory::StudyDirectory;

/// Where "auto" begins to look.
const PORT: u16 = 7591;
/// Threads that answer: pages take milliseconds, and one that is busy must not hold up another.
const THREADS: usize = 2;
/// Connections of each thread: followers stay, the others come and go.
const CONNECTIONS: usize = 512;
/// From a connection's first byte to the end of its headers.
const HEADERS: Duration = Duration::from_secs(5);
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// How long a caller may leave what was sent to it untaken. Nothing else ends a connection whose other side stopped reading: an answer
/// waits until there is room, and the place of its follower with it.
const UNREAD: Duration = Duration::from_secs(60);
/// How long the end waits for answers under way, seconds.
const FAREWELL_S: u64 = 2;
/// The longest path and query that are looked at are bounded by the headers; a body in JSON by this.
pub const MOST_JSON: usize = 64 * 1024;

/// A socket that is ours, and who may ask.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    at: SocketAddr,
    guard: Guard,
    pub(super) unread: Duration,
}

/// A server at work; it ends with this.
#[derive(Debug)]
pub struct Serving {
    pub at: SocketAddr,
    handle: ServerHandle,
    /// What sets it apart from any other.
    pub(super) life: Life,
    /// Where its address stands, and is taken away again.
    directory: StudyDirectory,
}

/// Binds as the configuration says; none where it is off.
pub fn bind(config: &Http, directory: &StudyDirectory) -> Result<Option<Bound>> {
    let listener = match config.listen.as_str() {
        "off" => return Ok(None),
        "auto" => listen_anywhere(directory)?,
        text => {
            let at: SocketAddr = text.parse().context("http.listen")?;
            TcpListener::bind(at)
                .with_context(|| format!("http.listen = {at} can't be had: name another, or \"auto\""))?
        }
    };
    let at = listener.local_addr()?;
    let token = match config.token_file.as_str() {
        "auto" if at.ip().is_loopback() => None,
        "auto" | "own" => Some(Token::at(&directory.http_token(), true)?),
        file => Some(Token::at(Path::new(file), false)?),
    };
    let life = Life::draw().context("the operating system gives no random numbers")?;
    Ok(Some(Bound { listener, at, guard: Guard::new(at, token, life), unread: UNREAD }))
}

/// On this machine: where an earlier coordinator of the study was found, at the usual port, or at any that is free.
fn listen_anywhere(directory: &StudyDirectory) -> Result<TcpListener> {
    let remembered = address::remembered(directory.root());
    let before =
        remembered.and_then(|address| address.url.strip_prefix("http://")?.parse::<SocketAddr>().ok());
    let before = before.filter(|at| at.ip() == Ipv4Addr::LOCALHOST);
    let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT));
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let free = before.into_iter().chain([usual]).find_map(|at| TcpListener::bind(at).ok());
    match free {
        Some(listener) => Ok(listener),
        None => TcpListener::bind(any).context("no port of 127.0.0.1 is free; set http.listen = \"off\""),
    }
}

impl Bound {
    /// Serves the study of this coordinator, on threads of its own. Whoever makes events durable rings.
    pub fn serve(
        self,
        directory: &StudyDirectory,
        coordinator: Addr<Coordinator>,
    ) -> Result<(Serving, Ringer)> {
        let served = self.start(directory, Some(coordinator))?;
        address::remember(directory, served.0.at, &served.0.life)
            .with_context(|| format!("{} can't be written", directory.http().display()))?;
        Ok(served)
    }

    /// Serves a study that lies there, without a coordinator: there is nothing to be acted on. What is appended is seen within a second.
    pub fn show(self, directory: &StudyDirectory) -> Result<(Serving, Ringer)> {
        self.start(directory, None)
    }

    fn start(
        self,
        directory: &StudyDirectory,
        coordinator: Option<Addr<Coordinator>>,
    ) -> Result<(Serving, Ringer)> {
        let Self { listener, at, guard: rules, unread } = self;
        let life = rules.life.clone();
        let desk = Arc::new(Desk::new(directory.root().to_owned(), coordinator));
        let (ringer, bell) = bell();
        let (path, followed) = (directory.ledger(), desk.clone());
        let named = |name: &str| std::thread::Builder::new().name(name.into());
        named("http-history").spawn(move || follow(&path, &followed, &bell))?;
        let (desk, rules) = (web::Data::from(desk), web::Data::new(rules));
        let (told, starting) = std::sync::mpsc::sync_channel(1);
        named("http").spawn(move || {
            System::new().block_on(async move {
                let app = move || {
                    App::new()
                        .app_data(desk.clone())
                        .app_data(rules.clone())
                        .app_data(
                            web::QueryConfig::default()
                                .error_handler(|error, _| malformed(error.to_string()).into()),
                        )
                        .app_data(
                            web::PathConfig::default()
                                .error_handler(|error, _| malformed(error.to_string()).into()),
                        )
                        .configure(route::paths)
                        .wrap(from_fn(guard))
                };
                let server = HttpServer::new(app)
                    .workers(THREADS)
                    .max_connections(CONNECTIONS)
                    .client_request_timeout(HEADERS)
                    .client_disconnect_timeout(Duration::from_secs(2))
                    .keep_alive(KEEP_ALIVE)
                    .on_connect(move |connection, _| limit(connection, unread))
                    .shutdown_timeout(FAREWELL_S)
                    .disable_signals()
                    .listen(listener);
                match server {
                    Ok(server) => {
                        let server = server.run();
                        let _ = told.send(Ok(server.handle()));
                        if let Err(error) = server.await {
                            tracing::error!(%error, "the HTTP server ended; the study goes on without it");
                        }
                    }
                    Err(error) => drop(told.send(Err(error))),
                }
            });
        })?;
        let handle = starting.recv().context("the HTTP server did not start")??;
        Ok((Serving { at, handle, life, directory: directory.clone() }, ringer))
    }
}

/// Also where the other side is there and only takes nothing more.
fn limit(connection: &dyn Any, unread: Duration) {
    let Some(stream) = connection.downcast_ref::<TcpStream>() else { return };
    if let Err(error) = SockRef::from(stream).set_tcp_user_timeout(Some(unread)) {
        tracing::debug!(%error, "a connection without a limit on what is not read");
    }
}

impl Serving {
    pub fn url(&self) -> String {
        address::url(self.at)
    }

    /// Lets requests under way be answered, such as the one that ended the study; followers are not waited for long.
    pub async fn end(self) {
        self.handle.stop(true).await;
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Told, not waited for: its threads end by themselves, or with the process.
        drop(self.handle.stop(false));
        let left = address::remembered(self.directory.root());
        if left.is_some_and(|address| address.life.as_ref() == Some(&self.life)) {
            // A command would only be told that nobody answers there.
            let _ = std::fs::remove_file(self.directory.http());
        }
    }
}
