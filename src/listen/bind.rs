//! Opens the listening sockets before any worker runs, so that a wrong address stops the start and nothing else.
//!
//! TCP: one socket per worker on the same address (`SO_REUSEPORT`), the kernel spreads the callers. A unix socket is
//! opened once and shared. Accepts nothing.

use std::fmt;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use crate::config::settings::Address;

/// Callers the kernel holds until they are accepted; it takes the smaller of this and `somaxconn`.
const BACKLOG: i32 = 4096;

/// What the kernel holds of a response before it goes out, bytes; by itself up to 4 MiB. It asks for more when half
/// of it has gone, so this also bounds how much a slow but steady caller must read in one `stalled_stream`.
const UNSENT: u32 = 128 * 1024;

/// Who may connect to a unix socket: owner and group.
const MODE: u32 = 0o660;

/// The listening sockets of the process.
#[derive(Debug)]
pub struct Listening {
    /// Where callers can connect: as configured, a port of 0 replaced by the one the kernel chose.
    pub addresses: Vec<Address>,
    /// One share per worker.
    pub shares: Vec<Share>,
    /// The files of unix sockets, removed when this is dropped; keep it until the process ends.
    pub files: Vec<SocketFile>,
}

/// The listening sockets of one worker.
#[derive(Debug)]
pub struct Share(pub(super) Vec<Open>);

/// One listening socket, not blocking.
#[derive(Debug)]
pub(super) enum Open {
    Tcp(std::net::TcpListener),
    Unix(std::os::unix::net::UnixListener),
}

/// A unix socket's file; dropping it removes it.
#[derive(Debug)]
pub struct SocketFile(PathBuf);

/// An address that cannot be listened on.
#[derive(Debug)]
pub struct BindFailed {
    /// The address as configured.
    pub address: Address,
    /// What the kernel said.
    pub error: io::Error,
}

/// Opens every address for so many workers.
///
/// # Errors
/// The first address that cannot be opened; those opened before are closed again.
pub fn bind(addresses: &[Address], workers: usize) -> Result<Listening, BindFailed> {
    let mut listening = Listening {
        addresses: Vec::new(),
        shares: std::iter::repeat_with(|| Share(Vec::new())).take(workers.max(1)).collect(),
        files: Vec::new(),
    };
    for address in addresses {
        let opened = match address {
            Address::Tcp(at) => tcp(*at, &mut listening),
            Address::Unix(path) => unix(path, &mut listening),
        };
        opened.map_err(|error| BindFailed { address: address.clone(), error })?;
    }
    Ok(listening)
}

fn tcp(at: SocketAddr, listening: &mut Listening) -> io::Result<()> {
    let mut at = at;
    refuse_company(at)?;
    for share in &mut listening.shares {
        let socket = Socket::new(Domain::for_address(at), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(true)?;
        // Accepted sockets inherit both: calls here instead of calls per connection.
        socket.set_tcp_nodelay(true)?;
        socket.set_tcp_notsent_lowat(UNSENT)?;
        socket.set_nonblocking(true)?;
        socket.bind(&at.into())?;
        socket.listen(BACKLOG)?;
        let listener = std::net::TcpListener::from(socket);
        at = listener.local_addr()?;
        share.0.push(Open::Tcp(listener));
    }
    listening.addresses.push(Address::Tcp(at));
    Ok(())
}

/// `SO_REUSEPORT` would let a second gate of the same user share the port unnoticed, and half of the callers would be
/// judged by another configuration. A socket without it cannot be bound while anyone listens there.
fn refuse_company(at: SocketAddr) -> io::Result<()> {
    if at.port() == 0 {
        return Ok(());
    }
    let probe = Socket::new(Domain::for_address(at), Type::STREAM, Some(Protocol::TCP))?;
    probe.set_reuse_address(true)?;
    probe.bind(&at.into())
}

fn unix(path: &Path, listening: &mut Listening) -> io::Result<()> {
    remove_stale(path)?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SockAddr::unix(path)?)?;
    listening.files.push(SocketFile(path.to_owned()));
    // Nobody can connect before `listen`, so the wider mode the file was made with is never usable.
    fs::set_permissions(path, fs::Permissions::from_mode(MODE))?;
    socket.listen(BACKLOG)?;
    let listener = std::os::unix::net::UnixListener::from(socket);
    for share in &mut listening.shares {
        share.0.push(Open::Unix(listener.try_clone()?));
    }
    listening.addresses.push(Address::Unix(path.to_owned()));
    Ok(())
}

/// Removes a socket file nobody answers behind; anything else in the way stays, and binding reports it.
fn remove_stale(path: &Path) -> io::Result<()> {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
    if !is_socket {
        return Ok(());
    }
    match UnixStream::connect(path) {
        Ok(_) => Err(io::Error::new(io::ErrorKind::AddrInUse, "another process listens on this socket")),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(_) => Ok(()),
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // A file that is gone already, or cannot be removed, is found stale at the next start.
        drop(fs::remove_file(&self.0));
    }
}

impl fmt::Display for BindFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.address {
            Address::Tcp(at) => write!(f, "cannot listen on {at}: {}", self.error),
            Address::Unix(path) => write!(f, "cannot listen on unix:{}: {}", path.display(), self.error),
        }
    }
}

impl std::error::Error for BindFailed {}

#[cfg(test)]
mod tests;
