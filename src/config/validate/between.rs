//! Rules between parts of the file that stand far apart.

use http::header::HeaderName;

use super::routes::Written;
use super::{Reading, Section};
use crate::config::raw::View;
use crate::config::report::Fault;
use crate::config::settings::{ClientIpHeader, KeyLocation, Limits, Require, Security};
use crate::config::units::size_text;

/// A signed body is held, so one larger than all held bodies together could never pass.
pub(super) fn judge_bodies(routes: &[Written<'_>], limits: &Limits, reading: &mut Reading<'_>) {
    let most = limits.buffered_total;
    for Written { route, view } in routes {
        let is_held = route.holds_body();
        if is_held
            && route.max_body.is_some_and(|size| size > most)
            && let Some(place) = Section(Some(*view)).section("body").get("max_size")
            && !reading.report.has_error_at(&place.spot())
        {
            let message =
                format!("a signed body is held, and all held bodies together have {}", size_text(most));
            let hint = "write a smaller size, or a larger limits.buffered_total";
            reading.report.error(place.spot(), Fault::new(message, hint));
        }
    }
}

/// Security: a scheme that only reads who the sender says it is lets in whoever knows the name.
pub(super) fn judge_proofs(routes: &[Written<'_>], security: &Security, reading: &mut Reading<'_>) {
    for Written { route, view } in routes {
        let Some(signature) = route.signature.as_ref().filter(|own| own.plan.only_identifies()) else {
            continue;
        };
        let lists = [&route.ip_allowlist, &security.ip_allowlist].into_iter().flatten();
        let is_listed = lists.into_iter().any(|list| list.nets.iter().all(|net| net.prefix_len() > 0));
        let has_other = route.shared_secret.is_some() || route.api_key.is_some();
        if is_listed || (has_other && route.require == Require::All) {
            continue;
        }
        let place = Section(Some(*view)).get("signature").unwrap_or(*view);
        let message = format!("{} proves nothing: it reads whom the sender names", signature.provider);
        let hint = "write ip_allowlist with the provider's addresses or those of the proxy that asks for its client \
                    certificate, or a further credential with require: all";
        reading.report.error(place.key_spot(), Fault::new(message, hint));
    }
}

/// Security: what callers send under the identity prefix is removed, so no credential may stand there.
pub(super) fn judge_prefix(
    root: Section<'_>,
    routes: &[Written<'_>],
    (prefix, security): (&str, &Security),
    reading: &mut Reading<'_>,
) {
    let mut used: Vec<(HeaderName, View<'_>)> = Vec::new();
    for Written { route, view } in routes {
        let signed = route.signature.iter().flat_map(|signature| signature.plan.headers());
        let shared = route.shared_secret.iter().map(|shared| &shared.header);
        let keys = route.api_key.iter().flat_map(|keys| &keys.locations).filter_map(|place| match place {
            KeyLocation::Header(name) => Some(name),
            KeyLocation::Bearer | KeyLocation::Basic | KeyLocation::Cookie(_) | KeyLocation::Query(_) => None,
        });
        used.extend(signed.chain(shared).chain(keys).map(|name| (name.clone(), *view)));
    }
    if let ClientIpHeader::Single(name) = &security.client_ip_header
        && let Some(view) = root.section("security").get("client_ip_header")
    {
        used.push((name.clone(), view));
    }
    for (name, view) in used {
        if name.as_str().starts_with(prefix) {
            let place = root.section("identity_headers").get("prefix").unwrap_or(view);
            let message =
                format!("callers' headers that begin with {prefix} are removed, and {name} is one of them");
            let hint = "choose another identity_headers.prefix, or another header";
            reading.report.error(place.spot(), Fault::new(message, hint));
        }
    }
}
