use super::*;

#[test]
fn a_url_is_spelled_with_its_port_and_without() {
    for (url, without, with) in [
        ("https://a.example/p?q=1:2", "https://a.example/p?q=1:2", "https://a.example:443/p?q=1:2"),
        ("http://a.example", "http://a.example", "http://a.example:80"),
        ("https://a.example:8443/p", "https://a.example/p", "https://a.example:8443/p"),
        ("https://u:p@a.example/p", "https://u:p@a.example/p", "https://u:p@a.example:443/p"),
        ("https://[::1]:8443/p", "https://[::1]/p", "https://[::1]:8443/p"),
    ] {
        assert_eq!(spellings(url), [without, with], "{url}");
    }
}

#[test]
fn the_algorithm_is_named_once_or_is_the_oldest() {
    assert_eq!(algorithm(None), Ok("HMAC_SHA1"));
    assert_eq!(algorithm(Some("key=k, algorithm=HMAC_SHA256")), Ok("HMAC_SHA256"));
    assert_eq!(algorithm(Some("algorithm=HMAC_SHA1,algorithm=HMAC_SHA256")), Err(Refusal::Malformed));
}
