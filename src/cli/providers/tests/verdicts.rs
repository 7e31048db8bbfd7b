//! What is printed of a preset judges deliveries as the preset does: right ones, and every part of them changed.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::*;
use crate::base::clock::Wall;
use crate::base::secret::Secret;
use crate::scheme::tests::matrix::keys;
use crate::scheme::{Delivery, Key, Refusal, ReplayId, SignProblem, SignedHead};

const NOON: Wall = Wall(1_790_000_000_000);
const URL: &str = "https://hooks.example.com/hook?data.id=AbC";

#[derive(Clone, Debug)]
struct Call {
    method: &'static str,
    target: String,
    headers: HeaderMap,
    body: Vec<u8>,
    now: Wall,
}

impl Call {
    fn judge(&self, plan: &Plan, key: &Key) -> Result<usize, Refusal> {
        let head = SignedHead {
            method: self.method,
            path_and_query: &self.target,
            url: Some(URL),
            headers: &self.headers,
        };
        let mut session = plan.begin(&[key], &head, self.now, ReplayId::Wanted)?;
        session.update(&self.body);
        session.finish(&self.body).map(|found| found.key)
    }

    /// The request the provider would send.
    fn delivered(spec: &Spec, plan: &Plan, signer: &Key) -> Result<Self, SignProblem> {
        let places = format!("{} {}", spec.sig.concat(), spec.msg);
        let body: &[u8] = match spec.code.as_deref() {
            _ if places.contains("form_only:") || spec.sig == ["query:sig"] => b"",
            _ if places.contains("form") => b"b=2&a=1",
            Some("twilio" | "plivo_v3") => b"b=2&a=1",
            Some("salesforce") => b"",
            Some("aws_sns") => b"the order 1 is paid",
            Some("adyen") => {
                br#"{"notificationItems":[{"NotificationRequestItem":{"pspReference":"1","success":"true"}}]}"#
            }
            _ => br#"{"id":"evt_1","event_id":"Ev1","data":{"n":1}}"#,
        };
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("hooks.example.com"));
        if spec.when.content_type.is_some() {
            headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
        }
        let method = if spec.sig == ["query:sig"] { "GET" } else { "POST" };
        let head =
            SignedHead { method, path_and_query: "/hook?data.id=AbC", url: Some(URL), headers: &headers };
        let made = plan.deliver(signer, &Delivery { head, body, id: "msg_2KWPBgLlAfxdpx2AI" }, NOON)?;
        headers.extend(made.headers);
        Ok(Self { method, target: made.path_and_query, headers, body: made.body, now: NOON })
    }

    /// The request and every near one.
    fn and_near(self) -> Vec<Self> {
        let mut all = vec![self.clone()];
        for (name, value) in &self.headers {
            let with = |line: Option<HeaderValue>| {
                let mut call = self.clone();
                call.headers.remove(name);
                call.headers.extend(line.map(|line| (name.clone(), line)));
                call
            };
            let text = value.to_str().unwrap();
            let changed =
                |from: char, to: char| HeaderValue::from_str(&text.replacen(from, &to.to_string(), 1));
            let mut doubled = self.clone();
            doubled.headers.append(HeaderName::clone(name), value.clone());
            all.extend([with(None), with(Some(HeaderValue::from_static(""))), doubled]);
            all.extend(
                [('1', '2'), ('a', 'b'), ('=', ':'), (',', ';')]
                    .map(|(one, two)| with(changed(one, two).ok())),
            );
            all.push(with(HeaderValue::from_str(&text.to_uppercase()).ok()));
        }
        for at in 0..self.body.len() {
            let mut call = self.clone();
            call.body[at] ^= 1;
            all.push(call);
        }
        all.push(Self { body: [&self.body[..], b" "].concat(), ..self.clone() });
        all.push(Self { body: Vec::new(), ..self.clone() });
        all.push(Self { method: "PUT", ..self.clone() });
        all.push(Self { target: self.target.replace("AbC", "AbD"), ..self.clone() });
        for seconds in
            [-86_400, -3_601, -601, -301, -61, -60, 29, 61, 300, 301, 601, 1_801, 86_401, 8_640_000]
        {
            all.push(Self { now: Wall(NOON.0 + seconds * 1_000), ..self.clone() });
        }
        all
    }
}

#[test]
fn what_is_printed_of_a_preset_gives_the_verdicts_of_the_preset() {
    let (mut variants, mut accepted, mut refused) = (0, 0, 0);
    for preset in scheme::presets() {
        for (title, specs) in selections(preset) {
            let mut own: Vec<Spec> = specs.clone();
            own.iter_mut().for_each(Spec::give_examples);
            let first = &own[0];
            let sides = keys::of(first);
            let secret = format!("secrets: [{}]", Value::from(sides[0].gate.trim().replace('$', "$$")));
            let pasted = configured(&format!("{}\n{secret}", yaml::scheme(&specs))).plan;
            let plan = Plan::compile_all(&own).unwrap();
            let key = |plan: &Plan| plan.key(&Secret::new(sides[0].gate.trim().into())).unwrap();
            let keys = (key(&plan), key(&pasted));
            let signer = plan.signing_key(&Secret::new(sides[0].sender.clone().into())).unwrap();
            for spec in &own {
                let call = Call::delivered(spec, &plan, &signer).unwrap();
                assert_eq!(call.judge(&pasted, &keys.1), Ok(0), "{} {title}", preset.name);
                for near in call.and_near() {
                    let found = near.judge(&plan, &keys.0);
                    assert_eq!(near.judge(&pasted, &keys.1), found, "{} {title}: {near:?}", preset.name);
                    if found.is_ok() { accepted += 1 } else { refused += 1 }
                }
            }
            variants += 1;
        }
    }
    assert!(variants >= 200 && accepted > 1_000 && refused > 10_000, "{variants} {accepted} {refused}");
}
