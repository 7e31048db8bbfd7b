//! Who may call: the client address, the lists, and what the app is told of both.

use super::Scene;
use crate::wire::Ask;

fn via(forwarded: &str) -> Ask {
    Ask::get("/").field("X-Forwarded-For", forwarded)
}

#[test]
fn the_deny_list_beats_the_allow_list() {
    let scene = Scene::set(
        "security:\n  trusted_proxies: [127.0.0.0/8]\n  ip_allowlist: [10.0.0.0/8, \"2001:db8::/32\"]\n  \
         ip_denylist: [10.1.0.0/16]\nroutes: [{name: site, path_prefix: /, public: true}]\n",
    );
    scene.passes(&via("10.0.0.1"));
    scene.passes(&via("10.0.255.255"));
    scene.passes(&via("10.2.0.0"));
    scene.passes(&via("::ffff:10.0.0.1"));
    scene.passes(&via("2001:db8::5"));
    scene.refuses(&via("10.1.0.0"), 403, "ip_denied");
    scene.refuses(&via("10.1.255.255"), 403, "ip_denied");
    scene.refuses(&via("::ffff:10.1.2.3"), 403, "ip_denied");
    scene.refuses(&via("11.0.0.0"), 403, "ip_not_allowed");
    scene.refuses(&via("9.255.255.255"), 403, "ip_not_allowed");
    scene.refuses(&via("2001:db9::"), 403, "ip_not_allowed");
    scene.refuses(&Ask::get("/"), 403, "ip_not_allowed");
}

#[test]
fn a_routes_lists_narrow_the_global_ones() {
    let scene = Scene::set(
        "security: {trusted_proxies: [127.0.0.0/8], ip_allowlist: [10.0.0.0/8]}\nroutes:\n  \
         - {name: inner, path_prefix: /inner, public: true, ip_allowlist: [10.0.0.0/24, 192.168.0.0/16]}\n  \
         - {name: site, path_prefix: /, public: true}\n",
    );
    let inner = |from: &str| Ask::get("/inner/x").field("X-Forwarded-For", from);
    scene.passes(&inner("10.0.0.9"));
    scene.passes(&via("10.9.9.9"));
    scene.refuses(&inner("10.9.9.9"), 403, "ip_not_allowed");
    scene.refuses(&inner("192.168.0.1"), 403, "ip_not_allowed");
}

#[test]
fn the_forwarding_header_is_walked_from_the_right_over_trusted_proxies_only() {
    let scene = Scene::set(
        "security: {trusted_proxies: [127.0.0.0/8, 10.0.0.0/8], ip_allowlist: [203.0.113.7]}\n\
         routes: [{name: site, path_prefix: /, public: true}]\n",
    );
    for good in
        ["203.0.113.7", "203.0.113.7, 10.0.0.1", "6.6.6.6, 203.0.113.7", "6.6.6.6,203.0.113.7 ,10.1.2.3"]
    {
        let seen = scene.passes(&via(good));
        assert_eq!(seen.one("x-sidegate-client-ip"), "203.0.113.7", "{good}");
    }
    let two_lines = Ask::get("/").field("X-Forwarded-For", "6.6.6.6").field("x-forwarded-for", "203.0.113.7");
    scene.passes(&two_lines);
    for other in ["203.0.113.7, 6.6.6.6", "10.0.0.1", "10.0.0.1, 10.0.0.2"] {
        scene.refuses(&via(other), 403, "ip_not_allowed");
    }
    let malformed = [
        "unknown",
        "203.0.113.7,",
        "203.0.113.256",
        "203.0.113.07",
        "0xcb.0.113.7",
        "3405803783",
        "2001:db8:::1",
    ];
    for malformed in malformed {
        scene.refuses(&via(malformed), 400, "forwarded_malformed");
    }
}

