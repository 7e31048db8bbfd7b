use http::Response;

use super::*;
use crate::base::request_id::RequestIds;

fn answered(status: u16, fields: &[(&str, &str)]) -> Parts {
    let mut response = Response::builder().status(status).version(Version::HTTP_11);
    for (name, value) in fields {
        response = response.header(*name, *value);
    }
    response.body(()).expect("a response").into_parts().0
}

fn clean_for(parts: &mut Parts, method: &Method, upgrade: Upgrade) -> Result<Follows, Failure> {
    let id = RequestIds::new(1, 2).next_id();
    clean(parts, Question { method, upgrade, id: &id })
}

fn cleaned(status: u16, fields: &[(&str, &str)]) -> Result<Parts, Failure> {
    let mut parts = answered(status, fields);
    clean_for(&mut parts, &Method::GET, Upgrade::None).map(|_| parts)
}

fn names(parts: &Parts) -> Vec<&str> {
    let mut names: Vec<&str> = parts.headers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    names
}

#[test]
fn the_apps_own_fields_stay_and_its_connection_goes() {
    let parts = cleaned(
        418,
        &[
            ("content-type", "text/plain"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
            ("server", "app"),
            ("connection", "keep-alive, X-Hop, content-length"),
            ("keep-alive", "timeout=5"),
            ("x-hop", "1"),
            ("content-length", "3"),
            ("upgrade", "h2c"),
            ("x-sidegate-note", "mine"),
        ],
    )
    .expect("sound");
    assert_eq!(
        names(&parts),
        ["content-length", "content-type", "server", "set-cookie", "x-request-id", "x-sidegate-note"]
    );
    assert_eq!(parts.status, 418);
    assert_eq!(parts.version, Version::HTTP_11);
    assert_eq!(parts.headers.get_all("set-cookie").iter().count(), 2);
}

#[test]
fn each_field_of_the_apps_connection_goes_also_when_it_stands_alone() {
    assert_eq!(BOUND.len(), BOUND_FIELDS.len());
    for name in &BOUND {
        let parts = cleaned(200, &[("server", "app"), (name.as_str(), "chunked")]).expect("sound");
        assert_eq!(names(&parts), ["server", "x-request-id"], "{name}");
    }
}

#[test]
fn a_request_id_the_connection_nominates_gives_way_to_ours() {
    let fields = [("x-request-id", "the-apps"), ("connection", "x-request-id")];
    let parts = cleaned(200, &fields).expect("sound");
    assert_eq!(parts.headers["x-request-id"], RequestIds::new(1, 2).next_id().as_str());
}

#[test]
fn a_request_id_the_app_chose_stays() {
    let parts = cleaned(200, &[("x-request-id", "the-apps")]).expect("sound");
    assert_eq!(parts.headers["x-request-id"], "the-apps");
}

#[test]
fn an_answer_that_can_be_read_in_two_ways_is_none() {
    for fields in [
        &[("content-length", "3"), ("transfer-encoding", "chunked")][..],
        &[("content-length", "3"), ("content-length", "3")],
        &[("content-length", "3, 3")],
        &[("content-length", "+3")],
        &[("content-length", "")],
        &[("transfer-encoding", "gzip, chunked")],
        &[("transfer-encoding", "identity")],
        &[("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")],
    ] {
        assert_eq!(cleaned(200, fields).map(|_| ()), Err(Failure::UpstreamProtocol), "{fields:?}");
    }
    assert!(cleaned(200, &[("transfer-encoding", "Chunked")]).is_ok());
}

#[test]
fn where_a_body_ends_is_known_in_one_way() {
    for (method, status, fields, follows) in [
        ("GET", 200, &[("content-length", "007")][..], Follows::Body(Framing::Length(7))),
        ("GET", 200, &[("content-length", "0")], Follows::Body(Framing::Length(0))),
        ("GET", 200, &[("transfer-encoding", " chunked ")], Follows::Body(Framing::Chunked)),
        ("GET", 200, &[], Follows::Body(Framing::Close)),
        ("HEAD", 200, &[("transfer-encoding", "chunked")], Follows::Nothing),
        ("HEAD", 304, &[("content-length", "7")], Follows::Nothing),
        ("GET", 204, &[("content-length", "7")], Follows::Nothing),
        ("GET", 304, &[], Follows::Nothing),
        ("POST", 304, &[("content-length", "7")], Follows::DeclaredOnly),
    ] {
        let method = method.parse().expect("a method");
        let found = clean_for(&mut answered(status, fields), &method, Upgrade::None);
        assert_eq!(found, Ok(follows), "{method} {status} {fields:?}");
    }
    let mut old = answered(200, &[("transfer-encoding", "chunked")]);
    old.version = Version::HTTP_10;
    assert_eq!(clean_for(&mut old, &Method::GET, Upgrade::None), Err(Failure::UpstreamProtocol));
    let endless = cleaned(200, &[("content-length", "18446744073709551616")]);
    assert_eq!(endless.map(|_| ()), Err(Failure::UpstreamProtocol));
}

#[test]
fn a_switch_needs_both_sides_to_agree() {
    let switch =
        [("upgrade", "WebSocket"), ("connection", "keep-alive, Upgrade"), ("sec-websocket-accept", "x")];
    let mut parts = answered(101, &switch);
    assert_eq!(clean_for(&mut parts, &Method::GET, Upgrade::WebSocket), Ok(Follows::Tunnel));
    assert_eq!(parts.headers["upgrade"], "websocket");
    assert_eq!(parts.headers["connection"], "Upgrade");
    assert_eq!(parts.headers["sec-websocket-accept"], "x");
    let unasked = clean_for(&mut answered(101, &switch), &Method::GET, Upgrade::None);
    assert_eq!(unasked, Err(Failure::UpstreamProtocol));
    for fields in [
        &[("upgrade", "h2c"), ("connection", "upgrade")][..],
        &[("upgrade", "websocket")],
        &[("connection", "upgrade")],
        &[("upgrade", "websocket"), ("upgrade", "h2c"), ("connection", "upgrade")],
        &[("upgrade", "websocket, h2c"), ("connection", "upgrade")],
    ] {
        let result = clean_for(&mut answered(101, fields), &Method::GET, Upgrade::WebSocket);
        assert_eq!(result, Err(Failure::UpstreamProtocol), "{fields:?}");
    }
}

#[test]
fn lengths_stand_where_they_mean_something() {
    assert!(!names(&cleaned(204, &[("content-length", "0")]).expect("sound")).contains(&"content-length"));
    let mut parts = answered(304, &[("content-length", "9")]);
    assert_eq!(clean_for(&mut parts, &Method::GET, Upgrade::None), Ok(Follows::DeclaredOnly));
    let mut parts = answered(200, &[("content-length", "9")]);
    assert_eq!(clean_for(&mut parts, &Method::HEAD, Upgrade::None), Ok(Follows::Nothing));
    assert_eq!(parts.headers["content-length"], "9");
}

#[test]
fn trailers_keep_what_is_the_apps() {
    let mut trailers = HeaderMap::new();
    for name in ["grpc-status", "content-length", "transfer-encoding", "connection"] {
        trailers.insert(HeaderName::from_static(name), HeaderValue::from_static("0"));
    }
    clean_trailers(&mut trailers);
    assert_eq!(trailers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["grpc-status"]);
}
