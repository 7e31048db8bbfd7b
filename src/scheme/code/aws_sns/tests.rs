//! Messages as SNS signs them, by a key made here.

use super::*;
use crate::scheme::code::tests::{head, maker};
use crate::scheme::*;

const TOPIC_ARN: &str = "arn:aws:sns:us-east-1:123456789012:orders";

fn spec() -> Spec {
    Spec {
        sig: vec!["json:Signature".into()],
        code: Some("aws_sns".into()),
        ts: Some(TsSpec {
            from: vec!["json:Timestamp".into()],
            fmt: "rfc3339".into(),
            tol_s: Some(3600),
            ..TsSpec::default()
        }),
        require: vec![("json:SignatureVersion".into(), "2".into())],
        options: vec![("topics".into(), vec![TOPIC_ARN.into()])],
        ..maker::rsa("sha256")
    }
}

const SIGNED: &str = "Message\nline one\nline two\nMessageId\nid-1\nTimestamp\n2026-09-21T14:13:20.000Z\nTopicArn\narn:aws:sns:us-east-1:123456789012:orders\nType\nNotification\n";

fn body(signature: &str) -> String {
    format!(
        r#"{{"Type":"Notification","MessageId":"id-1","TopicArn":"{TOPIC_ARN}","Message":"line one\nline two","Timestamp":"2026-09-21T14:13:20.000Z","SignatureVersion":"2","Signature":"{signature}","SigningCertURL":"https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem","UnsubscribeURL":"https://x"}}"#
    )
}

fn judge(body: &str) -> Result<Verified, Refusal> {
    maker::judge(&spec(), &head(&[]), body)
}

#[test]
fn a_message_of_a_topic_we_named_is_accepted() {
    let plan = Plan::compile(&spec()).unwrap();
    assert!(plan.is_stamped() && !plan.is_body_bound() && plan.is_public_key());
    let good = body(&maker::sign(SIGNED.as_bytes()));
    assert!(judge(&good).unwrap().replay_id.is_some());
    let with_subject = SIGNED.replace("id-1\n", "id-1\nSubject\nnews\n");
    let subject = body(&maker::sign(with_subject.as_bytes()));
    let subject = subject.replace("\"MessageId\"", "\"Subject\":\"news\",\"MessageId\"");
    assert!(judge(&subject).is_ok());
    let typed =
        |kind: &str| maker::judge(&spec(), &head(&[("x-amz-sns-message-type", kind)]), &good).map(drop);
    assert_eq!(typed("Notification"), Ok(()));
    assert_eq!(typed("SubscriptionConfirmation"), Err(Refusal::BodyShape), "the header says otherwise");
}

#[test]
fn other_topics_and_altered_messages_are_refused() {
    let foreign = "arn:aws:sns:us-east-1:999999999999:theirs";
    let theirs = body(&maker::sign(SIGNED.replace(TOPIC_ARN, foreign).as_bytes()));
    assert_eq!(judge(&theirs.replace(TOPIC_ARN, foreign)), Err(Refusal::Wrong), "signed, but another topic");
    let good = body(&maker::sign(SIGNED.as_bytes()));
    for (from, to, refusal) in [
        ("line one", "line 1", Refusal::Wrong),
        ("id-1", "id-2", Refusal::Wrong),
        ("14:13:20", "14:13:21", Refusal::Wrong),
        ("\"SignatureVersion\":\"2\"", "\"SignatureVersion\":\"1\"", Refusal::BodyShape),
        ("\"Type\":\"Notification\"", "\"Type\":\"Other\"", Refusal::BodyShape),
        ("\"MessageId\":\"id-1\"", "\"MessageId\":\"id-1\\nSubject\\nx\"", Refusal::BodyShape),
        ("\"Message\":", "\"Message\":\"x\",\"Message\":", Refusal::BodyShape),
        ("\"Message\":", "\"message\":\"x\",\"Message\":", Refusal::BodyShape),
        ("\"MessageId\":\"id-1\",", "", Refusal::BodyShape),
        ("sns.us-east-1.amazonaws.com/", "sns.us-east-1.amazonaws.com.evil.example/", Refusal::BodyShape),
        ("https://sns.", "http://sns.", Refusal::BodyShape),
        ("2026-09-21T14", "2026-09-21T10", Refusal::Stale { by_s: 10_800 }),
        ("2026-09-21T14", "2026-09-21T15", Refusal::Future { by_s: 3540 }),
    ] {
        assert!(good.contains(from), "{from}");
        assert_eq!(judge(&good.replacen(from, to, 1)), Err(refusal), "{from} -> {to}");
    }
    assert_eq!(judge(&body("")), Err(Refusal::Missing));
    assert_eq!(judge(&body("AAAA")), Err(Refusal::Wrong));
}

#[test]
fn a_subscription_is_confirmed_by_what_is_signed_of_it() {
    let signed = format!(
        "Message\nm\nMessageId\ni\nSubscribeURL\nhttps://s\nTimestamp\n2026-09-21T14:13:20.000Z\nToken\nt\nTopicArn\n{TOPIC_ARN}\nType\nSubscriptionConfirmation\n"
    );
    let body = format!(
        r#"{{"Type":"SubscriptionConfirmation","MessageId":"i","Token":"t","TopicArn":"{TOPIC_ARN}","Message":"m","SubscribeURL":"https://s","Timestamp":"2026-09-21T14:13:20.000Z","SignatureVersion":"2","Signature":"{}"}}"#,
        maker::sign(signed.as_bytes())
    );
    assert!(judge(&body).is_ok());
    assert_eq!(judge(&body.replace("https://s", "https://t")), Err(Refusal::Wrong));
}

#[test]
fn topics_must_be_named() {
    for options in
        [vec![], vec![("topics".to_owned(), vec![])], vec![("topics".to_owned(), vec!["*".to_owned()])]]
    {
        let problems = Plan::compile(&Spec { options, ..spec() }).unwrap_err();
        assert_eq!(problems[0].field, "options");
    }
}
