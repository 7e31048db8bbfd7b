//! Every variant of every preset, through every way a request can be wrong. Requests are made by our own sender; that
//! it signs as the providers do is shown by `vectors` and by the providers' libraries.

mod altered;
mod code;
pub(crate) mod keys;

use super::super::timestamp::Format;
use super::*;
use altered::{refuses_altered_bodies, refuses_altered_fields, refuses_altered_headers};

/// Fewest checks that make sense of a variant; tokens have the fewest.
const FEWEST: usize = 12;

/// One variant of one preset with a request it accepts.
struct Sample {
    name: String,
    spec: Spec,
    plan: Plan,
    one: Key,
    two: Key,
    /// What the other signs with.
    second: Key,
    call: Call,
    /// Headers the sender added.
    made: Vec<HeaderName>,
    /// Checks so far.
    checks: usize,
}

/// What the variants of all presets are, pinned.
fn samples() -> Vec<Sample> {
    let mut all = Vec::new();
    for preset in presets() {
        for named in preset.schemes {
            let mut spec = preset.specs(Some(named.name)).unwrap().remove(0);
            spec.set_header("X-Own-Token");
            spec.give_examples();
            all.push(Sample::new(spec));
        }
    }
    all
}

/// Two secrets of the form a scheme asks for.
pub(crate) fn secrets(spec: &Spec) -> [String; 2] {
    ["0123456789abcdefghijklmn", "zyxwvutsrqponmlkjihgfedcb987"].map(|text| match spec.key.enc.as_str() {
        "base64" => data_encoding::BASE64.encode(text.as_bytes()),
        "hex" => data_encoding::HEXLOWER.encode(text.as_bytes()),
        _ if spec.kind == "basic" => format!("user:{text}"),
        _ if spec.code.as_deref() == Some("salesforce") => format!("00D{}", text.get(..15).unwrap()),
        _ => text.to_owned(),
    })
}

fn body(spec: &Spec) -> &'static str {
    let time = spec.ts.as_ref().map(|ts| ts.from.concat()).unwrap_or_default();
    let places = format!("{} {} {time}", spec.sig.concat(), spec.msg);
    match () {
        () if spec.code.as_deref() == Some("vonage_sig") && spec.sig == ["query:sig"] => "",
        () if spec.code.is_some() => code::body(spec.code.as_deref().unwrap()),
        () if places.contains("form_only:") => "",
        () if places.contains("form") => "b=2&a=1",
        () => r#"{"id":"evt_1","event_id":"Ev1","data":{"n":1}}"#,
    }
}

/// A request of a scheme before it is signed.
fn blank(spec: &Spec) -> Call {
    let mut call = Call { target: "/hook?data.id=AbC".into(), ..Call::new(body(spec)) };
    call.url = Some("https://hooks.example.com/hook?data.id=AbC".into());
    if spec.code.is_some() {
        call = call.with("host", "hooks.example.com");
    }
    if spec.sig == ["query:sig"] {
        call.method = "GET".into();
    }
    call
}

impl Sample {
    fn new(spec: Spec) -> Self {
        let plan = Plan::compile(&spec).unwrap_or_else(|found| panic!("{}: {found:?}", spec.name));
        let sides = keys::of(&spec);
        let [one, two] = sides.each_ref().map(|sides| plan.key(&secret(&sides.gate)).unwrap());
        let [first, second] = sides.map(|sides| plan.signing_key(&secret(&sides.sender)).unwrap());
        let mut call = blank(&spec);
        let made = call.deliver(&plan, &first).unwrap_or_else(|problem| panic!("{}: {problem}", spec.name));
        let name = spec.name.clone();
        Self { name, spec, plan, one, two, second, call, made, checks: 0 }
    }

    fn key_of(&mut self, call: &Call, keys: &[&Key]) -> Result<usize, Refusal> {
        self.checks += 1;
        call.judge_in(&self.plan, keys, usize::MAX).map(|verified| verified.key)
    }

    /// Judges under the right key.
    fn judge(&mut self, call: &Call) -> Result<usize, Refusal> {
        let one = self.one.clone();
        self.key_of(call, &[&one])
    }

