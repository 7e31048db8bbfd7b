use std::path::Path;

use super::*;
use crate::config::env::Environment;
use crate::config::settings::Signature;
use crate::config::{LoadMode, load_text};

mod document;
mod verdicts;

/// The signature of a route that has these keys in it.
fn configured(keys: &str) -> Signature {
    let keys: String = keys.lines().map(|line| format!("      {line}\n")).collect();
    let text = format!(
        "version: 1\nlisten: 127.0.0.1:0\nupstream: http://127.0.0.1:3000\nroutes:\n  - name: a\n    path: /a\n    ip_allowlist: [10.0.0.0/8]\n    signature:\n{keys}"
    );
    let loaded = load_text(Path::new("a.yaml"), text.as_bytes(), LoadMode::Start, &Environment::default());
    loaded
        .unwrap_or_else(|problems| panic!("{problems}\n{text}"))
        .settings
        .routes
        .remove(0)
        .signature
        .unwrap()
}

fn secret(spec: &Spec) -> String {
    const P256: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEQhR0BwU5I8VwueEMV1Kz3LY3Augq4kX7o6pr6rU5wTD8ckoFnqAtBbHPuvW4VSd72VEIjyOWcYTaYeyf57CTPg==";
    const SET: &str =
        r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    const RSA: &str = include_str!("../../../tests/vectors/certificates/leaf.pem");
    const EC: &str = include_str!("../../../tests/vectors/certificates/ec.pem");
    const ED: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC KEY-----";
    let text = match spec.key.enc.as_str() {
        "jwks" => SET,
        "spki_b64" => P256,
        "pem" if spec.kind.starts_with("ecdsa") => EC.trim(),
        "pem" if spec.kind == "ed25519" => ED,
        "pem" => RSA.trim(),
        "raw_hex" => "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "raw_b64" => "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        "hex" => "00112233445566778899aabbccddeeff00112233",
        "base64" => "c2lkZWdhdGUtZmFrZS1zZWNyZXQtZm9yLXRlc3Rz",
        _ => "user:a fake secret for tests",
    };
    format!("secrets: [{text:?}]")
}

#[test]
fn what_is_printed_of_every_preset_is_that_preset_when_pasted() {
    let mut seen = 0;
    for preset in scheme::presets() {
        for (title, specs) in selections(preset) {
            let first = &specs[0];
            let pasted = configured(&format!("{}\n{}", yaml::scheme(&specs), secret(first)));
            let header = match preset.specs(None).unwrap().iter().chain(&specs).any(Spec::asks_for_header)
                || first.sig == [format!("header:{ANY_HEADER}")]
            {
                true => format!("header: {ANY_HEADER}\n"),
                false => String::new(),
            };
            let header = if first.kind == "basic" { String::new() } else { header };
            let variant = match title.starts_with("variant: ") {
                true => format!("variant: {}\n", first.name.rsplit('/').next().unwrap()),
                false => String::new(),
            };
            let asked: Vec<String> =
                first.asks.iter().map(|(name, example)| format!("  {name:?}: {example:?}\n")).collect();
            let options =
                if asked.is_empty() { String::new() } else { format!("options:\n{}", asked.concat()) };
            let named = configured(&format!(
                "provider: {}\n{variant}{header}{options}{}",
                preset.name,
                secret(first)
            ));
            assert_eq!(
                format!("{:?}", pasted.plan),
                format!("{:?}", named.plan),
                "{} {title}: {}",
                preset.name,
                yaml::scheme(&specs)
            );
            assert_eq!(pasted.replay, named.replay, "{} {title}", preset.name);
            seen += 1;
        }
    }
    assert!(seen >= 150, "{seen}");
}

#[test]
fn a_page_tells_what_is_known_and_what_is_not_protected() {
    let of = |name: &str| page(scheme::preset(name).unwrap());
    for word in
        ["level: proven", "verified by library: slack-sdk", "source: pypi slack-sdk", "scheme:", "v0="]
    {
        assert!(of("slack").contains(word), "{word} in {}", of("slack"));
    }
    for (name, word) in [
        ("github", "not protected: repetition"),
        ("gitlab", "not protected: anything"),
        ("mercado_pago", "not protected: the body"),
        ("sanity", "not protected: age"),
        ("trello", "set public_url"),
        ("vercel", "weak: SHA-1"),
        ("hubspot", "weak: a plain hash"),
        ("datadog", "say header: NAME"),
        ("gitea", "chosen from by the request"),
        ("figma", "level: experimental"),
    ] {
        assert!(of(name).contains(word), "{word} in {}", of(name));
    }
    assert!(!of("stripe").contains("not protected"), "{}", of("stripe"));
}
