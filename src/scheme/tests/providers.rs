//! Five presets of different kinds, through a list of good and bad requests written out by hand; `matrix` goes through
//! all of them.

use sha2::Digest;

use super::*;

/// What a preset's requests look like.
struct Case {
    preset: &'static str,
    variant: &'static str,
    /// Carries the signature.
    sig: &'static str,
    /// Signed headers beside it.
    signed: &'static [&'static str],
    /// Whether there is a window.
    timed: bool,
}

const CASES: &[Case] = &[
    Case { preset: "github", variant: "sha256", sig: "x-hub-signature-256", signed: &[], timed: false },
    Case { preset: "github", variant: "legacy_sha1", sig: "x-hub-signature", signed: &[], timed: false },
    Case { preset: "gitlab", variant: "token", sig: "x-gitlab-token", signed: &[], timed: false },
    Case {
        preset: "slack",
        variant: "v0",
        sig: "x-slack-signature",
        signed: &["x-slack-request-timestamp"],
        timed: true,
    },
    Case {
        preset: "standard_webhooks",
        variant: "v1",
        sig: "webhook-signature",
        signed: &["webhook-id", "webhook-timestamp"],
        timed: true,
    },
    Case { preset: "stripe", variant: "v1", sig: "stripe-signature", signed: &[], timed: true },
];

const ONE: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const TWO: &str = "whsec_plJ3nmyCDGBKInavdOK15jslQUJDREVG";
const BODY: &str = r#"{"id":"evt_1","event_id":"Ev1","type":"invoice.paid"}"#;

fn setting(case: &Case) -> (Plan, Key, Key, Call) {
    let plan = plan_of(case.preset, Some(case.variant));
    let (one, two) = (plan.key(&secret(ONE)).unwrap(), plan.key(&secret(TWO)).unwrap());
    let call = Call::new(BODY).signed(&plan, &one, "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W");
    (plan, one, two, call)
}

#[test]
fn only_what_is_signed_makes_a_preset_stamped() {
    let stamped = |name| plan_of(name, None).is_stamped();
    assert!(stamped("slack") && stamped("stripe") && stamped("standard_webhooks"));
    assert!(!stamped("github") && !stamped("gitlab"), "their delivery ids are not signed");
}

#[test]
fn what_the_provider_signed_is_accepted() {
    for case in CASES {
        let (plan, one, two, call) = setting(case);
        assert_eq!(call.judge(&plan, &[&one]).unwrap().key, 0, "{}", case.preset);
        assert_eq!(call.judge(&plan, &[&two, &one]).unwrap().key, 1, "{} rotated", case.preset);
        assert_eq!(
            call.judge(&plan, &[&one, &one]).unwrap().key,
            0,
            "{}: the first that matches",
            case.preset
        );
    }
}

#[test]
fn every_header_of_the_verdict_is_told() {
    for case in CASES {
        let (plan, _, _, call) = setting(case);
        let told: Vec<&str> = plan.headers().iter().map(HeaderName::as_str).collect();
        let mut made: Vec<&str> = call.headers.keys().map(HeaderName::as_str).collect();
        made.sort_unstable();
        assert_eq!(told, made, "{}", case.preset);
        assert!(plan.headers().iter().all(|name| plan.reads_header(name)));
    }
}

#[test]
fn another_body_is_refused_where_the_body_is_bound() {
    for case in CASES {
        let (plan, one, _, mut call) = setting(case);
        call.body.push(b' ');
        let expected = if plan.is_body_bound() { Err(Refusal::Wrong) } else { Ok(0) };
        assert_eq!(call.judge(&plan, &[&one]).map(|verified| verified.key), expected, "{}", case.preset);
        call.body.clear();
        assert_eq!(call.judge(&plan, &[&one]).map(|verified| verified.key), expected, "{}", case.preset);
    }
}

#[test]
fn an_altered_signature_is_refused() {
    for case in CASES {
        let (plan, one, two, call) = setting(case);
        assert_eq!(call.judge(&plan, &[&two]), Err(Refusal::Wrong), "{}: wrong secret", case.preset);
        let altered = call.altered(case.sig).judge(&plan, &[&one]);
        let refused = [Err(Refusal::Wrong), Err(Refusal::Malformed)].contains(&altered);
        assert!(refused, "{}: {altered:?}", case.preset);
    }
}

