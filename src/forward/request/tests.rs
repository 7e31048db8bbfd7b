use std::sync::Arc;
use std::time::Duration;

use http::Request;

use super::*;
use crate::base::name::KeyId;
use crate::base::request_id::{RequestId, RequestIds};
use crate::check::Identity;
use crate::forward::body::PaceRules;
use crate::forward::names::PeerTrust;
use crate::forward::rules::IdentityLabels;

fn rules() -> ForwardRules {
    ForwardRules {
        names: Names::new("x-sidegate-", None, vec![HeaderName::from_static("x-hub-signature-256")]),
        identity: IdentityLabels::new("x-sidegate-"),
        routes: vec![HeaderValue::from_static("github")],
        pace: PaceRules { idle: Duration::from_secs(15), rate: 240, grace: Duration::from_secs(10) },
        silence: Duration::from_secs(60),
    }
}

/// A request of the untrusted peer 192.0.2.7 for route 0.
struct Case {
    parts: Parts,
    trust: PeerTrust,
    peer: &'static str,
    weight: Weight,
    identity: Identity,
    upgrade: Upgrade,
    id: RequestId,
}

impl Case {
    fn new(method: &str, uri: &str, fields: &[(&str, &str)]) -> Self {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        Self {
            parts: request.body(()).expect("a request").into_parts().0,
            trust: PeerTrust::Untrusted,
            peer: "192.0.2.7",
            weight: Weight::None,
            identity: Identity { route: Some(0), ..Identity::default() },
            upgrade: Upgrade::None,
            id: RequestIds::new(1, 2).next_id(),
        }
    }

    fn get(fields: &[(&str, &str)]) -> Self {
        Self::new("GET", "/a/b?c=d", &[&[("host", "app.example")], fields].concat())
    }

    fn trusted(mut self) -> Self {
        self.trust = PeerTrust::Trusted;
        self
    }

    fn weighing(mut self, weight: Weight) -> Self {
        self.weight = weight;
        self
    }

    fn http2(mut self) -> Self {
        self.parts.version = Version::HTTP_2;
        self
    }

    fn prepare(&mut self) -> Result<Reuse, Failure> {
        self.framed().map(|(_, reuse)| reuse)
    }

    fn framed(&mut self) -> Result<(Framing, Reuse), Failure> {
        let peer = HeaderValue::from_static(self.peer);
        let origin = Origin {
            identity: &self.identity,
            client: &peer,
            peer: &peer,
            trust: self.trust,
            id: &self.id,
            upgrade: self.upgrade,
        };
        let mut head = b"left over".to_vec();
        let written = write(&mut head, &mut self.parts, &rules(), &origin, self.weight)?;
        self.read(&head);
        Ok(written)
    }

    /// What an app reads.
    fn read(&mut self, head: &[u8]) {
        let mut fields = [httparse::EMPTY_HEADER; 100];
        let mut request = httparse::Request::new(&mut fields);
        assert_eq!(request.parse(head), Ok(httparse::Status::Complete(head.len())));
        assert_eq!((request.method, request.version), (Some(self.parts.method.as_str()), Some(1)));
        self.parts.uri = request.path.expect("a target").parse().expect("a target");
        self.parts.headers = HeaderMap::new();
        for field in request.headers.iter() {
            let name = HeaderName::from_bytes(field.name.as_bytes()).expect("a name");
            self.parts.headers.append(name, HeaderValue::from_bytes(field.value).expect("a value"));
        }
    }

    fn sent(mut self) -> Parts {
        self.prepare().expect("can be sent");
        self.parts
    }
}

fn values<'a>(parts: &'a Parts, name: &str) -> Vec<&'a str> {
    parts.headers.get_all(name).iter().map(|value| value.to_str().expect("text")).collect()
}

