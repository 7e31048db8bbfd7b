//! Requests that providers and their libraries signed.

use serde_json::Value;

use super::*;

const VECTORS: &str = include_str!("../../../tests/vectors/signatures.json");

#[test]
fn published_signatures_are_accepted() {
    let vectors: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    assert!(vectors.len() >= 28);
    for vector in &vectors {
        let name = text(&vector["name"]);
        let plan = Plan::compile(&spec(vector)).unwrap_or_else(|found| panic!("{name}: {found:?}"));
        let keys: Vec<Key> =
            texts(&vector["secrets"]).iter().map(|one| plan.key(&secret(one)).unwrap()).collect();
        let keys: Vec<&Key> = keys.iter().collect();
        let call = call(vector);
        let verified = call.judge(&plan, &keys).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert_eq!(verified.key as u64, vector["key"].as_u64().unwrap(), "{name}");
        let other =
            plan.key(&secret("QUJDREVGR0hJSktMTU5PUFFSU1RVVldY")).or_else(|_| plan.key(&secret("00ff")));
        assert_eq!(
            call.judge(&plan, &[&other.unwrap()]).unwrap_err(),
            Refusal::Wrong,
            "{name} under another secret"
        );
        assert_body_counts(name, &plan, &keys, &call);
    }
}

/// What a preset says proves it is there: a vector that was published for it, or its library among the oracles.
#[test]
fn a_preset_is_called_proven_for_what_is_really_tested() {
    let vectors: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    let oracles = [
        include_str!("../../../tests/oracles/requirements.txt"),
        include_str!("../../../tests/oracles/package.json"),
    ];
    let oracles = oracles.concat().replace("\": \"", "==").replace(['"', ','], " ");
    let files = std::fs::read_dir("tests/oracles").unwrap().map(|entry| entry.unwrap().path());
    let programs = files.filter(|path| path.extension().is_some_and(|ending| ending == "py"));
    let asked: String = programs.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let published = |name: &str, variant: &str| {
        vectors.iter().any(|vector| {
            let named = vector["preset"].as_str().and_then(|named| named.split_once('/'));
            named.is_some_and(|(own, form)| own == name && (variant.is_empty() || form == variant))
                && !text(&vector["source"]).starts_with("derived")
        })
    };
    for preset in presets() {
        for proof in preset.proofs {
            let (kind, what) = proof.split_once(": ").unwrap();
            let variant = what.split_once("(variant ").map_or("", |(_, rest)| rest.trim_end_matches(')'));
            match kind {
                "vector" => assert!(published(preset.name, variant), "{}: {proof}", preset.name),
                "library" => {
                    let mut words = what.split(' ');
                    let pinned = format!("{}=={}", words.next().unwrap(), words.next().unwrap());
                    assert!(oracles.split_whitespace().any(|one| one == pinned), "{pinned} in {oracles}");
                    let named = format!("\"{}\"", preset.name);
                    assert!(asked.contains(&named), "{}: no oracle asks {pinned}", preset.name);
                }
                other => panic!("{}: {other}", preset.name),
            }
        }
        let has_vector = preset.proofs.iter().any(|proof| proof.starts_with("vector: "));
        assert_eq!(published(preset.name, ""), has_vector, "{}: a published vector is a proof", preset.name);
    }
}

/// A body-bound signature does not survive a changed body.
fn assert_body_counts(name: &str, plan: &Plan, keys: &[&Key], call: &Call) {
    let mut longer = call.clone();
    longer.body.push(b' ');
    match plan.is_body_bound() {
        true => assert_eq!(longer.judge(plan, keys).unwrap_err(), Refusal::Wrong, "{name}"),
        false => assert!(longer.judge(plan, keys).is_ok(), "{name}"),
    }
}

#[test]
fn our_own_signer_makes_the_published_signatures() {
    let vectors: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    for vector in &vectors {
        let plan = Plan::compile(&spec(vector)).unwrap();
        let key =
            plan.key(&secret(&texts(&vector["secrets"])[vector["key"].as_u64().unwrap() as usize])).unwrap();
        let call = call(vector);
        let places = spec(vector).sig;
        let is_place = |name: &str| {
            let ends = |place: &String| place.trim_end_matches('*').to_lowercase();
            places.iter().any(|place| format!("header:{name}").starts_with(&ends(place)))
        };
        let names: Vec<String> =
            call.headers.keys().map(ToString::to_string).filter(|name| is_place(name)).collect();
        let bare = names.iter().fold(call.clone(), |call, name| call.without(name));
        let delivery = Delivery { head: bare.head(), body: &bare.body, id: "unused" };
        let made = match plan.sign(&key, &delivery, call.now) {
            Err(SignProblem::NotInHeader) => continue,
            made => made.unwrap(),
        };
        let remade = Call { headers: made.into_iter().fold(bare.headers.clone(), put), ..call };
        assert_eq!(remade.judge(&plan, &[&key]).map(|verified| verified.key), Ok(0), "{}", vector["name"]);
    }
}

fn put(mut headers: HeaderMap, line: (HeaderName, HeaderValue)) -> HeaderMap {
    headers.append(line.0, line.1);
    headers
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().map(|all| all.iter().map(|one| text(one).to_owned()).collect()).unwrap_or_default()
}

fn optional(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn call(vector: &Value) -> Call {
    let mut call = Call::new(text(&vector["body"]));
    for line in vector["headers"].as_array().unwrap() {
        call = call.with(text(&line[0]), text(&line[1]));
    }
    call.url = optional(&vector["url"]);
    call.now = at(vector["at"].as_i64().unwrap());
    call
}

fn spec(vector: &Value) -> Spec {
    if let Some(named) = vector["preset"].as_str() {
        let (provider, variant) = named.split_once('/').unwrap();
        return preset(provider).unwrap().spec(Some(variant)).unwrap();
    }
    let scheme = &vector["scheme"];
    let usual = Spec::default();
    let word = |key: &str, usual: String| optional(&scheme[key]).unwrap_or(usual);
    Spec {
        kind: word("kind", usual.kind),
        hash: word("hash", usual.hash),
        sig: texts(&scheme["sig"]),
        split: optional(&scheme["split"]),
        kv: optional(&scheme["kv"]),
        field: optional(&scheme["field"]),
        pick: optional(&scheme["pick"]),
        prefix: optional(&scheme["prefix"]),
        enc: word("enc", usual.enc),
        msg: word("msg", usual.msg),
        ts: scheme["ts"].is_object().then(|| TsSpec {
            from: texts(&scheme["ts"]["from"]),
            fmt: text(&scheme["ts"]["fmt"]).into(),
            tol_s: scheme["ts"]["tol"].as_u64(),
            ..TsSpec::default()
        }),
        key: KeySpec {
            enc: optional(&scheme["key"]["enc"]).unwrap_or(usual.key.enc),
            strip: texts(&scheme["key"]["strip"]),
            ..KeySpec::default()
        },
        id: optional(&scheme["id"]),
        ..Spec::default()
    }
}
