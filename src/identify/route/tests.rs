use http::Method;

use super::{Found, RouteConflict, RouteTable};
use crate::base::clock;
use crate::base::name::RouteName;
use crate::config::settings::{Authorize, PathRule, Require, Route};

mod model;

/// `/a` exact, `/a/{b}` template, `prefix /a` prefix.
fn rule(text: &str) -> PathRule {
    match text.strip_prefix("prefix ") {
        Some(path) => PathRule::Prefix(path.to_owned()),
        None if text.contains('{') => PathRule::Template(text.to_owned()),
        None => PathRule::Exact(text.to_owned()),
    }
}

fn route(text: &str, methods: &[&str], hosts: &[&str]) -> Route {
    Route {
        name: RouteName::parse("r").unwrap(),
        line: 1,
        path: rule(text),
        methods: methods.iter().map(|method| method.parse().unwrap()).collect(),
        hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        signature: None,
        shared_secret: None,
        api_key: None,
        resign: None,
        require: Require::All,
        authorize: Authorize::default(),
        ip_allowlist: None,
        ip_denylist: None,
        rate_limits: Vec::new(),
        max_body: None,
        critical: false,
        public: true,
        upstream: None,
    }
}

fn paths(texts: &[&str]) -> RouteTable {
    let routes: Vec<Route> = texts.iter().map(|text| route(text, &[], &[])).collect();
    RouteTable::compile(&routes).unwrap()
}

fn conflicts(routes: &[Route]) -> Vec<(usize, usize)> {
    match RouteTable::compile(routes) {
        Ok(_) => Vec::new(),
        Err(conflicts) => {
            conflicts.iter().map(|RouteConflict { first, second, .. }| (*first, *second)).collect()
        }
    }
}

fn get(table: &RouteTable, path: &str) -> Found {
    table.find(&Method::GET, "example.com", path)
}

#[test]
fn exact_beats_template_beats_longest_prefix_whatever_the_order() {
    let table = paths(&["prefix /", "prefix /users/", "/users/{id}", "/users/me"]);
    assert_eq!(get(&table, "/users/me"), Found::Route(3));
    assert_eq!(get(&table, "/users/7"), Found::Route(2));
    assert_eq!(get(&table, "/users/7/x"), Found::Route(1));
    assert_eq!(get(&table, "/other"), Found::Route(0));
    assert_eq!(get(&table, "/"), Found::Route(0));
}

#[test]
fn a_prefix_covers_whole_segments_only() {
    let table = paths(&["prefix /api/", "prefix /web"]);
    assert_eq!(get(&table, "/api/"), Found::Route(0));
    assert_eq!(get(&table, "/api/x/y"), Found::Route(0));
    assert_eq!(get(&table, "/apix"), Found::Unmatched);
    assert_eq!(get(&table, "/web"), Found::Route(1));
    assert_eq!(get(&table, "/web/x"), Found::Route(1));
    assert_eq!(get(&table, "/webx"), Found::Unmatched);
    assert_eq!(get(&table, "/x/web"), Found::Unmatched);
    assert_eq!(get(&table, "/api"), Found::Ambiguous, "with a slash added it is /api/");
}

#[test]
fn a_variable_stands_for_one_whole_segment_that_is_not_empty() {
    let table = paths(&["/users/{owner}/docs/{id}"]);
    assert_eq!(get(&table, "/users/a/docs/b"), Found::Route(0));
    assert_eq!(get(&table, "/users/a/docs/*"), Found::Route(0));
    assert_eq!(get(&table, "/users/{owner}/docs/{id}"), Found::Route(0));
    for other in ["/users/a/docs", "/users/a/docs/b/c", "/users/a/b/c", "/users/docs/b", "/users/a/b/docs/c"]
    {
        assert_eq!(get(&table, other), Found::Unmatched, "{other}");
    }
    assert_eq!(get(&table, "/users//docs/b"), Found::Unmatched, "empty is no segment");
    assert_eq!(get(&table, "/users/a/docs/b/"), Found::Ambiguous);
}

#[test]
fn a_wrong_method_is_never_a_wider_route() {
    let routes = [route("/hook", &["POST"], &[]), route("prefix /", &[], &[])];
    let table = RouteTable::compile(&routes).unwrap();
    assert_eq!(table.find(&Method::POST, "a", "/hook"), Found::Route(0));
    assert_eq!(get(&table, "/hook"), Found::WrongMethod(0));
    assert_eq!(table.find(&Method::HEAD, "a", "/hook"), Found::WrongMethod(0));
    for odd in ["post", "POSTX", "PROPFIND"] {
        assert_eq!(table.find(&odd.parse().unwrap(), "a", "/hook"), Found::WrongMethod(0), "{odd}");
    }
}

