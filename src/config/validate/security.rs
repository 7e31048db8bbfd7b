//! `security`: address lists, trusted proxies and the header they tell the client address by.

use std::sync::Arc;

use ipnet::IpNet;

use super::{Reading, Section};
use crate::base::nets::Networks;
use crate::config::raw::{Mark, View};
use crate::config::report::{Fault, Place, Spot};
use crate::config::settings::{ClientIpHeader, IpList, Security};
use crate::config::source::FileId;
use crate::config::{defaults, networks, scalar};

/// Reads the rules for every route, `webhook_secrets` excepted.
pub(super) fn security(section: Section<'_>, reading: &mut Reading<'_>) -> Security {
    let trusted = section.get("trusted_proxies");
    let mut trusted_proxies = Vec::new();
    for item in trusted.iter().flat_map(|view| view.items()) {
        let Some(net) = item.text().and_then(|text| networks::net(text).ok()) else { continue };
        if net.prefix_len() == 0 {
            let message = format!("{net} trusts every peer, so any caller could choose its own address");
            reading.report.error(item.spot(), Fault::new(message, "write the networks your proxies are in"));
        }
        trusted_proxies.push(net);
    }
    let header = section.get("client_ip_header");
    if let Some(header) = header
        && trusted.is_none()
    {
        let hint = "write security.trusted_proxies, or remove this key";
        reading.report.warn(
            header.key_spot(),
            Fault::new("without trusted_proxies this header is never believed", hint),
        );
    }
    let named = header.and_then(|view| view.text()).and_then(|text| scalar::header(text).ok());
    let client_ip_header = match named {
        Some(name) if name == "x-forwarded-for" => ClientIpHeader::XForwardedFor,
        Some(name) if name == "forwarded" => ClientIpHeader::Forwarded,
        Some(name) => ClientIpHeader::Single(name),
        None => ClientIpHeader::XForwardedFor,
    };
    let ip_allowlist = section.get("ip_allowlist").map(|view| ip_list(view, reading));
    let ip_denylist = section.get("ip_denylist").map(|view| ip_list(view, reading));
    if let Some((allow, deny)) = ip_allowlist.as_ref().zip(ip_denylist.as_ref()) {
        warn_of_blocked(section, allow, deny, reading);
    }
    Security { ip_allowlist, ip_denylist, trusted_proxies, client_ip_header }
}

/// An allow list whose every entry the deny list covers admits nobody; that is hardly meant.
fn warn_of_blocked(section: Section<'_>, allow: &IpList, deny: &IpList, reading: &mut Reading<'_>) {
    /// Beyond this the comparison of every pair is not worth its time.
    const MOST: usize = 500;
    let (allow, deny) = (allow.nets.list(), deny.nets.list());
    if allow.len() > MOST || deny.len() > MOST || allow.is_empty() {
        return;
    }
    let covered = |net: &IpNet| deny.iter().any(|(wide, _)| wide.contains(net));
    if allow.iter().all(|(net, _)| covered(net))
        && let Some(view) = section.get("ip_allowlist")
    {
        let message = "every entry is also denied, so nobody can call";
        reading.report.warn(view.key_spot(), Fault::new(message, "the deny list beats the allow list"));
    }
}

/// Reads a list of networks, inline or from a file with one a line.
pub(super) fn ip_list(view: View<'_>, reading: &mut Reading<'_>) -> IpList {
    if let Some(file) = view.get("file") {
        return file.text().map(|path| from_file(file, path, reading)).unwrap_or_default();
    }
    let nets = view.items().filter_map(|item| {
        let net = item.text().and_then(|text| networks::net(text).ok())?;
        Some((net, item.line()))
    });
    IpList { nets: Arc::new(Networks::new(nets.collect())), file_line: None }
}

/// Security: a file that cannot be read or holds no network is an error in both modes: an empty allow list would
/// shut everybody out, and an empty deny list would let everybody in.
fn from_file(view: View<'_>, path: &str, reading: &mut Reading<'_>) -> IpList {
    let (id, found) = reading.sources.read_open(path, defaults::MOST_LIST_BYTES);
    let bytes = match found {
        Ok(bytes) => bytes,
        Err(reason) => {
            reading.report.error(view.spot(), reason.fault(path));
            return IpList::default();
        }
    };
    let digest = reading.sources.digest(id);
    let file_line = Some(view.line());
    if let Some(nets) = reading.known.list(digest) {
        return IpList { nets, file_line };
    }
    let Ok(text) = std::str::from_utf8(&bytes) else {
        reading.report.error(view.spot(), Fault::new(format!("file {path} is not UTF-8"), ""));
        return IpList::default();
    };
    let before = reading.report.found();
    let nets = Arc::new(Networks::new(lines(text, (id, view), reading)));
    if nets.list().is_empty() && !reading.report.has_errors() {
        let fault = Fault::new(format!("file {path} holds no network"), "write one address or CIDR a line");
        reading.report.error(view.spot(), fault);
    }
    if reading.report.found() == before {
        reading.known.add_list(digest, &nets);
    }
    IpList { nets, file_line }
}

/// The networks of a file, one a line; what a verdict names is the line of the configuration that names the file.
fn lines(text: &str, (id, view): (FileId, View<'_>), reading: &mut Reading<'_>) -> Vec<(IpNet, u32)> {
    /// Bytes of the shortest lines, about; a list is rarely longer than this makes room for.
    const SHORT_LINE: usize = 12;
    let mut nets = Vec::with_capacity(text.len() / SHORT_LINE);
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(net) = networks::plain_v4(line.as_bytes()) {
            nets.push((IpNet::V4(net), 0));
            continue;
        }
        let entry = line.split('#').next().unwrap_or("").trim();
        if entry.is_empty() {
            continue;
        }
        match networks::net(entry) {
            Ok(net) => nets.push((net, 0)),
            Err(fault) if reading.report.is_full() => {
                reading.report.error(view.spot(), fault);
                break;
            }
            Err(fault) => {
                let mark = Mark { line: number, column: 1, ..Mark::default() };
                reading.report.error(Spot { place: Place::File(id, mark), path: view.path() }, fault);
            }
        }
    }
    nets.shrink_to_fit();
    nets
}
