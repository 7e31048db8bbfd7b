//! `sidegate send` signs for every preset, and the gate accepts exactly that: both sides through the binary.

#[path = "../../../src/scheme/tests/matrix/keys.rs"]
mod keys;

use std::fmt::Write as _;
use std::process::Output;

use sidegate::scheme::{Preset, Spec, presets};

use super::Scene;
use crate::gate::sidegate;

const HEADER: &str = "X-Own-Token";

fn secrets(spec: &Spec) -> [String; 2] {
    ["0123456789abcdefghijklmn", "zyxwvutsrqponmlkjihgfedcb987"].map(|text| match spec.key.enc.as_str() {
        "base64" => data_encoding::BASE64.encode(text.as_bytes()),
        "hex" => data_encoding::HEXLOWER.encode(text.as_bytes()),
        _ if spec.kind == "basic" => format!("user:{text}"),
        _ if spec.code.as_deref() == Some("salesforce") => format!("00D{}", text.get(..15).unwrap()),
        _ => text.to_owned(),
    })
}

/// One preset as it is used by default.
struct Case {
    preset: &'static Preset,
    spec: Spec,
    sides: [keys::Sides; 2],
}

fn cases() -> Vec<Case> {
    let case = |preset: &'static Preset| {
        let spec = preset.specs(None).unwrap().remove(0);
        let mut shown = spec.clone();
        shown.give_examples();
        Case { preset, spec, sides: keys::of(&shown) }
    };
    presets().iter().map(case).collect()
}

impl Case {
    fn route(&self) -> String {
        let name = self.preset.name;
        let quoted = |text: &str| serde_json::Value::from(text.replace('$', "$$")).to_string();
        let mut text = format!(
            "  - name: {name}\n    path: /p/{name}\n    ip_allowlist: [127.0.0.0/8]\n    signature:\n      \
             provider: {name}\n      replay: \"off\"\n      public_url: https://hooks.example.com/p/{name}\n      \
             secrets: [{}]\n",
            quoted(self.sides[0].gate.trim())
        );
        if self.spec.asks_for_header() {
            writeln!(text, "      header: {HEADER}").unwrap();
        }
        if !sidegate::scheme::handshake::handshakes(name).is_empty() {
            writeln!(text, "      handshake: off").unwrap();
        }
        if !self.spec.asks.is_empty() {
            writeln!(text, "      options:").unwrap();
        }
        for (option, example) in &self.spec.asks {
            writeln!(text, "        {option:?}: {}", quoted(example)).unwrap();
        }
        text
    }

    fn send(&self, scene: &Scene, key: &str) -> Output {
        let name = self.preset.name;
        let file = format!("{name}.key");
        scene.gate.nest.write(&file, key);
        let is_pair = self.sides[0].gate != self.sides[0].sender;
        let mut command = sidegate();
        command.args([
            "send",
            "--provider",
            name,
            "--public-url",
            &format!("https://hooks.example.com/p/{name}"),
        ]);
        command.arg(if is_pair { "--private-key-file" } else { "--secret-file" });
        command.arg(scene.gate.nest.path(&file));
        if self.spec.asks_for_header() {
            command.args(["--signature-header", HEADER]);
        }
        for (option, example) in &self.spec.asks {
            command.args(["--option", &format!("{option}={example}")]);
        }
        let places = format!("{} {}", self.spec.sig.concat(), self.spec.msg);
        command.args([
            "--body",
            match self.spec.code.as_deref() {
                _ if places.contains("form_only:") => "",
                _ if places.contains("form") => "b=2&a=1",
                Some("adyen") => ADYEN,
                Some("twilio" | "plivo_v3" | "vonage_sig" | "paddle_classic") => "b=2&a=1",
                Some("salesforce") => "",
                Some("aws_sns") => "the order 1 is paid",
                _ => r#"{"id":"evt_1","event_id":"Ev1","data":{"n":1}}"#,
            },
        ]);
        command.arg(format!("http://{}/p/{name}?data.id=AbC", scene.gate.data));
        command.output().unwrap()
    }
}

const ADYEN: &str = r#"{"notificationItems":[{"NotificationRequestItem":{"pspReference":"1","amount":{"value":1130,"currency":"EUR"},"success":"true"}}]}"#;

#[test]
fn what_send_signs_for_every_preset_passes_and_with_another_key_it_does_not() {
    let cases = cases();
    let routes: String = cases.iter().map(Case::route).collect();
    let scene = Scene::set(&format!("routes:\n{routes}"));
    let mut wrong = Vec::new();
    for case in &cases {
        let before = scene.origin.count();
        let refused = case.send(&scene, &case.sides[1].sender);
        if refused.status.code() != Some(1) || scene.origin.count() != before {
            wrong.push(format!("{}, another key: {refused:?}", case.preset.name));
        }
        let sent = case.send(&scene, &case.sides[0].sender);
        let is_told = String::from_utf8_lossy(&[sent.stdout.clone(), sent.stderr.clone()].concat())
            .contains(case.sides[0].sender.lines().nth(1).unwrap_or(&case.sides[0].sender));
        if sent.status.code() != Some(0) || scene.origin.count() != before + 1 || is_told {
            wrong.push(format!("{}: {sent:?}", case.preset.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(cases.len(), presets().len());
}

#[test]
fn a_key_that_only_verifies_cannot_sign() {
    let cases = cases();
    let case = cases.iter().find(|case| case.preset.name == "discord").unwrap();
    let scene = Scene::set(&format!("routes:\n{}", case.route()));
    for key in [&case.sides[0].gate, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
        let sent = case.send(&scene, key);
        assert_eq!(sent.status.code(), Some(2), "{sent:?}");
        assert!(String::from_utf8_lossy(&sent.stderr).contains("--private-key-file"), "{sent:?}");
    }
    assert_eq!(scene.origin.count(), 0);
}
