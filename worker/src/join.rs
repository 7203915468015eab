//! How a worker joins by a code: it makes a key pair of its own, connects once with the throw-away pair that the code holds, and
//! brings the coordinator its public key. From then on it is a worker like any other. The code is asked for once: what it
//! led to lies in the worker's directory.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use common::id::WorkerName;
use common::wire::{self, FromWorker, MAX_FRAME_BYTES, ToWorker};
use tokio::time::{Instant, MissedTickBehavior};
use transport::{
    Client, ClientOptions, ClientSecurity, Connection, Endpoint, JoinCode, KeyPair, PublicKey, Transport,
};

/// How often the request is repeated until it is answered: the frame may be lost.
const REPEAT: Duration = Duration::from_secs(1);
/// A coordinator that is there and has not answered for so long will not: it is of an older release, or its disk is full.
const PATIENCE: Duration = Duration::from_secs(30);

/// A code that is refused for so long is not taken: one that was made a moment ago may not be known to the coordinator yet.
const REFUSED_FOR: Duration = Duration::from_secs(12);
/// With several addresses, how long each is given to answer at all.
const UNREACHABLE_FOR: Duration = Duration::from_secs(3);

/// What a worker is after it has joined.
#[derive(Debug)]
pub(crate) struct Member {
    pub keys: KeyPair,
    pub server: PublicKey,
}

/// The code as `--join` gives it: itself, `-` for standard input, or `@FILE`.
pub(crate) fn read(given: &str) -> anyhow::Result<JoinCode> {
    let text = match given.strip_prefix('@') {
        _ if given == "-" => std::io::read_to_string(std::io::stdin()).context("--join -: standard input")?,
        Some(file) => std::fs::read_to_string(file).with_context(|| format!("--join @{file}"))?,
        None => given.into(),
    };
    text.trim().parse().map_err(anyhow::Error::new).context("--join")
}

/// Makes this directory's worker a member, or finds that it is one.
pub(crate) async fn join<T: Transport>(
    transport: &T,
    endpoints: &[Endpoint],
    code: &JoinCode,
    directory: &Path,
) -> anyhow::Result<Member> {
    let (key, server) = (directory.join("worker.key"), directory.join("coordinator.pub"));
    let keys = own(&key)?;
    let member = Member { keys, server: code.server() };
    if server.exists() {
        if PublicKey::load(&server)? == code.server() {
            tracing::info!("joined before: the code is not asked for again");
            return Ok(member);
        }
        bail!(
            "{} belongs to a member of another study: give this worker a place of its own with --directory",
            directory.display()
        );
    }
    match ask(transport, endpoints, code, member.keys.public()).await? {
        Some(name) => {
            code.server().save(&server)?;
            tracing::info!(
                %name,
                "joined; from now on --key {} --coordinator-key {} will do in place of --join",
                key.display(),
                server.display()
            );
        }
        None => tracing::warn!(
            "the coordinator does not take this join code (any more): it works once, for as long as its invitation says, and at the \
             coordinator that made it. Trying with this worker's own key, in case it was taken before"
        ),
    }
    Ok(member)
}

/// The worker's own pair, made on first use. Its secret half never leaves this machine.
fn own(path: &Path) -> anyhow::Result<KeyPair> {
    if !path.exists() {
        KeyPair::generate().save(path)?;
    }
    Ok(KeyPair::load(path)?)
}

enum Answer {
    Enrolled(WorkerName),
    /// The coordinator does not know the code.
    Unknown,
    /// Nobody is there.
    Nobody,
}

/// Asks at one address after another until somebody is there. The name that the coordinator gave; none where it does not know the code.
async fn ask<T: Transport>(
    transport: &T,
    endpoints: &[Endpoint],
    code: &JoinCode,
    own: PublicKey,
) -> anyhow::Result<Option<WorkerName>> {
    let patience = (endpoints.len() > 1).then_some(UNREACHABLE_FOR);
    loop {
        for endpoint in endpoints {
            let security = ClientSecurity::Curve { keys: code.keys(), server: code.server() };
            let mut options = ClientOptions::new(endpoint.clone(), security);
            options.limits.max_frame_bytes = MAX_FRAME_BYTES;
            options.limits.refused_pause = REPEAT;
            match enrol(transport.connect(options).await?, own, patience).await? {
                Answer::Nobody => {}
                Answer::Unknown => return Ok(None),
                Answer::Enrolled(name) => return Ok(Some(name)),
            }
        }
    }
}

/// What the coordinator says. `patience`: how long to wait for one that is not there; for ever without.
async fn enrol(mut client: Client, own: PublicKey, patience: Option<Duration>) -> anyhow::Result<Answer> {
    let mut watch = client.watch();
    let request = wire::encode(&FromWorker::Enrol { key: own.to_string() });
    let mut repeat = tokio::time::interval(REPEAT);
    repeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let begun = Instant::now();
    let (mut connected_since, mut refused_since) = (None, None);
    loop {
        tokio::select! {
            frame = client.recv() => match frame.map(|frame| wire::decode::<ToWorker>(&frame)) {
                Some(Ok(ToWorker::Enrolled { name })) => {
                    client.close().await;
                    return Ok(Answer::Enrolled(name));
                }
                Some(Ok(ToWorker::Refused { reason })) => bail!("the coordinator refuses: {reason}"),
                Some(Ok(_)) => {}
                Some(Err(error)) => bail!("the coordinator answers in another tongue: {error}"),
                None => bail!("the connection was closed"),
            },
            connection = watch.changed() => {
                if let Connection::Unreachable { reason } = connection {
                    tracing::warn!("no coordinator: {reason}; waiting for it");
                }
            },
            _ = repeat.tick() => {
                let now = Instant::now();
                match watch.now() {
                    Connection::Connected => {}
                    Connection::Refused { .. } => {
                        if now.duration_since(*refused_since.get_or_insert(now)) > REFUSED_FOR {
                            return Ok(Answer::Unknown);
                        }
                        continue;
                    }
                    _ if connected_since.is_none() && patience.is_some_and(|most| now - begun > most) => {
                        client.close().await;
                        return Ok(Answer::Nobody);
                    }
                    _ => continue,
                }
                if now.duration_since(*connected_since.get_or_insert(now)) > PATIENCE {
                    bail!("the coordinator does not answer: see its log, and that it is of the same release");
                }
                // Repeated until it is answered.
                let _ = client.send(request.clone());
            }
        }
    }
}
