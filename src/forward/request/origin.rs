//! The fields that tell the app who called and by what way.

use http::header::{FORWARDED, HOST};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::base::request_id::RequestId;
use crate::base::seen::{Field, Seen};
use crate::check::{Identity, Upgrade};
use crate::forward::answer::REQUEST_ID;
use crate::forward::names::PeerTrust;
use crate::forward::outgoing::write_labelled;
use crate::forward::rules::ForwardRules;

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

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
    /// Appends to what a trusted proxy said about forwarding. What anyone else said is gone already.
    pub(super) fn append(&self, headers: &mut HeaderMap) {
        match self.trust {
            PeerTrust::Untrusted => {}
            PeerTrust::Trusted => self.append_hop(headers),
        }
    }

    fn append_hop(&self, headers: &mut HeaderMap) {
        append(headers, &X_FORWARDED_FOR, self.peer.as_bytes());
        if headers.contains_key(FORWARDED) {
            let bare = !self.peer.as_bytes().contains(&b':');
            let (open, close): (&[u8], &[u8]) = if bare { (b"for=", b"") } else { (b"for=\"[", b"]\"") };
            append(headers, &FORWARDED, &[open, self.peer.as_bytes(), close].concat());
        }
    }

    /// Writes the gate's fields behind `headers`, which are all others: what the caller sent under these names is gone,
    /// but for what a trusted proxy said and a request id.
    pub(super) fn tell(&self, out: &mut Vec<u8>, headers: &HeaderMap, rules: &ForwardRules, seen: Seen) {
        let (mut told_proto, mut told_host) = (false, false);
        match self.trust {
            PeerTrust::Untrusted => write_labelled(out, "x-forwarded-for: ", self.client.as_bytes()),
            PeerTrust::Trusted => {
                told_proto = headers.contains_key(&X_FORWARDED_PROTO);
                told_host = headers.contains_key(&X_FORWARDED_HOST);
            }
        }
        if !told_proto {
            out.extend_from_slice(b"x-forwarded-proto: http\r\n");
        }
        if let Some(host) = headers.get(HOST).filter(|_| !told_host) {
            write_labelled(out, "x-forwarded-host: ", host.as_bytes());
        }
        // One that was seen may be gone since.
        if !seen.has(Field::RequestId) || !headers.contains_key(REQUEST_ID) {
            write_labelled(out, "x-request-id: ", self.id.as_bytes());
        }
        self.tell_identity(out, rules);
    }

    fn tell_identity(&self, out: &mut Vec<u8>, rules: &ForwardRules) {
        let Identity { route, subject, key_id, secret_id: _, roles } = self.identity;
        let labels = &rules.identity;
        if let Some(route) = route.and_then(|index| rules.routes.get(index)) {
            write_labelled(out, &labels.route, route.as_bytes());
        }
        // Security: subjects and roles are of the operator's choice; what no field can hold is not written into one. An
        // id holds letters, digits and `_.:-`: its type has it so.
        if let Some(subject) = subject.as_deref().filter(|text| is_field_value(text.as_bytes())) {
            write_labelled(out, &labels.subject, subject.as_bytes());
        }
        if let Some(id) = key_id {
            write_labelled(out, &labels.key_id, id.as_str().as_bytes());
        }
        if let Some(roles) = roles.as_deref().filter(|text| is_field_value(text.as_bytes())) {
            write_labelled(out, &labels.roles, roles.as_bytes());
        }
        write_labelled(out, &labels.client_ip, self.client.as_bytes());
    }
}

/// As `HeaderValue::from_bytes` has it (RFC 9110 §5.5): no control character but the tab.
fn is_field_value(text: &[u8]) -> bool {
    text.iter().all(|byte| (*byte >= 0x20 && *byte != 0x7f) || *byte == b'\t')
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
