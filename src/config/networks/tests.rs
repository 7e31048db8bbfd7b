use super::*;

fn read(text: &str) -> Option<String> {
    net(text).ok().map(|net| net.to_string())
}

#[test]
fn an_address_alone_is_one_machine() {
    assert_eq!(read("192.0.2.7").as_deref(), Some("192.0.2.7/32"));
    assert_eq!(read("2001:db8::7").as_deref(), Some("2001:db8::7/128"));
}

#[test]
fn host_bits_are_refused_and_the_hint_gives_both_meanings() {
    let fault = net("10.1.2.3/8").unwrap_err();
    assert_eq!(fault.hint, "write 10.0.0.0/8 for the network, or 10.1.2.3 for the one address");
}

#[test]
fn mapped_addresses_are_folded_and_wide_mapped_prefixes_refused() {
    assert_eq!(read("::ffff:10.0.0.0/104").as_deref(), Some("10.0.0.0/8"));
    assert_eq!(read("::ffff:192.0.2.7").as_deref(), Some("192.0.2.7/32"));
    assert_eq!(read("::ffff:0:0/96").as_deref(), Some("0.0.0.0/0"));
    for text in ["::ffff:10.0.0.0/8", "::ffff:0:0/95", "::ffff:0:0/0"] {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn other_spellings_of_addresses_are_refused() {
    for text in [
        "",
        "10",
        "127.1",
        "0177.0.0.1",
        "10.0.0.01",
        "10.0.0.0/",
        "10.0.0.0/08",
        "10.0.0.0/+8",
        "10.0.0.0/33",
        "::/129",
        "fe80::1%eth0",
        " 10.0.0.1",
        "10.0.0.0/8/8",
        "[::1]",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn addresses_to_listen_on_are_numbers_or_sockets() {
    assert_eq!(address("127.0.0.1:0"), Ok(Address::Tcp("127.0.0.1:0".parse().unwrap())));
    assert_eq!(address("[::]:8080"), Ok(Address::Tcp("[::]:8080".parse().unwrap())));
    assert_eq!(address("unix:/run/a.sock"), Ok(Address::Unix("/run/a.sock".into())));
    for text in [
        "",
        "8080",
        ":8080",
        "localhost:8080",
        "0.0.0.0:65536",
        "0.0.0.0",
        "unix:a.sock",
        "unix:",
        "::1:8080x",
    ] {
        assert!(address(text).is_err(), "{text}");
    }
    assert!(address(&format!("unix:/{}", "a".repeat(107))).is_err());
}

#[test]
fn the_app_is_reached_by_http_or_a_socket() {
    let tcp = |host: &str, port| Ok(UpstreamTarget::Tcp { host: host.to_owned(), port });
    assert_eq!(upstream("http://app:3000"), tcp("app", 3000));
    assert_eq!(upstream("http://app"), tcp("app", 80));
    assert_eq!(upstream("http://[::1]:3000/"), tcp("::1", 3000));
    assert_eq!(upstream("unix:/run/a.sock"), Ok(UpstreamTarget::Unix("/run/a.sock".into())));
    for text in [
        "",
        "app:3000",
        "http://",
        "http://:3000",
        "http://app:0",
        "http://app:65536",
        "http://app:+80",
        "http://app:",
        "http://app/path",
        "http://app?x",
        "http://app#x",
        "http://u:p@app",
        "https://app",
        "h2c://app",
        "HTTP://app",
        "http://a b",
        "http://[::1",
        "http://[app]:80",
        "http://::1:80",
        "http://app:80:80",
        "http://app\\:80",
    ] {
        assert!(upstream(text).is_err(), "{text}");
    }
}

#[test]
fn plain_lines_mean_what_they_mean_with_all_care() {
    let numbers =
        ["", "0", "00", "01", "7", "24", "31", "32", "33", "99", "128", "255", "256", "1000", "+1", "a"];
    for a in numbers {
        for b in numbers {
            for length in [String::new(), "/".to_owned()].into_iter().chain(numbers.map(|n| format!("/{n}")))
            {
                for text in [
                    format!("{a}.{b}.0.0{length}"),
                    format!("10.0.{a}.{b}{length}"),
                    format!("{a}.{b}.1{length}"),
                ] {
                    let plain = plain_v4(text.as_bytes()).map(IpNet::V4);
                    assert_eq!(plain, net(&text).ok(), "{text}");
                }
            }
        }
    }
    for text in
        ["10.0.0.0/8 ", " 10.0.0.0", "10.0.0.0#", "10.0.0.0.0", "::", "::ffff:10.0.0.0", "10.0.0.0/8/8"]
    {
        assert_eq!(plain_v4(text.as_bytes()), None, "{text}");
    }
}