#[test]
fn a_missing_or_empty_signature_is_refused() {
    for case in CASES {
        let (plan, one, _, call) = setting(case);
        let bare = call.without(case.sig);
        assert_eq!(bare.judge(&plan, &[&one]), Err(Refusal::Missing), "{}", case.preset);
        let empty = bare.with(case.sig, "");
        assert_eq!(empty.judge(&plan, &[&one]), Err(Refusal::Missing), "{}", case.preset);
    }
}

#[test]
fn no_key_or_a_key_of_another_kind_is_refused() {
    for case in CASES {
        let (plan, one, _, call) = setting(case);
        assert_eq!(call.judge(&plan, &[]), Err(Refusal::Wrong), "{}", case.preset);
        let other = if case.preset == "gitlab" { "github" } else { "gitlab" };
        let foreign = plan_of(other, None).key(&secret(ONE)).unwrap();
        assert_eq!(call.judge(&plan, &[&foreign]), Err(Refusal::Wrong), "{}", case.preset);
        let digest = sha2::Sha256::digest(ONE.as_bytes());
        let hex = format!("sha256={}", data_encoding::HEXLOWER.encode(&digest));
        let taken_for_a_tag = call.clone().with("x-hub-signature-256", &hex);
        assert_eq!(taken_for_a_tag.judge(&plan, &[&foreign]), Err(Refusal::Wrong), "{}", case.preset);
        assert_eq!(call.judge(&plan, &[&one; MOST_KEYS + 1]), Err(Refusal::Wrong), "{}", case.preset);
    }
}

#[test]
fn signed_headers_may_not_be_altered_missing_empty_or_doubled() {
    for case in CASES {
        let (plan, one, _, call) = setting(case);
        for name in case.signed {
            assert!(call.clone().altered(name).judge(&plan, &[&one]).is_err(), "{name}");
            let bare = call.clone().without(name);
            assert_eq!(bare.judge(&plan, &[&one]), Err(Refusal::Missing), "{name}");
            assert_eq!(bare.with(name, "").judge(&plan, &[&one]), Err(Refusal::Missing), "{name}");
            assert_eq!(call.clone().doubled(name).judge(&plan, &[&one]), Err(Refusal::Malformed), "{name}");
        }
    }
}

#[test]
fn a_doubled_signature_line_is_one_more_candidate_unless_it_carries_the_time() {
    for case in CASES {
        let (plan, one, _, call) = setting(case);
        let good = call.headers[case.sig].clone();
        let expected = if case.preset == "stripe" { Err(Refusal::Malformed) } else { Ok(0) };
        let doubled = call.doubled(case.sig);
        assert_eq!(doubled.judge(&plan, &[&one]).map(|verified| verified.key), expected, "{}", case.preset);
        let mut after_junk = doubled.clone().without(case.sig).with(case.sig, "junk");
        after_junk.headers.append(case.sig.parse::<HeaderName>().unwrap(), good);
        assert_eq!(after_junk.judge(&plan, &[&one]).map(|verified| verified.key), Ok(0), "{}", case.preset);
    }
}

#[test]
fn more_candidates_than_the_bound_are_refused() {
    for case in CASES {
        let (plan, one, _, call) = setting(case);
        let good = call.headers[case.sig].to_str().unwrap().to_owned();
        let junk = |count: usize| match case.preset {
            "stripe" => format!("{good}{}", ",v1=00".repeat(count)),
            "standard_webhooks" => format!("{good}{}", " v1,AAAA".repeat(count)),
            _ => good.clone(),
        };
        let mut call = call.without(case.sig).with(case.sig, &junk(MOST_CANDIDATES - 1));
        if !["stripe", "standard_webhooks"].contains(&case.preset) {
            call = (1..MOST_CANDIDATES).fold(call, |call, _| call.with(case.sig, "junk"));
        }
        assert!(call.judge(&plan, &[&one]).is_ok(), "{}: {MOST_CANDIDATES} are judged", case.preset);
        let one_more = match case.preset {
            "stripe" => call.without(case.sig).with(case.sig, &junk(MOST_CANDIDATES)),
            "standard_webhooks" => call.with(case.sig, "v1,AAAA"),
            _ => call.with(case.sig, "junk"),
        };
        assert_eq!(one_more.judge(&plan, &[&one]), Err(Refusal::Malformed), "{}", case.preset);
    }
}

