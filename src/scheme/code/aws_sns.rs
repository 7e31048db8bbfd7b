//! Amazon SNS: names and values of some fields of the JSON body, a line each, signed with the key of a certificate.
//!
//! Any AWS account can have SNS sign its messages, so that the topics must be named. `MessageAttributes`,
//! `UnsubscribeURL` and `SigningCertURL` are not signed.
//! Source: "Verifying the signatures of Amazon SNS messages", and the npm package sns-validator 0.3.5.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{
    Claim, Code, CodeFacts, CodeHead, Compiled, Draft, NamedCertificate, Naming, Order, Reader, Trusted,
    known_options, option,
};
use crate::scheme::Refusal;
use crate::scheme::json::Path;
use crate::scheme::spec::{Spec, SpecProblem};

/// Headers that repeat what the body says; an app may go by them.
const TYPE: &str = "x-amz-sns-message-type";
const TOPIC: &str = "x-amz-sns-topic-arn";

/// What is signed of a notification, in this order; the subject only where there is one.
const NOTIFICATION: [&str; 6] = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
/// The same of what confirms that a subscription begins or ends.
const CONFIRMATION: [&str; 7] =
    ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];

/// Makes the scheme. Options: `topics`, the ARNs of the topics that are accepted; it must be given.
pub(super) fn make(spec: &Spec) -> Compiled {
    known_options(spec, &["topics"])?;
    let topics = option(spec, "topics");
    if topics.is_empty() || !topics.iter().all(|topic| topic.starts_with("arn:aws")) {
        return Err(vec![SpecProblem {
            field: "options",
            message:
                "topics must name the topics that are accepted: any AWS account can send signed messages"
                    .to_owned(),
            hint: "write options: {topics: [\"arn:aws:sns:…\"]}".to_owned(),
        }]);
    }
    Ok(Arc::new(Sns { topics: topics.into() }))
}

#[derive(Debug)]
struct Sns {
    topics: Arc<[String]>,
}

struct Message {
    topics: Arc<[String]>,
    /// What the headers say of type and topic.
    said: [(&'static str, Option<String>); 2],
}

impl Code for Sns {
    fn facts(&self) -> CodeFacts {
        CodeFacts { headers: &[TYPE, TOPIC], reads_body: true, stamped: true, ..CodeFacts::default() }
    }

    fn begin(&self, head: &CodeHead<'_>) -> Result<Box<dyn Reader>, Refusal> {
        let said = |name: &str| head.line(name).map(|line| line.map(str::to_owned));
        let said = [("Type", said(TYPE)?), ("TopicArn", said(TOPIC)?)];
        Ok(Box::new(Message { topics: Arc::clone(&self.topics), said }))
    }

    /// A body that is no message of SNS yet becomes the text of one to the first topic.
    fn draft(&self, order: &Order<'_>) -> Result<Draft, Refusal> {
        let topic = self.topics.first().map_or("", String::as_str);
        let whole = field(order.body, "TopicArn").is_ok_and(|found| found.is_some());
        let body = (!whole).then(|| {
            let text = String::from_utf8_lossy(order.body);
            let fields =
                [("Type", "Notification"), ("MessageId", order.id), ("TopicArn", topic), ("Message", &text)];
            let fields = fields.map(|(name, value)| (name.to_owned(), Value::from(value)));
            Value::Object(Map::from_iter(fields)).to_string().into_bytes()
        });
        Ok(Draft { body, ..Draft::default() })
    }

    fn certificates_of(&self) -> Option<&'static str> {
        Some("aws_sns")
    }

    fn certificate(&self, from: Naming<'_>) -> Option<NamedCertificate> {
        let Naming::Body(body) = from else { return None };
        let url = field(body, "SigningCertURL").ok()??;
        let (region, suffix) = home(&url)?;
        // Older regions share one name, newer ones have their own; China's and those of the government a third form.
        let names = [
            format!("sns.{suffix}"),
            format!("sns.{region}.{suffix}"),
            format!("sns-signing.{region}.{suffix}"),
            format!("sns-{region}.{suffix}"),
            format!("sns-us-gov-west-1.{suffix}"),
        ];
        Some(NamedCertificate { url, names: names.to_vec(), trust: Trusted::ByHost })
    }
}

impl Reader for Message {
    /// Security: the message may hold anything and stands first; all behind it are single lines, so that its end is
    /// known. The certificate is the operator's; that the body names another place for it is still no good sign.
    fn finish(self: Box<Self>, body: &[u8]) -> Result<Vec<Claim>, Refusal> {
        let kind = field(body, "Type")?.ok_or(Refusal::BodyShape)?;
        let names: &[&str] = match kind.as_str() {
            "Notification" => &NOTIFICATION,
            "SubscriptionConfirmation" | "UnsubscribeConfirmation" => &CONFIRMATION,
            _ => return Err(Refusal::BodyShape),
        };
        let mut message = String::new();
        for name in names {
            let value = match field(body, name)? {
                Some(value) => value,
                None if *name == "Subject" => continue,
                None => return Err(Refusal::BodyShape),
            };
            let is_line = *name == "Message" || !value.contains(char::is_control);
            let is_ours = *name != "TopicArn" || self.topics.contains(&value);
            let is_said = self
                .said
                .iter()
                .all(|(own, said)| own != name || said.as_ref().is_none_or(|said| *said == value));
            match (is_line && is_said, is_ours) {
                (true, true) => message.extend([name, "\n", &value, "\n"]),
                (true, false) => return Err(Refusal::Wrong),
                (false, _) => return Err(Refusal::BodyShape),
            }
        }
        if field(body, "SigningCertURL")?.is_some_and(|url| home(&url).is_none()) {
            return Err(Refusal::BodyShape);
        }
        Ok(vec![Claim { messages: vec![message.into_bytes()], ..Claim::default() }])
    }
}

fn field(body: &[u8], name: &str) -> Result<Option<String>, Refusal> {
    let path = Path::parse(name).ok_or(Refusal::BodyShape)?;
    let mut found = path.find(body).map_err(|_| Refusal::BodyShape)?;
    Ok(found.pop().map(std::borrow::Cow::into_owned))
}

/// Region and domain of `https://sns.REGION.amazonaws.com/….pem`, or the same in China.
fn home(url: &str) -> Option<(&str, &'static str)> {
    let (host, path) = url.strip_prefix("https://sns.")?.split_once('/')?;
    let (region, suffix) = match host.strip_suffix(".amazonaws.com.cn") {
        Some(region) => (region, "amazonaws.com.cn"),
        None => (host.strip_suffix(".amazonaws.com")?, "amazonaws.com"),
    };
    let is_region = (3..=32).contains(&region.len())
        && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let is_file = path.len() <= 128
        && path.strip_suffix(".pem").is_some_and(|name| {
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        });
    (is_region && is_file).then_some((region, suffix))
}

#[cfg(test)]
mod tests;
