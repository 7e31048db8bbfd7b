use super::*;

#[test]
fn a_grant_meets_what_is_asked_literally_or_by_its_star() {
    for (grant, asked, verdict) in [
        ("search_docs", "search_docs", true),
        ("search_docs", "search_doc", false),
        ("search_*", "search_docs", true),
        ("*", "anything", true),
        ("search_*", "admin", false),
        ("search_docs", "search_*", true),
        ("admin", "search_*", false),
        ("search_d*", "search_*", true),
        ("*", "search_*", true),
        ("se*", "search_*", true),
        ("sea*x", "sea*x", true),
        ("", "", true),
        ("", "a", false),
    ] {
        assert_eq!(meets(grant, asked), verdict, "{grant} for {asked}");
    }
}

#[test]
fn a_caller_without_a_key_may_do_nothing_that_asks_for_a_role_or_permission() {
    let rule = |roles: &[&str], permissions: &[&str]| AuthorizeRule {
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        permissions: permissions.iter().map(|asked| (*asked).to_owned()).collect(),
        line: 7,
    };
    assert!(rule(&[], &[]).check(None).is_ok());
    assert_eq!(rule(&["admin"], &[]).check(None).unwrap_err().reason, Reason::NotAuthorized);
    assert_eq!(rule(&[], &["read"]).check(None).unwrap_err().line, 7);
}