    fn refuse(&mut self, call: &Call, what: &str) {
        let found = self.judge(call);
        assert!(found.is_err(), "{}: {what} was accepted", self.name);
    }

    /// The headers a signature stands in.
    fn signature_headers(&self) -> Vec<HeaderName> {
        let usual = self.spec.kind == "basic" || self.is_code(&["aws_sigv4", "cavage"]);
        let is_place = |name: &&HeaderName| {
            let stands = |place: &String| {
                let own = place.to_lowercase();
                let found = format!("header:{name}");
                own.strip_suffix('*').map_or(found == own, |beginning| found.starts_with(beginning))
            };
            (usual && **name == http::header::AUTHORIZATION) || self.spec.sig.iter().any(stands)
        };
        self.made.iter().filter(is_place).cloned().collect()
    }
}

impl Call {
    /// Becomes what the provider would send; the headers that were added.
    fn deliver(&mut self, plan: &Plan, key: &Key) -> Result<Vec<HeaderName>, SignProblem> {
        let delivery = Delivery { head: self.head(), body: &self.body, id: "msg_2KWPBgLlAfxdpx2AI" };
        let made = plan.deliver(key, &delivery, self.now)?;
        (self.target, self.body) = (made.path_and_query, made.body);
        let names = made.headers.iter().map(|(name, _)| name.clone()).collect();
        self.headers.extend(made.headers);
        Ok(names)
    }
}

#[test]
fn every_variant_of_every_preset_stands_the_matrix() {
    let (mut variants, mut checks) = (0, 0);
    for mut sample in samples() {
        accepts_and_rotates(&mut sample);
        refuses_altered_headers(&mut sample);
        refuses_altered_bodies(&mut sample);
        refuses_altered_fields(&mut sample);
        refuses_another_encoding(&mut sample);
        keeps_the_window(&mut sample);
        refuses_another_request(&mut sample);
        code::refuses_another_target(&mut sample);
        takes_several_signatures(&mut sample);
        assert!(sample.checks >= FEWEST, "{}: {} checks", sample.name, sample.checks);
        variants += 1;
        checks += sample.checks;
    }
    let all: usize = presets().iter().map(|preset| preset.schemes.len()).sum();
    assert!(variants == all && checks >= 13_500, "{variants} variants of {all}, {checks} checks");
}

fn accepts_and_rotates(sample: &mut Sample) {
    let (one, two, call) = (sample.one.clone(), sample.two.clone(), sample.call.clone());
    assert_eq!(call.judge(&sample.plan, &[&one]).map(|found| found.key), Ok(0), "{}", sample.name);
    assert_eq!(sample.key_of(&call, &[&two, &one]), Ok(1), "{}: the old secret", sample.name);
    assert_eq!(sample.key_of(&call, &[&one, &two]), Ok(0), "{}: the new secret", sample.name);
    assert_eq!(sample.key_of(&call, &[&two]), Err(Refusal::Wrong), "{}: another secret", sample.name);
    assert_eq!(sample.key_of(&call, &[]), Err(Refusal::Wrong), "{}: no secret", sample.name);
    assert!(sample.plan.is_presented(&call.head()), "{}", sample.name);
    let mut other = Call { headers: HeaderMap::new(), ..blank(&sample.spec) };
    (other.target, other.url) = (call.target.clone(), call.url.clone());
    if call.target == "/hook?data.id=AbC" {
        sample.refuse(&other, "a request without anything");
    }
}

