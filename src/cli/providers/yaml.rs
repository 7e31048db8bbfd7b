//! A scheme as YAML one can paste under `signature:`.

use serde_json::Value;

use crate::scheme::{KeySpec, Spec, TsSpec};

/// The key `scheme` with one scheme, or a list of several.
pub(super) fn scheme(specs: &[Spec]) -> String {
    let mut lines = vec!["scheme:".to_owned()];
    let many = specs.len() > 1;
    for spec in specs {
        for (position, line) in keys(spec).into_iter().enumerate() {
            let lead = match (many, position) {
                (false, _) => "  ",
                (true, 0) => "  - ",
                (true, _) => "    ",
            };
            lines.push(format!("{lead}{line}"));
        }
    }
    let options = specs.iter().flat_map(|spec| &spec.options).map(|(name, values)| (name, list(values)));
    let asked = specs.iter().flat_map(|spec| &spec.asks).map(|(name, example)| (name, quote(example)));
    let told: Vec<String> =
        options.chain(asked).map(|(name, value)| format!("  {}: {value}", quote(name))).collect();
    if !told.is_empty() {
        lines.push("options:".to_owned());
        lines.extend(told);
    }
    lines.join("\n")
}

/// The keys of one scheme that differ from their defaults, its kind always.
fn keys(spec: &Spec) -> Vec<String> {
    let usual = Spec::default();
    let mut lines = vec![format!("kind: {}", spec.kind)];
    let mut word = |key: &str, own: &str, usual: &str| {
        if own != usual {
            lines.push(format!("{key}: {}", quote(own)));
        }
    };
    word("hash", &spec.hash, &usual.hash);
    word("enc", &spec.enc, &usual.enc);
    word("msg", &spec.msg, &usual.msg);
    word("body", &spec.body, &usual.body);
    if !spec.sig.is_empty() {
        lines.push(format!("sig: {}", list(&spec.sig)));
    }
    let optional = [
        ("split", &spec.split),
        ("kv", &spec.kv),
        ("field", &spec.field),
        ("pick", &spec.pick),
        ("prefix", &spec.prefix),
        ("id", &spec.id),
        ("code", &spec.code),
    ];
    lines.extend(
        optional.into_iter().filter_map(|(key, text)| Some(format!("{key}: {}", quote(text.as_ref()?)))),
    );
    lines.extend(spec.ts.as_ref().map(time));
    if spec.key != KeySpec::default() {
        lines.push(key(&spec.key));
    }
    if !spec.require.is_empty() {
        let pins: Vec<String> =
            spec.require.iter().map(|(place, text)| format!("{}: {}", quote(place), quote(text))).collect();
        lines.push(format!("require: {{{}}}", pins.join(", ")));
    }
    let when = [
        ("method", &spec.when.method),
        ("content_type", &spec.when.content_type),
        ("header", &spec.when.header),
    ];
    let when: Vec<String> = when
        .into_iter()
        .filter_map(|(key, text)| Some(format!("{key}: {}", quote(text.as_ref()?))))
        .collect();
    if !when.is_empty() {
        lines.push(format!("when: {{{}}}", when.join(", ")));
    }
    lines
}

fn time(ts: &TsSpec) -> String {
    let usual = TsSpec::default();
    let tolerance = match ts.tol_s {
        None => ", unbounded: true".to_owned(),
        Some(seconds) => format!(", tol: {seconds}s"),
    };
    let future = match ts.future_s == usual.future_s {
        true => String::new(),
        false => format!(", future: {}s", ts.future_s),
    };
    format!("ts: {{from: {}, fmt: {}{tolerance}{future}}}", list(&ts.from), ts.fmt)
}

fn key(key: &KeySpec) -> String {
    let mut words = vec![format!("enc: {}", key.enc)];
    if !key.strip.is_empty() {
        words.push(format!("strip: {}", list(&key.strip)));
    }
    if key.derive != KeySpec::default().derive {
        words.push(format!("derive: {}", key.derive));
    }
    format!("key: {{{}}}", words.join(", "))
}

fn list(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| quote(text)).collect();
    format!("[{}]", quoted.join(", "))
}

/// A JSON string is a YAML scalar; `$` begins a reference in this file and is doubled.
fn quote(text: &str) -> String {
    Value::String(text.replace('$', "$$")).to_string()
}