#[test]
fn an_ordinary_request_keeps_its_fields_and_gains_ours() {
    let sent =
        Case::get(&[("accept", "*/*"), ("user-agent", "test"), ("x-forwarded-for", "10.0.0.1")]).sent();
    assert_eq!(sent.uri, "/a/b?c=d");
    let mut told: Vec<_> =
        sent.headers.iter().map(|(n, v)| format!("{n}: {}", v.to_str().expect("text"))).collect();
    told.sort();
    assert_eq!(
        told,
        [
            "accept: */*",
            "host: app.example",
            "user-agent: test",
            "x-forwarded-for: 192.0.2.7",
            "x-forwarded-host: app.example",
            "x-forwarded-proto: http",
            &format!("x-request-id: {}", RequestIds::new(1, 2).next_id()),
            "x-sidegate-client-ip: 192.0.2.7",
            "x-sidegate-route: github",
        ]
    );
}

#[test]
fn the_identity_is_ours_alone() {
    let mut case = Case::get(&[
        ("x-sidegate-subject", "admin"),
        ("x_sidegate_subject", "admin"),
        ("x-sidegate-roles", "admin"),
        ("x-sidegate-anything", "1"),
        ("connection", "x-sidegate-route, x-sidegate-client-ip, x-forwarded-for"),
    ]);
    case.identity = Identity {
        route: Some(0),
        subject: Some(Arc::from("Müller & Co")),
        key_id: Some(KeyId::parse("k1").expect("a name")),
        secret_id: None,
        roles: Some(Arc::from("reader,writer")),
    };
    let sent = case.sent();
    assert_eq!(sent.headers["x-sidegate-subject"], "Müller & Co".as_bytes());
    assert_eq!(values(&sent, "x-sidegate-key-id"), ["k1"]);
    assert_eq!(values(&sent, "x-sidegate-roles"), ["reader,writer"]);
    assert_eq!(values(&sent, "x-sidegate-route"), ["github"]);
    assert_eq!(values(&sent, "x-sidegate-client-ip"), ["192.0.2.7"]);
    assert_eq!(values(&sent, "x-forwarded-for"), ["192.0.2.7"]);
    for gone in ["x_sidegate_subject", "x-sidegate-anything", "connection"] {
        assert!(values(&sent, gone).is_empty(), "{gone}");
    }
}

#[test]
fn an_unauthenticated_request_carries_no_identity() {
    let sent = Case::get(&[("x-sidegate-key-id", "k1")]).sent();
    for name in ["x-sidegate-subject", "x-sidegate-key-id", "x-sidegate-roles"] {
        assert!(values(&sent, name).is_empty(), "{name}");
    }
}

#[test]
fn a_trusted_proxy_is_appended_to() {
    let sent = Case::get(&[
        ("x-forwarded-for", "203.0.113.9"),
        ("x-forwarded-for", "10.0.0.2"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "public.example"),
        ("forwarded", "for=203.0.113.9"),
        ("x_forwarded_for", "6.6.6.6"),
    ])
    .trusted()
    .sent();
    assert_eq!(values(&sent, "x-forwarded-for"), ["203.0.113.9, 10.0.0.2, 192.0.2.7"]);
    assert_eq!(values(&sent, "x-forwarded-proto"), ["https"]);
    assert_eq!(values(&sent, "x-forwarded-host"), ["public.example"]);
    assert_eq!(values(&sent, "forwarded"), ["for=203.0.113.9, for=192.0.2.7"]);
    assert!(values(&sent, "x_forwarded_for").is_empty());
}

#[test]
fn an_ipv6_proxy_is_quoted_in_forwarded() {
    let mut case = Case::get(&[("forwarded", "for=203.0.113.9")]).trusted();
    case.peer = "2001:db8::1";
    let sent = case.sent();
    assert_eq!(values(&sent, "forwarded"), ["for=203.0.113.9, for=\"[2001:db8::1]\""]);
    assert_eq!(values(&sent, "x-forwarded-for"), ["2001:db8::1"]);
}

#[test]
fn what_connection_nominates_goes_but_never_the_framing() {
    let fields = [
        ("connection", "close, X-Hop, content-length ,Host,transfer-encoding"),
        ("x-hop", "1"),
        ("content-length", "5"),
    ];
    let sent = Case::get(&fields).weighing(Weight::Whole(5)).sent();
    assert!(values(&sent, "x-hop").is_empty());
    assert_eq!(values(&sent, "content-length"), ["5"]);
    assert_eq!(values(&sent, "host"), ["app.example"]);
}

