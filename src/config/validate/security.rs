//! `security`: address lists, trusted proxies and the header they tell the client address by.

use ipnet::IpNet;

use super::{Reading, Section};
use crate::config::raw::{Mark, View};
use crate::config::report::{Fault, Place, Spot};
use crate::config::settings::{ClientIpHeader, IpList, Security};
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
    if allow.nets.len() > MOST || deny.nets.len() > MOST || allow.nets.is_empty() {
        return;
    }
    let covered = |net: &IpNet| deny.nets.iter().any(|(wide, _)| wide.contains(net));
    if allow.nets.iter().all(|(net, _)| covered(net))
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
    IpList { nets: nets.collect() }
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
    let Ok(text) = std::str::from_utf8(&bytes) else {
        reading.report.error(view.spot(), Fault::new(format!("file {path} is not UTF-8"), ""));
        return IpList::default();
    };
    let mut list = IpList::default();
    for (number, line) in (1..).zip(text.lines()) {
        let entry = line.split('#').next().unwrap_or("").trim();
        if entry.is_empty() {
            continue;
        }
        match networks::net(entry) {
            // Verdicts name lines of the configuration file: the one that names this file.
            Ok(net) => list.nets.push((net, view.line())),
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
    if list.nets.is_empty() && !reading.report.has_errors() {
        let fault = Fault::new(format!("file {path} holds no network"), "write one address or CIDR a line");
        reading.report.error(view.spot(), fault);
    }
    list
}