#[test]
fn a_wrong_host_is_never_a_wider_route_and_never_unmatched() {
    let routes = [route("/hook", &[], &["a.example", "b.example"]), route("prefix /", &[], &[])];
    let table = RouteTable::compile(&routes).unwrap();
    assert_eq!(table.find(&Method::GET, "b.example", "/hook"), Found::Route(0));
    assert_eq!(table.find(&Method::GET, "c.example", "/hook"), Found::WrongHost(0));
    assert_eq!(table.find(&Method::GET, "", "/hook"), Found::WrongHost(0));
    assert_eq!(table.find(&Method::GET, "c.example", "/other"), Found::Route(1));
    let alone = RouteTable::compile(&routes[..1]).unwrap();
    assert_eq!(alone.find(&Method::GET, "c.example", "/hook"), Found::WrongHost(0));
    assert_eq!(alone.find(&Method::GET, "c.example", "/other"), Found::Unmatched);
}

#[test]
fn routes_of_one_path_are_told_apart_by_host_and_method() {
    let routes = [
        route("/hook", &["POST"], &["a"]),
        route("/hook", &["GET"], &["a"]),
        route("/hook", &[], &["b"]),
        route("/x/{id}", &["GET"], &[]),
        route("/x/{name}", &["POST"], &[]),
        route("/{any}/y", &["PUT"], &[]),
    ];
    let table = RouteTable::compile(&routes).unwrap();
    let find = |method: &str, host: &str, path: &str| table.find(&method.parse().unwrap(), host, path);
    assert_eq!(find("POST", "a", "/hook"), Found::Route(0));
    assert_eq!(find("GET", "a", "/hook"), Found::Route(1));
    assert_eq!(find("PUT", "a", "/hook"), Found::WrongMethod(0));
    assert_eq!(find("PUT", "b", "/hook"), Found::Route(2));
    assert_eq!(find("GET", "c", "/hook"), Found::WrongHost(0));
    assert_eq!(find("GET", "c", "/x/1"), Found::Route(3));
    assert_eq!(find("POST", "c", "/x/1"), Found::Route(4));
    assert_eq!(find("PUT", "c", "/x/y"), Found::Route(5));
    assert_eq!(find("POST", "c", "/x/y"), Found::Route(4));
}

#[test]
fn two_routes_that_could_both_win_are_a_conflict() {
    let pair = |a: (&str, &[&str], &[&str]), b: (&str, &[&str], &[&str])| {
        conflicts(&[route(a.0, a.1, a.2), route(b.0, b.1, b.2)])
    };
    let any: &[&str] = &[];
    for (a, b) in [
        (("/a", any, any), ("/a", any, any)),
        (("/a", &["GET", "POST"][..], any), ("/a", &["POST"][..], any)),
        (("/a", any, &["x", "y"][..]), ("/a", &["POST"][..], &["y"][..])),
        (("/a", any, &["x"][..]), ("/a", any, any)),
        (("/a", any, any), ("/a", any, &["x"][..])),
        (("prefix /a/", any, any), ("prefix /a/", any, any)),
        (("/{x}/b", any, any), ("/a/{y}", any, any)),
        (("/a/{x}", any, any), ("/a/{y}", any, any)),
        (("/{x}/{y}", any, any), ("/a/{y}", any, any)),
    ] {
        assert_eq!(pair(a, b), [(0, 1)], "{a:?} {b:?}");
    }
    for (a, b) in [
        (("/a", &["GET"][..], any), ("/a", &["POST"][..], any)),
        (("/a", any, &["x"][..]), ("/a", any, &["y"][..])),
        (("/a", any, any), ("/b", any, any)),
        (("/a", any, any), ("prefix /a", any, any)),
        (("/a/{x}", any, any), ("/b/{x}", any, any)),
        (("/a/{x}", any, any), ("/a/{x}/b", any, any)),
        (("/a/{x}", any, any), ("/a/{x}/", any, any)),
        (("/{x}/b", &["GET"][..], any), ("/a/{y}", &["PUT"][..], any)),
        (("prefix /a/", any, any), ("prefix /a", any, any)),
        (("/a", any, any), ("/A", any, any)),
    ] {
        assert_eq!(pair(a, b), [], "{a:?} {b:?}");
    }
}

#[test]
fn every_conflict_is_told_and_names_both_routes() {
    let mut routes = vec![route("/a", &[], &[]); 3];
    routes[1].name = RouteName::parse("second").unwrap();
    let conflicts = RouteTable::compile(&routes).unwrap_err();
    assert_eq!(conflicts.len(), 2);
    assert!(conflicts[0].why.contains("`r` and `second`"), "{}", conflicts[0].why);
}

