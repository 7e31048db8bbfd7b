use http::header::{HeaderName, HeaderValue};
use http::request::Parts;
use http::{Request, Uri};
use proptest::prelude::*;

use super::{Conflict, find_key, single_header, strip_key};
use crate::config::settings::KeyLocation;

fn head(target: &str, lines: &[(&str, &str)]) -> Parts {
    let mut parts = Request::new(()).into_parts().0;
    parts.uri = target.parse::<Uri>().unwrap();
    for (name, value) in lines {
        parts
            .headers
            .append(HeaderName::try_from(*name).unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    parts
}

fn header() -> KeyLocation {
    KeyLocation::Header(HeaderName::from_static("x-api-key"))
}

fn cookie() -> KeyLocation {
    KeyLocation::Cookie("key".to_owned())
}

fn query() -> KeyLocation {
    KeyLocation::Query("x-key".to_owned())
}

fn found(locations: &[KeyLocation], parts: &Parts) -> Result<Option<String>, Conflict> {
    find_key(locations, parts).map(|key| key.map(|key| String::from_utf8_lossy(&key).into_owned()))
}

fn some(key: &str) -> Result<Option<String>, Conflict> {
    Ok(Some(key.to_owned()))
}

fn stripped(locations: &[KeyLocation], mut parts: Parts) -> (String, Vec<(String, String)>) {
    strip_key(locations, &mut parts);
    assert_eq!(found(locations, &parts), Ok(None), "nothing is left to find");
    let lines = parts.headers.iter();
    let lines = lines.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let mut lines: Vec<_> = lines.collect();
    // Lines of different names may change places; those of one name keep their order (the sort is stable).
    lines.sort_by(|a, b| a.0.cmp(&b.0));
    (parts.uri.to_string(), lines)
}

#[test]
fn a_header_holds_the_key_as_it_is() {
    assert_eq!(found(&[header()], &head("/", &[("x-api-key", "abc")])), some("abc"));
    assert_eq!(found(&[header()], &head("/", &[("x-other", "abc")])), Ok(None));
    assert_eq!(
        found(&[header()], &head("/", &[("x-api-key", "")])),
        some(""),
        "empty is presented, not absent"
    );
}

#[test]
fn one_credential_header_on_two_lines_is_a_conflict_even_when_equal() {
    let name = HeaderName::from_static("x-api-key");
    let two = head("/", &[("x-api-key", "a"), ("x-api-key", "a")]);
    assert_eq!(single_header(&name, &two.headers), Err(Conflict));
    assert_eq!(found(&[header()], &two), Err(Conflict));
    let two = head("/", &[("authorization", "Bearer a"), ("authorization", "Bearer a")]);
    assert_eq!(found(&[KeyLocation::Bearer], &two), Err(Conflict));
    let two = head("/", &[("authorization", "Digest x"), ("authorization", "Bearer a")]);
    assert_eq!(found(&[KeyLocation::Bearer], &two), Err(Conflict));
    assert_eq!(found(&[KeyLocation::Basic], &two), Err(Conflict));
}

#[test]
fn a_bearer_scheme_is_read_in_any_case_and_as_a_whole_word() {
    for (value, expected) in [
        ("Bearer abc", some("abc")),
        ("bEARER   abc", some("abc")),
        ("Bearer\tabc", some("abc")),
        ("Bearer", some("")),
        ("Bearer a, Bearer b", some("a, Bearer b")),
        ("Bearerabc", Ok(None)),
        ("Basic YTpi", Ok(None)),
        ("abc", Ok(None)),
        ("", Ok(None)),
    ] {
        assert_eq!(
            found(&[KeyLocation::Bearer], &head("/", &[("authorization", value)])),
            expected,
            "{value}"
        );
    }
}

#[test]
fn the_password_of_basic_is_the_key() {
    for (value, expected) in [
        ("Basic dXNlcjpwYXNz", some("pass")),
        ("basic dXNlcjpwOmFzcw==", some("p:ass")),
        ("Basic dXNlcjpwOmFzcw", some("p:ass")),
        ("Basic OmFiYw==", some("abc")),
        ("Basic dXNlcg==", some("")),
        ("Basic !!!!", some("")),
        ("Basic", some("")),
        ("Bearer dXNlcjpwYXNz", Ok(None)),
    ] {
        assert_eq!(
            found(&[KeyLocation::Basic], &head("/", &[("authorization", value)])),
            expected,
            "{value}"
        );
    }
}

#[test]
fn a_cookie_is_found_on_any_line_and_under_any_spelling() {
    for lines in [
        &["key=abc"][..],
        &["a=1; key=abc"],
        &["a=1;key=abc;b=2"],
        &["a=1", "key=abc"],
        &["key = abc"],
        &["key=\"abc\""],
        &["%6bey=abc"],
        &["a=1; k%65%79=abc", "key=abc"],
    ] {
        let lines: Vec<_> = lines.iter().map(|line| ("cookie", *line)).collect();
        assert_eq!(found(&[cookie()], &head("/", &lines)), some("abc"), "{lines:?}");
    }
    for lines in [["key=abc; key=abd"], ["key=abc; %6bey=abd"], ["key=abc; key"], ["key=; key=abc"]] {
        let lines: Vec<_> = lines.iter().map(|line| ("cookie", *line)).collect();
        assert_eq!(found(&[cookie()], &head("/", &lines)), Err(Conflict), "{lines:?}");
    }
    assert_eq!(found(&[cookie()], &head("/", &[("cookie", "keys=1; xkey=2; KEY=3; a=key=4")])), Ok(None));
}

#[test]
fn a_query_parameter_is_found_under_any_spelling() {
    for target in [
        "/?x-key=abc",
        "/p?a=1&x-key=abc",
        "/?%78-key=abc",
        "/?%78%2Dkey=%61bc",
        "/?a=1;x-key=abc",
        "/?x-key=abc&&",
    ] {
        assert_eq!(found(&[query()], &head(target, &[])), some("abc"), "{target}");
    }
    for target in
        ["/?x-key=abc&x-key=abd", "/?x-key=abc&%78-key=abd", "/?x-key=abc&x-key", "/?x-key=abc&a;x-key=q"]
    {
        assert_eq!(found(&[query()], &head(target, &[])), Err(Conflict), "{target}");
    }
    for target in
        ["/", "/?", "/?x-keys=1", "/?X-KEY=1", "/x-key=1", "/?%2578-key=1", "/?%zzx-key=1", "/?a=x-key=1"]
    {
        assert_eq!(found(&[query()], &head(target, &[])), Ok(None), "{target}");
    }
    assert_eq!(found(&[query()], &head("/?x-key=a+b%2Bc%", &[])), some("a b+c%"));
}

#[test]
fn two_different_values_over_all_locations_are_a_conflict() {
    let all = [header(), KeyLocation::Bearer, KeyLocation::Basic, cookie(), query()];
    let same =
        head("/?x-key=abc", &[("x-api-key", "abc"), ("authorization", "Bearer abc"), ("cookie", "key=abc")]);
    assert_eq!(found(&all, &same), some("abc"));
    for (target, lines) in [
        ("/?x-key=abd", [("x-api-key", "abc")]),
        ("/?x-key=abc", [("authorization", "Bearer abd")]),
        ("/?x-key=abc", [("authorization", "Basic !")]),
        ("/?x-key=abc", [("cookie", "key=abd")]),
        ("/?x-key=abc", [("x-api-key", "")]),
    ] {
        assert_eq!(found(&all, &head(target, &lines)), Err(Conflict), "{target} {lines:?}");
    }
    assert_eq!(
        found(&[header()], &head("/?x-key=abd", &[("x-api-key", "abc")])),
        some("abc"),
        "not a location"
    );
}

#[test]
fn the_key_is_removed_and_all_else_stays() {
    let lines = [("x-api-key", "abc"), ("accept", "*/*"), ("authorization", "Digest x")];
    let (target, left) = stripped(&[header(), KeyLocation::Bearer], head("/p?a=%31&b", &lines));
    assert_eq!(target, "/p?a=%31&b");
    assert_eq!(left, [("accept".into(), "*/*".into()), ("authorization".into(), "Digest x".into())]);
    let bearer = head("/", &[("authorization", "bearer abc")]);
    assert_eq!(stripped(&[KeyLocation::Bearer], bearer).1, []);
    let basic = head("/", &[("authorization", "Basic dTpw")]);
    assert_eq!(stripped(&[KeyLocation::Basic], basic).1, []);
}

#[test]
fn a_cookie_is_removed_and_its_neighbours_stay() {
    for (lines, expected) in [
        (&["key=abc"][..], &[][..]),
        (&["a=1; key=abc; b=\"2\""], &["a=1; b=\"2\""]),
        (&["key=abc; a=1"], &["a=1"]),
        (&["a=1; key=abc"], &["a=1"]),
        (&["a=1;key=abc;%6bey=abc;b=2"], &["a=1;b=2"]),
        (&["a=1", "key=abc", "b=2; c=3"], &["a=1", "b=2; c=3"]),
        (&["key", "keys=1"], &["keys=1"]),
    ] {
        let lines: Vec<_> = lines.iter().map(|line| ("cookie", *line)).collect();
        let (_, left) = stripped(&[cookie()], head("/", &lines));
        let left: Vec<&str> = left.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(left, expected, "{lines:?}");
    }
}

#[test]
fn a_query_parameter_is_removed_and_its_neighbours_stay() {
    for (target, expected) in [
        ("/?x-key=abc", "/"),
        ("/p%41?x-key=abc&a=%61&b", "/p%41?a=%61&b"),
        ("/p?a=1&x-key=abc", "/p?a=1"),
        ("/p?a=1&x-key=abc&b=2", "/p?a=1&b=2"),
        ("/p?a=1;%78-key=abc&b=2", "/p?a=1;b=2"),
        ("/p?x-key=abc&%78-key=abc", "/p"),
        ("/p?x-key=abc&%78-key=abc&a", "/p?a"),
        ("/p?a&x-key=abc&%78-key=abc", "/p?a"),
        ("/p?&&x-key=abc&&", "/p?&&&"),
        ("http://example.com/p?x-key=abc&a=1", "http://example.com/p?a=1"),
    ] {
        assert_eq!(stripped(&[query()], head(target, &[])).0, expected, "{target}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_stripping_a_query_no_reader_finds_the_key(query_text in "[a%&;=xX+\\-key0-9278]{0,60}") {
        let Ok(uri) = format!("/p?{query_text}").parse::<Uri>() else { return Ok(()) };
        let mut parts = head("/", &[]);
        parts.uri = uri;
        let before = parts.uri.clone();
        let had = find_key(&[query()], &parts) != Ok(None);
        strip_key(&[query()], &mut parts);
        prop_assert_eq!(find_key(&[query()], &parts), Ok(None));
        prop_assert_eq!(parts.uri.path(), "/p");
        if !had {
            prop_assert_eq!(parts.uri, before, "a query without the key stays byte for byte");
        }
    }

    #[test]
    fn after_stripping_cookies_no_reader_finds_the_key(lines in prop::collection::vec("[a%;= \"key6b5]{0,40}", 0..4)) {
        let lines: Vec<_> = lines.iter().map(|line| ("cookie", line.as_str())).collect();
        let mut parts = head("/", &lines);
        strip_key(&[cookie()], &mut parts);
        prop_assert_eq!(find_key(&[cookie()], &parts), Ok(None));
    }
}