#[test]
fn a_length_stays_a_length_and_chunks_stay_chunks() {
    let sent =
        Case::new("POST", "/", &[("host", "a"), ("content-length", "5")]).weighing(Weight::Stream).sent();
    assert_eq!(values(&sent, "content-length"), ["5"]);
    assert!(values(&sent, "transfer-encoding").is_empty());
    for weight in [Weight::Stream, Weight::Whole(5), Weight::Whole(0), Weight::WholeWithTrailers(5)] {
        let fields = [("host", "a"), ("transfer-encoding", "Chunked"), ("trailer", "x-sum")];
        let sent = Case::new("POST", "/", &fields).weighing(weight).sent();
        assert_eq!(values(&sent, "transfer-encoding"), ["chunked"]);
        assert_eq!(values(&sent, "trailer"), ["x-sum"]);
        assert!(values(&sent, "content-length").is_empty());
    }
}

#[test]
fn a_declared_length_that_is_not_the_bodys_is_never_sent() {
    for (declared, weight) in [
        ("5", Weight::Whole(4)),
        ("5", Weight::None),
        ("+5", Weight::Whole(5)),
        ("5, 5", Weight::Stream),
        ("", Weight::Stream),
        ("99999999999999999999", Weight::Stream),
    ] {
        let fields = [("host", "a"), ("content-length", declared)];
        let result = Case::new("POST", "/", &fields).weighing(weight).prepare();
        assert_eq!(result, Err(Failure::Internal), "{declared:?} {weight:?}");
    }
}

#[test]
fn the_framing_told_is_the_framing_sent() {
    let length = ("content-length", "5");
    let coding = ("transfer-encoding", "chunked");
    for (field, weight, framing) in [
        (Some(length), Weight::Whole(5), Framing::Length(5)),
        (Some(length), Weight::WholeWithTrailers(5), Framing::Length(5)),
        (Some(length), Weight::Stream, Framing::Length(5)),
        (Some(coding), Weight::Stream, Framing::Chunked),
        (Some(coding), Weight::Whole(0), Framing::Chunked),
        (Some(("content-length", "0")), Weight::None, Framing::None),
        (None, Weight::Stream, Framing::Chunked),
        (None, Weight::WholeWithTrailers(5), Framing::Chunked),
        (None, Weight::Whole(5), Framing::Length(5)),
        (None, Weight::Whole(0), Framing::None),
        (None, Weight::None, Framing::None),
    ] {
        let fields: Vec<_> = [("host", "a")].into_iter().chain(field).collect();
        let mut case = Case::new("POST", "/", &fields).weighing(weight);
        let (told, _) = case.framed().expect("can be sent");
        assert_eq!(told, framing, "{field:?} {weight:?}");
        let headers = &case.parts.headers;
        assert_eq!(
            headers.contains_key("transfer-encoding"),
            framing == Framing::Chunked,
            "{field:?} {weight:?}"
        );
        let declared =
            headers.get("content-length").map(|value| value.to_str().expect("digits").parse().expect("u64"));
        let sent =
            if let Framing::Length(length) = framing { Some(length) } else { declared.filter(|n| *n == 0) };
        assert_eq!(declared, sent, "{field:?} {weight:?}");
    }
}

#[test]
fn http2_becomes_http1() {
    let fields = [("cookie", "a=1"), ("cookie", "b=2"), ("cookie", "c=3"), ("te", "trailers")];
    let sent =
        Case::new("POST", "http://app.example:8080/x?y", &fields).http2().weighing(Weight::Stream).sent();
    assert_eq!(sent.version, Version::HTTP_11);
    assert_eq!(sent.uri.to_string(), "/x?y");
    assert_eq!(values(&sent, "host"), ["app.example:8080"]);
    assert_eq!(values(&sent, "cookie"), ["a=1; b=2; c=3"]);
    assert_eq!(values(&sent, "transfer-encoding"), ["chunked"]);
    assert_eq!(values(&sent, "te"), ["trailers"]);
    assert_eq!(values(&sent, "connection"), ["te"]);
}

