use super::*;

#[test]
fn padding_may_be_absent_but_not_wrong() {
    for good in ["QUI=", "QUI", "QUJD", ""] {
        assert!(Encoding::Base64.decode(good.as_bytes()).is_some(), "{good}");
    }
    for bad in
        ["QUI==", "Q", "QQ=", "Q===", "QUJD=", "QUJD====", "QQ==QQ==", "QR==", "QU I=", "QUI=\n", "-_-_", "="]
    {
        assert_eq!(Encoding::Base64.decode(bad.as_bytes()), None, "{bad}");
    }
}

#[test]
fn the_two_alphabets_are_not_mixed() {
    assert_eq!(Encoding::Base64.decode(b"+/+/"), Encoding::Base64Url.decode(b"-_-_"));
    assert_eq!(Encoding::Base64Url.decode(b"+/+/"), None);
    assert_eq!(Encoding::Base64Url.decode(b"QQ=="), Some(b"A".to_vec()));
}

#[test]
fn what_is_longer_than_any_tag_is_not_decoded() {
    let mut room = [0; LONGEST_TAG];
    assert_eq!(Encoding::Hex.decode_into(&[b'0'; 128], &mut room), Some(64));
    assert_eq!(Encoding::Hex.decode_into(&[b'0'; 130], &mut room), None);
    assert_eq!(Encoding::Hex.decode_into(&[b'0'; 127], &mut room), None);
}
