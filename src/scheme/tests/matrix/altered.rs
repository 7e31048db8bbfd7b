//! What was signed, changed in every way it can be: headers, the body, fields of forms, queries and JSON.

use super::*;

pub(super) fn refuses_altered_headers(sample: &mut Sample) {
    let signatures = sample.signature_headers();
    for name in sample.made.clone() {
        let text = name.as_str();
        let call = sample.call.clone();
        sample.refuse(&call.clone().altered(text), &format!("an altered {name}"));
        let bare = call.clone().without(text);
        sample.refuse(&bare, &format!("without {name}"));
        sample.refuse(&bare.clone().with(text, ""), &format!("an empty {name}"));
        sample.refuse(&bare.with(text, "\t"), &format!("a blank {name}"));
        let doubled = sample.judge(&call.clone().doubled(text));
        if signatures.contains(&name) {
            assert!(
                matches!(doubled, Ok(0) | Err(Refusal::Malformed)),
                "{}: {name} twice: {doubled:?}",
                sample.name
            );
        } else if sample.spec.code.is_some() {
            assert!(doubled.is_err(), "{}: {name} twice", sample.name);
        } else {
            assert_eq!(doubled, Err(Refusal::Malformed), "{}: {name} twice", sample.name);
        }
    }
}

pub(super) fn refuses_altered_bodies(sample: &mut Sample) {
    let with = |body: Vec<u8>| Call { body, ..sample.call.clone() };
    let body = sample.call.body.clone();
    let flipped: Vec<Call> = (0..body.len())
        .map(|at| {
            let mut body = body.clone();
            body[at] ^= 1;
            with(body)
        })
        .collect();
    let longer = with([&body[..], b" "].concat());
    let empty = with(Vec::new());
    if sample.plan.is_body_bound() {
        let loose = sample.loose();
        for (at, call) in flipped.iter().enumerate().filter(|(at, _)| !loose.contains(at)) {
            sample.refuse(call, &format!("a body with byte {at} flipped"));
        }
        sample.refuse(&longer, "a longer body");
        if !body.is_empty() {
            sample.refuse(&empty, "no body");
        }
    } else if !sample.plan.reads_body() {
        assert_eq!(sample.judge(&empty), Ok(0), "{}: the body is not looked at", sample.name);
        assert_eq!(sample.judge(&longer), Ok(0), "{}: the body is not looked at", sample.name);
    } else if !body.is_empty() {
        sample.refuse(&empty, "no body");
    }
}

/// What stands in a form, a query or a JSON text is altered, removed and doubled there.
pub(super) fn refuses_altered_fields(sample: &mut Sample) {
    let mut places = sample.spec.sig.clone();
    places.extend(sample.spec.ts.iter().flat_map(|ts| ts.from.clone()));
    places.extend(sample.spec.msg.split(['{', '}', '|', '?']).map(str::to_owned));
    let of_code = sample.spec.code.as_deref().map_or(&[][..], code::places);
    places.extend(of_code.iter().map(|place| (*place).to_owned()));
    for place in places {
        let Some((kind, name)) = place.split_once(':') else { continue };
        let call = sample.call.clone();
        match kind {
            "json" => {
                let text = String::from_utf8(call.body.clone()).unwrap();
                let key = name.rsplit('.').next().unwrap();
                let (before, after) = text.split_once(&format!("\"{key}\":\"")).unwrap();
                let (value, rest) = after.split_once('"').unwrap();
                for (new, what) in [
                    (format!("\"{key}\":\"{}\"", altered(value)), "altered"),
                    (format!("\"{key}\":\"\""), "empty"),
                    (format!("\"{key}\":null"), "null"),
                    (format!("\"{key}x\":\"{value}\""), "renamed"),
                    (format!("\"{key}\":\"{value}\",\"{key}\":\"{value}\""), "doubled"),
                    (format!("\"{key}\":[\"{value}\"]"), "in a list"),
                ] {
                    let body = format!("{before}{new}{rest}").into_bytes();
                    sample.refuse(&Call { body, ..call.clone() }, &format!("{place} {what}"));
                }
            }
            "form" | "form_only" => {
                let text = String::from_utf8(call.body.clone()).unwrap();
                for (new, what) in fields(&text, name) {
                    let changed = Call { body: new.into_bytes(), ..call.clone() };
                    sample.refuse(&changed, &format!("{place} {what}"));
                }
            }
            "query" => {
                let (path, query) = call.target.split_once('?').unwrap();
                for (new, what) in fields(query, name) {
                    let changed = Call { target: format!("{path}?{new}"), ..call.clone() };
                    sample.refuse(&changed, &format!("{place} {what}"));
                }
            }
            _ => {}
        }
    }
}

/// A form with one field changed in every way.
fn fields(text: &str, name: &str) -> Vec<(String, &'static str)> {
    let pair = text.split('&').find(|pair| pair.starts_with(&format!("{name}="))).unwrap();
    let value = pair.split_once('=').unwrap().1;
    vec![
        (text.replace(pair, &format!("{name}={}", altered(value))), "altered"),
        (text.replace(pair, &format!("{name}=")), "empty"),
        (text.replace(pair, &format!("{name}x={value}")), "renamed"),
        (format!("{text}&{pair}"), "doubled"),
        (format!("{text}&{name}[]=1"), "doubled as PHP does"),
    ]
}

fn altered(text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let last = chars.iter().rposition(char::is_ascii_alphanumeric).unwrap();
    chars[last] = if chars[last] == '1' { '2' } else { '1' };
    chars.into_iter().collect()
}