#[test]
fn the_window_is_closed_at_both_ends_and_its_edges_are_inside() {
    for case in CASES.iter().filter(|case| case.timed) {
        let (plan, one, _, call) = setting(case);
        let later = |seconds| Call { now: at(NOON + seconds), ..call.clone() }.judge(&plan, &[&one]);
        assert!(later(300).is_ok(), "{}", case.preset);
        assert_eq!(later(301), Err(Refusal::Stale { by_s: 1 }), "{}", case.preset);
        assert_eq!(later(86_400), Err(Refusal::Stale { by_s: 86_100 }), "{}", case.preset);
        assert!(later(-60).is_ok(), "{}", case.preset);
        assert_eq!(later(-61), Err(Refusal::Future { by_s: 1 }), "{}", case.preset);
        let mut narrow = plan.clone();
        narrow.set_tolerance(std::time::Duration::from_secs(10));
        let ahead = Call { now: at(NOON - 11), ..call.clone() }.judge(&narrow, &[&one]);
        assert_eq!(ahead, Err(Refusal::Future { by_s: 1 }), "never further ahead than back");
        assert_eq!(plan.tolerance(), Some(std::time::Duration::from_secs(300)), "the original keeps its own");
    }
}

#[test]
fn a_renewed_timestamp_breaks_the_signature() {
    for case in CASES.iter().filter(|case| case.timed) {
        let (plan, one, _, call) = setting(case);
        let (old, new) = (NOON.to_string(), (NOON + 3600).to_string());
        let mut headers = HeaderMap::new();
        for (name, value) in &call.headers {
            let renewed = value.to_str().unwrap().replace(&old, &new);
            headers.append(name.clone(), HeaderValue::from_str(&renewed).unwrap());
        }
        let replayed = Call { headers, now: at(NOON + 3600), ..call };
        assert_eq!(replayed.judge(&plan, &[&one]), Err(Refusal::Wrong), "{}", case.preset);
    }
}

#[test]
fn the_time_keeps_its_exact_shape() {
    let plan = plan_of("slack", None);
    let key = plan.key(&secret(ONE)).unwrap();
    for bad in [
        "0",
        "17900000000",
        " 1790000000",
        "+790000000",
        "1790000000.0",
        "１７９０００００００",
        "0x6ab1c340aa",
    ] {
        let call = Call::new(BODY).signed(&plan, &key, "").without("x-slack-request-timestamp");
        let Ok(value) = HeaderValue::from_bytes(bad.as_bytes()) else { continue };
        let mut call = call;
        call.headers.insert("x-slack-request-timestamp", value);
        assert_eq!(call.judge(&plan, &[&key]), Err(Refusal::TimestampMalformed), "{bad}");
    }
}

#[test]
fn hexadecimal_is_read_in_both_cases_and_nothing_else_is_guessed() {
    let plan = plan_of("github", None);
    let key = plan.key(&secret(ONE)).unwrap();
    let call = Call::new(BODY).signed(&plan, &key, "");
    let good =
        call.headers["x-hub-signature-256"].to_str().unwrap().strip_prefix("sha256=").unwrap().to_owned();
    let judged =
        |value: String| call.clone().without("x-hub-signature-256").with("x-hub-signature-256", &value);
    assert!(judged(format!("sha256={}", good.to_uppercase())).judge(&plan, &[&key]).is_ok());
    let raw = data_encoding::HEXLOWER.decode(good.as_bytes()).unwrap();
    let base64 = data_encoding::BASE64.encode(&raw);
    for value in [
        format!("SHA256={good}"),
        good.clone(),
        format!("sha256={base64}"),
        format!("sha1={good}"),
        format!("sha256=0x{good}"),
        format!("sha256={good}00"),
        format!("sha256= {good}"),
        format!("sha256={}", good.chars().take(62).collect::<String>()),
        format!("sha256={good},sha256={good}"),
    ] {
        assert_eq!(judged(value.clone()).judge(&plan, &[&key]), Err(Refusal::Malformed), "{value}");
    }
}

