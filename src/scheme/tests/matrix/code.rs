//! What is particular about schemes that code knows: their bodies, their times, what of a request they sign.

use super::*;

/// Schemes that sign the method and the target.
const WHOLE_REQUEST: [&str; 3] = ["aws_sigv4", "cavage", "contentful"];

impl Sample {
    pub(super) fn is_code(&self, names: &[&str]) -> bool {
        self.spec.code.as_deref().is_some_and(|code| names.contains(&code))
            || (self.spec.kind == "jwt" && names.contains(&"jwt"))
    }

    /// Whether one request can carry several signatures.
    pub(super) fn is_rotated_by_request(&self) -> bool {
        !(self.is_code(&["jwt", "rfc9421"]) || self.spec.sig.is_empty())
    }

    /// The bytes of the body that are no part of what is signed, though everything else is.
    pub(super) fn loose(&self) -> std::ops::Range<usize> {
        let text = String::from_utf8_lossy(&self.call.body);
        match text.find("sender%7C").filter(|_| self.is_code(&["braintree"])) {
            Some(at) => at..at + "sender".len(),
            None => 0..0,
        }
    }

    /// How far back and ahead the times of a scheme may lie that has times of its own; `None`: without a bound.
    pub(super) fn own_window(&self) -> Option<[Option<i64>; 2]> {
        if self.is_code(&["rfc9421"]) {
            return Some([Some(300), Some(60)]);
        }
        if self.spec.kind != "jwt" {
            return None;
        }
        let option = |name: &str| {
            let found = self.spec.options.iter().find(|(own, _)| own == name);
            found.map(|(_, values)| values.clone()).unwrap_or_default()
        };
        let number = |name: &str| option(name).first().map(|text| text.parse::<i64>().unwrap());
        let leeway = number("leeway").unwrap_or(60);
        let asks = |name: &str| option("require").iter().any(|own| own == name);
        let usual = (!option("body_claim").is_empty()).then_some(23 * 3600);
        let most = number("max_age").or(usual);
        let age = most.filter(|_| asks("iat"));
        let end = asks("exp").then_some(300 + leeway);
        let begin = (asks("iat") || asks("nbf")).then_some(leeway);
        // Without iat the end must lie within the age.
        let ahead = begin.or(most.filter(|_| asks("exp")).map(|most| most - 300));
        Some([age.into_iter().chain(end).min(), ahead])
    }
}

pub(super) fn keeps_its_own_window(sample: &mut Sample, [back, ahead]: [Option<i64>; 2]) {
    let mut judge = |seconds: i64| {
        let call = Call { now: at(NOON + seconds), ..sample.call.clone() };
        sample.judge(&call)
    };
    let edges = (judge(back.unwrap_or(86_400 * 365)), judge(-ahead.unwrap_or(86_400)));
    let beyond = (back.map(|back| judge(back + 1)), ahead.map(|ahead| judge(-ahead - 1)));
    let name = &sample.name;
    assert_eq!(edges, (Ok(0), Ok(0)), "{name}: the edges are inside");
    if let Some(beyond) = beyond.0 {
        assert_eq!(beyond, Err(Refusal::Stale { by_s: 1 }), "{name}");
    }
    if let Some(beyond) = beyond.1 {
        assert_eq!(beyond, Err(Refusal::Future { by_s: 1 }), "{name}");
    }
}

pub(super) fn refuses_another_target(sample: &mut Sample) {
    let is_token = sample.spec.options.iter().any(|(name, _)| name == "query_claim");
    if !sample.is_code(&WHOLE_REQUEST) && !is_token {
        return;
    }
    let call = sample.call.clone();
    for target in
        ["/other?data.id=AbC", "/hook?data.id=AbD", "/hook", "/hook?data.id=AbC&x=1", "//hook?data.id=AbC"]
    {
        sample.refuse(&Call { target: target.into(), ..call.clone() }, target);
    }
    sample.refuse(&Call { method: "PUT".into(), ..call }, "another method");
}

/// A body its code can read.
pub(super) fn body(code: &str) -> &'static str {
    match code {
        "adyen" => ADYEN,
        "twilio" | "plivo_v3" | "paddle_classic" | "vonage_sig" => "b=2&a=1",
        "salesforce" => "",
        "aws_sns" => "the order 1 is paid",
        "dropbox_sign" => r#"{"event":{"event_type":"signature_request_sent"}}"#,
        _ => r#"{"id":"evt_1","event_id":"Ev1","data":{"n":1}}"#,
    }
}

/// Fields of bodies that code reads.
pub(super) fn places(code: &str) -> &'static [&'static str] {
    match code {
        "adyen" => &["json:x.hmacSignature", "json:x.pspReference"],
        "dropbox_sign" => &["json:event_time", "json:event_type", "json:event_hash"],
        "braintree" => &["form:bt_signature", "form:bt_payload"],
        "aws_sns" => &["json:Type", "json:Message", "json:MessageId", "json:TopicArn"],
        _ => &[],
    }
}

const ADYEN: &str = r#"{"notificationItems":[{"NotificationRequestItem":{"pspReference":"1","amount":{"value":1130,"currency":"EUR"},"success":"true"}}]}"#;