#[test]
fn forwarded_of_rfc_7239_is_read_the_same_way() {
    let scene = Scene::set(
        "security: {trusted_proxies: [127.0.0.0/8], client_ip_header: Forwarded, ip_allowlist: [203.0.113.7, \"2001:db8::7\"]}\n\
         routes: [{name: site, path_prefix: /, public: true}]\n",
    );
    let via = |value: &str| Ask::get("/").field("Forwarded", value);
    for good in [
        "for=203.0.113.7",
        "For=\"203.0.113.7\"",
        "for=6.6.6.6, for=203.0.113.7;proto=https",
        "proto=http;for=\"[2001:db8::7]:4711\";by=10.0.0.1",
        "for=\"203.0.113.7:80\"",
    ] {
        scene.passes(&via(good));
    }
    for other in ["for=203.0.113.7, for=6.6.6.6", "for=6.6.6.6;by=203.0.113.7"] {
        scene.refuses(&via(other), 403, "ip_not_allowed");
    }
    for malformed in [
        "for=unknown",
        "for=_hidden",
        "for=2001:db8::7",
        "for=203.0.113.7;for=203.0.113.7",
        "203.0.113.7",
        "for=",
    ] {
        scene.refuses(&via(malformed), 400, "forwarded_malformed");
    }
}

#[test]
fn one_named_header_holds_one_address() {
    let scene = Scene::set(
        "security: {trusted_proxies: [127.0.0.0/8], client_ip_header: X-Real-IP, ip_allowlist: [203.0.113.7]}\n\
         routes: [{name: site, path_prefix: /, public: true}]\n",
    );
    let via = |value: &str| Ask::get("/").field("X-Real-IP", value);
    scene.passes(&via("203.0.113.7"));
    scene.refuses(&via("6.6.6.6"), 403, "ip_not_allowed");
    scene.refuses(&via("6.6.6.6, 203.0.113.7"), 400, "forwarded_malformed");
    scene.refuses(&via("203.0.113.7").field("x-real-ip", "6.6.6.6"), 400, "forwarded_malformed");
    scene.refuses(&via("x"), 400, "forwarded_malformed");
}

#[test]
fn an_untrusted_peers_forwarding_header_is_replaced_and_a_trusted_ones_continued() {
    let open = "routes: [{name: site, path_prefix: /, public: true}]\n";
    let scene = Scene::set(open);
    let seen = scene.passes(&via("6.6.6.6"));
    assert_eq!(seen.one("x-forwarded-for"), "127.0.0.1");
    assert_eq!(seen.one("x-sidegate-client-ip"), "127.0.0.1");
    assert_eq!(seen.one("x-sidegate-route"), "site");
    assert_eq!(seen.one("host"), "gate.test");

    let scene = Scene::set(&format!("security: {{trusted_proxies: [127.0.0.1/32]}}\n{open}"));
    let seen = scene.passes(&via("6.6.6.6"));
    assert_eq!(seen.all("x-forwarded-for").join(", "), "6.6.6.6, 127.0.0.1");
    assert_eq!(seen.one("x-sidegate-client-ip"), "6.6.6.6");
}

#[test]
fn long_lists_come_from_files() {
    use crate::gate::{Gate, Nest, config};
    use crate::origin::Origin;
    let origin = Origin::start();
    let nest = Nest::new();
    let lines: String = (0..3000).map(|n| format!("10.{}.{}.0/24\n", n / 256, n % 256)).collect();
    nest.write("denied.txt", format!("# bad neighbours\n{lines}\n2001:db8::/48\n"));
    let rest = format!(
        "security: {{trusted_proxies: [127.0.0.0/8], ip_denylist: {{file: {}}}}}\n\
         routes: [{{name: site, path_prefix: /, public: true}}]\n",
        nest.path("denied.txt").display()
    );
    let gate = Gate::start_in(nest, &config(origin.addr, &rest));
    for (from, status) in [
        ("10.0.0.1", 403),
        ("10.11.183.255", 403),
        ("10.11.184.0", 200),
        ("2001:db8:0:9::1", 403),
        ("2001:db8:1::1", 200),
    ] {
        assert_eq!(gate.ask(&via(from)).status, status, "{from}");
    }
}
