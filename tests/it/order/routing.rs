//! Which route a request has: path, host, method; never a wider one.

use super::Scene;
use crate::wire::Ask;

const CONFIG: &str = r#"
routes:
  - {name: site, path_prefix: /, public: true}
  - {name: user, path: "/users/{id}", public: true}
  - {name: me, path: /users/me, public: true}
  - {name: api, path_prefix: /api/, public: true, methods: [GET, POST]}
  - {name: v2, path_prefix: /api/v2, public: true}
  - {name: hosted, path: /hosted, public: true, hosts: [hooks.example.com, other.example.com]}
"#;

#[test]
fn the_most_specific_route_wins_whatever_the_order_in_the_file() {
    let scene = Scene::set(CONFIG);
    let route = |path: &str| scene.passes(&Ask::get(path)).one("x-sidegate-route");
    let expected = [
        ("/", "site"),
        ("/x", "site"),
        ("/users", "site"),
        ("/users/7", "user"),
        ("/users/me", "me"),
        ("/users/me?as=7", "me"),
        ("/users/7/x", "site"),
        ("/api/x", "api"),
        ("/api/v2", "v2"),
        ("/api/v2/x", "v2"),
        ("/api/v22", "api"),
    ];
    for (path, name) in expected {
        assert_eq!(route(path), name, "{path}");
    }
}

#[test]
fn a_wrong_host_is_404_and_a_wrong_method_405_never_a_wider_route() {
    let scene = Scene::set(CONFIG);
    let hosted = |host: &str| Ask::get("/hosted").host(host);
    for host in ["hooks.example.com", "HOOKS.example.COM", "hooks.example.com:8443", "other.example.com"] {
        assert_eq!(scene.passes(&hosted(host)).one("x-sidegate-route"), "hosted", "{host}");
    }
    for host in ["gate.test", "example.com", "hooks.example.com.evil.test", "xhooks.example.com"] {
        scene.refuses(&hosted(host), 404, "no_route");
    }
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"] {
        scene.refuses(&Ask::new(method, "/api/x"), 405, "method_not_allowed");
    }
    scene.passes(&Ask::post("/api/x", "y"));
}

#[test]
fn a_path_with_two_readings_is_400_only_where_they_have_different_routes() {
    let scene = Scene::set(CONFIG);
    for path in [
        "/x/../users/me",
        "/users/ME",
        "/users/%6de",
        "/users/me/",
        "/API/x",
        "//api/x",
        "/api/V2",
        "/api%2fx",
        "/hosted;x",
    ] {
        scene.refuses(&Ask::get(path), 400, "path_ambiguous");
    }
    for path in ["/x//y", "/x/y/", "/X/%41", "/api/x//y", "/api/a%2fb", "/x;p=1/y", "/x?../users/me"] {
        let seen = scene.passes(&Ask::get(path));
        assert_eq!(seen.target, path, "same bytes");
    }
}

#[test]
fn an_unmatched_path_is_404_unless_forwarding_was_asked_for_with_a_reason() {
    let known = "routes: [{name: known, path: /known, shared_secret: {header: X-Token, secrets: [{id: a, value: \"sixteen bytes or more\"}]}}]\n";
    let scene = Scene::set(known);
    scene.refuses(&Ask::get("/unknown"), 404, "no_route");
    let scene = Scene::set(&format!("unmatched: {{forward: \"the app checks the rest itself\"}}\n{known}"));
    let seen = scene.passes(&Ask::get("/unknown?a=b"));
    assert_eq!(seen.target, "/unknown?a=b");
    scene.refuses(&Ask::get("/known"), 401, "secret_missing");
    scene.refuses(&Ask::get("/x/../known"), 400, "path_ambiguous");
    scene.refuses(&Ask::get("/KNOWN"), 400, "path_ambiguous");
}

#[test]
fn a_route_may_have_an_app_of_its_own() {
    use crate::gate::Gate;
    use crate::origin::Origin;
    let main = Origin::start();
    let other = Origin::scripted(|talk| talk.plain(200, b"the other app"));
    let routes = format!(
        "routes:\n  - {{name: other, path_prefix: /other, public: true, upstream: \"http://{}\"}}\n  \
         - {{name: site, path_prefix: /, public: true}}\n",
        other.addr
    );
    let gate = Gate::start(main.addr, &routes);
    assert_eq!(gate.ask(&Ask::get("/other/x")).body, b"the other app");
    assert_eq!(gate.ask(&Ask::get("/x")).body, b"ok");
    assert_eq!((main.count(), other.count()), (1, 1));
}