fn refuses_another_encoding(sample: &mut Sample) {
    let hash = match sample.spec.hash.as_str() {
        "sha1" => 20,
        "sha256" => 32,
        _ => 64,
    };
    if !sample.plan.signs_message() {
        return;
    }
    for name in sample.signature_headers() {
        let value = sample.call.headers[&name].to_str().unwrap().to_owned();
        let is_code = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_' | '=');
        let decoders = [&data_encoding::HEXLOWER, &data_encoding::BASE64, &data_encoding::BASE64URL_NOPAD];
        let is_public = sample.plan.is_public_key();
        let part = if sample.spec.kind == "jwt" { value.rsplit('.').next().unwrap() } else { &value };
        let runs: Vec<&str> = part.split(|c| !is_code(c)).collect();
        let found = runs.iter().find_map(|run| {
            let ends = (0..run.len()).filter_map(|at| run.get(at..));
            let fits = |bytes: &[u8]| if is_public { bytes.len() >= 64 } else { bytes.len() == hash };
            ends.into_iter().find_map(|text| {
                let read = |decoder: &&&data_encoding::Encoding| {
                    decoder.decode(text.as_bytes()).is_ok_and(|bytes| fits(&bytes))
                };
                Some((text.to_owned(), *decoders.iter().find(read)?))
            })
        });
        let (text, own) = found.unwrap_or_else(|| panic!("{}: no signature in {value}", sample.name));
        let bytes = own.decode(text.as_bytes()).unwrap();
        for other in decoders {
            let again = other.encode(&bytes);
            if again.trim_end_matches('=') == text.trim_end_matches('=') {
                continue;
            }
            let call =
                sample.call.clone().without(name.as_str()).with(name.as_str(), &value.replace(&text, &again));
            sample.refuse(&call, "a signature in another encoding");
        }
        for cut in [text.get(4..).unwrap(), &format!("{text}AAAA"), &format!(" {text}")] {
            let call =
                sample.call.clone().without(name.as_str()).with(name.as_str(), &value.replace(&text, cut));
            let found = sample.judge(&call);
            let spaced = cut.starts_with(' ') && sample.spec.split.is_some();
            assert!(found.is_err() || spaced, "{}: {value:?} with {cut:?}", sample.name);
        }
    }
}

fn keeps_the_window(sample: &mut Sample) {
    if let Some(window) = sample.own_window() {
        return code::keeps_its_own_window(sample, window);
    }
    let Some(ts) = sample.spec.ts.clone() else {
        let later = Call { now: at(NOON + 86_400 * 365), ..sample.call.clone() };
        assert_eq!(sample.judge(&later), Ok(0), "{}: no time is signed", sample.name);
        return;
    };
    let mut judge = |seconds: i64| {
        let call = Call { now: at(NOON + seconds), ..sample.call.clone() };
        sample.judge(&call)
    };
    let back = ts.tol_s.map_or(86_400 * 365, |tolerance| i64::try_from(tolerance).unwrap());
    let ahead = i64::try_from(ts.tol_s.map_or(ts.future_s, |tolerance| tolerance.min(ts.future_s))).unwrap();
    let edges = (judge(back), judge(-ahead));
    let beyond = (judge(back + 1), judge(-ahead - 1));
    let name = &sample.name;
    assert_eq!(edges, (Ok(0), Ok(0)), "{name}: the edges are inside");
    assert_eq!(beyond.1, Err(Refusal::Future { by_s: 1 }), "{name}");
    match ts.tol_s {
        Some(_) => assert_eq!(beyond.0, Err(Refusal::Stale { by_s: 1 }), "{name}"),
        None => assert_eq!(beyond.0, Ok(0), "{name}"),
    }
    let format = Format::parse(&ts.fmt).unwrap();
    let (old, new) = (format.write(at(NOON)), format.write(at(NOON + 3_600)));
    let mut headers = HeaderMap::new();
    for (name, value) in &sample.call.headers {
        let renewed = value.to_str().unwrap().replace(&old, &new);
        headers.append(name.clone(), HeaderValue::from_str(&renewed).unwrap());
    }
    let body = String::from_utf8(sample.call.body.clone()).unwrap().replace(&old, &new).into_bytes();
    let target = sample.call.target.replace(&old, &new);
    let renewed = Call { headers, body, target, now: at(NOON + 3_600), ..sample.call.clone() };
    assert_eq!(sample.judge(&renewed), Err(Refusal::Wrong), "{}: a renewed time", sample.name);
}

