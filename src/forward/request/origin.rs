//! The fields that tell the app who called and by what way.

use http::header::{FORWARDED, HOST};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::base::request_id::RequestId;
use crate::check::{Identity, Upgrade};
use crate::forward::answer::{REQUEST_ID, id_value};
use crate::forward::names::PeerTrust;
use crate::forward::rules::ForwardRules;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Who called and by what way, as told to the app.
#[derive(Clone, Copy, Debug)]
pub(in crate::forward) struct Origin<'a> {
    /// Who.
    pub(in crate::forward) identity: &'a Identity,
    /// The client's address.
    pub(in crate::forward) client: &'a HeaderValue,
    /// The socket peer's address.
    pub(in crate::forward) peer: &'a HeaderValue,
    /// Whether the peer's forwarding fields are kept.
    pub(in crate::forward) trust: PeerTrust,
    /// The request's name.
    pub(in crate::forward) id: &'a RequestId,
    /// The protocol switch that was granted.
    pub(in crate::forward) upgrade: Upgrade,
}

impl Origin<'_> {
    /// Adds the gate's fields. Whatever the caller sent under these names is gone already, except what a trusted
    /// proxy said about forwarding.
    pub(super) fn tell(&self, headers: &mut HeaderMap, rules: &ForwardRules) {
        match self.trust {
            PeerTrust::Untrusted => self.tell_afresh(headers),
            PeerTrust::Trusted => self.tell_more(headers),
        }
        if !headers.contains_key(REQUEST_ID) {
            headers.insert(REQUEST_ID, id_value(self.id));
        }
        self.tell_identity(headers, rules);
    }

    fn tell_afresh(&self, headers: &mut HeaderMap) {
        headers.insert(X_FORWARDED_FOR, self.client.clone());
        headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static("http"));
        if let Some(host) = headers.get(HOST).cloned() {
            headers.insert(X_FORWARDED_HOST, host);
        }
    }

    fn tell_more(&self, headers: &mut HeaderMap) {
        append(headers, &X_FORWARDED_FOR, self.peer.as_bytes());
        if headers.contains_key(FORWARDED) {
            let bare = !self.peer.as_bytes().contains(&b':');
            let (open, close): (&[u8], &[u8]) = if bare { (b"for=", b"") } else { (b"for=\"[", b"]\"") };
            append(headers, &FORWARDED, &[open, self.peer.as_bytes(), close].concat());
        }
        if !headers.contains_key(X_FORWARDED_PROTO) {
            headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static("http"));
        }
        if !headers.contains_key(X_FORWARDED_HOST)
            && let Some(host) = headers.get(HOST).cloned()
        {
            headers.insert(X_FORWARDED_HOST, host);
        }
    }

    fn tell_identity(&self, headers: &mut HeaderMap, rules: &ForwardRules) {
        let Identity { route, subject, key_id, secret_id: _, roles } = self.identity;
        let names = &rules.identity;
        if let Some(route) = route.and_then(|index| rules.routes.get(index)) {
            headers.insert(names.route.clone(), route.clone());
        }
        let told = [
            (&names.subject, subject.as_deref()),
            (&names.key_id, key_id.as_ref().map(crate::base::name::KeyId::as_str)),
            (&names.roles, roles.as_deref()),
        ];
        for (name, text) in told {
            if let Some(value) = text.and_then(|text| HeaderValue::from_bytes(text.as_bytes()).ok()) {
                headers.insert(name.clone(), value);
            }
        }
        headers.insert(names.client_ip.clone(), self.client.clone());
    }
}

/// Puts `element` at the end of the list field `name`, on one line: some apps read only one.
fn append(headers: &mut HeaderMap, name: &HeaderName, element: &[u8]) {
    let mut list = Vec::new();
    for line in headers.get_all(name) {
        list.extend_from_slice(line.as_bytes());
        list.extend_from_slice(b", ");
    }
    list.extend_from_slice(element);
    if let Ok(value) = HeaderValue::from_bytes(&list) {
        headers.insert(name.clone(), value);
    }
}
