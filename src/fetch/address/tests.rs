use super::may_reach;
use crate::config::settings::Reach;

#[test]
fn addresses_of_the_public_internet_may_be_reached() {
    for ip in ["93.184.216.34", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"] {
        assert!(may_reach(ip.parse().unwrap(), Reach::Public), "{ip}");
    }
}

#[test]
fn no_other_address_is_reached_unless_the_operator_says_so() {
    for ip in [
        "127.0.0.1",
        "127.8.8.8",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "::1",
        "fe80::1",
        "fd00:ec2::254",
        "fc00::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:db8::1",
        "2001::1",
    ] {
        assert!(!may_reach(ip.parse().unwrap(), Reach::Public), "{ip}");
        assert!(may_reach(ip.parse().unwrap(), Reach::Private), "{ip}");
    }
    for ip in ["0.0.0.0", "::", "224.0.0.1", "ff02::1"] {
        for reach in [Reach::Public, Reach::Private] {
            assert!(!may_reach(ip.parse().unwrap(), reach), "{ip}");
        }
    }
}
