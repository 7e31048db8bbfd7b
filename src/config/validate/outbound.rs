//! `outbound`: the hosts the gate may fetch from, each with the roots it is believed by.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::{Reading, Section, at_most};
use crate::config::raw::View;
use crate::config::report::Fault;
use crate::config::settings::{Address, AllowedHost, Reach, authority_of};
use crate::config::{defaults, networks};

/// Each is gone through for every URL that is read.
const MOST_HOSTS: usize = 64;

/// Reads `outbound.allowed_hosts`.
pub(super) fn allowed_hosts(section: Section<'_>, reading: &mut Reading<'_>) -> Vec<Arc<AllowedHost>> {
    let written = section.get("allowed_hosts").map(|view| view.items().collect()).unwrap_or_default();
    let mut hosts: Vec<Arc<AllowedHost>> = Vec::new();
    for view in at_most(MOST_HOSTS, written, reading) {
        let Some(host) = allowed_host(view, reading) else { continue };
        if hosts.iter().any(|known| known.name == host.name && known.port == host.port) {
            let fault = Fault::new(format!("{} is named twice", host.written()), "keep one of the two");
            reading.report.error(view.spot(), fault);
            continue;
        }
        hosts.push(Arc::new(host));
    }
    hosts
}

fn allowed_host(view: View<'_>, reading: &mut Reading<'_>) -> Option<AllowedHost> {
    let section = Section(Some(view));
    let place = section.get("host").unwrap_or(view);
    let Some((name, port)) = authority_of(place.text()?) else {
        let hint = "write the name alone, as in keys.example.com or keys.example.com:8443; no *, no https://";
        reading.report.error(place.spot(), Fault::new("expected a host name", hint));
        return None;
    };
    let reach = if section.is_true("allow_private") { Reach::Private } else { Reach::Public };
    let roots = section.get("ca_file").and_then(|view| roots(view, reading));
    let address = section.get("address").and_then(|view| match networks::address(view.text()?).ok()? {
        Address::Tcp(address) => Some(address),
        Address::Unix(_) => {
            reading
                .report
                .error(view.spot(), Fault::new("expected an address and a port", "write 10.0.0.7:443"));
            None
        }
    });
    Some(AllowedHost { name, port, address, roots, reach })
}

/// Security: a file of roots that cannot be used is an error in both modes. To go on with the built-in ones would
/// believe hosts the operator did not mean to.
fn roots(view: View<'_>, reading: &mut Reading<'_>) -> Option<Arc<[u8]>> {
    let path = view.text()?;
    let bytes = match reading.sources.read_open(path, defaults::MOST_ROOTS_BYTES).1 {
        Ok(bytes) => bytes,
        Err(reason) => {
            reading.report.error(view.spot(), reason.fault(path));
            return None;
        }
    };
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        if certificate.ok().and_then(|certificate| store.add(certificate).ok()).is_none() {
            let message = format!("file {path} holds something that is no certificate");
            reading.report.error(view.spot(), Fault::new(message, "keep its BEGIN CERTIFICATE blocks alone"));
            return None;
        }
    }
    if store.is_empty() {
        let message = format!("file {path} holds no certificate");
        reading.report.error(view.spot(), Fault::new(message, "write the issuing CA's certificate as PEM"));
        return None;
    }
    Some(Arc::from(bytes.as_slice()))
}
