use super::*;

const ITEM: &str = r#"{"NotificationRequestItem":{"pspReference":"7914073381342284","merchantReference":"TestPayment-1407325143704","merchantAccountCode":"TestMerchant","amount":{"currency":"EUR","value":1130},"eventCode":"AUTHORISATION","success":"true","additionalData":{"hmacSignature":"coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0="}}}"#;

fn claims(items: &[&str]) -> Result<Vec<Claim>, Refusal> {
    let body = format!(r#"{{"notificationItems":[{}]}}"#, items.join(","));
    Box::new(Items { accounts: Arc::from([]) }).finish(body.as_bytes())
}

#[test]
fn items_of_other_accounts_are_refused_where_accounts_are_named() {
    let judge = |own: &str| {
        let accounts = Arc::from([b"Other".to_vec(), own.as_bytes().to_vec()]);
        Box::new(Items { accounts }).finish(format!(r#"{{"notificationItems":[{ITEM}]}}"#).as_bytes())
    };
    assert!(judge("TestMerchant").is_ok());
    assert_eq!(judge("testmerchant").unwrap_err(), Refusal::BodyShape);
}

#[test]
fn every_item_is_a_claim_over_its_own_fields() {
    let other = ITEM.replace("1130", "99").replace("coqC", "AAAA");
    let found = claims(&[ITEM, &other]).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(
        found[0].messages,
        [b"7914073381342284::TestMerchant:TestPayment-1407325143704:1130:EUR:AUTHORISATION:true".to_vec()]
    );
    assert!(found[1].messages[0].windows(4).any(|part| part == b":99:"));
    assert!(found[1].signatures[0].starts_with(b"AAAA"));
}

#[test]
fn an_item_that_is_unsigned_or_ambiguous_refuses_all() {
    let bare = ITEM.replace("hmacSignature", "other");
    assert_eq!(claims(&[ITEM, &bare]).unwrap_err(), Refusal::BodyShape);
    assert_eq!(claims(&[]).unwrap_err(), Refusal::Missing);
    assert_eq!(claims(&[&ITEM.replace("TestMerchant", "Test:Merchant")]).unwrap_err(), Refusal::BodyShape);
    let twice = ITEM.replace("\"success\"", "\"success\":\"false\",\"success\"");
    assert_eq!(claims(&[&twice]).unwrap_err(), Refusal::BodyShape);
    assert_eq!(claims(&vec![ITEM; MOST_CANDIDATES + 1]).unwrap_err(), Refusal::BodyShape);
}