#[test]
fn the_weaker_scheme_is_never_taken_for_the_stronger() {
    let (strong, weak) = (plan_of("github", None), plan_of("github", Some("legacy_sha1")));
    let (key, old) = (strong.key(&secret(ONE)).unwrap(), weak.key(&secret(ONE)).unwrap());
    let call = Call::new(BODY).signed(&weak, &old, "");
    assert!(call.judge(&weak, &[&old]).is_ok());
    assert_eq!(call.judge(&strong, &[&key]), Err(Refusal::Missing), "the strong header is absent");
    let moved = call.headers["x-hub-signature"].to_str().unwrap().to_owned();
    for value in [moved.clone(), moved.replace("sha1=", "sha256=")] {
        let forged = call.clone().with("x-hub-signature-256", &value);
        assert_eq!(forged.judge(&strong, &[&key]), Err(Refusal::Malformed));
    }
    assert_eq!(call.judge(&strong, &[&old]), Err(Refusal::Missing));
}

#[test]
fn a_token_is_judged_before_any_body() {
    let plan = plan_of("gitlab", None);
    let key = plan.key(&secret("correct-horse-battery")).unwrap();
    let begin = |token: &str| {
        let call = Call::new("").with("X-Gitlab-Token", token);
        plan.begin(&[&key], &call.head(), call.now, ReplayId::Wanted)
            .map(|session| session.finish(b"anything"))
    };
    assert!(!plan.reads_body());
    assert_eq!(
        begin("correct-horse-battery").unwrap(),
        Ok(Verified { key: 0, replay_id: None, signed_at: None })
    );
    for wrong in ["correct-horse-batter", "correct-horse-battery1", "Correct-horse-battery", "x"] {
        assert_eq!(begin(wrong).unwrap_err(), Refusal::Wrong, "{wrong}");
    }
}

#[test]
fn the_replay_id_depends_on_the_signed_message_and_on_nothing_else() {
    let plan = plan_of("standard_webhooks", None);
    let (one, two) = (plan.key(&secret(ONE)).unwrap(), plan.key(&secret(TWO)).unwrap());
    let call = Call::new(BODY).signed(&plan, &one, "msg_1");
    let id = call.judge(&plan, &[&one]).unwrap().replay_id.unwrap();
    let with_junk = call.clone().with("webhook-signature", "v1,AAAA").with("x-other", "1");
    assert_eq!(with_junk.judge(&plan, &[&two, &one]).unwrap().replay_id, Some(id));
    let other = Call::new(BODY).signed(&plan, &one, "msg_2").judge(&plan, &[&one]).unwrap();
    assert_ne!(other.replay_id, Some(id));
    let resigned = Call::new(BODY).signed(&plan, &two, "msg_1").judge(&plan, &[&two]).unwrap();
    assert_eq!(resigned.replay_id, Some(id), "the same message under another secret");
    let unwanted = plan.begin(&[&one], &call.head(), call.now, ReplayId::Unwanted).unwrap();
    assert_eq!(unwanted.finish(BODY.as_bytes()).unwrap().replay_id, None);
    let github = plan_of("github", None);
    let key = github.key(&secret(ONE)).unwrap();
    let (strong, weak) = (github.clone(), plan_of("github", Some("legacy_sha1")));
    let strong = Call::new(BODY).signed(&strong, &key, "").judge(&strong, &[&key]).unwrap();
    let old = weak.key(&secret(ONE)).unwrap();
    let weak = Call::new(BODY).signed(&weak, &old, "").judge(&weak, &[&old]).unwrap();
    assert_ne!(strong.replay_id, weak.replay_id, "two schemes over one message");
    let [one, other] = ["left", "more"].map(|name| {
        let plan = Plan::compile(&Spec { name: name.into(), ..body_scheme() }).unwrap();
        let key = plan.key(&secret(ONE)).unwrap();
        Call::new(BODY).signed(&plan, &key, "").judge(&plan, &[&key]).unwrap().replay_id
    });
    assert_ne!(one, other, "nor two names");
}

#[test]
fn a_body_of_another_length_than_was_fed_is_refused() {
    let plan = plan_of("github", None);
    let key = plan.key(&secret(ONE)).unwrap();
    let call = Call::new(BODY).signed(&plan, &key, "");
    let mut session = plan.begin(&[&key], &call.head(), call.now, ReplayId::Unwanted).unwrap();
    session.update(&call.body);
    assert_eq!(session.finish(&call.body[1..]), Err(Refusal::BodyShape));
}