#[test]
fn a_path_with_parts_apps_read_differently_cannot_be_a_prefix_or_template() {
    for bad in [
        "prefix /a//b",
        "prefix /a/../b",
        "prefix /a/./b",
        "prefix /a;x/",
        "prefix /a\\b",
        "prefix /a%2Fb/",
        "prefix /a%2e%2e/",
        "prefix /%61/",
        "prefix /a%",
        "/{a}/..",
        "/{a}//b",
        "/{a};x",
        "/a{b}",
        "/{a}b",
        "/{}",
        "/{a}{b}",
        "/{{a}}",
        "/{a}/%2525",
        "prefix api",
        "a",
        "",
        "/a?b",
        "/a#b",
        "/a\u{e9}",
        "/a\n",
        "/a%zz",
        "/a%00",
    ] {
        assert_eq!(conflicts(&[route(bad, &[], &[])]), [(0, 0)], "{bad}");
    }
    for good in [
        "prefix /caf%C3%A9/",
        "/x%20y/{z}",
        "/a%2Fb",
        "/a;v=1",
        "prefix /.well-known/",
        "/{a}/b-c_d.e~f:@!$&'()*+,=",
    ] {
        assert_eq!(conflicts(&[route(good, &[], &[])]), [], "{good}");
    }
}

/// `/admin` and what is below is one route, all else another: the bypass every proxy has had once.
#[test]
fn no_spelling_of_a_protected_path_reaches_the_public_route() {
    let exact = paths(&["/admin", "prefix /"]);
    let below = paths(&["prefix /admin", "prefix /"]);
    let closed = paths(&["prefix /admin/", "prefix /"]);
    for path in [
        "/x/../admin",
        "/x/%2e%2e/admin",
        "/x/..;/admin",
        "//admin",
        "/./admin",
        "/admin/",
        "/admin/.",
        "/x/%252e%252e/admin",
        "/x\\..\\admin",
        "/%2fadmin",
        "/%2Fadmin",
        "/admin;a=b",
        "/;x/admin",
        "/admin;x=y/.",
        "/ADMIN",
        "/%41dmin",
        "/%61dmin",
        "/%2561dmin",
        "/admin%3Fx",
        "/admin%23x",
        "/admin%253Fx",
        "/x/..%2fadmin",
        "/x/..%5cadmin",
        "/x/..%255cadmin",
        "/admin%20",
        "/admin%0a",
        "/ad%0amin",
        "/adm%C4%B1n",
        "/admin/x/..",
        "/admin//",
        "/a/b/../../admin",
        "/..//admin",
        "/x/.%2e/admin",
        "/x;/../admin",
        "/x/%2e%2e%2fadmin",
        "/x%2f..%2fadmin",
        "/%5cadmin",
        "/\\admin",
        "/admin%2f",
        "/admin%5c",
        "/admin%3b",
        "/admin%253bx",
        "/aDmIn/./",
        "/x/.;/../admin",
        "/x/..;a=b/admin",
        "/.;/admin",
    ] {
        for (name, table) in [("exact", &exact), ("below", &below), ("closed", &closed)] {
            let found = get(table, path);
            assert_ne!(found, Found::Route(1), "{path} with {name}");
            assert_ne!(found, Found::Unmatched, "{path} with {name}");
        }
    }
    assert_eq!(get(&exact, "/admin"), Found::Route(0));
    assert_eq!(get(&below, "/admin/x"), Found::Route(0));
    for path in ["/admin/x/../y", "/admin/%41", "/admin/a%2fb", "/admin/;v=1/x", "/admin//x"] {
        assert_eq!(get(&below, path), Found::Route(0), "every reading stays below: {path}");
    }
    for path in ["/admin/../x", "/admin/%2e%2e/x", "/admin/..;/x", "/admin/..%2fx", "/admin\\..\\x"] {
        assert_eq!(get(&below, path), Found::Ambiguous, "some reading leaves: {path}");
    }
}

#[test]
fn a_path_that_climbs_to_where_no_route_is_is_refused() {
    let table = paths(&["prefix /public/", "/users/{id}"]);
    for path in
        ["/public/../secret", "/public/%2e%2e/secret", "/public/..;/secret", "/users/a%2Fb", "/users/a%252fb"]
    {
        assert_eq!(get(&table, path), Found::Ambiguous, "{path}");
    }
    assert_eq!(get(&table, "/users/a%20b"), Found::Route(1));
    assert_eq!(get(&table, "/users/caf%C3%A9"), Found::Route(1));
    assert_eq!(get(&table, "/users/A"), Found::Route(1));
}

