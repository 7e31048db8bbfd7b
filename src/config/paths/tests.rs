use super::*;

#[test]
fn plain_paths_and_templates_are_told_apart() {
    assert_eq!(shape("/"), Ok(PathShape::Plain));
    assert_eq!(shape("/webhook/github"), Ok(PathShape::Plain));
    assert_eq!(shape("/api/"), Ok(PathShape::Plain));
    assert_eq!(shape("/a%2Fb"), Ok(PathShape::Plain));
    assert_eq!(shape("/users/{owner}/docs/{id}"), Ok(PathShape::Template));
}

#[test]
fn paths_no_request_could_have_are_refused() {
    for text in [
        "", "a", "//", "/a//b", "/.", "/a/..", "/a?b", "/a#b", "/a b", "/a\\b", "/a;b", "/%", "/%2", "/%zz",
        "/a%", "/é", "/\u{7f}",
    ] {
        assert!(shape(text).is_err(), "{text}");
    }
}

#[test]
fn braces_stand_for_one_whole_segment() {
    for text in
        ["/{", "/}", "/{}", "/a{b}", "/{a}b", "/{a}{b}", "/{a-b}", "/{1}", "/{a}/{a}", "/{{a}}", "/{a/b}"]
    {
        assert!(shape(text).is_err(), "{text}");
    }
}

#[test]
fn a_path_has_a_longest_length() {
    assert!(shape(&format!("/{}", "a".repeat(1023))).is_ok());
    assert!(shape(&format!("/{}", "a".repeat(1024))).is_err());
}
