use super::*;

#[test]
fn off_may_be_written_false() {
    assert_eq!(word("false", &["off", "stdout"]), Some("off"));
    assert_eq!(word("False", &["off"]), Some("off"));
    assert_eq!(word("OFF", &["off"]), Some("off"));
    assert_eq!(word("false", &["all", "any"]), None);
    assert_eq!(word("no", &["off"]), None);
}

#[test]
fn only_true_and_false_are_boolean() {
    assert_eq!(boolean("true"), Ok(true));
    assert_eq!(boolean("FALSE"), Ok(false));
    for text in ["yes", "no", "on", "off", "1", "0", "", " true", "tRUE"] {
        assert!(boolean(text).is_err(), "{text}");
    }
}

#[test]
fn whole_numbers_have_no_sign_zeros_or_separators() {
    assert_eq!(integer("0", 0, 9), Ok(0));
    for text in ["", "+1", "-1", "01", "1_0", "1.0", "0x1", "1e1", "10", " 1", "18446744073709551616"] {
        assert!(integer(text, 0, 9).is_err(), "{text}");
    }
}

#[test]
fn headers_that_frame_the_message_cannot_be_used() {
    assert!(header("X-Webhook-Secret").is_ok());
    for text in [
        "Host",
        "content-length",
        "Transfer-Encoding",
        "TE",
        "Connection",
        "X_Secret",
        "X.Secret",
        "",
        "X Secret",
        ":path",
    ] {
        assert!(header(text).is_err(), "{text}");
    }
}

#[test]
fn keys_stand_in_known_places_only() {
    assert_eq!(location("Bearer"), Ok(KeyLocation::Bearer));
    assert_eq!(location("cookie:a"), Ok(KeyLocation::Cookie("a".into())));
    assert_eq!(location("query:api_key"), Ok(KeyLocation::Query("api_key".into())));
    for text in [
        "header:Authorization",
        "header:cookie",
        "cookie:",
        "cookie:a=b",
        "query:a&b",
        "header:",
        "body:x",
        "",
    ] {
        assert!(location(text).is_err(), "{text}");
    }
}

#[test]
fn digests_name_their_kind() {
    let hex = "ab".repeat(32);
    assert_eq!(digest(&format!("sha256:{hex}")), Ok(KeyDigest::Sha256([0xab; 32])));
    assert_eq!(digest(&format!("hmac-sha256:{}", hex.to_uppercase())), Ok(KeyDigest::Peppered([0xab; 32])));
    for text in [
        hex.clone(),
        format!("md5:{hex}"),
        format!("sha256:{hex}ab"),
        "sha256:".into(),
        format!("sha256: {hex}"),
    ] {
        assert!(digest(&text).is_err(), "{text}");
    }
}

#[test]
fn hosts_are_exact_names_in_lower_case() {
    assert_eq!(host("Hooks.Example.COM").as_deref(), Ok("hooks.example.com"));
    assert_eq!(host("[::1]").as_deref(), Ok("[::1]"));
    assert_eq!(host("127.0.0.1").as_deref(), Ok("127.0.0.1"));
    for text in ["", "*.a", "a:80", "a..b", "a.", "-a", "a-", "a b", "http://a", "::1", "[::1", "ä.example"]
    {
        assert!(host(text).is_err(), "{text}");
    }
}
