use std::sync::Arc;
use std::time::Duration;

use super::{AllowedHost, FetchRule, NoPlace, Place, Reach, Remote};

fn hosts() -> Vec<Arc<AllowedHost>> {
    [("keys.example.com", 443), ("sns.eu-west-1.amazonaws.com", 443), ("localhost", 8443)]
        .map(|(name, port)| {
            Arc::new(AllowedHost {
                name: name.to_owned(),
                port,
                address: None,
                roots: None,
                reach: Reach::Public,
            })
        })
        .to_vec()
}

#[test]
fn a_url_of_an_allowed_host_is_read_in_one_way() {
    for (url, target) in [
        ("https://keys.example.com/set.json", "/set.json"),
        ("https://Keys.Example.COM/set?a=b", "/set?a=b"),
        ("https://keys.example.com", "/"),
        ("https://localhost:8443/x", "/x"),
    ] {
        let place = Place::parse(url, &hosts()).unwrap();
        assert_eq!(place.target, target, "{url}");
    }
}

#[test]
fn what_is_no_plain_https_url_is_refused() {
    for url in [
        "http://keys.example.com/set.json",
        "HTTPS://keys.example.com/set.json",
        "https://keys.example.com@evil.example/",
        "https://keys.example.com:443@evil.example/",
        "https://keys.example.com\\@evil.example/",
        "https://keys.example.com#@evil.example/",
        "https://keys.example.com/a b",
        "https://keys.example.com/a\r\nHost: evil.example",
        "https://keys.example.com/a#b",
        "https://keys.example.com?a=b",
        "https:///set.json",
        "https://",
        "//keys.example.com/",
        "",
        "https://keys.example.com:/",
        "https://keys.example.com:0443/",
        "https://keys.example.com:+443/",
        "https://keys.example.com:99999/",
        "https://keys.example.com./",
        "https://[::1]/",
    ] {
        assert_eq!(Place::parse(url, &hosts()), Err(NoPlace::Malformed), "{url:?}");
    }
}

#[test]
fn hosts_and_ports_that_are_not_named_are_refused() {
    for url in [
        "https://evil.example/set.json",
        "https://keys.example.com.evil.example/",
        "https://xkeys.example.com/",
        "https://keys.example.com:8443/",
        "https://localhost/x",
        "https://127.0.0.1:8443/",
    ] {
        assert!(matches!(Place::parse(url, &hosts()), Err(NoPlace::NotAllowed(_))), "{url:?}");
    }
    assert!(matches!(Place::parse("https://keys.example.com/", &[]), Err(NoPlace::NotAllowed(_))));
}

#[test]
fn no_print_of_a_place_holds_its_query() {
    let place = Place::parse("https://keys.example.com/set?token=canary", &hosts()).unwrap();
    let (refresh, max_stale) = (Duration::from_secs(60), Duration::from_secs(120));
    let remote = Remote::At(FetchRule { place: place.clone(), refresh, max_stale });
    for text in [place.to_string(), format!("{place:?}"), format!("{remote:?}")] {
        assert!(text.contains("https://keys.example.com/set") && !text.contains("canary"), "{text}");
    }
    assert_eq!(remote.hidden(), Some("token=canary"));
}
