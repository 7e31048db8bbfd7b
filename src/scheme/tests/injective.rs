//! Two different requests never have one signed message, whatever the template: what `boundaries` promises, tried with
//! random templates over an alphabet so small that collisions would be found.

use proptest::prelude::*;

use super::*;

const PIECES: &[&str] = &[
    "a",
    "b",
    ".",
    "{header:h0}",
    "{header:h1}",
    "{query:q}",
    "{method}",
    "{body}",
    "{body|json}",
    "[a{header:h1}.]",
    "[b{query:q}a]",
    "{header:h0|json}",
    "{path}",
    "{url}",
];

/// Values that begin and end in each other.
const TEXTS: &[&str] =
    &["a", "b", ".", "aa", "ab", "ba", "a.", "b.a", "ab.", "abba", "ab.a", "a.b.a", "\"a", "a\"", "a\\"];

/// URLs and bodies that begin and end in each other.
const URLS: &[&str] =
    &["https://h/", "https://h/?a", "https://h/?ab", "https://h/?a{", "https://h/?=https://h/"];
const BODIES: &[&str] =
    &["", "{", "b", "b{", "?a", "?a{", "{https://h/", "{https://h/?=", "{https://h/?=https://h/", "a.", "{."];

/// Values of every field of a request.
type Values = (String, Option<String>, Option<String>, String, String);

fn call(values: &Values) -> Call {
    let (h0, h1, q, body, url) = values;
    let mut call = Call::new(body).with("h0", h0);
    if let Some(h1) = h1 {
        call = call.with("h1", h1);
    }
    call.url = Some(url.clone());
    call.target = q.as_ref().map_or_else(|| "/".to_owned(), |q| format!("/?q={q}"));
    call
}

fn values() -> impl Strategy<Value = Values> {
    let text = || prop::sample::select(TEXTS).prop_map(str::to_owned);
    let body = prop_oneof![text(), prop::sample::select(BODIES).prop_map(str::to_owned)];
    let url = prop::sample::select(URLS).prop_map(str::to_owned);
    (text(), prop::option::of(text()), prop::option::of(text()), body, url)
}

/// The values the template names; what it does not name may differ.
fn named(template: &str, values: &Values) -> Vec<Option<String>> {
    let (h0, h1, q, body, url) = values;
    let pick = |name: &str, value: Option<&String>| {
        template.contains(name).then(|| value.cloned().unwrap_or_default())
    };
    vec![
        pick("h0", Some(h0)),
        pick("h1", h1.as_ref()),
        pick("{query:q}", q.as_ref()),
        pick("{body", Some(body)),
        pick("{url}", Some(url)),
    ]
}

fn signature(plan: &Plan, key: &Key, values: &Values) -> Option<HeaderValue> {
    let call = call(values);
    let made = plan.sign(key, &Delivery { head: call.head(), body: &call.body, id: "?" }, call.now).ok()?;
    made.into_iter().find(|(name, _)| name == "x-sig").map(|(_, value)| value)
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn different_requests_have_different_messages(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 1..6),
        samples in prop::collection::vec(values(), 24),
    ) {
        let template = pieces.concat();
        let Ok(plan) = Plan::compile(&Spec { msg: template.clone(), ..body_scheme() }) else { return Ok(()) };
        let key = plan.key(&secret("k")).unwrap();
        let signed: Vec<_> =
            samples.iter().filter_map(|one| Some((one, signature(&plan, &key, one)?))).collect();
        for (one, first) in &signed {
            for (other, second) in &signed {
                let same = named(&template, one) == named(&template, other);
                prop_assert_eq!(first == second, same, "{} from {:?} and {:?}", template, one, other);
            }
        }
    }
}
