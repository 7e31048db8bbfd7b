//! Deliveries of the presets, signed, then changed.

use sidegate::base::secret::Secret;
use sidegate::scheme::{Key, Plan, Spec, presets};

use crate::choices::Choices;
use crate::mutate::Call;

/// One delivery of a random preset under a shared secret, and eight changed ones: how many were accepted and refused.
///
/// Accepted means: the message that was signed is the same by the engine's own account, and so is all that the scheme
/// says it signs, compared here without the engine: the body, the headers and the URL its template names.
pub(crate) fn run(choices: &mut impl Choices) -> (usize, usize) {
    let all = presets();
    let preset = &all[choices.below(all.len())];
    let named = &preset.schemes[choices.below(preset.schemes.len())];
    let mut spec = preset.specs(Some(named.name)).unwrap().remove(0);
    spec.set_header("X-Own-Token");
    spec.give_examples();
    let plan = Plan::compile(&spec).unwrap();
    if plan.is_public_key() {
        return (0, 0);
    }
    let secret = Secret::new(secret(&spec).into_bytes());
    let (key, signer) = (plan.key(&secret).unwrap(), plan.signing_key(&secret).unwrap());
    let mut call = Call::new("/hook?data.id=AbC", body(&spec, choices));
    if spec.sig == ["query:sig"] {
        call.method = "GET".into();
    }
    if call.sign(&plan, &signer).is_err() {
        return (0, 0);
    }
    let Ok(original) = call.judge(&plan, &key, choices) else {
        panic!("{} refuses what it signed: {call:?}", spec.name);
    };
    let (mut accepted, mut refused) = (1, 0);
    for _ in 0..8 {
        let mut near = call.clone();
        for _ in 0..=choices.below(3) {
            near.change(choices);
        }
        match near.judge(&plan, &key, choices) {
            Err(_) => refused += 1,
            Ok(found) => {
                accepted += 1;
                assert_eq!(found, original, "{}: another message\n{call:?}\n{near:?}", spec.name);
                signs_the_same(&spec, (&plan, &key), &call, &near);
            }
        }
    }
    (accepted, refused)
}

/// What the scheme says it signs, compared as it was sent.
fn signs_the_same(spec: &Spec, (plan, _): (&Plan, &Key), call: &Call, near: &Call) {
    let reads_form = spec.msg.contains("form") || spec.sig.concat().contains("form:");
    if plan.is_body_bound() && !reads_form && spec.code.is_none() {
        assert!(near.body == call.body, "{}: another body\n{call:?}\n{near:?}", spec.name);
    }
    if plan.signs_message() && spec.msg.contains("{url}") {
        assert_eq!(near.url, call.url, "{}: another URL", spec.name);
    }
    if plan.signs_message() && spec.msg.contains("{method}") {
        assert_eq!(near.method, call.method, "{}: another method", spec.name);
    }
    let fields = spec.msg.split(['{', '}']).filter_map(|field| field.strip_prefix("header:"));
    let times = spec.ts.iter().flat_map(|ts| &ts.from).filter_map(|from| from.strip_prefix("header:"));
    for name in fields.filter(|name| !name.contains(['|', '?'])).chain(times) {
        let lines = |call: &Call| call.headers.get_all(name).iter().cloned().collect::<Vec<_>>();
        assert_eq!(lines(near), lines(call), "{}: another {name}", spec.name);
    }
}

fn secret(spec: &Spec) -> String {
    const TEXT: &str = "0123456789abcdefghijklmn";
    match (spec.key.enc.as_str(), spec.kind.as_str(), spec.code.as_deref()) {
        ("base64", ..) => data_encoding::BASE64.encode(TEXT.as_bytes()),
        ("hex", ..) => data_encoding::HEXLOWER.encode(TEXT.as_bytes()),
        (_, "basic", _) => format!("user:{TEXT}"),
        (_, _, Some("salesforce")) => "00Dxx0000001gPLEAY".into(),
        _ => TEXT.into(),
    }
}

fn body(spec: &Spec, choices: &mut impl Choices) -> Vec<u8> {
    let time = spec.ts.as_ref().map(|ts| ts.from.concat()).unwrap_or_default();
    let places = format!("{} {} {time}", spec.sig.concat(), spec.msg);
    let json = ["{}", r#"{"id":"evt_1","event_id":"Ev1","data":{"n":1}}"#, r#"{"id":"1","a":[{"b":"é\n"}]}"#];
    let forms = ["b=2&a=1", "a=%20b&c=d+e&f=", "a=1"];
    let any = ["", "plain text", "\u{0}\u{1}\r\n", "{}", "<a>1</a>"];
    let text = match spec.code.as_deref() {
        _ if places.contains("form_only:") || spec.sig == ["query:sig"] => "",
        _ if places.contains("form") => choices.pick(&forms),
        _ if places.contains("json:") => choices.pick(&json),
        Some("adyen") => {
            r#"{"notificationItems":[{"NotificationRequestItem":{"pspReference":"1","success":"true"}}]}"#
        }
        Some("twilio" | "plivo_v3" | "vonage_sig") => choices.pick(&forms),
        Some("salesforce") => "",
        Some("dropbox_sign") => r#"{"event":{"event_type":"sent"}}"#,
        Some(_) => choices.pick(&json),
        None => choices.pick(&any),
    };
    let mut body = text.as_bytes().to_vec();
    if spec.code.is_none() && places.trim_start().starts_with("header:") && choices.one_in(4) {
        body.extend(vec![b' '; choices.below(3000)]);
    }
    body
}
