use super::*;

fn list(nets: &[(&str, u32)]) -> IpList {
    let nets = nets.iter().map(|(net, line)| (net.parse().unwrap(), *line)).collect();
    IpList { nets: Arc::new(Networks::new(nets)), file_line: None }
}

fn verdict(rules: &IpRules, client: &str) -> Option<(Reason, u32)> {
    rules.check(client.parse().unwrap()).err().map(|deny| (deny.reason, deny.line))
}

#[test]
fn deny_beats_allow_and_each_names_its_line() {
    let rules = IpRules::from_settings(Some(&list(&[("10.0.0.0/8", 3)])), Some(&list(&[("10.1.0.0/16", 5)])));
    assert_eq!(verdict(&rules, "10.2.0.1"), None);
    assert_eq!(verdict(&rules, "10.1.0.1"), Some((Reason::IpDenied, 5)));
    assert_eq!(verdict(&rules, "11.0.0.1"), Some((Reason::IpNotAllowed, 3)));
}

#[test]
fn a_mapped_address_is_its_ipv4_address() {
    let rules = IpRules::from_settings(None, Some(&list(&[("10.0.0.0/8", 1)])));
    assert_eq!(verdict(&rules, "::ffff:10.0.0.1"), Some((Reason::IpDenied, 1)));
    assert_eq!(verdict(&rules, "::1"), None);
}

#[test]
fn no_list_admits_anyone() {
    assert_eq!(verdict(&IpRules::from_settings(None, None), "203.0.113.9"), None);
}
