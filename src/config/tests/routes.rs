use super::*;
use crate::config::settings::*;

const SECRET: &str = "0123456789abcdef";

fn routes(name: &str, rest: &str) -> Vec<Route> {
    loaded(name, &with_head(rest)).unwrap_or_else(|p| panic!("{p}")).settings.routes
}

fn signature(name: &str, keys: &str) -> Signature {
    let text =
        format!("routes:\n  - {{ name: a, path: /a, signature: {{ {keys}, secrets: [{SECRET}] }} }}\n");
    routes(name, &text).remove(0).signature.unwrap()
}

#[test]
fn replay_follows_what_is_signed_unless_written() {
    assert_eq!(signature("github", "provider: github").replay, Replay::Off);
    assert_eq!(signature("stripe", "provider: stripe").replay, Replay::Acknowledge);
    assert_eq!(signature("reject", "provider: stripe, replay: reject").replay, Replay::Reject);
    assert_eq!(signature("false", "provider: stripe, replay: false").replay, Replay::Off);
}

#[test]
fn a_variant_is_named_by_name_or_number() {
    let plan = |keys: &str| format!("{:?}", signature("variant", keys).plan);
    let strongest = plan("provider: github");
    assert_eq!(plan("provider: github, variant: sha256"), strongest);
    assert_eq!(plan("provider: github, variant: 0"), strongest);
    assert_ne!(plan("provider: github, variant: 1"), strongest);
    assert_eq!(plan("provider: github, variant: 1"), plan("provider: github, variant: legacy_sha1"));
}

#[test]
fn an_own_scheme_equal_to_a_presets_makes_the_same_plan() {
    let own = "scheme: { sig: \"header:Stripe-Signature\", split: \",\", field: v1, msg: \"{timestamp}.{body}\", ts: { from: \"sig:t\" } }";
    let found = signature("own", own);
    assert_eq!(found.provider, "custom");
    assert!(found.plan.is_stamped() && found.plan.is_body_bound());
    assert_eq!(found.replay, Replay::Acknowledge);
}

#[test]
fn a_webhook_of_no_provider_is_a_shared_secret() {
    let found = routes(
        "hook",
        &format!("security: {{ webhook_secrets: {{ nightly: {SECRET}, gitlab: {SECRET} }} }}\n"),
    );
    let secret = found[0].shared_secret.as_ref().unwrap();
    assert_eq!(secret.header, "x-webhook-secret");
    assert_eq!(found[0].path, PathRule::Exact("/webhook/nightly".into()));
    assert!(found[0].signature.is_none() && !found[0].public);
    assert_eq!(found[1].signature.as_ref().unwrap().provider, "gitlab");
}

#[test]
fn a_webhook_that_nearly_names_a_provider_is_told() {
    let loaded =
        loaded("near", &with_head(&format!("security: {{ webhook_secrets: {{ GitHub: {SECRET} }} }}\n")))
            .unwrap();
    assert!(loaded.warnings[0].hint.contains("github"), "{:?}", loaded.warnings);
}

#[test]
fn secrets_name_themselves_after_their_source() {
    let folder = Folder::new("names");
    folder.write("old.key", "fedcba9876543210");
    let text = with_head(
        "security: { webhook_secrets: { a: [\"${NEW}\", { file: old.key }, 0123456789abcdef, { id: mine, value: 0123456789abcdeg }] } }\n",
    );
    let path = folder.write("sidegate.yaml", &text);
    let env = Environment::from_pairs([("NEW", "0123456789abcdeh")]);
    let settings = load(&path, LoadMode::Start, &env).unwrap().settings;
    let secrets = &settings.routes[0].shared_secret.as_ref().unwrap().secrets;
    let ids: Vec<&str> = secrets.iter().map(|secret| secret.id.as_str()).collect();
    assert_eq!(ids, ["NEW", "old.key", "secret-3", "mine"]);
}

#[test]
fn a_route_with_every_key_reads_as_written() {
    let text = format!(
        r#"
routes:
  - name: all
    path: /users/{{id}}
    methods: [GET, POST]
    hosts: [A.example]
    shared_secret: {{ secrets: [{SECRET}] }}
    api_key: {{}}
    require: any
    authorize: {{ roles: [r], permissions: ["p_*"] }}
    ip_denylist: [10.0.0.0/8]
    rate_limits:
      - {{ name: w, limit: 60, window: 1m, by: [api_key, route] }}
      - {{ name: s, rate: 10/s, burst: 20 }}
    body: {{ max_size: 1MiB }}
    critical: true
    upstream: unix:/run/a.sock
keys: {{ a: {SECRET} }}
"#
    );
    let route = routes("every", &text).remove(0);
    assert_eq!(route.line, 6);
    assert_eq!(route.path, PathRule::Template("/users/{id}".into()));
    assert_eq!(route.hosts, ["a.example"]);
    assert_eq!(route.require, Require::Any);
    assert_eq!(route.api_key.unwrap().locations, [KeyLocation::Header("x-api-key".parse().unwrap())]);
    assert_eq!(route.authorize.permissions, ["p_*"]);
    assert_eq!(route.ip_denylist.unwrap().nets.list().len(), 1);
    assert_eq!(route.rate_limits[0].by, [LimitBy::ApiKey, LimitBy::Route]);
    assert_eq!(route.rate_limits[1].by, [LimitBy::ClientIp]);
    assert_eq!(route.max_body, Some(1 << 20));
    assert!(route.critical && !route.public);
    assert_eq!(route.upstream.unwrap().target, UpstreamTarget::Unix("/run/a.sock".into()));
}

#[test]
fn off_and_false_mean_the_same() {
    for word in ["off", "\"off\"", "false", "OFF"] {
        let text = with_head(&format!("admin: {word}\ntelemetry: {{ audit: {word}, access_log: {word} }}\n"));
        let settings = loaded("words", &text).unwrap().settings;
        assert!(settings.admin.is_none() && settings.telemetry.audit == Sink::Off, "{word}");
    }
}
