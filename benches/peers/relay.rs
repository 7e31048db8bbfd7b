//! The floor: what two sockets and a copy loop cost on the very runtime a worker of the gate runs on. No proxy that
//! understands requests can be cheaper.

use std::net::SocketAddr;

use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{LocalSet, spawn_local};

use crate::trouble::Tried;

/// As much as hyper reads at once.
const BLOCK: usize = 8 << 10;

/// Serves until the process is ended.
pub(crate) fn run(listen: SocketAddr, origin: SocketAddr) -> Tried<()> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&listen.into())?;
    socket.listen(4096)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async move {
        let listener = TcpListener::from_std(socket.into())?;
        loop {
            let (caller, _) = listener.accept().await?;
            spawn_local(async move {
                // A caller that went away, or an app that did, ends this pair and nothing else.
                let _ = join(caller, origin).await;
            });
        }
    })
}

async fn join(caller: TcpStream, origin: SocketAddr) -> Tried<()> {
    let app = TcpStream::connect(origin).await?;
    caller.set_nodelay(true)?;
    app.set_nodelay(true)?;
    let (from_caller, to_caller) = caller.into_split();
    let (from_app, to_app) = app.into_split();
    let back = spawn_local(copy(from_app, to_caller));
    copy(from_caller, to_app).await?;
    back.abort();
    Ok(())
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) -> Tried<()> {
    let mut block = vec![0; BLOCK];
    loop {
        let taken = from.read(&mut block).await?;
        if taken == 0 {
            to.shutdown().await?;
            return Ok(());
        }
        to.write_all(block.get(..taken).unwrap_or_default()).await?;
    }
}
