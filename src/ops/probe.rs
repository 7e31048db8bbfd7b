//! Whether the apps can be reached: a connection is opened and closed again, when someone asks and the last answer is
//! older than [`FRESH`]. Nobody asks, nobody is bothered.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use tokio::net::{TcpStream, UnixStream};
use tokio::sync::Mutex;

use crate::base::clock::{self, Mono};
use crate::config::settings::{Upstream, UpstreamTarget};

/// How long an answer is good for.
const FRESH: Duration = Duration::from_secs(2);
/// Longest probe: the kubelet waits one second for the whole answer.
const LONGEST: Duration = Duration::from_millis(700);

/// What was found.
pub(super) type Found = Result<(), String>;

/// The answers so far.
#[derive(Debug, Default)]
pub(super) struct Probes {
    known: RefCell<HashMap<UpstreamTarget, (Mono, Found)>>,
    /// One probe at a time; who waits finds the answer of who went first.
    turn: Mutex<()>,
}

impl Probes {
    /// Whether `upstream` can be reached, and why not.
    pub(super) async fn ask(&self, upstream: &Upstream) -> Found {
        let _turn = self.turn.lock().await;
        let now = clock::mono();
        if let Some((at, found)) = self.known.borrow().get(&upstream.target)
            && now.since(*at) < FRESH
        {
            return found.clone();
        }
        let found = connect(upstream).await;
        let mut known = self.known.borrow_mut();
        // Targets of former configurations do not pile up.
        known.retain(|_, (at, _)| now.since(*at) < FRESH);
        known.insert(upstream.target.clone(), (clock::mono(), found.clone()));
        found
    }
}

/// The target as an operator writes it.
pub(super) fn name(target: &UpstreamTarget) -> String {
    match target {
        UpstreamTarget::Tcp { host, port } if host.contains(':') => format!("[{host}]:{port}"),
        UpstreamTarget::Tcp { host, port } => format!("{host}:{port}"),
        UpstreamTarget::Unix(path) => format!("unix:{}", path.display()),
    }
}

async fn connect(upstream: &Upstream) -> Found {
    let longest = upstream.connect_timeout.min(LONGEST);
    let attempt = async {
        match &upstream.target {
            UpstreamTarget::Tcp { host, port } => TcpStream::connect((host.as_str(), *port)).await.map(drop),
            UpstreamTarget::Unix(path) => UnixStream::connect(path).await.map(drop),
        }
    };
    let name = name(&upstream.target);
    match tokio::time::timeout(longest, attempt).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(problem)) => Err(format!("{name}: {problem}; start the app or correct `upstream`")),
        Err(_) => Err(format!(
            "{name}: no connection within {} ms; is the app listening there, and not overloaded?",
            longest.as_millis()
        )),
    }
}

#[cfg(test)]
mod tests;