#[test]
fn a_whole_http2_body_gets_a_length_and_none_gets_a_zero() {
    let sent = Case::new("POST", "http://a/x", &[]).http2().weighing(Weight::Whole(7)).sent();
    assert_eq!(values(&sent, "content-length"), ["7"]);
    let sent = Case::new("POST", "http://a/x", &[]).http2().sent();
    assert_eq!(values(&sent, "content-length"), ["0"]);
    let sent = Case::new("GET", "http://a/x", &[]).http2().sent();
    assert!(values(&sent, "content-length").is_empty());
}

#[test]
fn the_target_keeps_every_byte() {
    for target in ["/a%2Fb/%41?x=%20&&=;", "/.well-known//x", "/a;b=c/..%2f", "/?", "*"] {
        let sent = Case::new("OPTIONS", target, &[("host", "a")]).sent();
        assert_eq!(sent.uri.to_string(), target);
    }
    let sent = Case::new("GET", "http://a/a%2Fb/%41?x=%20&&=;", &[("host", "a")]).sent();
    assert_eq!(sent.uri.to_string(), "/a%2Fb/%41?x=%20&&=;");
}

#[test]
fn a_body_where_none_is_expected_closes_the_connection() {
    for method in ["GET", "HEAD", "OPTIONS", "DELETE"] {
        let fields = [("host", "a"), ("content-length", "5")];
        let mut case = Case::new(method, "/", &fields).weighing(Weight::Stream);
        assert_eq!(case.prepare(), Ok(Reuse::Close));
        assert_eq!(values(&case.parts, "connection"), ["close"]);
        assert_eq!(
            Case::new(method, "/", &[("host", "a"), ("content-length", "0")]).prepare(),
            Ok(Reuse::Keep)
        );
    }
    assert_eq!(Case::new("POST", "/", &[("host", "a")]).weighing(Weight::Stream).prepare(), Ok(Reuse::Keep));
}

#[test]
fn only_a_granted_upgrade_is_asked_for() {
    let fields = [("upgrade", "h2c"), ("connection", "Upgrade, HTTP2-Settings"), ("http2-settings", "AAA")];
    let sent = Case::get(&fields).sent();
    for gone in ["upgrade", "connection", "http2-settings"] {
        assert!(values(&sent, gone).is_empty(), "{gone}");
    }
    let mut case = Case::get(&[
        ("upgrade", "websocket"),
        ("connection", "keep-alive, upgrade"),
        ("sec-websocket-key", "k"),
    ]);
    case.upgrade = Upgrade::WebSocket;
    let sent = case.sent();
    assert_eq!(values(&sent, "upgrade"), ["websocket"]);
    assert_eq!(values(&sent, "connection"), ["Upgrade"]);
    assert_eq!(values(&sent, "sec-websocket-key"), ["k"]);
}

#[test]
fn two_lengths_are_never_sent_even_if_equal() {
    for second in ["4", "5"] {
        let fields = [("host", "app"), ("content-length", "4"), ("content-length", second)];
        for weight in [Weight::Stream, Weight::Whole(4)] {
            let mut case = Case::new("POST", "/", &fields).weighing(weight);
            assert_eq!(case.prepare(), Err(Failure::Internal), "{second} {weight:?}");
        }
    }
}

#[test]
fn a_head_without_host_is_not_sent() {
    assert_eq!(Case::new("GET", "/", &[]).prepare(), Err(Failure::Internal));
}

#[test]
fn a_request_id_the_caller_chose_stays() {
    let sent = Case::get(&[("x-request-id", "mine")]).sent();
    assert_eq!(values(&sent, "x-request-id"), ["mine"]);
}

#[test]
fn trailers_are_cleaned() {
    let mut trailers = HeaderMap::new();
    for name in ["x-sum", "x-sidegate-route", "content-length", "authorization", "x-hub-signature-256"] {
        trailers.insert(HeaderName::from_static(name), HeaderValue::from_static("1"));
    }
    clean_trailers(&mut trailers, &rules().names);
    assert_eq!(trailers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["x-sum"]);
}
