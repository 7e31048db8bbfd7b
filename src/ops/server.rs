//! The sockets of the ops and admin ports and the small HTTP/1 server on them. Bounded: connections, head, time.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::TcpListener as StdTcpListener;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener as StdUnixListener, UnixStream as StdUnixStream};
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, UnixListener};
use tokio::task::AbortHandle;

use super::{Desk, admin, public};
use crate::config::settings::Address;

/// Connections of one port at once; one more ends the oldest, so that nobody can keep the probes out.
const MOST_CONNECTIONS: usize = 64;
/// Longest time for a request head.
const HEAD: Duration = Duration::from_secs(5);
/// Longest life of a connection: longer than any answer takes, and a reader that does not read ends with it.
const LIFE: Duration = Duration::from_secs(90);
/// Bytes of a request head.
const HEAD_SIZE: usize = 16 * 1024;
/// Pause after a failed accept (no descriptors left).
const REST: Duration = Duration::from_millis(200);

/// Which port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// Health, readiness, metrics.
    Ops,
    /// Changes and secrets-free insight, for this machine only.
    Admin,
}

impl Port {
    /// The config key.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ops => "ops",
            Self::Admin => "admin",
        }
    }
}

/// How a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Via {
    Tcp,
    Unix,
}

/// A port that cannot be opened.
#[derive(Debug)]
pub struct BindError {
    /// Which.
    pub port: Port,
    /// Where.
    pub address: Address,
    /// Why not.
    pub cause: io::Error,
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.port.word();
        write!(f, "{key}: cannot listen on {} ({}); ", shown(&self.address), self.cause)?;
        let kind = self.cause.kind();
        if kind == io::ErrorKind::AddrInUse {
            write!(f, "end the process that has it, or give `{key}` another address")
        } else if kind == io::ErrorKind::PermissionDenied {
            write!(f, "give `{key}` a port above 1023 or a writable directory")
        } else {
            write!(f, "give `{key}` an address of this machine")
        }
    }
}

impl std::error::Error for BindError {}

/// An address as the config writes it.
pub(super) fn shown(address: &Address) -> String {
    match address {
        Address::Tcp(address) => address.to_string(),
        Address::Unix(path) => format!("unix:{}", path.display()),
    }
}

/// An open socket, not yet served.
#[derive(Debug)]
pub(super) enum Door {
    Tcp(StdTcpListener),
    Unix(StdUnixListener),
}

impl Door {
    /// Opens the socket of `port`.
    pub(super) fn open(port: Port, address: &Address) -> Result<Self, BindError> {
        let failed = |cause| BindError { port, address: address.clone(), cause };
        match address {
            Address::Tcp(address) => {
                let listener = StdTcpListener::bind(address).map_err(failed)?;
                listener.set_nonblocking(true).map_err(failed)?;
                Ok(Self::Tcp(listener))
            }
            Address::Unix(path) => {
                let listener = open_unix(port, path).map_err(failed)?;
                listener.set_nonblocking(true).map_err(failed)?;
                Ok(Self::Unix(listener))
            }
        }
    }

    /// Where it is, the port the kernel chose included.
    pub(super) fn address(&self, asked: &Address) -> Address {
        match self {
            Self::Tcp(listener) => listener.local_addr().map_or_else(|_| asked.clone(), Address::Tcp),
            Self::Unix(_) => asked.clone(),
        }
    }

    /// Serves until the runtime ends.
    pub(super) async fn serve(self, port: Port, desk: Rc<Desk>) -> io::Result<()> {
        match self {
            Self::Tcp(listener) => {
                let listener = TcpListener::from_std(listener)?;
                let mut crowd = Crowd::default();
                loop {
                    match listener.accept().await {
                        Ok((stream, _)) => crowd.add(talk(stream, port, Via::Tcp, Rc::clone(&desk))),
                        Err(_) => tokio::time::sleep(REST).await,
                    }
                }
            }
            Self::Unix(listener) => {
                let listener = UnixListener::from_std(listener)?;
                let mut crowd = Crowd::default();
                loop {
                    match listener.accept().await {
                        Ok((stream, _)) => crowd.add(talk(stream, port, Via::Unix, Rc::clone(&desk))),
                        Err(_) => tokio::time::sleep(REST).await,
                    }
                }
            }
        }
    }
}

/// Opens a unix socket; a socket file nobody listens on any more is in no one's way. The admin socket is for the
/// gate's own user alone.
fn open_unix(port: Port, path: &Path) -> io::Result<StdUnixListener> {
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
    let is_dead =
        || StdUnixStream::connect(path).is_err_and(|why| why.kind() == io::ErrorKind::ConnectionRefused);
    if is_socket && is_dead() {
        std::fs::remove_file(path)?;
    }
    let listener = StdUnixListener::bind(path)?;
    let mode = match port {
        Port::Ops => 0o666,
        Port::Admin => 0o600,
    };
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    Ok(listener)
}

/// The connections of one port, oldest first.
#[derive(Debug, Default)]
struct Crowd(VecDeque<AbortHandle>);

impl Crowd {
    fn add(&mut self, talk: impl Future<Output = ()> + 'static) {
        self.0.retain(|connection| !connection.is_finished());
        if self.0.len() >= MOST_CONNECTIONS
            && let Some(oldest) = self.0.pop_front()
        {
            oldest.abort();
        }
        self.0.push_back(tokio::task::spawn_local(talk).abort_handle());
    }
}

async fn talk<S>(stream: S, port: Port, via: Via, desk: Rc<Desk>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + 'static,
{
    let service = service_fn(move |request| {
        let desk = Rc::clone(&desk);
        async move {
            let answer = match port {
                Port::Ops => public::answer(&desk, &request).await,
                Port::Admin => admin::answer(&desk, via, &request).await,
            };
            Ok::<_, Infallible>(answer)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_SIZE)
        .serve_connection(TokioIo::new(stream), service);
    // A caller that breaks off or speaks no HTTP has its connection closed and needs no line in the log.
    let _ = tokio::time::timeout(LIFE, connection).await;
}

#[cfg(test)]
mod tests;
