use super::*;

fn names() -> Names {
    let judged = ["x-hub-signature-256", "x_webhook_token", "authorization"];
    Names::new(
        "x-sidegate-",
        Some(HeaderName::from_static("cf-visitor-ip")),
        judged.map(HeaderName::from_static).to_vec(),
    )
}

fn fate(name: &str, trust: PeerTrust) -> Fate {
    names().fate(&HeaderName::try_from(name).expect("a name"), trust, &HeaderMap::new())
}

#[test]
fn ordinary_fields_stay() {
    for name in [
        "Accept",
        "Host",
        "Content-Type",
        "Content-Length",
        "Cookie",
        "User-Agent",
        "X-GitHub-Event",
        "Cache-Control",
        "X-Hub-Signature-256",
        "X_Webhook_Token",
        "Authorization",
        "Traceparent",
        "X-Request-Id",
        "my_own_field",
        "Upgrade-Insecure-Requests",
        "Priority",
        "Prefer",
        "Content.Note",
    ] {
        assert_eq!(fate(name, PeerTrust::Untrusted), Fate::Keep, "{name}");
    }
}

#[test]
fn what_is_bound_to_the_connection_or_overrides_goes_from_everybody() {
    for name in [
        "Connection",
        "Keep-Alive",
        "Proxy-Connection",
        "Proxy-Authorization",
        "Proxy",
        "TE",
        "Upgrade",
        "Expect",
        "HTTP2-Settings",
        "X-HTTP-Method-Override",
        "X-HTTP-Method",
        "X-Method-Override",
        "X-Original-URL",
        "X-Rewrite-URL",
        "X_Original_URL",
        "x.http.method",
    ] {
        assert_eq!(fate(name, PeerTrust::Untrusted), Fate::Strip, "{name}");
        assert_eq!(fate(name, PeerTrust::Trusted), Fate::Strip, "{name}");
    }
}

#[test]
fn every_alias_of_our_own_fields_goes_from_everybody() {
    for name in [
        "X-Sidegate-Route",
        "X_Sidegate_Route",
        "x.sidegate.route",
        "X-Sidegate_Route",
        "x~sidegate~anything",
        "X!Sidegate!Subject",
        "X-Sidegate-",
        "x'sidegate'client'ip",
        "x|sidegate|roles",
        "X-Sidegate-Key.Id",
    ] {
        assert_eq!(fate(name, PeerTrust::Untrusted), Fate::Strip, "{name}");
        assert_eq!(fate(name, PeerTrust::Trusted), Fate::Strip, "{name}");
    }
}

#[test]
fn only_a_trusted_peer_says_where_a_request_came_from_and_only_under_the_exact_name() {
    for name in [
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "X-Forwarded-User",
        "X-Real-IP",
        "Forwarded",
        "True-Client-IP",
        "CF-Connecting-IP",
        "CF-Visitor-IP",
        "X-Client-IP",
    ] {
        assert_eq!(fate(name, PeerTrust::Untrusted), Fate::Strip, "{name}");
        assert_eq!(fate(name, PeerTrust::Trusted), Fate::Keep, "{name}");
    }
    for name in ["X_Forwarded_For", "X-Real_IP", "X.Real.IP", "CF_Visitor_IP", "x-forwarded_anything"] {
        assert_eq!(fate(name, PeerTrust::Trusted), Fate::Strip, "{name}");
    }
}

#[test]
fn aliases_of_what_was_judged_go() {
    for name in
        ["X_Hub_Signature_256", "X-Webhook-Token", "x.webhook.token", "Content_Length", "Transfer.Encoding"]
    {
        assert_eq!(fate(name, PeerTrust::Trusted), Fate::Strip, "{name}");
    }
}

#[test]
fn an_odd_name_goes_when_another_field_of_the_head_reads_the_same() {
    let mut present = HeaderMap::new();
    present.insert("x-tenant", "1".parse().expect("a value"));
    let odd = HeaderName::from_static("x_tenant");
    assert_eq!(names().fate(&odd, PeerTrust::Untrusted, &present), Fate::Strip);
    assert_eq!(names().fate(&odd, PeerTrust::Untrusted, &HeaderMap::new()), Fate::Keep);
}

#[test]
fn trailers_carry_nothing_a_verdict_or_the_framing_rests_on() {
    for name in [
        "Content-Length",
        "Transfer-Encoding",
        "Host",
        "Authorization",
        "Cookie",
        "Set-Cookie",
        "X-Sidegate-Route",
        "X-Forwarded-For",
        "X-Hub-Signature-256",
        "X_Webhook_Token",
        "X-Webhook-Token",
        "X-Request-Id",
        "any_odd_name",
        "Connection",
        "Trailer",
        "CF-Visitor-IP",
        "Content-Type",
        "X-HTTP-Method-Override",
        "Via",
        "Pragma",
        "X-API-Key",
        "X-Auth-User",
        "X-Original-Method",
    ] {
        let name = HeaderName::try_from(name).expect("a name");
        assert_eq!(names().fate_of_trailer(&name), Fate::Strip, "{name}");
    }
    for name in ["grpc-status", "grpc-message", "x-checksum", "server-timing", "etag"] {
        assert_eq!(names().fate_of_trailer(&HeaderName::from_static(name)), Fate::Keep, "{name}");
    }
}

#[test]
fn a_prefix_that_begins_no_name_is_stripped_as_it_is_written() {
    use crate::forward::rules::IdentityLabels;
    for prefix in ["x-sidegate-", "X-Gate-", "x_gate.", "no name "] {
        let (names, ours) = (Names::new(prefix, None, Vec::new()), IdentityLabels::new(prefix));
        for name in [&ours.route, &ours.subject, &ours.key_id, &ours.roles, &ours.client_ip] {
            let name = name.strip_suffix(": ").unwrap().parse::<HeaderName>().unwrap();
            let fate = names.fate(&name, PeerTrust::Trusted, &HeaderMap::new());
            assert_eq!(fate, Fate::Strip, "{prefix:?} {name}");
        }
    }
}
