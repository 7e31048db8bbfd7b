use super::*;
use http::Request;

fn rules() -> HeadRules {
    HeadRules { max_fields: 5, max_uri: 40, max_bytes: 200, protected: FRAMING.to_vec() }
}

fn judge(build: http::request::Builder) -> Result<Upgrade, Reason> {
    let (parts, ()) = build.body(()).unwrap().into_parts();
    rules().judge(&parts).map(|(_, upgrade)| upgrade).map_err(|deny| deny.reason)
}

fn get(target: &str) -> http::request::Builder {
    Request::get(target).header("host", "app.example")
}

#[test]
fn a_plain_request_passes() {
    assert_eq!(judge(get("/a?b=c")), Ok(Upgrade::None));
    assert_eq!(judge(get("/").header("connection", "keep-alive, close")), Ok(Upgrade::None));
    assert_eq!(judge(get("/").header("expect", "100-Continue")), Ok(Upgrade::None));
}

#[test]
fn the_host_must_be_one_and_the_same_everywhere() {
    for (build, verdict) in [
        (Request::get("/"), Err(Reason::HostInvalid)),
        (get("/").header("host", "app.example"), Err(Reason::HostInvalid)),
        (Request::get("/").header("host", "a,b"), Err(Reason::HostInvalid)),
        (Request::get("/").header("host", "user@app"), Err(Reason::HostInvalid)),
        (Request::get("/").header("host", ""), Err(Reason::HostInvalid)),
        (Request::get("/").header("host", "app:99999"), Err(Reason::HostInvalid)),
        (Request::get("/").header("host", "app:+80"), Err(Reason::HostInvalid)),
        (Request::get("/").header("host", "app:80"), Ok(Upgrade::None)),
        (Request::get("/").header("host", "[::1]:80"), Ok(Upgrade::None)),
        (Request::get("/").header("host", "[::1"), Err(Reason::HostInvalid)),
        (Request::get("/").header("host", "[evil]"), Err(Reason::HostInvalid)),
        (Request::get("http://app.example/").header("host", "APP.example"), Ok(Upgrade::None)),
        (Request::get("http://app.example/").header("host", "other.example"), Err(Reason::HostInvalid)),
    ] {
        let shown = format!("{build:?}");
        assert_eq!(judge(build), verdict, "{shown}");
    }
}

#[test]
fn an_empty_target_is_not_read_as_the_root() {
    let (mut parts, ()) = get("/").body(()).unwrap().into_parts();
    for (target, verdict) in
        [("#", Some(Reason::HeadMalformed)), ("#x", Some(Reason::HeadMalformed)), ("/#x", None), ("/", None)]
    {
        let mut uri = parts.uri.clone().into_parts();
        uri.path_and_query = Some(target.parse().unwrap());
        parts.uri = http::Uri::from_parts(uri).unwrap();
        assert_eq!(rules().judge(&parts).err().map(|deny| deny.reason), verdict, "{target:?}");
    }
}

#[test]
fn a_length_is_one_plain_decimal() {
    for length in ["0", "5", "18446744073709551615"] {
        assert_eq!(judge(get("/").header("content-length", length)), Ok(Upgrade::None), "{length}");
    }
    for length in ["", "05", "00", "+5", "-5", "5, 5", "0x5", "5 "] {
        let build = get("/").header("content-length", length);
        assert_eq!(judge(build), Err(Reason::HeadMalformed), "{length:?}");
    }
    let twice = get("/").header("content-length", "5").header("content-length", "5");
    assert_eq!(judge(twice), Err(Reason::HeadMalformed));
}

#[test]
fn a_scheme_is_http_or_https() {
    for (uri, verdict) in [
        ("http://app.example/", Ok(Upgrade::None)),
        ("https://app.example/", Ok(Upgrade::None)),
        ("ftp://app.example/", Err(Reason::HeadMalformed)),
        ("javascript://app.example/", Err(Reason::HeadMalformed)),
    ] {
        assert_eq!(judge(Request::get(uri).header("host", "app.example")), verdict, "{uri}");
    }
}

#[test]
fn methods_that_tunnel_echo_or_differ_by_case_are_refused() {
    for method in ["CONNECT", "TRACE", "get", "Post"] {
        let request = Request::builder().method(method).uri("/").header("host", "a");
        assert_eq!(judge(request), Err(Reason::MethodRefused), "{method}");
    }
    assert_eq!(judge(Request::builder().method("PROPFIND").uri("/").header("host", "a")), Ok(Upgrade::None));
}

#[test]
fn sizes_are_bounded() {
    assert_eq!(judge(get(&format!("/{}", "a".repeat(39)))), Ok(Upgrade::None));
    assert_eq!(judge(get(&format!("/{}", "a".repeat(40)))), Err(Reason::UriTooLong));
    let many = (0..5).fold(get("/"), |build, at| build.header(format!("x-{at}"), "1"));
    assert_eq!(judge(many), Err(Reason::HeadTooLarge));
}

#[test]
fn only_one_known_expectation_is_accepted() {
    assert_eq!(judge(get("/").header("expect", "200-ok")), Err(Reason::ExpectUnknown));
    let twice = get("/").header("expect", "100-continue").header("expect", "100-continue");
    assert_eq!(judge(twice), Err(Reason::ExpectUnknown));
}

#[test]
fn connection_may_not_nominate_what_a_check_reads() {
    for value in ["host", "Authorization", "close, content-length", "x-a, COOKIE", "transfer-encoding"] {
        let verdict = judge(get("/").header("connection", value));
        assert_eq!(verdict, Err(Reason::ConnectionNominates), "{value}");
    }
    let obs = http::HeaderValue::from_bytes(b"x-\xff").unwrap();
    assert_eq!(judge(get("/").header("connection", obs)), Err(Reason::ConnectionNominates));
    let many = (0..11).map(|at| format!("x-{at}")).collect::<Vec<_>>().join(",");
    assert_eq!(judge(get("/").header("connection", many)), Err(Reason::ConnectionNominates));
    assert_eq!(judge(get("/").header("connection", "x-own")), Ok(Upgrade::None));
}

#[test]
fn only_a_websocket_on_a_bodiless_get_is_an_upgrade() {
    let asks = |upgrade: &'static str| get("/").header("connection", "Upgrade").header("upgrade", upgrade);
    assert_eq!(judge(asks("WebSocket")), Ok(Upgrade::WebSocket));
    assert_eq!(judge(asks("h2c")), Err(Reason::UpgradeRefused));
    assert_eq!(judge(asks("websocket, h2c")), Err(Reason::UpgradeRefused));
    assert_eq!(judge(asks("websocket").header("content-length", "3")), Err(Reason::UpgradeRefused));
    assert_eq!(judge(asks("websocket").method("POST")), Err(Reason::UpgradeRefused));
    assert_eq!(judge(get("/").header("upgrade", "websocket")), Err(Reason::UpgradeRefused));
    assert_eq!(judge(get("/").header("http2-settings", "AAMAAABk")), Err(Reason::UpgradeRefused));
}

#[test]
fn a_star_target_goes_with_options_only() {
    let star = |method: &str| Request::builder().method(method).uri("*").header("host", "a");
    assert_eq!(judge(star("OPTIONS")), Ok(Upgrade::None));
    assert_eq!(judge(star("GET")), Err(Reason::HeadMalformed));
}