fn refuses_another_request(sample: &mut Sample) {
    let call = sample.call.clone();
    let elsewhere = Call { url: Some("https://hooks.example.com/other".into()), ..call.clone() };
    let signs_url = sample.plan.needs_url() && sample.name != "mailchannels/rfc9421";
    if signs_url {
        assert_eq!(sample.judge(&elsewhere), Err(Refusal::Wrong), "{}: another URL", sample.name);
        assert_eq!(
            sample.judge(&Call { url: None, ..call.clone() }),
            Err(Refusal::Missing),
            "{}",
            sample.name
        );
    } else {
        assert_eq!(sample.judge(&elsewhere), Ok(0), "{}: the URL is not signed", sample.name);
    }
    let put = Call { method: "PUT".into(), ..call };
    match sample.spec.msg.contains("{method}") {
        _ if sample.spec.code.is_some() || sample.spec.kind == "jwt" => {}
        true => assert_eq!(sample.judge(&put), Err(Refusal::Wrong), "{}: another method", sample.name),
        false => assert_eq!(sample.judge(&put), Ok(0), "{}: the method is not signed", sample.name),
    }
}

/// While a secret is rotated a request carries a signature of each, in the shape its provider has for that.
fn takes_several_signatures(sample: &mut Sample) {
    let (one, two) = (sample.one.clone(), sample.two.clone());
    let names = sample.signature_headers();
    let [name] = names.as_slice() else { return };
    if !sample.is_rotated_by_request() {
        return;
    }
    let mut other = blank(&sample.spec);
    other.deliver(&sample.plan, &sample.second).unwrap();
    let (first, second) = (sample.call.headers[name].clone(), other.headers[name].clone());
    let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
    let mut call = sample.call.clone();
    match (&sample.spec.split, sample.spec.pick.as_deref()) {
        (_, Some("last")) => return,
        (Some(split), _) => {
            let last = text(&second).rsplit(split.as_str()).next().unwrap().to_owned();
            call = call.without(name.as_str()).with(name.as_str(), &format!("{}{split}{last}", text(&first)));
        }
        (None, _) => match sample.spec.sig.get(1).and_then(|place| place.strip_prefix("header:")) {
            Some(secondary) => call = call.with(secondary, &text(&second)),
            None if name.as_str().ends_with("-1") => {
                call = call.with(&name.as_str().replace("-1", "-2"), &text(&second));
            }
            None => {
                call.headers.append(name.clone(), second);
            }
        },
    }
    for keys in [[&one], [&two]] {
        assert_eq!(sample.key_of(&call, &keys), Ok(0), "{}: both signatures", sample.name);
    }
    if sample.plan.is_public_key() {
        return;
    }
    let third =
        sample.plan.key(&secret(&secrets(&sample.spec)[0].replace("MDEy", "MTIz").replace("3031", "3132")));
    if sample.spec.key.enc != "utf8" {
        assert_eq!(sample.key_of(&call, &[&third.unwrap()]), Err(Refusal::Wrong), "{}", sample.name);
    }
}

#[test]
fn a_preset_taken_whole_accepts_what_each_of_its_forms_signs() {
    let mut seen = 0;
    for preset in presets() {
        let specs = preset.specs(None).unwrap();
        if specs.len() == 1 {
            continue;
        }
        let whole = Plan::compile_all(&specs).unwrap();
        for spec in specs {
            let mut sample = Sample::new(spec.clone());
            if let Some(kind) = &spec.when.content_type {
                assert_eq!(kind, "form");
                sample.call = sample.call.with("content-type", "application/x-www-form-urlencoded");
            }
            let key = whole.key(&secret(&secrets(&spec)[0])).unwrap();
            assert_eq!(sample.call.judge(&whole, &[&key]).map(|found| found.key), Ok(0), "{}", spec.name);
            let other = whole.key(&secret(&secrets(&spec)[1])).unwrap();
            assert_eq!(sample.call.judge(&whole, &[&other]), Err(Refusal::Wrong), "{}", spec.name);
            seen += 1;
        }
    }
    assert!(seen >= 8, "{seen}");
}

#[test]
fn every_header_a_preset_signs_with_is_told() {
    for sample in samples() {
        for name in &sample.made {
            assert!(sample.plan.reads_header(name), "{}: {name}", sample.name);
        }
    }
}
