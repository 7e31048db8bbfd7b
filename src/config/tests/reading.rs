use super::*;
use crate::config::settings::*;

#[test]
fn the_six_line_file_of_the_readme_protects_a_webhook() {
    let text = "version: 1\nlisten: 0.0.0.0:8080\nupstream: http://127.0.0.1:3000\nsecurity:\n  webhook_secrets: { github: \"${GITHUB_WEBHOOK_SECRET}\" }\n";
    let env = Environment::from_pairs([("GITHUB_WEBHOOK_SECRET", "0123456789abcdef")]);
    let loaded = loaded_with("six", text, &env).unwrap();
    let route = &loaded.settings.routes[0];
    assert_eq!(route.name.as_str(), "github");
    assert_eq!(route.path, PathRule::Exact("/webhook/github".into()));
    assert_eq!(route.methods, [http::Method::POST]);
    let signature = route.signature.as_ref().unwrap();
    assert_eq!(signature.provider, "github");
    assert_eq!(signature.secrets[0].id.as_str(), "GITHUB_WEBHOOK_SECRET");
    assert_eq!(route.line, 5);
}

#[test]
fn every_problem_of_a_file_is_told_in_one_run() {
    let text = "version: 1\nlisten: 0.0.0.0:80800\nupstrem: http://127.0.0.1:3000\nroutes:\n  - name: a\n    path: /a\n  - name: a\n    path: b\n    public: yes\n";
    let told = headlines("all", text);
    assert_eq!(
        told,
        [
            "1:1: : the key `upstream` is missing",
            "2:9: listen: the port is not in 1–65535",
            "3:1: upstrem: unknown key `upstrem`",
            "5:5: routes[0]: the route a has no credential check",
            "7:11: routes[1].name: the name `a` is already used on line 5",
            "8:11: routes[1].path: expected a path that starts with /, found `b`",
            "9:13: routes[1].public: expected `true` or `false`, found `yes`",
        ]
    );
}

#[test]
fn aliases_anchors_tags_merge_keys_and_doubled_keys_are_refused() {
    let text =
        with_head("operational: &a\n  maintenance_mode: !!bool true\n  maintenance_mode: false\n  <<: *a\n");
    let told = headlines("features", &text);
    for part in ["anchors", "tags", "already written on line 5", "merge keys", "aliases"] {
        assert!(told.iter().any(|line| line.contains(part)), "{part} in {told:#?}");
    }
}
