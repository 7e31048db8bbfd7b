use super::*;

#[test]
fn headers_that_could_be_cut_elsewhere_are_refused() {
    let names = ["a", LIST, TIME];
    let joined = |a: &str| format!("a:{a};{LIST}:a,{LIST},{TIME};{TIME}:1");
    assert!(is_plain(&names, &joined("text; charset=utf-8")));
    assert!(!is_plain(&names, &joined(&format!("1;{TIME}:2"))));
    assert!(!is_plain(&names, &joined("1;a:2")));
}

#[test]
fn a_query_is_escaped_twice_and_a_second_question_mark_is_refused() {
    assert_eq!(path("/hook/a%20b?x=1&y=2").as_deref(), Some("/hook/a%2520b?x%253D1%2526y%253D2"));
    assert_eq!(path("/hook?").as_deref(), Some("/hook"));
    assert_eq!(path("/hook?a?b"), None);
}
