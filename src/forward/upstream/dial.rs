//! A new socket to the app.

use std::io;

use tokio::net::{TcpStream, UnixStream, lookup_host};

use crate::base::failure::Failure;
use crate::base::stream::Stream;
use crate::forward::target::{Place, Target};

/// Connects to the app: a name is resolved first, and every address it has is tried in turn.
///
/// # Errors
/// [`Failure::UpstreamConnect`] when nothing listens or the name has no address,
/// [`Failure::UpstreamConnectTimeout`] when that takes longer than `connect_timeout`, resolving included.
pub(in crate::forward) async fn dial(target: &Target) -> Result<Stream, Failure> {
    let connecting = tokio::time::timeout(target.connect_timeout(), connect(target.place()));
    match connecting.await {
        Ok(Ok(socket)) => Ok(socket),
        Ok(Err(_)) => Err(Failure::UpstreamConnect),
        Err(_) => Err(Failure::UpstreamConnectTimeout),
    }
}

async fn connect(place: &Place) -> io::Result<Stream> {
    match place {
        Place::Address(address) => tcp(TcpStream::connect(address).await?),
        Place::Name(host, port) => {
            let mut last = io::Error::from(io::ErrorKind::NotFound);
            for address in lookup_host((host.as_str(), *port)).await? {
                match TcpStream::connect(address).await {
                    Ok(stream) => return tcp(stream),
                    Err(error) => last = error,
                }
            }
            Err(last)
        }
        Place::Unix(path) => Ok(Stream::Unix(UnixStream::connect(path).await?)),
    }
}

fn tcp(stream: TcpStream) -> io::Result<Stream> {
    stream.set_nodelay(true)?;
    Ok(Stream::Tcp(stream))
}