#[test]
fn what_is_no_path_is_refused() {
    let table = paths(&["prefix /"]);
    for path in [
        "",
        "*",
        "a",
        "http://x/",
        "/a?b",
        "/a#b",
        "/a\u{e9}",
        "/a\0",
        "/a\n",
        "/a\t",
        "/a\u{7f}",
        "/a%",
        "/a%2",
        "/a%zz",
        "/%u002e",
        "/a%00",
        "/a%2500",
        "/%c0%ae%c0%ae/x",
        "/%e0%80%af",
        "/%f0%80%80%af",
        "/%25c0%25ae",
    ] {
        assert_eq!(get(&table, path), Found::Ambiguous, "{path:?}");
    }
}

#[test]
fn where_every_reading_leads_to_one_route_odd_paths_pass_untouched() {
    let table = paths(&["prefix /"]);
    for path in [
        "/",
        "//",
        "/a/../b",
        "/a%2Fb",
        "/A%2e",
        "/a;b=c/d",
        "/a\\b",
        "/100%25",
        "/50%25-off",
        "/caf%E9",
        "/.well-known/x",
        "/a/./b/",
        "/%E2%84%AA",
        "/a%0ab",
        "/~user/(x)/!$&'*+,=:@",
        "/[x]",
        "/a%20b%3Fc%23d",
        "/...",
        "/..",
        "/%252e",
    ] {
        assert_eq!(get(&table, path), Found::Route(0), "{path}");
    }
}

#[test]
fn encoded_routes_are_found_as_they_are_written() {
    let table = paths(&["/a%2Fb", "/hello%20world", "prefix /caf%C3%A9/", "/a;v=1", "prefix /"]);
    for (path, index) in [("/a%2Fb", 0), ("/hello%20world", 1), ("/caf%C3%A9/x", 2), ("/a;v=1", 3), ("/x", 4)]
    {
        assert_eq!(get(&table, path), Found::Route(index), "{path}");
    }
    for path in ["/a/b", "/a%2fb", "/a", "/a;v=2", "/caf%c3%a9/x", "/CAF%C3%A9/x", "/hello%2520world"] {
        assert_eq!(get(&table, path), Found::Ambiguous, "{path}");
    }
}

#[test]
fn routes_that_differ_only_in_case_or_slash_are_told_to_be_out_of_reach() {
    let routes: Vec<Route> = ["/a", "/A", "/b/", "prefix /b", "/c", "prefix /", "/d"]
        .iter()
        .map(|text| route(text, &[], &[]))
        .collect();
    let table = RouteTable::compile(&routes).unwrap();
    assert_eq!(table.unreachable(&routes), [0, 1]);
    assert_eq!(get(&table, "/a"), Found::Ambiguous);
    assert_eq!(get(&table, "/b/"), Found::Route(2));
    assert_eq!(get(&table, "/b"), Found::Ambiguous);
}

#[test]
fn a_hostile_path_is_refused_in_bounded_time() {
    let table = paths(&["prefix /admin", "prefix /"]);
    let begun = clock::mono();
    for piece in ["/a;%252f..%255c//.%2e;", "%25", "/..;/", "%2525", "\\%5c/%2f", "/x;y", "/%2e%252e"] {
        let path = format!("/{}", piece.repeat(8192 / piece.len()));
        let _ = get(&table, &path);
    }
    let took = clock::mono().since(begun);
    assert!(took.as_millis() < 3000, "{took:?}");
}

#[test]
fn ten_thousand_routes_are_looked_up_as_fast_as_ten() {
    let mut routes = Vec::new();
    for i in 0..2500 {
        routes.push(route(&format!("/exact/{i}"), &[], &[]));
        routes.push(route(&format!("/t{i}/{{id}}/x"), &[], &[]));
        routes.push(route(&format!("prefix /p/{i}/"), &[], &[]));
        routes.push(route("/hook", &[], &[&format!("h{i}.example")]));
    }
    let table = RouteTable::compile(&routes).unwrap();
    let begun = clock::mono();
    for _ in 0..10 {
        for i in (0..2500).step_by(10) {
            assert_eq!(get(&table, &format!("/exact/{i}")), Found::Route(4 * i));
            assert_eq!(get(&table, &format!("/t{i}/7/x")), Found::Route(4 * i + 1));
            assert_eq!(get(&table, &format!("/p/{i}/a/b")), Found::Route(4 * i + 2));
            assert_eq!(table.find(&Method::GET, &format!("h{i}.example"), "/hook"), Found::Route(4 * i + 3));
        }
    }
    let took = clock::mono().since(begun);
    // 10,000 look-ups; a scan over the routes would take minutes unoptimised.
    assert!(took.as_millis() < 2000, "{took:?}");
}
