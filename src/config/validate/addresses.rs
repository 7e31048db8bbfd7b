//! Where the gate listens and where the app is: `listen`, `ops`, `admin`, `upstream`.

use std::net::SocketAddr;

use super::{Reading, Section, at_most};
use crate::config::raw::{Content, View};
use crate::config::report::Fault;
use crate::config::settings::{Address, Upstream, UpstreamTarget};
use crate::config::{defaults, networks, scalar};

/// Each has a socket per worker.
const MOST_ADDRESSES: usize = 16;

/// The gate's own addresses.
pub(super) struct Own {
    pub(super) listen: Vec<Address>,
    pub(super) ops: Address,
    pub(super) admin: Option<Address>,
}

/// Reads the addresses to listen on; no two of them may be the same.
pub(super) fn own(root: Section<'_>, reading: &mut Reading<'_>) -> Own {
    let mut taken: Vec<(Address, View<'_>)> = Vec::new();
    for view in at_most(MOST_ADDRESSES, root.get("listen").map(one_or_many).unwrap_or_default(), reading) {
        let place = view.get("address").unwrap_or(view);
        if let Some(address) = read(place) {
            claim(&mut taken, address, place, reading);
        }
    }
    let listen = taken.iter().map(|(address, _)| address.clone()).collect();
    let ops_view = root.get("ops");
    let ops = ops_view.and_then(read).or_else(|| networks::address(defaults::OPS).ok());
    if let Some((address, view)) = ops.clone().zip(ops_view.or(root.get("listen"))) {
        claim(&mut taken, address, view, reading);
    }
    let admin_view = root.get("admin");
    let admin = match admin_view {
        Some(view) if view.text().is_some_and(|text| scalar::word(text, &["off"]).is_some()) => None,
        Some(view) => read(view),
        None => networks::address(defaults::ADMIN).ok(),
    };
    if let Some((address, view)) = admin.clone().zip(admin_view) {
        if let Address::Tcp(socket) = address
            && !socket.ip().to_canonical().is_loopback()
        {
            let message = "the admin API changes things, so it listens on loopback or a unix socket only";
            let hint = format!("write 127.0.0.1:{}, unix:/run/sidegate/admin.sock or off", socket.port());
            reading.report.error(view.spot(), Fault::new(message, hint));
        }
        claim(&mut taken, address, view, reading);
    }
    Own { listen, ops: ops.unwrap_or(Address::Tcp(SocketAddr::from(([127, 0, 0, 1], 0)))), admin }
}

/// The item itself, or the items of a list.
pub(super) fn one_or_many(view: View<'_>) -> Vec<View<'_>> {
    match view.content() {
        Content::List(_) => view.items().collect(),
        Content::Null | Content::Scalar(_) | Content::Map(_) => vec![view],
    }
}

fn read(view: View<'_>) -> Option<Address> {
    networks::address(view.text()?).ok()
}

fn claim<'t>(
    taken: &mut Vec<(Address, View<'t>)>,
    address: Address,
    view: View<'t>,
    reading: &mut Reading<'_>,
) {
    if let Some((_, first)) = taken.iter().find(|(other, _)| overlap(other, &address)) {
        let message = "this address is already taken by another port of the gate";
        let hint = format!("it is used at `{}`, line {}", first.path(), first.line());
        reading.report.error(view.spot(), Fault::new(message, hint));
    }
    taken.push((address, view));
}

/// Whether two addresses cannot both be bound.
fn overlap(a: &Address, b: &Address) -> bool {
    match (a, b) {
        (Address::Tcp(a), Address::Tcp(b)) => {
            let is_same_port = a.port() == b.port() && a.port() != 0;
            let is_any = a.ip().is_unspecified() || b.ip().is_unspecified();
            is_same_port && (a.ip() == b.ip() || (is_any && a.is_ipv4() == b.is_ipv4()))
        }
        (Address::Unix(a), Address::Unix(b)) => a == b,
        (Address::Tcp(_), Address::Unix(_)) | (Address::Unix(_), Address::Tcp(_)) => false,
    }
}

/// Reads the app's address and its bounds; `None` when it is absent or was reported.
///
/// Security: an upstream that is the gate itself would make every request a loop.
pub(super) fn upstream(view: View<'_>, own: &[Address], reading: &mut Reading<'_>) -> Option<Upstream> {
    let section = Section(Some(view));
    let place = view.get("url").unwrap_or(view);
    let target = networks::upstream(place.text()?).ok()?;
    if own.iter().any(|address| leads_to(&target, address)) {
        let hint = "write the address the app listens on";
        reading
            .report
            .error(place.spot(), Fault::new("this is the address the gate itself listens on", hint));
    }
    let most = defaults::UPSTREAM_CONNECTIONS;
    Some(Upstream {
        target,
        connect_timeout: section.duration_or("connect_timeout", defaults::CONNECT_TIMEOUT),
        timeout: section.duration_or("timeout", defaults::UPSTREAM_TIMEOUT),
        idle_timeout: section.duration_or("idle_timeout", defaults::UPSTREAM_IDLE),
        max_connections: section.number("max_connections").unwrap_or(most),
    })
}

fn leads_to(target: &UpstreamTarget, own: &Address) -> bool {
    match (target, own) {
        (UpstreamTarget::Unix(a), Address::Unix(b)) => a == b,
        (UpstreamTarget::Tcp { host, port }, Address::Tcp(own)) => {
            let host = if host == "localhost" { "127.0.0.1" } else { host };
            let is_same_host = host.parse().is_ok_and(|ip: std::net::IpAddr| {
                ip == own.ip() || (own.ip().is_unspecified() && (ip.is_loopback() || ip.is_unspecified()))
            });
            *port == own.port() && is_same_host
        }
        (UpstreamTarget::Unix(_), Address::Tcp(_)) | (UpstreamTarget::Tcp { .. }, Address::Unix(_)) => false,
    }
}
