//! `url` of a secret: where a public key is fetched from. Reads it against the hosts that are allowed; fetches nothing.

use std::sync::Arc;

use super::{Reading, Section};
use crate::config::defaults;
use crate::config::raw::View;
use crate::config::report::Fault;
use crate::config::settings::{FetchRule, NoPlace, Place, Remote};
use crate::scheme::Plan;

/// The word for the certificate that each message names.
const BY_MESSAGE: &str = "message";

/// Reads `url`, `refresh` and `max_stale` of an entry.
pub(super) fn remote(section: Section<'_>, reading: &mut Reading<'_>) -> Option<Arc<Remote>> {
    let view = section.get("url")?;
    if section.word("url", &[BY_MESSAGE]).is_some() {
        if reading.outbound.is_empty() {
            let hint =
                "write outbound: {allowed_hosts: [sns.us-east-1.amazonaws.com]} with the provider's own";
            reading.report.error(view.spot(), Fault::new("no host may be fetched from", hint));
            return None;
        }
        return Some(Arc::new(Remote::Named(reading.outbound.clone())));
    }
    let place = match Place::parse(view.text()?, &reading.outbound) {
        Ok(place) => place,
        Err(NoPlace::Malformed) => {
            let message =
                "keys are fetched over https alone, from https://HOST/PATH without user or fragment";
            reading.report.error(view.spot(), Fault::new(message, "write the provider's own https URL"));
            return None;
        }
        Err(NoPlace::NotAllowed(host)) => {
            let message = format!("nothing may be fetched from {host}");
            let hint =
                format!("if that is right, write outbound: {{allowed_hosts: [{host}]}} at the top level");
            reading.report.error(view.spot(), Fault::new(message, hint));
            return None;
        }
    };
    let refresh = section.duration_or("refresh", defaults::KEY_REFRESH);
    let max_stale = section.duration_or("max_stale", defaults::KEY_MAX_STALE);
    if max_stale < refresh {
        let message = "max_stale is shorter than refresh, so the keys would be missing between two fetches";
        let spot = section.get("max_stale").or(section.get("refresh")).unwrap_or(view).spot();
        reading.report.error(spot, Fault::new(message, "write a refresh of at most half of max_stale"));
    }
    Some(Arc::new(Remote::At(FetchRule { place, refresh, max_stale })))
}

/// Tells of a `url` the scheme has no use for: a secret is never fetched, and not every provider's messages name a
/// certificate.
pub(super) fn judge(view: View<'_>, remote: &Remote, plan: &Plan, reading: &mut Reading<'_>) {
    let fault = match remote {
        _ if !plan.is_public_key() => {
            Fault::new("only public keys are fetched; this scheme has a secret", "write value or file")
        }
        Remote::Named(_) if !plan.names_certificate() => {
            let message = "messages of this provider name no certificate that could be believed";
            Fault::new(message, "write the https URL of its keys")
        }
        Remote::Named(_) | Remote::At(_) => return,
    };
    reading.report.error(view.get("url").unwrap_or(view).spot(), fault);
}
